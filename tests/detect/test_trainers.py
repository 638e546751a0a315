"""The same layers patched by any trainer, in its own spelling, are told as the same family.

Layer names and widths are those of the models' own classes (diffusers, Black Forest Labs, Wan, HunyuanVideo), the
spellings those of kohya sd-scripts, musubi-tuner, OneTrainer, ai-toolkit, PEFT and LyCORIS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from wfdeps.detect.adapters import AdaptedModule, read_adapter
from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import Header, Tensor
from wfdeps.domain.identity import Identity

Layers = Mapping[str, tuple[int, int]]
Pieces = Mapping[str, tuple[int, ...]]


def layers(pattern: str, blocks: tuple[int, ...], **sizes: tuple[int, int]) -> dict[str, tuple[int, int]]:
    """`pattern` with each block's number; a double underscore in a name is a dot."""
    return {
        f"{pattern.format(block)}.{name.replace('__', '.')}": size
        for block in blocks
        for name, size in sizes.items()
    }


FAMILIES: dict[str, Layers] = {
    "flux": {
        **layers("double_blocks.{}", (0, 18), img_attn__qkv=(3072, 9216), img_mlp__0=(3072, 12288), img_mod__lin=(3072, 18432)),
        **layers("single_blocks.{}", (0, 37), linear1=(3072, 21504), modulation__lin=(3072, 9216)),
    },
    "flux2": {
        **layers("double_blocks.{}", (0, 4), img_attn__qkv=(4096, 12288), img_mlp__0=(4096, 24576)),
        **layers("single_blocks.{}", (0, 23), linear1=(4096, 36864)),
    },
    "sd3": layers("joint_blocks.{}", (0, 23), context_block__attn__qkv=(1536, 4608), x_block__mlp__fc1=(1536, 6144)),
    "wan": layers("blocks.{}", (0, 39), self_attn__q=(5120, 5120), cross_attn__k=(5120, 5120), ffn__0=(5120, 13824)),
    "hunyuan_video": {
        **layers("double_blocks.{}", (0, 19), img_attn_qkv=(3072, 9216), img_mlp__fc1=(3072, 12288)),
        **layers("single_blocks.{}", (0, 39), linear1=(3072, 21504), modulation__linear=(3072, 9216)),
    },
    "qwen_image": layers("transformer_blocks.{}", (0, 59), attn__to_q=(3072, 3072), img_mlp__net__0__proj=(3072, 12288)),
    "z_image": layers("layers.{}", (0, 29), attention__to_q=(3840, 3840), feed_forward__w1=(3840, 10240)),
    "auraflow": {
        **layers("joint_transformer_blocks.{}", (0, 3), attn__to_q=(3072, 3072)),
        **layers("single_transformer_blocks.{}", (0, 31), attn__to_q=(3072, 3072)),
    },
    "mochi": layers("transformer_blocks.{}", (0, 47), attn1__to_q=(3072, 3072), attn1__add_k_proj=(1536, 3072)),
    "ltxv": layers("transformer_blocks.{}", (0, 27), attn1__to_q=(2048, 2048), attn2__to_k=(2048, 2048)),
    "sana": layers("transformer_blocks.{}", (0, 19), attn1__to_q=(2240, 2240), attn2__to_k=(2240, 2240)),
    "cogvideox": layers("transformer_blocks.{}", (0, 41), attn1__to_q=(3072, 3072)),
    "sdxl": layers("down_blocks.1.attentions.{}.transformer_blocks.1", (0, 1), attn2__to_k=(2048, 640), attn1__to_q=(640, 640)),
    "sd1": layers("down_blocks.0.attentions.{}.transformer_blocks.0", (0, 1), attn2__to_k=(768, 320), attn1__to_q=(320, 320)),
}  # fmt: skip


def dotted(prefix: str) -> Callable[[str], str]:
    return lambda name: prefix + name


