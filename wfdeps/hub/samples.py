"""Small model files, structurally real and always the same, with the catalogue that describes them.

They are what `wfdeps demo` and the sample workflows ask for: one file found by its hash alone, one by Civitai's
name rule, one by a URL, one name that two different files carry.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from typing import Any, Final

from wfdeps.hub import anatomy
from wfdeps.hub.anatomy import Shapes
from wfdeps.hub.digests import digest_file
from wfdeps.values import dataclass, field

_ITEM_SIZE: Final = {"F16": 2, "BF16": 2, "F32": 4, "F8_E4M3": 1}
_MODELS, _VERSIONS, _FILES = 2_100_001_000, 2_100_002_000, 2_100_003_000
"""Where the ids start: far above Civitai's, so that no sample's URL means a real model there."""
_SD1, _SDXL, _FLUX = "SD 1.5", "SDXL 1.0", "Flux.1 D"


@dataclass(frozen=True, slots=True)
class Sample:
    """One model file and its page in the catalogue."""

    number: int
    """Seeds its bytes and ends its ids."""
    path: str
    """Below the folder of models, in ComfyUI's layout."""
    model_name: str
    version_name: str
    model_type: str
    base_model: str
    shapes: Shapes
    dtype: str = "F16"
    file_type: str = "Model"
    metadata: Mapping[str, str] = field(default_factory=dict)
    trained_words: tuple[str, ...] = ()
    downloads: int = 100
    creator: str = "wfdeps-samples"
    tags: tuple[str, ...] = ()


def _lora_metadata(name: str, base: str, architecture: str) -> dict[str, str]:
    """What kohya's trainer writes into a LoRA."""
    return {
        "ss_base_model_version": base,
        "ss_network_module": "networks.lora",
        "ss_network_dim": "8",
        "ss_network_alpha": "8.0",
        "ss_output_name": name,
        "modelspec.architecture": f"{architecture}/lora",
        "modelspec.title": name,
    }


_SD1_SPEC, _SDXL_SPEC = "stable-diffusion-v1", "stable-diffusion-xl-v1-base"

SAMPLES: Final = (
    Sample(1, "checkpoints/harbourLight_v20.safetensors", "Harbour Light", "v2.0", "Checkpoint", _SD1,
           anatomy.SD1_CHECKPOINT, downloads=48_210, tags=("base model", "landscape")),
    Sample(2, "loras/paperLantern.safetensors", "Paper Lanterns", "v1.0", "LORA", _SD1, anatomy.SD1_LORA,
           metadata=_lora_metadata("paperLantern", "sd_v1", _SD1_SPEC), trained_words=("paper lantern",),
           downloads=3_104, tags=("style",)),
    Sample(3, "vae/clearwater_vae.safetensors", "Clearwater VAE", "v1", "VAE", _SD1, anatomy.SD_VAE, "F32",
           file_type="VAE", downloads=20_877),
    Sample(4, "loras/ink_wash_style.safetensors", "Ink Wash Style", "v1.0", "LORA", _SD1, anatomy.SD1_LORA,
           metadata=_lora_metadata("ink_wash_style", "sd_v1", _SD1_SPEC), trained_words=("ink wash",),
           downloads=9_022, tags=("style",)),
    Sample(5, "loras/remix/ink_wash_style.safetensors", "Ink Wash Style Remix", "v3", "LORA", _SD1, anatomy.SD1_LORA,
           metadata=_lora_metadata("ink_wash_style", "sd_v1", _SD1_SPEC), trained_words=("ink wash", "sumi-e"),
           downloads=8_740, creator="another-sampler", tags=("style",)),
    Sample(6, "embeddings/low_tide_negative.safetensors", "Low Tide Negative", "v1.0", "TextualInversion", _SD1,
           anatomy.SD1_EMBEDDING, "F32", trained_words=("low_tide_negative",), downloads=15_300, tags=("negative",)),
    Sample(7, "checkpoints/granitePeakXL_v10.safetensors", "Granite Peak XL", "v1.0", "Checkpoint", _SDXL,
           anatomy.SDXL_CHECKPOINT, downloads=61_450, tags=("base model",)),
    Sample(8, "loras/copper_line_xl.safetensors", "Copper Line XL", "v1.2", "LORA", _SDXL, anatomy.SDXL_LORA,
           metadata=_lora_metadata("copper_line_xl", "sdxl_base_v1-0", _SDXL_SPEC), trained_words=("copper line",),
           downloads=7_900, tags=("style",)),
    Sample(9, "loras/soft_fog_xl.safetensors", "Soft Fog XL", "v1.0", "LORA", _SDXL, anatomy.SDXL_LORA,
           metadata=_lora_metadata("soft_fog_xl", "sdxl_base_v1-0", _SDXL_SPEC), trained_words=("soft fog",),
           downloads=4_410, tags=("style",)),
    Sample(10, "embeddings/steady_hand_xl.safetensors", "Steady Hand XL", "v1.0", "TextualInversion", _SDXL,
           anatomy.SDXL_EMBEDDING, trained_words=("steady_hand_xl",), downloads=6_200, tags=("negative",)),
    Sample(11, "diffusion_models/riverStone_v10.safetensors", "River Stone", "v1.0", "Checkpoint", _FLUX,
           anatomy.FLUX_TRANSFORMER, "BF16", file_type="Diffusion Model", downloads=33_000),
    Sample(12, "text_encoders/pebble_clip_l.safetensors", "Pebble CLIP-L", "v1", "TextEncoder", _FLUX, anatomy.CLIP_L,
           file_type="Text Encoder", downloads=12_000),
    Sample(13, "text_encoders/pebble_t5xxl_fp16.safetensors", "Pebble T5-XXL", "v1", "TextEncoder", _FLUX,
           anatomy.T5XXL, file_type="Text Encoder", downloads=11_500),
    Sample(14, "vae/river_ae.safetensors", "River Autoencoder", "v1", "VAE", _FLUX, anatomy.FLUX_VAE, "BF16",
           file_type="VAE", downloads=10_800),
    Sample(15, "upscale_models/4x_GrainKeeper.safetensors", "4x GrainKeeper", "v1", "Upscaler", "Other",
           anatomy.ESRGAN_4X, "F32", file_type="Upscaler", downloads=18_250),
)  # fmt: skip
"""Every sample, in the order of its number."""


