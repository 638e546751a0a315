"""The same layers patched by any trainer, in its own spelling, are told as the same family.

Layer names and widths are those of the models' own classes (diffusers, Black Forest Labs, Wan, HunyuanVideo), the
spellings those of kohya sd-scripts, musubi-tuner, OneTrainer, ai-toolkit, PEFT and LyCORIS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

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
    "LyCORIS LoHa": (flat("lycoris_"), "loha", "loha"),
    "LyCORIS LoKr": (flat("lycoris_"), "lokr", "lokr"),
    "LyCORIS GLoRA": (flat("lycoris_"), "glora", "glora"),
}


def identified(tensors: Mapping[str, tuple[int, ...]]) -> Identity:
    return identify(Header("safetensors", {name: Tensor("F16", shape, 0) for name, shape in tensors.items()}))


@pytest.mark.parametrize("trainer", TRAINERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_told_in_every_trainers_spelling(family: str, trainer: str) -> None:
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
