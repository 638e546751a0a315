"""`wfdeps.lock`: JSON, sorted, one field a line, so that git can merge it and a worker reads it in no time."""

from __future__ import annotations

import json
from typing import Any

from wfdeps.domain.locks import Lock, LockEntry, LockSource
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.domain.urls import has_secrets
from wfdeps.domain.visible import encodable
from wfdeps.errors import LockError

SCHEMA = "wfdeps/lock/1"


def to_text(lock: Lock) -> str:
    """The lock file's text."""
    document = {
        "schema": SCHEMA,
        "workflows": [{"path": path, "sha256": sha256} for path, sha256 in sorted(lock.workflows)],
        "files": [_entry_to_json(entry) for entry in sorted(lock.entries, key=lambda entry: entry.key)],
        "unresolved": sorted(lock.unresolved),
        "optional": sorted(lock.optional),
    }
    return encodable(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def parse(text: str) -> Lock:
    """Read a lock file. Raises LockError, saying where, for anything that is not a lock of this version."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LockError(f"the lock is no JSON: {error}", hint=_ANEW) from error
    if not isinstance(document, dict) or not isinstance(document.get("files"), list):
        raise LockError("this is no wfdeps lock", hint=_ANEW)
    if document.get("schema") != SCHEMA:
        raise LockError(
            f"the lock's schema is `{document.get('schema')}`; this wfdeps reads `{SCHEMA}`",
            hint="use the wfdeps that wrote it, or write the lock anew",
        )
    try:
        return Lock(
            workflows=tuple(
                (_text(row, "path"), _text(row, "sha256")) for row in document.get("workflows", [])
            ),
            entries=tuple(_entry_of_row(row, number) for number, row in enumerate(document["files"], 1)),
            unresolved=tuple(map(str, document.get("unresolved", []))),
            optional=tuple(map(str, document.get("optional", []))),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LockError(f"the lock is damaged: {_what(error)}", hint=_ANEW) from error


_ANEW = "write it anew with `wfdeps lock WORKFLOW`"


def _entry_of_row(row: dict[str, Any], number: int) -> LockEntry:
    try:
        return _entry_from_json(row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        name = row.get("name") if isinstance(row, dict) else None
        raise ValueError(f"entry {number}{f' (`{name}`)' if name else ''}: {_what(error)}") from error


def _what(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)


def _entry_to_json(entry: LockEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "folder": entry.folder,
        "path": entry.path,
        "sha256": entry.sha256,
        "size": entry.size,
        **({"size_about": entry.about} if entry.about is not None and entry.size is None else {}),
        "air": entry.air,
        "sources": [
            {"source": source.source, "url": source.url, **({"page": source.page} if source.page else {})}
            for source in entry.sources
        ],
        "used_by": sorted(entry.used_by),
        "chosen_by": str(entry.chosen_by),
        "evidence": list(entry.evidence),
    }


def _entry_from_json(row: dict[str, Any]) -> LockEntry:
    sha256, size, about = row.get("sha256"), row.get("size"), row.get("size_about")
    if sha256 is not None and (len(sha256) != 64 or set(sha256) - set("0123456789abcdef")):
        raise ValueError(f"`{sha256}` is no SHA-256")
    for number in (size, about):
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 0):
            raise ValueError(f"`{number}` is no size")
    return LockEntry(
        name=_text(row, "name"),
        folder=_text(row, "folder"),
        path=_text(row, "path"),
        sha256=sha256,
        size=size,
        air=row.get("air"),
        sources=tuple(_source_from_json(source) for source in row.get("sources", [])),
        used_by=tuple(map(str, row.get("used_by", []))),
        chosen_by=ChosenBy(row["chosen_by"]),
        evidence=tuple(map(str, row.get("evidence", []))),
        about=about,
    )


def _source_from_json(row: dict[str, Any]) -> LockSource:
    url = _text(row, "url")
    if has_secrets(url):
        raise ValueError("a URL in the lock carries a secret")
    return LockSource(_text(row, "source"), url, row.get("page"))


def _text(row: dict[str, Any], key: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise TypeError(f"`{key}` is no text")
    return value
