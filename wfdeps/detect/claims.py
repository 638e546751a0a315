"""What a file says of itself (`modelspec.*`, `ss_*`, `general.*`): it narrows an answer, and never proves one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

_VERSIONS: Final[dict[str, str]] = {
    "sd_v1": "sd1", "sd_v2": "sd2", "sd_v2_v": "sd2", "sdxl_base_v1-0": "sdxl", "sdxl_base_v0-9": "sdxl",
    "sd1": "sd1", "sd15": "sd1", "sd2": "sd2", "sdxl": "sdxl", "sd1.5": "sd1", "sd_1.5": "sd1",
    "sd3": "sd3", "sd3_m": "sd3", "sd3.5": "sd3", "flux1": "flux", "flux": "flux", "flux1-dev": "flux",
    "chroma": "chroma", "lumina2": "lumina2", "hunyuan_image": "hunyuan_image", "wan2.1": "wan", "wan2.2": "wan",
    "wan": "wan", "wan21": "wan", "wan22": "wan", "hunyuan_video": "hunyuan_video", "qwen_image": "qwen_image",
    "zimage": "z_image", "z_image": "z_image", "anima": "anima", "krea2": "krea2", "flux2": "flux2", "ltx2": "ltx2",
    "ltxv": "ltxv",
}  # fmt: skip
"""`ss_base_model_version`. Source: kohya sd-scripts, ai-toolkit, musubi-tuner; partly from memory."""

_ARCHITECTURES: Final[tuple[tuple[str, str], ...]] = (
    ("stable-diffusion-v1", "sd1"), ("stable-diffusion-v2", "sd2"), ("stable-diffusion-xl", "sdxl"),
    ("stable-diffusion-3", "sd3"), ("flux-2", "flux2"), ("flux.2", "flux2"), ("flux2", "flux2"), ("flux-1", "flux"),
    ("flux.1", "flux"), ("chroma", "chroma"), ("lumina", "lumina2"), ("hunyuan-image", "hunyuan_image"),
    ("hunyuan-video", "hunyuan_video"), ("anima", "anima"), ("stable-cascade", "cascade"), ("wan", "wan"),
    ("qwen-image", "qwen_image"), ("auraflow", "auraflow"), ("z-image", "z_image"), ("zimage", "z_image"),
    ("hidream", "hidream"), ("ltx-2", "ltx2"), ("ltx", "ltxv"),
)  # fmt: skip
"""How `modelspec.architecture` begins. Source: Stability-AI/ModelSpec, kohya `sai_model_spec.py`."""

_SHOWN: Final = (
    "modelspec.title", "modelspec.architecture", "modelspec.author", "modelspec.description",
    "modelspec.trigger_phrase", "modelspec.resolution", "modelspec.license", "modelspec.date",
    "ss_output_name", "ss_base_model_version", "ss_sd_model_name", "ss_network_module", "ss_network_dim",
    "ss_network_alpha", "ss_resolution", "ss_num_epochs", "ss_epoch", "ss_steps", "ss_num_train_images",
    "ss_learning_rate", "ss_optimizer", "general.architecture", "general.name", "general.type", "general.license",
    "general.quantized_by", "format", "software",
)  # fmt: skip
LONGEST_CLAIM: Final = 200


def claimed_architecture(metadata: Mapping[str, str]) -> str | None:
    """The family a file says it fits, None where it says nothing we know."""
    version = metadata.get("ss_base_model_version", "").lower().split("_lora")[0]
    if version in _VERSIONS:
        return _VERSIONS[version]
    spec = metadata.get("modelspec.architecture", "").lower()
    return next((family for start, family in _ARCHITECTURES if spec.startswith(start)), None)


def trained_words(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """What to write in a prompt, as the file says: its trigger phrase, else the names of its training folders."""
    phrase = metadata.get("modelspec.trigger_phrase", "") or metadata.get("ss_trigger_words", "")
    if phrase.strip():
        words = [word.strip() for word in phrase.split(",")]
    else:
        words = _folder_words(metadata.get("ss_tag_frequency", ""))
    return tuple(dict.fromkeys(word[:LONGEST_CLAIM] for word in words if word))[:20]


def top_tags(metadata: Mapping[str, str], most: int = 10) -> tuple[str, ...]:
    """The commonest captions of its training images, most frequent first."""
    counts: dict[str, int] = {}
    for tags in _table(metadata.get("ss_tag_frequency", "")).values():
        if isinstance(tags, dict):
            for tag, count in tags.items():
                if isinstance(count, int):
                    counts[tag.strip()] = counts.get(tag.strip(), 0) + count
    return tuple(sorted(counts, key=lambda tag: (-counts[tag], tag))[:most])


def shown(metadata: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The claims worth showing, shortened."""
    pairs = [(key, metadata[key].strip()[:LONGEST_CLAIM]) for key in _SHOWN if metadata.get(key, "").strip()]
    tags = ", ".join(tag[:40] for tag in top_tags(metadata))
    return (*pairs, *((("tags", tags),) if tags else ()))


def _folder_words(text: str) -> list[str]:
    """`10_ohwx woman` → `ohwx woman`; folders that say nothing (`img`, `dataset`) are left out."""
    words = []
    for folder in _table(text):
        repeats, _, word = folder.partition("_")
        if (
            repeats.isdecimal()
            and word
            and word.lower() not in ("img", "image", "images", "dataset", "data", "train")
        ):
            words.append(word.strip())
    return words


def _table(text: str) -> dict[str, Any]:
    try:
        table = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}
