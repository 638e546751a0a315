"""What other tools, and we, wrote beside a file: hashes that help to find it, never proof against it."""

from __future__ import annotations

import os

from wfdeps import TYPE_CHECKING
from wfdeps.domain.digests import Algorithm, Digest

if TYPE_CHECKING:
    from typing import Any

OURS = ".civitai.json"
"""Added to the file's whole name."""
LARGEST = 4 << 20
_SCHEMA = "wfdeps/sidecar/"


def claimed_digests(path: str) -> tuple[Digest, ...]:
    """The hashes that sidecars beside `path` claim for it, strongest first; empty where there are none.

    Read: our `<file>.civitai.json`, Civitai-Helper's `<stem>.civitai.info`, LoRA-Manager's `<stem>.metadata.json`.
    """
    stem = os.path.splitext(path)[0]
    found: dict[Digest, None] = {}
    for place in (path + OURS, stem + ".civitai.info", stem + ".metadata.json"):
        document = _read(place)
        if document is not None:
            found.update(dict.fromkeys(_digests(document, os.path.basename(path))))
    return tuple(sorted(found, key=lambda digest: (digest.strength, digest.value)))


def read_sidecar(path: str) -> dict[str, Any]:
    """Our own sidecar of the file at `path`; empty where there is none, or another tool's."""
    document = _read(path + OURS)
    return document if document is not None and str(document.get("schema", "")).startswith(_SCHEMA) else {}


def is_ours(path: str) -> bool:
    """Whether the sidecar at `path` was written by us, so that it may be written anew."""
    document = _read(path)
    return document is not None and str(document.get("schema", "")).startswith(_SCHEMA)


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as file:
            from json import loads  # few files have one

            document = loads(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _digests(document: dict[str, Any], name: str) -> list[Digest]:
    """Hashes of the document's own file, in each of the shapes in use."""
    tables: list[Any] = [document.get("hashes"), {"sha256": document.get("sha256")}]
    files = document.get("files")
    rows = [row for row in files if isinstance(row, dict)] if isinstance(files, list) else []
    mine = [row for row in rows if row.get("name") == name] or (rows if len(rows) == 1 else [])
    tables += [row.get("hashes") for row in mine]
    return [digest for table in tables if isinstance(table, dict) for digest in _table(table)]


def _table(table: dict[str, Any]) -> list[Digest]:
    found = []
    for name, value in table.items():
        try:
            found.append(Digest.of(Algorithm(str(name).lower()), str(value)))
        except ValueError:
            continue
    return found
