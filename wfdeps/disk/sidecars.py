"""Our own sidecar, which lies beside every file we placed: what its source said of it."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

OURS = ".civitai.json"
"""Added to the file's whole name."""
LARGEST = 4 << 20
_SCHEMA = "wfdeps/sidecar/"


def read_sidecar(path: str) -> dict[str, Any]:
    """Our own sidecar of the file at `path`; empty where there is none, or another tool's."""
    document = read_document(path + OURS)
    return document if document is not None and _is_ours(document) else {}


def is_ours(path: str) -> bool:
    """Whether the sidecar at `path` was written by us, so that it may be written anew."""
    document = read_document(path)
    return document is not None and _is_ours(document)


def read_document(path: str) -> dict[str, Any] | None:
    """The JSON object at `path`; None where there is no such, or one larger than any sidecar."""
    try:
        with open(path, "rb") as file:
            from json import loads  # few files have one

            document = loads(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _is_ours(document: dict[str, Any]) -> bool:
    return str(document.get("schema", "")).startswith(_SCHEMA)
