"""A model → the records the store keeps of it, table by table (pure)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from wfdeps.hub.catalogue import File, Model, Row, Version
from wfdeps.hub.words import words_of

TABLES: Final[dict[str, tuple[str, ...]]] = {
    "models": (
        "model_id INTEGER PRIMARY KEY", "name TEXT", "type TEXT", "creator TEXT", "nsfw_level INTEGER",
        "thumbs INTEGER", "downloads INTEGER", "published_at TEXT", "base_models TEXT", "listed INTEGER",
        "archived INTEGER", "minor INTEGER", "early INTEGER", "checkpoint_type TEXT", "body TEXT NOT NULL",
    ),
    "versions": ("version_id INTEGER PRIMARY KEY", "model_id INTEGER", "published INTEGER"),
    "files": ("file_id INTEGER", "version_id INTEGER", "model_id INTEGER", "path TEXT"),
    "hashes": (
        "hash TEXT", "kind TEXT", "file_id INTEGER", "version_id INTEGER", "model_id INTEGER",
        "published_at TEXT", "published INTEGER",
    ),
    "tags": ("tag TEXT", "model_id INTEGER"),
    "repositories": ("repo TEXT", "path TEXT", "model_id INTEGER", "version_id INTEGER", "file_id INTEGER"),
}  # fmt: skip

INDEXES: Final = (
    "models (thumbs DESC, downloads DESC, model_id DESC)",
    "models (downloads DESC, thumbs DESC, model_id DESC)",
    "models (published_at DESC, model_id DESC)",
    "models (creator)",
    "versions (model_id)",
    "files (file_id)",
    "files (model_id)",
    "hashes (hash)",
    "hashes (model_id)",
    "tags (tag)",
    "tags (model_id)",
    "repositories (repo)",
)

SEARCH: Final = "search (rowid, name, username, hashes, words)"
"""What is searched: nothing else, and no file names."""

Record = tuple[Any, ...]


def records_of(model: Model, rows: Sequence[Row]) -> Iterator[tuple[str, Record]]:
    """Table and record, for everything there is to know of a model; `rows` are kept as they are."""
    yield "models", _model_record(model, rows)
    yield "search", _search_record(model)
    for tag in model.row.get("tags") or ():
        yield "tags", (tag, model.model_id)
    published = model.is_published
    for version in model.versions:
        yield "versions", (version.version_id, model.model_id, published)
        for file in version.files:
            yield from _file_records(model.model_id, version, file, published)


def _model_record(model: Model, rows: Sequence[Row]) -> Record:
    return (
        model.model_id,
        model.name,
        model.type,
        (model.row.get("creator") or "").lower(),
        model.nsfw_level,
        model.thumbs_up,
        model.downloads,
        model.published_at,
        _set_of(version.base_model for version in model.versions),
        model.is_published and not model.claims("unsearchable") and not model.claims("poi"),
        model.mode == "Archived",
        model.claims("minor"),
        model.claims("early_access"),
        model.row.get("checkpoint_type"),
        json.dumps(rows, separators=(",", ":")),
    )


def _file_records(
    model_id: int, version: Version, file: File, published: bool
) -> Iterator[tuple[str, Record]]:
    place = (file.file_id, version.version_id, model_id)
    yield "files", (*place, file.path)
    moment = version.published_at
    for kind, value in file.hashes.items():
        yield "hashes", (value, kind, *place, moment, published)
    if hf := file.row.get("hf"):
        yield "repositories", (hf["repo"], hf["path"], model_id, version.version_id, file.file_id)


def _search_record(model: Model) -> Record:
    triggers = {word for row in model.rows() for word in row.get("trained_words") or ()}
    digests = {
        value
        for version in model.versions
        for file in version.files
        for kind, value in file.hashes.items()
        if kind != "AutoV1"
    }
    return (
        model.model_id,
        " ".join(words_of(model.name)),
        " ".join(words_of(model.row.get("creator") or "")),
        " ".join(sorted(digests)),
        " ".join(words_of(" ".join(sorted(triggers)))),
    )


def _set_of(names: Iterable[str]) -> str:
    return "|" + "|".join(sorted(set(names))) + "|"
