"""What Civitai knows, as `wfdeps/civitai/1`. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wfdeps.domain.access import Access
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.civitai_types import TypeRow
from wfdeps.domain.pages import ModelPage, VersionPage
from wfdeps.report.wording import document_text

SCHEMA = "wfdeps/civitai/1"


def render_types(rows: Iterable[TypeRow]) -> str:
    """The table of types."""
    return _text(
        types=[
            {
                "type": row.civitai_type,
                "folder": row.folder or None,
                "directory": row.directory or None,
                "better_witness": row.better_witness or None,
            }
            for row in rows
        ]
    )


def render_models(models: Iterable[ModelPage], taken_for: str | None = None) -> str:
    """Models with their versions and files; `taken_for` is `model` or `version` where a number was looked up."""
    return _text(
        **({"taken_for": taken_for} if taken_for else {}), models=[_model(model) for model in models]
    )


def _text(**parts: Any) -> str:
    return document_text({"schema": SCHEMA, **parts})


def _model(model: ModelPage) -> dict[str, Any]:
    return {
        "model_id": model.model_id,
        "name": model.name,
        "type": model.source_type,
        "creator": model.creator,
        "downloads": model.downloads,
        "likes": model.likes,
        "licence": list(model.licence),
        "page": model.page,
        "versions": [_version(version) for version in model.versions],
    }


def _version(version: VersionPage) -> dict[str, Any]:
    return {
        "version_id": version.version_id,
        "name": version.name,
        "base_model": version.base_model,
        "published": version.published,
        "notes": version.notes,
        "trained_words": list(version.trained_words),
        "access": _access(version.access),
        "files": [_file(file) for file in version.files],
    }


def _access(access: Access) -> dict[str, Any]:
    return {"state": str(access.state), "detail": access.detail, "until": access.until}


def _file(file: Candidate) -> dict[str, Any]:
    return {
        "file_id": file.file_id,
        "name": file.file_name,
        "type": file.file_type,
        "format": file.file_format,
        "precision": file.precision,
        "variant": file.variant,
        "size": file.size,
        "primary": file.is_primary,
        "hashes": {str(digest.algorithm): digest.value for digest in file.digests},
        "air": str(file.air) if file.air else None,
        "url": file.url,
        "unsafe": file.unsafe or None,
    }
