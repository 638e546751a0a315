"""ComfyUI-Manager's `model-list.json` → candidates. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.folders import FOLDER_KEYS, canonical_key, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.errors import UnexpectedPayloadError
from wfdeps.match.links import plain_url
from wfdeps.sources.json_values import record, records, text

SOURCE = "catalogue"

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([KMGT]?)i?B", re.I)

# The list's own words for types where its folder says nothing (`default`, or a custom pack's), besides ours.
_TYPES: dict[str, ModelType] = {
    **{model_type.value: model_type for model_type in ModelType if model_type is not ModelType.OTHER},
    "checkpoints": ModelType.CHECKPOINT,
    "unet": ModelType.DIFFUSION_MODEL,
    "taesd": ModelType.VAE_APPROX,
    "clip": ModelType.TEXT_ENCODER,
    "text_encoders": ModelType.TEXT_ENCODER,
    "t2i-adapter": ModelType.T2I_ADAPTER,
    "ip-adapter": ModelType.IP_ADAPTER,
    "embeddings": ModelType.EMBEDDING,
    "upscale": ModelType.UPSCALER,
    "animatediff": ModelType.MOTION_MODULE,
    "motion lora": ModelType.MOTION_LORA,
}


def candidates_of_list(payload: object, source: str = SOURCE) -> tuple[Candidate, ...]:
    """Every file of the list, as that source's. Raises UnexpectedPayloadError where this is no such list."""
    models = record(payload).get("models")
    if not isinstance(models, list):
        raise UnexpectedPayloadError("a model list has its entries under `models`")
    return tuple(candidate for row in records(models) if (candidate := _candidate(row, source)) is not None)


def _candidate(row: Mapping[str, Any], source: str) -> Candidate | None:
    file_name, url = text(row.get("filename")), text(row.get("url"))
    # `<huggingface>` stands for a whole repository.
    if not file_name or file_name.startswith("<") or not url.startswith("https://"):
        return None
    folder = text(row.get("save_path"))
    return Candidate(
        source=source,
        file_name=file_name,
        url=plain_url(url),
        model_type=_model_type(folder, text(row.get("type"))),
        base_model=text(row.get("base")) or None,
        size=_size(text(row.get("size"))),
        digests=_digests(text(row.get("sha256"))),
        page=text(row.get("reference")) or None,
        model_name=text(row.get("name")),
        source_type=text(row.get("type")),
    )


def _digests(sha256: str) -> tuple[Digest, ...]:
    try:
        return (Digest.of(Algorithm.SHA256, sha256),) if sha256 else ()
    except ValueError:
        return ()


def _model_type(folder: str, listed: str) -> ModelType:
    for part in folder.replace("\\", "/").split("/"):
        if (key := canonical_key(part)) in FOLDER_KEYS:
            return model_type_of(key)
    return _TYPES.get(listed.lower(), ModelType.UNKNOWN)


def _size(told: str) -> int | None:
    found = _SIZE.fullmatch(told.strip())
    return round(float(found[1]) * _UNITS[found[2].upper()]) if found else None
