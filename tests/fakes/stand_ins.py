"""A hub that holds what any workflow needs: for each ref a small file of the right type under the right name.

rows = write_stand_ins(refs, models)
with run_hub(rows, models) as hub: …      # as WFDEPS_CIVITAI_URL and as HF_ENDPOINT
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.hub import anatomy
from wfdeps.hub.anatomy import Shapes
from wfdeps.hub.digests import digest_file
from wfdeps.hub.samples import safetensors_bytes
from wfdeps.hub.vocabulary import MODEL_SUFFIXES, TYPE_OF_FOLDER

SHAPES: dict[str, Shapes] = {
    "checkpoints": anatomy.SD1_CHECKPOINT,
    "loras": anatomy.SD1_LORA,
    "vae": anatomy.SD_VAE,
    "text_encoders": anatomy.CLIP_L,
    "diffusion_models": anatomy.FLUX_TRANSFORMER,
    "embeddings": anatomy.SD1_EMBEDDING,
    "upscale_models": anatomy.ESRGAN_4X,
}
_OTHERWISE: Shapes = {"weight": (8, 8)}
_FIRST_ID = 1_900_000_000


def write_stand_ins(refs: Iterable[ModelRef], directory: Path) -> list[dict[str, Any]]:
    """Files for all refs that a run needs, below `directory`, and their catalogue rows.

    A ref with a huggingface.co URL is put into that repository besides. Names that are no `.safetensors` get the
    same content: what is inside tells what a file is.
    """
    rows: dict[str, dict[str, Any]] = {}
    for ref in refs:
        if ref.status is RefStatus.REQUIRED:
            row = _row(ref, directory, len(rows))
            rows.setdefault(row["path"], row)
    return list(rows.values())


def _row(ref: ModelRef, directory: Path, number: int) -> dict[str, Any]:
    name = ref.name.replace("\\", "/").rpartition("/")[2]
    if ref.folder == "embeddings" and "." not in name:
        name += ".safetensors"
    path = directory / (ref.folder or "other") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = int.from_bytes(hashlib.sha256(str(path.relative_to(directory)).encode()).digest()[:4], "big")
    path.write_bytes(safetensors_bytes(SHAPES.get(ref.folder, _OTHERWISE), "F16", {}, seed=seed))
    model_type, file_type = TYPE_OF_FOLDER.get(ref.folder, ("Other", "Model"))
    row = {
        "model_id": _FIRST_ID + seed % 100_000_000,
        "model_name": path.stem,
        "model_type": model_type,
        "version_id": _FIRST_ID + seed % 100_000_000,
        "version_name": "v1.0",
        "base_model": "SD 1.5",
        "file_id": _FIRST_ID + seed % 100_000_000,
        "file_name": name,
        "file_type": file_type,
        "file_format": MODEL_SUFFIXES.get(path.suffix.lower(), "Other"),
        "file_size_kb": path.stat().st_size / 1024,
        "hashes": digest_file(str(path)),
        "download_count": 1000 + number,
        "published_at": "2026-02-01T00:00:00.000Z",
        "path": path.relative_to(directory).as_posix(),
    }
    repositories = [hf for url in ref.urls if (hf := _repository(url))]
    return {**row, "hf": repositories[0]} if repositories else row


def _repository(url: str) -> dict[str, str] | None:
    parts = urlsplit(url)
    pieces = [unquote(piece) for piece in parts.path.strip("/").split("/")]
    if parts.hostname != "huggingface.co" or len(pieces) < 5 or pieces[2] not in ("resolve", "blob"):
        return None
    return {"repo": "/".join(pieces[:2]), "revision": pieces[3], "path": "/".join(pieces[4:])}
