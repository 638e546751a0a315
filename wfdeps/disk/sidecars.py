"""Our own sidecar, which lies beside every file we placed: what its source said of it."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.disk.filesystem import whole_file

if TYPE_CHECKING:
    from typing import Any

OURS = ".civitai.json"
"""Added to the file's whole name."""
LARGEST = 4 << 20
_SCHEMA = "wfdeps/sidecar/"
_TEXTS = (
    "source", "page", "url", "air", "model", "version", "creator", "model_type", "source_type", "base_model", "file_name",
    "file_type", "precision", "variant", "verified_by",
)  # fmt: skip
_TYPES: dict[str, type] = {
    **dict.fromkeys(_TEXTS, str),
    **dict.fromkeys(("model_id", "version_id", "file_id", "size"), int),
    **dict.fromkeys(("architectures", "trained_words", "licence"), list),
    "hashes": dict,
    "previous": type(None),  # of one that is itself an earlier one
}
"""As `planning.sidecar` writes them; any may be null."""


def read_sidecar(path: str) -> dict[str, Any]:
    """Our own sidecar of the file at `path`; empty where there is none, or another tool's.

    Anybody can have written it: what is not of the type we write is left out.
    """
    document = read_document(path + OURS)
    if document is None or not _is_ours(document):
        return {}
    rows = document.pop("previous", None)
    earlier = [_well_typed(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return _well_typed(document) | ({"previous": earlier} if earlier else {})


def is_ours(path: str) -> bool:
    """Whether the sidecar at `path` was written by us, so that it may be written anew."""
    document = read_document(path)
    return document is not None and _is_ours(document)


def read_document(path: str) -> dict[str, Any] | None:
    """The JSON object at `path`; None where there is no such, or one larger than any sidecar."""
    try:
        text = whole_file(path, LARGEST)
        from json import loads  # few files have one

        document = loads(text)
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _well_typed(document: dict[str, Any]) -> dict[str, Any]:
    values = {
        key: value
        for key, value in document.items()
        if value is None or key not in _TYPES or type(value) is _TYPES[key]
    }
    for key in ("architectures", "trained_words", "licence"):
        if key in values:
            values[key] = [word for word in values[key] or () if isinstance(word, str)]
    hashes = values.get("hashes") or {}
    return values | {"hashes": {name: word for name, word in hashes.items() if isinstance(word, str)}}


def _is_ours(document: dict[str, Any]) -> bool:
    return str(document.get("schema", "")).startswith(_SCHEMA)
