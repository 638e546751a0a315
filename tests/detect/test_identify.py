"""What each kind of file is told to be, by the layouts that trainers and exporters really write."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import BITS, Header, Tensor, elements
from wfdeps.domain.identity import Identity
from wfdeps.domain.refs import Certainty

Shapes = Mapping[str, tuple[int, ...]]


def of(
    shapes: Shapes, metadata: Mapping[str, str] | None = None, dtype: str = "F16", format: str = "safetensors"
) -> Identity:
    tensors = {
        name: Tensor(dtype, shape, elements(shape) * BITS[dtype] // 8) for name, shape in shapes.items()
    }
    return identify(Header(format, tensors, metadata or {}))


def lora(
    module: str,
    inner: int,
    outer: int,
    *,
    down: str = ".lora_down.weight",
    up: str = ".lora_up.weight",
    rank: int = 16,
) -> Shapes:
    return {module + down: (rank, inner), module + up: (outer, rank)}


PEFT = {"down": ".lora_A.weight", "up": ".lora_B.weight"}

FILES: list[tuple[str, Shapes, str, tuple[str, ...], str | None]] = [
    ("kohya sdxl", lora("lora_unet_input_blocks_4_1_transformer_blocks_1_attn2_to_k", 2048, 640), "lora", ("sdxl",), "loras"),
    ("kohya sd1", lora("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", 768, 320), "lora", ("sd1",), "loras"),
    ("kohya sd2", lora("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", 1024, 320), "lora", ("sd2",), "loras"),
    ("diffusers sdxl", lora("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", 2048, 640, **PEFT), "lora", ("sdxl",), "loras"),
    ("old diffusers", lora("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora", 768, 320, down=".down.weight", up=".up.weight"), "lora", ("sd1",), "loras"),
    ("kohya wan", lora("lora_unet_blocks_0_cross_attn_q", 5120, 5120), "lora", ("wan",), "loras"),
    ("diffusers wan", lora("transformer.blocks.0.attn1.to_q", 5120, 5120, **PEFT), "lora", ("wan",), "loras"),
    ("peft named adapter", lora("base_model.model.transformer.blocks.0.attn1.to_q", 5120, 5120, down=".lora_A.default.weight", up=".lora_B.default.weight"), "lora", ("wan",), "loras"),
    ("flux with modulation", lora("lora_unet_double_blocks_9_img_mod_lin", 3072, 18432), "lora", ("flux",), "loras"),
    ("flux attention alone", lora("diffusion_model.double_blocks.9.img_attn.qkv", 3072, 9216, **PEFT), "lora", ("chroma", "flux"), "loras"),
    ("z-image", lora("diffusion_model.layers.0.attention.to_q", 3840, 3840, **PEFT), "lora", ("z_image",), "loras"),
    ("qwen", lora("transformer.transformer_blocks.59.attn.to_q", 3072, 3072, **PEFT), "lora", ("qwen_image",), "loras"),
    ("sd3.5", lora("transformer.transformer_blocks.0.attn.to_q", 2432, 2432, **PEFT), "lora", ("sd3",), "loras"),
    ("ltx", lora("diffusion_model.transformer_blocks.0.attn1.to_q", 2048, 2048, **PEFT), "lora", ("ltxv",), "loras"),
    ("cogvideox", lora("transformer.transformer_blocks.0.attn1.to_q", 1920, 1920, **PEFT), "lora", ("cogvideox",), "loras"),
    ("text encoder of sdxl", lora("lora_te2_text_model_encoder_layers_0_mlp_fc1", 1280, 5120), "lora", ("sdxl",), "loras"),
    ("motion lora", lora("down_blocks.0.motion_modules.0.temporal_transformer.transformer_blocks.0.attention_blocks.0.processor.to_q_lora", 320, 320, down=".down.weight", up=".up.weight"), "motion_lora", ("sd1",), "animatediff_motion_lora"),
    ("motion module", {"down_blocks.3.motion_modules.0.temporal_transformer.norm.weight": (1280,)}, "motion_module", ("sd1",), "animatediff_models"),
    ("motion module xl", {"down_blocks.0.motion_modules.0.temporal_transformer.norm.weight": (320,)}, "motion_module", ("sdxl",), "animatediff_models"),
    ("sparsectrl", {"down_blocks.0.motion_modules.0.temporal_transformer.norm.weight": (320,), "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3)}, "controlnet", ("sd1",), "controlnet"),
    ("ip-adapter", {"image_proj.proj.weight": (3072, 1024), "ip_adapter.1.to_k_ip.weight": (320, 768)}, "ip_adapter", ("sd1",), "ipadapter"),
    ("ip-adapter faceid", {"image_proj.proj.0.weight": (1024, 512), "ip_adapter.0.to_q_lora.down.weight": (128, 640), "ip_adapter.1.to_k_ip.weight": (640, 2048)}, "ip_adapter", ("sdxl",), "ipadapter"),
    ("instantid", {"image_proj.latents": (1, 16, 1280), "image_proj.proj_in.weight": (1280, 512), "ip_adapter.1.to_k_ip.weight": (640, 2048)}, "ip_adapter", ("sdxl",), "instantid"),
    ("pulid flux", {"pulid_ca.0.norm1.weight": (2048,), "pulid_encoder.latents": (1, 32, 1024)}, "pulid", ("flux",), "pulid"),
    ("photomaker", {"id_encoder.fuse_module.mlp1.fc1.weight": (8, 8), "lora_weights.unet.down_blocks.0.x.to_q_lora.down.weight": (64, 320)}, "photomaker", ("sdxl",), "photomaker"),
    ("gligen", {"input_blocks.1.1.transformer_blocks.0.fuser.linear.weight": (320, 768), "position_net.null_positive_feature": (768,)}, "gligen", ("sd1",), "gligen"),
    ("sam 2", {"image_encoder.trunk.patch_embed.proj.weight": (144, 3, 7, 7), "sam_mask_decoder.iou_token.weight": (1, 256)}, "sam", ("sam",), "sams"),
    ("taesd", {"1.weight": (64, 4, 3, 3), "3.conv.0.weight": (64, 64, 3, 3)}, "vae_approx", ("taesd",), "vae_approx"),
    ("redux", {"redux_up.weight": (12288, 1152), "redux_down.weight": (4096, 12288)}, "style_model", ("flux",), "style_models"),
    ("wav2vec2", {"wav2vec2.feature_projection.projection.weight": (1024, 512), "wav2vec2.encoder.layer_norm.bias": (1024,)}, "audio_encoder", ("wav2vec2",), "audio_encoders"),
    ("ltx upscaler", {"initial_conv.weight": (512, 128, 3, 3, 3), "post_upsample_res_blocks.0.conv2.bias": (512,)}, "latent_upscaler", ("ltx2", "ltxv"), "latent_upscale_models"),
    ("old esrgan", {"model.0.weight": (64, 3, 3, 3), "model.1.sub.0.RDB1.conv1.0.weight": (32, 64, 3, 3)}, "upscaler", ("esrgan",), "upscale_models"),
    ("codeformer", {"quantize.embedding.weight": (1024, 256), "position_emb": (256, 512), "ft_layers.0.self_attn.in_proj_weight": (1536, 512)}, "face_restore", ("codeformer",), "facerestore_models"),
    ("embedding sdxl", {"clip_l": (8, 768), "clip_g": (8, 1280)}, "embedding", ("sdxl",), "embeddings"),
    ("embedding sd1", {"emb_params": (8, 768)}, "embedding", ("sd1",), "embeddings"),
    ("embedding of a concept", {"<cat-toy>": (768,)}, "embedding", ("sd1",), "embeddings"),
    ("embedding under any name", {"my-style": (4, 768)}, "embedding", ("sd1",), "embeddings"),
    ("z-image control patch", {"control_layers.0.adaLN_modulation.0.weight": (1, 1), "control_all_x_embedder.2-1.weight": (1, 1)}, "controlnet", ("z_image",), "model_patches"),
    ("qwen control patch", {"controlnet_blocks.0.y_rms.weight": (3072,), "img_in.weight": (3072, 64)}, "controlnet", ("qwen_image",), "model_patches"),
    ("umt5 of wan", {"token_embedding.weight": (256384, 4096), "blocks.0.pos_embedding.embedding.weight": (32, 64), "blocks.0.attn.k.weight": (4096, 4096)}, "text_encoder", ("umt5xxl",), "text_encoders"),
    ("vace alone", {"vace_blocks.0.self_attn.q.weight": (5120, 5120), "vace_patch_embedding.weight": (5120, 96, 1, 2, 2)}, "diffusion_model", ("wan",), "diffusion_models"),
    ("gguf t5", {"enc.blk.0.attn_k.weight": (4096, 4096), "token_embd.weight": (32128, 4096)}, "text_encoder", ("t5xxl",), "text_encoders"),
    ("extracted clip", {"text_encoders.clip_l.transformer.text_model.encoder.layers.0.mlp.fc1.weight": (3072, 768)}, "text_encoder", ("clip_l",), "text_encoders"),
    ("extracted vae", {"first_stage_model.decoder.conv_in.weight": (512, 16, 3, 3), "first_stage_model.decoder.mid.block_1.norm1.weight": (512,)}, "vae", ("flux", "sd3"), "vae"),
    ("nothing we know", {"some.thing.weight": (3, 3), "other": (2,), "third": (1,)}, "unknown", (), None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shapes", "model_type", "families", "folder"), [row[1:] for row in FILES], ids=[row[0] for row in FILES]
)
def test_a_layout_is_known(
    shapes: Shapes, model_type: str, families: tuple[str, ...], folder: str | None
) -> None:
    identity = of(shapes)
    assert (identity.model_type, identity.architectures, identity.folder) == (model_type, families, folder)
    assert identity.reasons


UNET = {
    "input_blocks.0.0.weight": (320, 4, 3, 3),
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    "output_blocks.0.0.in_layers.0.weight": (2560,),
}


def test_a_diffusion_model_with_an_autoencoder_or_a_text_encoder_is_a_checkpoint() -> None:
    unet = {f"model.diffusion_model.{name}": shape for name, shape in UNET.items()}
    alone, whole = of(unet), of({**unet, "first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3)})
    assert (alone.model_type, alone.folder) == ("diffusion_model", "diffusion_models")
    assert (whole.model_type, whole.folder, whole.architectures) == ("checkpoint", "checkpoints", ("sd1",))


METHODS: list[tuple[str, Shapes]] = [
    ("lora", lora("lora_unet_x_attn2_to_k", 768, 320)),
    ("locon", {**lora("lora_unet_a_attn2_to_k", 768, 320), "lora_unet_b_conv1.lora_down.weight": (8, 320, 3, 3), "lora_unet_b_conv1.lora_up.weight": (320, 8, 1, 1)}),
    ("loha", {"lora_unet_x_attn2_to_k.hada_w1_a": (320, 4), "lora_unet_x_attn2_to_k.hada_w1_b": (4, 768)}),
    ("lokr", {"lora_unet_x_attn2_to_k.lokr_w1": (8, 8), "lora_unet_x_attn2_to_k.lokr_w2": (40, 96)}),
    ("dora", {**lora("lora_unet_x_attn2_to_k", 768, 320), "lora_unet_x_attn2_to_k.dora_scale": (320, 1)}),
    ("lokr+dora", {"lora_unet_x_attn2_to_k.lokr_w1": (8, 8), "lora_unet_x_attn2_to_k.lokr_w2": (40, 96), "lora_unet_x_attn2_to_k.dora_scale": (320, 1)}),
    ("oft", {"lora_unet_x_attn2_to_k.oft_blocks": (4, 80, 80)}),
    ("boft", {"lora_unet_x_attn2_to_k.boft_R": (4, 80, 80)}),
    ("full_diff", {"diffusion_model.x.attn2.to_k.diff": (320, 768)}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "shapes"), METHODS, ids=[name for name, _ in METHODS])
def test_an_adapters_method_is_named(method: str, shapes: Shapes) -> None:
    identity = of(shapes)
    assert (identity.model_type, identity.adapter) == ("lora", method)


def test_a_loras_rank_is_its_commonest() -> None:
    shapes = {
        **lora("lora_unet_a_attn2_to_k", 768, 320, rank=8),
        **lora("lora_unet_b_attn2_to_k", 768, 320, rank=8),
        **lora("lora_unet_c_attn2_to_k", 768, 320, rank=32),
    }
    assert of(shapes).rank == 8


def test_what_a_file_says_of_itself_narrows_and_never_proves() -> None:
    attention = lora("diffusion_model.double_blocks.9.img_attn.qkv", 3072, 9216, **PEFT)
    narrowed = of(attention, {"ss_base_model_version": "flux1"})
    assert (narrowed.architectures, narrowed.certainty) == (("flux",), Certainty.LIKELY)
    contradicted = of(attention, {"ss_base_model_version": "sdxl_base_v1-0"})
    assert contradicted.architectures == ("chroma", "flux")
    assert "its metadata says sdxl, its keys do not" in contradicted.reasons


def test_trained_words_come_from_the_trigger_phrase_or_the_training_folders() -> None:
    shapes = lora("lora_unet_x_attn2_to_k", 768, 320)
    assert of(shapes, {"modelspec.trigger_phrase": "ohwx, red dress"}).trained_words == ("ohwx", "red dress")
    tags = json.dumps({"10_ohwx woman": {"smile": 4, "ohwx": 9}, "5_img": {"smile": 1}})
    identity = of(shapes, {"ss_tag_frequency": tags})
    assert identity.trained_words == ("ohwx woman",)
    assert ("tags", "ohwx, smile") in identity.metadata


PRECISIONS: list[tuple[str, Header]] = [
    ("bf16", Header("safetensors", {"a.weight": Tensor("BF16", (4, 4), 32), "n": Tensor("F32", (1,), 4)})),
    ("fp8_e4m3fn", Header("safetensors", {"a.weight": Tensor("F8_E4M3", (4, 4), 16)})),
    ("fp8_e4m3fn_scaled", Header("safetensors", {"a.weight": Tensor("F8_E4M3", (4, 4), 16), "a.scale_weight": Tensor("F32", (1,), 4)})),
    ("nf4", Header("safetensors", {"a.weight": Tensor("U8", (8, 1), 8), "a.weight.quant_state.bitsandbytes__nf4": Tensor("U8", (2,), 2)})),
    ("nvfp4", Header("safetensors", {"a.weight": Tensor("U8", (4, 2), 8), "a.weight_scale": Tensor("F8_E4M3", (4, 1), 4), "a.weight_scale_2": Tensor("F32", (1,), 4)})),
    ("svdq_int4", Header("safetensors", {"a.qweight": Tensor("I8", (4, 2), 8), "a.wscales": Tensor("BF16", (1,), 2)})),
    ("Q4_K_M", Header("gguf", {"a.weight": Tensor("Q4_K", (4, 4), 9)}, {"general.file_type": "15"})),
    ("Q8_0", Header("gguf", {"a.weight": Tensor("Q8_0", (4, 4), 17)})),
]  # fmt: skip


@pytest.mark.parametrize(("word", "header"), PRECISIONS, ids=[word for word, _ in PRECISIONS])
def test_precision_is_the_dtype_of_most_bytes(word: str, header: Header) -> None:
    identity = identify(header)
    assert (identity.precision, identity.parameters) == (word, 17 if word == "bf16" else 16)


def test_an_onnx_file_is_a_guess_by_its_name() -> None:
    header = Header("onnx", {}, {"producer": "pytorch"})
    assert identify(header, "yolox_l.onnx").folder == "onnx"
    assert (identify(header, "x.onnx").model_type, identify(header, "x.onnx").certainty) == (
        "other",
        Certainty.GUESS,
    )


def test_the_name_settles_what_a_detectors_weights_do_not() -> None:
    header = Header("safetensors", {"model.0.conv.weight": Tensor("F16", (16, 3, 3, 3), 864)})
    assert [identify(header, name).folder for name in ("face_yolov8m.pt", "person_yolov8m-seg.pt")] == [
        "ultralytics_bbox",
        "ultralytics_segm",
    ]


def test_a_detector_of_outlines_is_known_by_its_prototypes_whatever_it_is_called() -> None:
    shapes = {"model.0.conv.weight": (16, 3, 3, 3), "model.22.proto.cv1.conv.weight": (64, 64, 3, 3)}
    header = Header("safetensors", {name: Tensor("F16", shape, 0) for name, shape in shapes.items()})
    assert identify(header, "person.safetensors").folder == "ultralytics_segm"


def test_the_mix_of_dtypes_is_told_the_most_first() -> None:
    tensors = {
        "a": Tensor("F8_E4M3", (64, 64), 4096),
        "b": Tensor("BF16", (16,), 32),
        "c": Tensor("BF16", (16,), 32),
        "d": Tensor("F32", (1,), 4),
    }
    assert identify(Header("safetensors", tensors)).dtypes == (
        ("fp8_e4m3fn", 4096),
        ("bf16", 64),
        ("fp32", 4),
    )
    assert identify(Header("index", {"a": Tensor("", None, 0)})).dtypes == ()