def write_samples(directory: str) -> list[dict[str, Any]]:
    """Write every sample below a directory, in ComfyUI's layout, and return their catalogue rows."""
    return [_write(sample, directory) for sample in SAMPLES]


def _write(sample: Sample, directory: str) -> dict[str, Any]:
    path = os.path.join(directory, *sample.path.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    content = safetensors_bytes(sample.shapes, sample.dtype, sample.metadata, seed=sample.number)
    with open(path, "wb") as file:
        file.write(content)
    return {
        "model_id": _MODELS + sample.number,
        "model_name": sample.model_name,
        "model_type": sample.model_type,
        "version_id": _VERSIONS + sample.number,
        "version_name": sample.version_name,
        "base_model": sample.base_model,
        "base_model_type": "Standard",
        "file_id": _FILES + sample.number,
        "file_name": os.path.basename(path),
        "file_type": sample.file_type,
        "file_format": "SafeTensor",
        "file_fp": {"F16": "fp16", "BF16": "bf16", "F32": "fp32", "F8_E4M3": "fp8"}[sample.dtype],
        "file_size_variant": "full",
        "file_size_kb": len(content) / 1024,
        "primary": True,
        "hashes": digest_file(path),
        "trained_words": list(sample.trained_words),
        "download_count": sample.downloads,
        "creator": sample.creator,
        "tags": list(sample.tags),
        "model_nsfw": False,
        "published_at": f"2026-03-{sample.number:02d}T12:00:00.000Z",
        "path": sample.path,
    }


def safetensors_bytes(shapes: Shapes, dtype: str, metadata: Mapping[str, str], *, seed: int) -> bytes:
    """A well-formed safetensors file: tensors without gaps, in order, the header padded to eight bytes."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt", **metadata}}
    chance, body, position = random.Random(seed), [], 0
    for name, shape in shapes.items():
        length = _ITEM_SIZE[dtype]
        for side in shape:
            length *= side
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [position, position + length]}
        body.append(_numbers(chance, length, dtype))
        position += length
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(body)


def _numbers(chance: random.Random, length: int, dtype: str) -> bytes:
    """Bytes that are small finite numbers in that format: the top byte of each keeps its exponent low."""
    raw, width = bytearray(chance.randbytes(length)), _ITEM_SIZE[dtype]
    top = {"F16": 0x2C, "BF16": 0x3C, "F32": 0x3C, "F8_E4M3": 0x20}[dtype]
    if width > 1:
        raw[width - 1 :: width] = bytes([top]) * len(raw[width - 1 :: width])
    else:
        raw[:] = bytes([top]) * length
    return bytes(raw)