def flat(prefix: str) -> Callable[[str], str]:
    return lambda name: prefix + name.replace(".", "_")


def low_rank(down: str, up: str) -> Callable[[int, int], Pieces]:
    return lambda inner, outer: {down: (16, inner), up: (outer, 16)}


PIECES: dict[str, Callable[[int, int], Pieces]] = {
    "lora": low_rank("lora_down.weight", "lora_up.weight"),
    "peft": low_rank("lora_A.weight", "lora_B.weight"),
    "dora": lambda inner, outer: {
        "lora_down.weight": (16, inner),
        "lora_up.weight": (outer, 16),
        "dora_scale": (outer, 1),
    },
    "loha": lambda inner, outer: {
        "hada_w1_a": (outer, 8), "hada_w1_b": (8, inner), "hada_w2_a": (outer, 8), "hada_w2_b": (8, inner),
    },
    "lokr": lambda inner, outer: {"lokr_w1": (8, 8), "lokr_w2_a": (outer // 8, 4), "lokr_w2_b": (4, inner // 8)},
    "oft": lambda inner, outer: {"oft_blocks": (outer // 64, 64, 64)},
    "glora": lambda inner, outer: {
        "a1.weight": (inner, 8), "a2.weight": (8, inner), "b1.weight": (outer, 8), "b2.weight": (8, inner),
    },
}  # fmt: skip
TRAINERS: dict[str, tuple[Callable[[str], str], str, str]] = {
    "kohya, musubi-tuner": (flat("lora_unet_"), "lora", "lora"),
    "kohya with DoRA": (flat("lora_unet_"), "dora", "dora"),
    "OneTrainer": (flat("lora_transformer_"), "lora", "lora"),
    "ai-toolkit": (dotted("diffusion_model."), "peft", "lora"),
    "diffusers": (dotted("transformer."), "peft", "lora"),
    "PEFT alone": (dotted("base_model.model."), "peft", "lora"),
    "PEFT's first script for PixArt": (dotted("unet.base_model.model."), "peft", "lora"),
    "LyCORIS LoHa": (flat("lycoris_"), "loha", "loha"),
    "LyCORIS LoKr": (flat("lycoris_"), "lokr", "lokr"),
    "LyCORIS GLoRA": (flat("lycoris_"), "glora", "glora"),
    "LyCORIS OFT": (flat("lycoris_"), "oft", "oft"),
    "LyCORIS LoKr, the part named": (flat("lycoris_transformer_"), "lokr", "lokr"),
    "LyCORIS LoHa, the part named": (flat("lycoris_transformer_"), "loha", "loha"),
}
UNETS = frozenset({"sdxl", "sd1"})


def identified(tensors: Mapping[str, tuple[int, ...]]) -> Identity:
    return identify(Header("safetensors", {name: Tensor("F16", shape, 0) for name, shape in tensors.items()}))


@pytest.mark.parametrize("trainer", TRAINERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_told_in_every_trainers_spelling(family: str, trainer: str) -> None:
    if family in UNETS and trainer.endswith("the part named"):
        pytest.skip("a UNet is no transformer")
    spell, pieces, method = TRAINERS[trainer]
    tensors = {
        f"{spell(name)}.{piece}": shape
        for name, (inner, outer) in FAMILIES[family].items()
        for piece, shape in PIECES[pieces](inner, outer).items()
    }
    identity = identified(tensors)
    assert (identity.model_type, identity.adapter) == ("lora", method)
    assert family in identity.architectures
    assert len(identity.architectures) <= 4


DIFFUSERS_LAYERS: dict[str, tuple[str, Layers]] = {
    "Wan, all its layers": ("wan", layers("blocks.{}", (0, 39), attn1__to_q=(5120, 5120), attn2__to_k=(5120, 5120), ffn__net__0__proj=(5120, 13824))),
    "Wan, its feed-forward alone": ("wan", layers("blocks.{}", (0, 29), ffn__net__0__proj=(1536, 8960))),
    "HunyuanVideo 1.5": ("hunyuan_video_1.5", layers("transformer_blocks.{}", (0, 53), attn__to_q=(2048, 2048), attn__add_q_proj=(2048, 2048), ff__net__0__proj=(2048, 8192))),
    "HunyuanImage": ("hunyuan_image", {
        **layers("transformer_blocks.{}", (0, 19), attn__to_q=(3584, 3584), ff_context__net__0__proj=(3584, 14336)),
        **layers("single_transformer_blocks.{}", (0, 39), attn__to_q=(3584, 3584)),
    }),
    "Cosmos Predict 2": ("cosmos_predict2", layers("transformer_blocks.{}", (0, 27), attn1__to_q=(2048, 2048), attn2__to_k=(1024, 2048))),
    "Cosmos": ("cosmos", layers("transformer_blocks.{}", (0, 27), attn1__to_q=(4096, 4096), attn2__to_k=(1024, 4096))),
    "CogView 4": ("cogview4", layers("transformer_blocks.{}", (0, 27), attn1__to_q=(4096, 4096))),
    "Stable Audio": ("stable_audio", layers("transformer_blocks.{}", (0, 23), attn1__to_q=(1536, 1536), attn2__to_k=(768, 768))),
    "SD 3.5 Medium, its attention alone": ("sd3", {
        **layers("transformer_blocks.{}", (0, 12), attn__to_q=(1536, 1536), attn2__to_k=(1536, 1536)),
    }),
    "Krea 2": ("krea2", layers("transformer_blocks.{}", (0, 27), attn__to_q=(6144, 6144), attn__to_gate=(6144, 6144))),
    "Krea 2, its attention fused": ("krea2", layers("transformer_blocks.{}", (0, 27), attn__to_qkv=(6144, 9216))),
    "Ovis": ("ovis", {
        **layers("transformer_blocks.{}", (0, 5), ff__net__0__proj=(3072, 24576)),
        **layers("single_transformer_blocks.{}", (0, 26), attn__to_q=(3072, 3072)),
    }),
    "LongCat": ("longcat", {
        **layers("transformer_blocks.{}", (0, 9), attn__to_q=(3072, 3072)),
        **layers("single_transformer_blocks.{}", (0, 19), attn__to_q=(3072, 3072)),
        "context_embedder": (3584, 3072),
    }),
    "Chroma, its feed-forward alone": ("chroma", layers("transformer_blocks.{}", (0, 18), ff__net__0__proj=(3072, 12288), ff_context__net__0__proj=(3072, 12288))),
    "ACE-Step 1.5": ("ace_step15", layers("layers.{}", (0, 23), self_attn__to_q=(2048, 2048), cross_attn__to_k=(2048, 1024))),
    "Stable Cascade": ("cascade", layers("down_blocks.0.{}", (2, 5), attention__to_q=(2048, 2048), kv_mapper__1=(2048, 2048))),
    "SDXL's refiner": ("sdxl-refiner", layers("down_blocks.1.attentions.{}.transformer_blocks.3", (0, 1), attn2__to_k=(1280, 768))),
    "Stable Video Diffusion": ("svd", layers("down_blocks.0.attentions.{}.temporal_transformer_blocks.0", (0, 1), attn2__to_k=(1024, 320))),
    "HunyuanDiT": ("hunyuandit", layers("blocks.{}", (0, 39), attn1__to_q=(1408, 1408))),
    "Qwen-Image 2.1": ("qwen_image21", layers("transformer_blocks.{}", (0, 29), attn__to_q=(4096, 4096), img_mlp__gate_layer=(4096, 12288))),
    "LTX 2, its video half": ("ltx2", layers("transformer_blocks.{}", (0, 47), attn1__to_q=(4096, 4096), attn2__to_k=(4096, 4096))),
    "LTXV 13B": ("ltxv", layers("transformer_blocks.{}", (0, 47), attn1__to_q=(4096, 4096), attn2__to_k=(4096, 4096))),
    "the small Sana": ("sana", layers("transformer_blocks.{}", (0, 27), attn1__to_q=(1152, 1152), attn2__to_k=(1152, 1152))),
    "PixArt": ("pixart", layers("transformer_blocks.{}", (0, 27), attn2__to_k=(1152, 1152), ff__net__0__proj=(1152, 4608))),
    "Lumina 2": ("lumina2", layers("layers.{}", (0, 25), attn__to_q=(2304, 2304))),
}  # fmt: skip
"""Layers as diffusers names and sizes them (its classes of 0.42, built without weights)."""


@pytest.mark.parametrize("case", DIFFUSERS_LAYERS)
@pytest.mark.parametrize(
    ("spell", "pieces"), [(dotted("transformer."), "peft"), (flat("lora_unet_"), "lora"), (flat("lycoris_"), "lokr")]
)  # fmt: skip
def test_a_family_is_told_by_the_names_and_widths_diffusers_gives_its_layers(
    case: str, spell: Callable[[str], str], pieces: str
) -> None:
    family, patched = DIFFUSERS_LAYERS[case]
    tensors = {
        f"{spell(name)}.{piece}": shape
        for name, (inner, outer) in patched.items()
        for piece, shape in PIECES[pieces](inner, outer).items()
    }
    identity = identified(tensors)
    assert family in identity.architectures
    assert len(identity.architectures) <= 4


def test_an_orthogonal_adapter_tells_the_size_it_turns() -> None:
    by_outputs = read_adapter({"lycoris_x.oft_blocks": Tensor("F16", (48, 64, 64), 0)})
    by_butterflies = read_adapter({"lycoris_x.oft_blocks": Tensor("F16", (3, 384, 8, 8), 0)})
    by_inputs = read_adapter({"transformer.x.oft_R.weight": Tensor("F16", (96, 32 * 31 // 2), 0)})
    assert by_outputs.modules["x"] == AdaptedModule(outer=3072)
    assert by_butterflies.modules["x"] == AdaptedModule(outer=3072)
    assert by_inputs.modules["x"] == AdaptedModule(inner=3072)


OTHERS: dict[str, tuple[str, str, Mapping[str, tuple[int, ...]]]] = {
    "HunyuanVideo's VAE as diffusers saves it": ("vae", "hunyuan_video", {
        "encoder.conv_in.conv.weight": (128, 3, 3, 3, 3), "encoder.down_blocks.0.resnets.0.conv1.conv.weight": (128, 128, 3, 3, 3),
        "decoder.mid_block.resnets.0.conv1.conv.weight": (512, 512, 3, 3, 3), "quant_conv.weight": (32, 32, 1, 1, 1),
    }),
    "Mochi's VAE as diffusers saves it": ("vae", "mochi", {
        "encoder.proj_in.weight": (64, 15), "encoder.block_in.resnets.0.conv1.conv.weight": (64, 64, 3, 3, 3),
    }),
    "Cosmos' VAE as diffusers saves it": ("vae", "cosmos", {
        "encoder.conv_in.conv_s.weight": (128, 192, 1, 3, 3), "decoder.conv_in.conv_s.weight": (512, 16, 1, 3, 3),
    }),
    "Gemma 2 without its head": ("text_encoder", "gemma2-2b", {
        "embed_tokens.weight": (256000, 2304), "layers.0.self_attn.q_proj.weight": (2048, 2304),
        "layers.0.post_attention_layernorm.weight": (2304,), "layers.0.post_feedforward_layernorm.weight": (2304,),
    }),
    "HunyuanVideo 1.5 as diffusers saves it": ("diffusion_model", "hunyuan_video_1.5", {
        "context_embedder.token_refiner.refiner_blocks.0.norm1.weight": (2048,), "image_embedder.norm_in.weight": (1152,),
        "context_embedder_2.linear_1.weight": (2048, 1472), "transformer_blocks.53.attn.to_q.weight": (2048, 2048),
    }),
    "HunyuanImage as diffusers saves it": ("diffusion_model", "hunyuan_image", {
        "context_embedder.token_refiner.refiner_blocks.0.norm1.weight": (3584,), "x_embedder.proj.weight": (3584, 64, 1, 1),
        "single_transformer_blocks.0.attn.to_q.weight": (3584, 3584),
    }),
    "LTX 2 as diffusers saves it": ("diffusion_model", "ltx2", {
        "time_embed.emb.timestep_embedder.linear_1.bias": (4096,), "audio_time_embed.emb.timestep_embedder.linear_1.bias": (2048,),
        "proj_in.weight": (4096, 128), "transformer_blocks.0.attn1.norm_q.weight": (4096,),
    }),
    "Cosmos as diffusers saves it": ("diffusion_model", "cosmos", {
        "norm_out.linear_1.weight": (256, 4096), "time_embed.t_embedder.linear_1.weight": (4096, 4096),
        "learnable_pos_embed.pos_emb_t": (128, 4096), "transformer_blocks.0.attn1.to_q.weight": (4096, 4096),
    }),
    "LongCat as diffusers saves it": ("diffusion_model", "longcat", {
        "time_embed.timestep_embedder.linear_1.weight": (3072, 256), "context_embedder.weight": (3072, 3584),
        "x_embedder.weight": (3072, 64), "single_transformer_blocks.0.attn.norm_k.weight": (128,),
    }),
    "Bria FIBO as diffusers saves it": ("diffusion_model", "bria", {
        "time_embed.timestep_embedder.linear_1.weight": (3072, 256), "context_embedder.weight": (3072, 4096),
        "x_embedder.weight": (3072, 64), "single_transformer_blocks.0.attn.norm_k.weight": (128,),
        "caption_projection.0.linear.weight": (1536, 2048),
    }),
    "Ovis as diffusers saves it": ("diffusion_model", "ovis", {
        "timestep_embedder.linear_1.weight": (3072, 256), "context_embedder_norm.weight": (2048,), "context_embedder.weight": (3072, 2048),
        "x_embedder.weight": (3072, 64), "single_transformer_blocks.0.attn.norm_k.weight": (128,),
    }),
    "Krea 2 as diffusers saves it": ("diffusion_model", "krea2", {
        "text_fusion.projector.weight": (1, 12), "img_in.weight": (6144, 64), "transformer_blocks.0.attn.to_gate.weight": (6144, 6144),
    }),
    "Stable Cascade as diffusers saves it": ("diffusion_model", "cascade", {
        "clip_txt_pooled_mapper.weight": (8192, 1280), "down_blocks.0.0.depthwise.weight": (2048, 1, 3, 3),
    }),
    "Stable Audio as diffusers saves it": ("diffusion_model", "stable_audio", {
        "cross_attention_proj.0.weight": (768, 768), "preprocess_conv.weight": (64, 64, 1), "transformer_blocks.0.attn1.to_q.weight": (1536, 1536),
    }),
    "ACE-Step 1.5 as diffusers saves it": ("diffusion_model", "ace_step15", {
        "time_embed_r.linear_1.weight": (2048, 256), "proj_in_conv.weight": (2048, 192, 2), "layers.0.cross_attn_norm.weight": (2048,),
        "layers.0.self_attn_norm.weight": (2048,),
    }),
    "Sana's ControlNet": ("controlnet", "sana", {
        "controlnet_blocks.0.weight": (2240, 2240), "caption_norm.weight": (2240,),
        "transformer_blocks.0.ff.conv_inverted.weight": (11200, 2240, 1, 1),
    }),
    "HunyuanDiT's ControlNet as diffusers saves it": ("controlnet", "hunyuandit", {
        "controlnet_blocks.0.weight": (1408, 1408), "text_embedder.linear_1.weight": (8192, 2048), "blocks.0.attn1.to_q.weight": (1408, 1408),
    }),
    "SVD's VAE as diffusers saves it": ("vae", "svd", {
        "encoder.conv_in.weight": (128, 3, 3, 3), "decoder.conv_in.weight": (512, 4, 3, 3),
        "decoder.mid_block.resnets.0.spatial_res_block.conv1.weight": (512, 512, 3, 3),
        "decoder.mid_block.resnets.0.temporal_res_block.conv1.weight": (512, 512, 3, 1, 1),
    }),
    "Wan 2.2's VAE as diffusers saves it": ("vae", "wan22-5b", {
        "decoder.conv_in.weight": (1024, 48, 3, 3, 3), "decoder.mid_block.resnets.0.norm1.gamma": (1024, 1, 1, 1),
        "decoder.up_blocks.0.upsampler.resample.1.weight": (1024, 1024, 3, 3), "encoder.conv_in.weight": (160, 12, 3, 3, 3),
    }),
    "LTX 2's audio VAE as diffusers saves it": ("vae", "ltx2", {
        "encoder.conv_in.conv.weight": (128, 2, 3, 3), "decoder.conv_in.conv.weight": (512, 8, 3, 3),
        "decoder.mid.block_1.conv1.conv.weight": (512, 512, 3, 3),
    }),
    "Stable Audio's VAE as diffusers saves it": ("vae", "stable_audio", {
        "encoder.block.0.res_unit1.snake1.alpha": (1, 128, 1), "decoder.block.0.res_unit1.snake1.alpha": (1, 1024, 1),
    }),
    "CLIP vision L without its prefix": ("clip_vision", "clip_vision_l", {
        "embeddings.patch_embedding.weight": (1024, 3, 14, 14), "pre_layrnorm.weight": (1024,),
        **{f"encoder.layers.{n}.mlp.fc1.weight": (4096, 1024) for n in range(24)},
    }),
    "CLIP vision G without its prefix": ("clip_vision", "clip_vision_g", {
        "embeddings.patch_embedding.weight": (1664, 3, 14, 14), "pre_layrnorm.weight": (1664,),
        **{f"encoder.layers.{n}.mlp.fc1.weight": (8192, 1664) for n in range(48)},
    }),
    "the small DINOv2": ("clip_vision", "dinov2", {
        "embeddings.cls_token": (1, 1, 384), **{f"encoder.layer.{n}.layer_scale2.lambda1": (384,) for n in range(12)},
    }),
    "SAM 2 as its authors save it": ("sam", "sam", {
        "image_encoder.trunk.blocks.0.attn.qkv.weight": (432, 144), "sam_mask_decoder.iou_token.weight": (1, 256),
        "memory_encoder.fuser.layers.0.dwconv.weight": (256, 1, 7, 7),
    }),
    "facexlib's face detector": ("detector", "retinaface", {
        "module.body.conv1.weight": (64, 3, 7, 7), "module.fpn.output1.0.weight": (256, 256, 1, 1),
        "module.BboxHead.0.conv1x1.weight": (8, 256, 1, 1),
    }),
    "both halves of SigLIP": ("clip_vision", "siglip", {
        "vision_model.head.probe": (1, 1, 1152), "text_model.encoder.layers.0.mlp.fc1.weight": (4304, 1152),
        "vision_model.encoder.layers.26.mlp.fc1.weight": (4304, 1152), "logit_bias": (1,),
    }),
    "an mT5 that is no T5-XXL": ("text_encoder", "t5", {
        "encoder.block.23.layer.1.DenseReluDense.wi_1.weight": (5120, 2048), "shared.weight": (250112, 2048),
        "encoder.block.0.layer.0.SelfAttention.k.weight": (2048, 2048),
    }),
    "Gemma 3 12B": ("text_encoder", "gemma3-12b", {
        "model.layers.0.post_feedforward_layernorm.weight": (3840,), "model.layers.5.self_attn.v_proj.weight": (2048, 3840),
        "model.layers.47.self_attn.q_norm.weight": (256,),
    }),
    "Gemma 4 12B, whose global layers share keys and values": ("text_encoder", "gemma4-12b", {
        "model.layers.0.post_feedforward_layernorm.weight": (3840,), "model.layers.4.self_attn.v_proj.weight": (2048, 3840),
        "model.layers.47.self_attn.q_norm.weight": (256,),
    }),
    "Qwen 3 32B": ("text_encoder", "qwen3-32b", {
        "model.layers.0.self_attn.q_norm.weight": (128,), "model.layers.0.post_attention_layernorm.weight": (5120,),
    }),
    "GPT-OSS, whose key biases are Qwen 2.5 7B's": ("text_encoder", "gpt-oss-20b", {
        "model.layers.0.self_attn.sinks": (64,), "model.layers.0.self_attn.k_proj.bias": (512,),
        "model.layers.0.mlp.experts.gate_up_proj": (32, 2880, 5760),
    }),
    "Depth Anything as transformers saves it": ("other", "depth_anything", {
        "backbone.embeddings.cls_token": (1, 1, 384), "neck.reassemble_stage.layers.0.projection.weight": (48, 384, 1, 1),
        "head.conv1.weight": (32, 64, 3, 3),
    }),
}  # fmt: skip


@pytest.mark.parametrize("case", OTHERS)
def test_a_part_saved_by_another_library_is_told(case: str) -> None:
    model_type, family, tensors = OTHERS[case]
    identity = identified(tensors)
    assert identity.model_type == model_type
    assert family in identity.architectures


UNKNOWN_FAMILIES: dict[str, tuple[str, Mapping[str, tuple[int, ...]]]] = {
    "a transformer that is told the step": ("diffusion_model", {
        "img_in.weight": (1792, 64), "time_in.in_layer.weight": (1792, 256), "blocks.0.attention.img_qkv_proj.weight": (5376, 1792),
    }),
    "a transformer below ComfyUI's prefix, and its VAE": ("checkpoint", {
        "model.diffusion_model.time_in.in_layer.weight": (1792, 256), "model.diffusion_model.blocks.0.attention.qkv.weight": (5376, 1792),
        "vae.decoder.conv_in.weight": (512, 16, 3, 3), "vae.decoder.mid.block_1.conv1.weight": (512, 512, 3, 3),
        "text_encoders.t5xxl.transformer.encoder.block.0.layer.0.SelfAttention.k.weight": (4096, 4096),
    }),
    "an encoder and a decoder of images": ("vae", {
        "encoder.conv_in.weight": (64, 3, 3, 3), "encoder.stage.0.weight": (64, 64, 3, 3), "decoder.stage.0.weight": (64, 64, 3, 3),
    }),
    "a language model": ("text_encoder", {
        "embed_tokens.weight": (50000, 1000), "layers.0.mixer.in_proj.weight": (4000, 1000),
    }),
    "zero-initialised outputs of a control branch": ("controlnet", {
        "controlnet_blocks.0.proj.weight": (64, 64), "stages.0.attn.qkv.weight": (192, 64),
    }),
}  # fmt: skip


@pytest.mark.parametrize("case", UNKNOWN_FAMILIES)
def test_of_a_family_nobody_listed_the_type_is_guessed_and_no_base_model_named(case: str) -> None:
    model_type, tensors = UNKNOWN_FAMILIES[case]
    identity = identified(tensors)
    assert (identity.model_type, identity.architectures, identity.certainty) == (model_type, (), "guess")


def test_a_detector_no_folder_of_comfyuis_takes_is_sent_to_none() -> None:
    _, _, tensors = OTHERS["facexlib's face detector"]
    assert identified(tensors).folder is None
