"""`wfdeps inspect` on one file of each type, with the keys and shapes of a published one and a body of holes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.test_inspect import told
from wfdeps.domain.folders import FOLDER_KEYS
from wfdeps.domain.model_types import ModelType

Shapes = Mapping[str, tuple[int, ...]]


class Case(NamedTuple):
    """A file and what it is."""

    model_type: str
    architectures: tuple[str, ...]
    folder: str | None
    shapes: Shapes
    adapter: str | None = None


def repeated(pattern: str, count: int, *shape: int) -> dict[str, tuple[int, ...]]:
    return {pattern.format(number): shape for number in range(count)}


CASES: dict[str, Case] = {
    "v1-5-pruned-emaonly": Case("checkpoint", ("sd1",), "checkpoints", {
        "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3), "first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3),
        "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
        "cond_stage_model.transformer.text_model.encoder.layers.0.mlp.fc1.weight": (3072, 768),
    }),
    "wan2.1_t2v_14B_fp16": Case("diffusion_model", ("wan",), "diffusion_models", {
        "head.modulation": (1, 2, 5120), "blocks.0.self_attn.q.weight": (5120, 5120), "patch_embedding.weight": (5120, 16, 1, 2, 2),
    }),
    "style_lora_sdxl": Case("lora", ("sdxl",), "loras", {
        "lora_unet_down_blocks_2_attentions_0_transformer_blocks_9_attn2_to_k.lora_down.weight": (16, 2048),
        "lora_unet_down_blocks_2_attentions_0_transformer_blocks_9_attn2_to_k.lora_up.weight": (1280, 16),
    }, "lora"),
    "ae": Case("vae", ("flux", "sd3"), "vae", {
        "encoder.conv_in.weight": (128, 3, 3, 3), "decoder.conv_in.weight": (512, 16, 3, 3), "decoder.mid.block_1.conv1.weight": (512, 512, 3, 3),
    }),
    "taesd_decoder": Case("vae_approx", ("taesd",), "vae_approx", {"1.weight": (64, 4, 3, 3), "3.conv.0.weight": (64, 64, 3, 3)}),
    "t5xxl_fp16": Case("text_encoder", ("t5xxl",), "text_encoders", {
        "shared.weight": (32128, 4096), "encoder.block.0.layer.0.SelfAttention.k.weight": (4096, 4096),
        "encoder.block.23.layer.1.DenseReluDense.wi_1.weight": (10240, 4096),
    }),
    "clip_vision_h": Case("clip_vision", ("clip_vision_h",), "clip_vision", {
        **repeated("vision_model.encoder.layers.{}.layer_norm1.weight", 32, 1280), "vision_model.embeddings.patch_embedding.weight": (1280, 3, 14, 14),
    }),
    "control_v11p_sd15_canny": Case("controlnet", ("sd1",), "controlnet", {
        "control_model.zero_convs.0.0.weight": (320, 320, 1, 1), "control_model.input_hint_block.0.weight": (16, 3, 3, 3),
        "control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    }),
    "control-lora-canny-rank128": Case("control_lora", ("sdxl",), "controlnet", {
        "lora_controlnet": (), "input_blocks.4.1.transformer_blocks.0.attn1.to_q.up": (640, 128), "input_hint_block.0.weight": (16, 3, 3, 3),
        "input_blocks.4.1.transformer_blocks.0.attn1.to_q.down": (128, 640), "zero_convs.0.0.weight": (320, 320, 1, 1),
    }),
    "t2i-adapter-canny-sdxl": Case("t2i_adapter", ("sdxl",), "controlnet", {
        "adapter.conv_in.weight": (320, 768, 3, 3), "adapter.body.0.resnets.0.block1.weight": (320, 320, 3, 3),
    }),
    "ip-adapter_sd15": Case("ip_adapter", ("sd1",), "ipadapter", {
        "image_proj.proj.weight": (3072, 1024), "ip_adapter.1.to_k_ip.weight": (320, 768), "ip_adapter.1.to_v_ip.weight": (320, 768),
    }),
    "negative_sdxl": Case("embedding", ("sdxl",), "embeddings", {"clip_l": (4, 768), "clip_g": (4, 1280)}),
    "hypernetwork": Case("hypernetwork", ("sd1",), "hypernetworks", {
        f"{width}.0.linear.0.weight": (2 * width, width) for width in (320, 640, 768, 1280)
    }),
    "RealESRGAN_x4plus": Case("upscaler", ("esrgan",), "upscale_models", {
        "conv_first.weight": (64, 3, 3, 3), "body.0.rdb1.conv1.weight": (32, 64, 3, 3), "conv_body.weight": (64, 64, 3, 3),
        "conv_up1.weight": (64, 64, 3, 3), "conv_last.weight": (3, 64, 3, 3),
    }),
    "ltxv-spatial-upscaler": Case("latent_upscaler", ("ltx2", "ltxv"), "latent_upscale_models", {
        "post_upsample_res_blocks.0.conv2.bias": (512,), "initial_conv.weight": (512, 128, 3, 3, 3),
    }),
    "flux1-redux-dev": Case("style_model", ("flux",), "style_models", {"redux_down.weight": (4096, 12288), "redux_up.weight": (12288, 1152)}),
    "mm_sd_v15_v2": Case("motion_module", ("sd1",), "animatediff_models", {
        **repeated("down_blocks.{}.motion_modules.0.temporal_transformer.norm.weight", 4, 320), "mid_block.motion_modules.0.temporal_transformer.norm.weight": (1280,),
    }),
    "v2_lora_PanLeft": Case("motion_lora", ("sd1",), "animatediff_motion_lora", repeated(
        "down_blocks.{}.motion_modules.0.temporal_transformer.transformer_blocks.0.attention_blocks.0.processor.to_q_lora.down.weight", 4, 64, 320,
    ), "lora"),
    "gligen_sd14_textbox_pruned": Case("gligen", ("sd1",), "gligen", {
        "position_net.null_positive_feature": (768,), "input_blocks.1.1.transformer_blocks.0.fuser.alpha_attn": (),
    }),
    "photomaker-v1": Case("photomaker", ("sdxl",), "photomaker", {
        "id_encoder.vision_model.embeddings.class_embedding": (1024,), "id_encoder.fuse_module.mlp1.fc1.weight": (2048, 4096),
    }),
    "pulid_flux_v0.9.1": Case("pulid", ("flux",), "pulid", {"pulid_ca.0.to_q.weight": (2048, 3072), "pulid_encoder.latents": (1, 32, 1024)}),
    "uso-flux1-projector": Case("model_patch", ("flux",), "model_patches", {
        "feature_embedder.high_embedding_linear.weight": (3072, 1152), "feature_embedder.mid_layer_norm.bias": (1152,),
    }),
    "wav2vec2-chinese-base": Case("audio_encoder", ("wav2vec2",), "audio_encoders", {
        "wav2vec2.feature_projection.projection.weight": (768, 512),
    }),
    "sam_vit_b": Case("sam", ("sam",), "sams", {
        "image_encoder.blocks.0.attn.qkv.weight": (2304, 768), "mask_decoder.iou_token.weight": (1, 256),
    }),
    "face_yolov8m": Case("detector", ("yolo",), "ultralytics_bbox", {
        "model.0.conv.weight": (48, 3, 3, 3), "model.22.dfl.conv.weight": (1, 16, 1, 1),
    }),
    "codeformer": Case("face_restore", ("codeformer",), "facerestore_models", {
        "position_emb": (256, 512), "idx_pred_layer.1.weight": (1024, 512), "quantize.embedding.weight": (1024, 256),
        "ft_layers.0.self_attn.in_proj_weight": (1536, 512), "encoder.blocks.0.weight": (64, 3, 3, 3),
    }),
    "depth_anything_v2_vitl": Case("other", ("depth_anything",), None, {
        "pretrained.cls_token": (1, 1, 1024), "depth_head.projects.0.weight": (256, 1024, 1, 1),
    }),
}  # fmt: skip

NOT_BY_HEADER = {"instantid", "config", "llm", "unknown"}
"""Types only a folder or a source gives: InstantID's file is an IP-Adapter, a language model a text encoder."""


def with_holes(path: Path, shapes: Shapes) -> None:
    """A safetensors file of that length whose body is a hole: gigabytes cost nothing."""
    header, at = {}, 0
    for name, shape in shapes.items():
        length = 2 * prod(shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + length]}
        at += length
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + at)


def test_there_is_a_file_of_each_type() -> None:
    assert {case.model_type for case in CASES.values()} == set(ModelType) - NOT_BY_HEADER


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_each_type_is_told_whole(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    path = tmp_path / "model.safetensors"
    with_holes(path, case.shapes)
    code, (file,) = told(str(path), "--no-hash")
    assert code == 0
    assert (file["model_type"], file["architectures"], file["adapter"], file["folder"], file["safety"], file["error"]) == (
        case.model_type, list(case.architectures), case.adapter, case.folder, "safe", None,
    )  # fmt: skip
    assert (file["precision"], file["size"]) == ("fp16", path.stat().st_size)
    assert file["reasons"] and file["certainty"] in ("certain", "likely")
    assert case.folder is None or case.folder in FOLDER_KEYS
