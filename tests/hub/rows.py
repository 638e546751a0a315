"""Rows for small catalogues, and their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wfdeps.hub import anatomy
from wfdeps.hub.samples import safetensors_bytes

TOKEN, BUYER = "known-token", "buyer-token"

Row = dict[str, Any]


def lora(number: int, name: str, **more: Any) -> Row:
    """A LoRA's row; its file is `loras/<number>.safetensors`, unless `path=None`."""
    return {
        "model_id": number,
        "model_name": name,
        "model_type": "LORA",
        "version_id": 1000 + number,
        "version_name": "v1.0",
        "base_model": "SD 1.5",
        "file_id": 2000 + number,
        "file_name": f"upload_{number}.safetensors",
        "file_format": "SafeTensor",
        "download_count": 10 * number,
        "published_at": f"2026-01-{number:02d}T00:00:00.000Z",
        "creator": "someone",
        "path": f"loras/{number}.safetensors",
        **more,
    }


def write_file(models: Path, row: Row) -> None:
    """The small LoRA file that a row describes, different for each model."""
    if row.get("path"):
        target = models / row["path"]
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(safetensors_bytes(anatomy.SD1_LORA, "F16", {}, seed=row["model_id"]))
