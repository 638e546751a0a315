"""Catalogue rows (one JSON object a file, the hub's own form) ⇄ candidates. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm
from wfdeps.sources.civitai.payloads import CivitaiSite, candidates_of_version
from wfdeps.sources.json_values import positive, record, text

_SPELT: dict[Algorithm, str] = {
    Algorithm.SHA256: "SHA256",
    Algorithm.BLAKE3: "BLAKE3",
    Algorithm.AUTOV3: "AutoV3",
    Algorithm.AUTOV2: "AutoV2",
    Algorithm.AUTOV1: "AutoV1",
    Algorithm.CRC32: "CRC32",
}
_BUILT_IN_URL = re.compile(r"/api/download/models/\d+")


def candidate_of_row(row: Mapping[str, Any], site: CivitaiSite) -> Candidate | None:
    """The file a row describes; None where it names no file or no version."""
    version_id = positive(row.get("version_id"))
    if version_id is None or not text(row.get("file_name")):
        return None
    link = text(row.get("download_url"))
    file = {
        "id": row.get("file_id"),
        "name": row.get("file_name"),
        "type": row.get("file_type"),
        "sizeKB": row.get("file_size_kb"),
        "metadata": {
            "format": row.get("file_format"),
            "fp": row.get("file_fp"),
            "size": row.get("file_size_variant"),
        },
        "hashes": record(row.get("hashes")),
        "primary": row.get("primary"),
        "downloadUrl": link if _BUILT_IN_URL.search(link) else None,
    }
    version = {
        "id": version_id,
        "modelId": row.get("model_id"),
        "name": row.get("version_name"),
        "baseModel": row.get("base_model"),
        "trainedWords": row.get("trained_words"),
        "publishedAt": row.get("published_at"),
        "stats": {"downloadCount": row.get("download_count")},
        "model": {
            "name": row.get("model_name"),
            "type": row.get("model_type"),
            "creator": {"username": row.get("creator")},
        },
        "files": [file],
    }
    return next(iter(candidates_of_version(version, site)), None)


def row_of_candidate(candidate: Candidate) -> dict[str, Any]:
    """The row that describes a candidate."""
    return {
        "model_id": candidate.model_id,
        "model_name": candidate.model_name,
        "model_type": candidate.source_type or None,
        "version_id": candidate.version_id,
        "version_name": candidate.version_name,
        "base_model": candidate.base_model,
        "file_id": candidate.file_id,
        "file_name": candidate.file_name,
        "file_type": candidate.file_type or None,
        "file_format": candidate.file_format or None,
        "file_fp": candidate.precision or None,
        "file_size_variant": candidate.variant or None,
        "file_size_kb": candidate.size / 1024 if candidate.size is not None else None,
        "primary": candidate.is_primary or None,
        "hashes": {_SPELT[digest.algorithm]: digest.value.upper() for digest in candidate.digests},
        "trained_words": list(candidate.trained_words),
        "download_count": candidate.downloads,
        "creator": candidate.creator,
        "published_at": candidate.published,
        "download_url": candidate.url,
    }
