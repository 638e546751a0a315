"""The newer versions of a library's files as `wfdeps/updates/1`: printed, and posted to a webhook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from wfdeps.domain.pages import VersionPage
from wfdeps.domain.versions import KnownFile, NewerVersions


def updates_document(
    checked: int, newer: Sequence[NewerVersions], unanswered: Iterable[tuple[KnownFile, str]]
) -> dict[str, Any]:
    """The document. `checked`: how many files were asked about; `unanswered`: a file, and why nothing is known."""
    return {
        "schema": "wfdeps/updates/1",
        "checked": checked,
        "updates": [_update(update) for update in newer if update.versions],
        "other_base_models": [_update(update) for update in newer if not update.versions],
        "unanswered": [
            {"folder": known.file.folder_key, "name": known.file.name, "reason": reason}
            for known, reason in unanswered
        ],
    }


def _update(newer: NewerVersions) -> dict[str, Any]:
    known = newer.known
    return {
        "folder": known.file.folder_key,
        "name": known.file.name,
        "model_id": known.model_id,
        "model": newer.model.name,
        "page": newer.model.page,
        "version_id": known.version_id,
        "version": known.version,
        "newer": [_version(version) for version in newer.versions],
        "other_base_models": [_version(version) for version in newer.others],
    }


def _version(version: VersionPage) -> dict[str, Any]:
    return {
        "version_id": version.version_id,
        "version": version.name,
        "base_model": version.base_model,
        "published": version.published,
        "access": str(version.access.state),
        "trained_words": list(version.trained_words),
        "notes": version.notes,
    }
