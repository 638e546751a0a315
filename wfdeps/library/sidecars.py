"""What other tools, and we, wrote beside a file: hashes that help to find it, never proof against it."""

from __future__ import annotations

import os

from wfdeps import TYPE_CHECKING
from wfdeps.disk.sidecars import OURS, read_document
from wfdeps.domain.digests import Algorithm, Digest

if TYPE_CHECKING:
    from typing import Any


def claimed_digests(path: str) -> tuple[Digest, ...]:
    """The hashes that sidecars beside `path` claim for it, strongest first; empty where there are none.

    Read: our `<file>.civitai.json`, Civitai-Helper's `<stem>.civitai.info`, LoRA-Manager's `<stem>.metadata.json`.
    """
    stem = os.path.splitext(path)[0]
    found: dict[Digest, None] = {}
    for place in (path + OURS, stem + ".civitai.info", stem + ".metadata.json"):
        document = read_document(place)
        if document is not None:
            found.update(dict.fromkeys(_digests(document, os.path.basename(path))))
    return tuple(sorted(found, key=lambda digest: (digest.strength, digest.value)))


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
