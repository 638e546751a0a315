"""Catalogue rows and a shelf of files → complete rows: every id given, every file that is there found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from wfdeps.hub.catalogue import Row
from wfdeps.hub.shelf import Book, Shelf, rows_for

_FIRST_MODEL, _FIRST_VERSION, _FIRST_FILE = 900_000_000, 910_000_000, 920_000_000


def take_stock(rows: Iterable[Row], shelf: Shelf | None, *, strays: bool = True) -> Iterator[dict[str, Any]]:
    """The rows, completed, then, where `strays` are wanted, one for each file of the shelf that none describes.

    A row finds its file by `path`, else by SHA-256, else, where it has no hash, by name.
    """
    books = shelf.books() if shelf else []
    by_path = {book.path: book for book in books}
    by_hash = {book.hashes["SHA256"]: book for book in books}
    by_name = {book.name: book for book in books}
    described: set[str] = set()
    for number, row in enumerate(rows):
        found = _found(row, by_path, by_hash, by_name)
        complete = _with_ids(row, number)
        if found:
            described.add(found.path)
            complete["path"] = found.path
            complete.setdefault("file_size_kb", found.size / 1024)
            if not row.get("hashes"):
                complete["hashes"] = found.hashes
        elif row.get("path") and shelf and shelf.real_path(row["path"]):
            complete.setdefault("hashes", shelf.hashes(row["path"]))
        yield complete
    if shelf and strays:
        for book in books:
            if book.path not in described:
                yield from rows_for(book, shelf)


def _found(
    row: Row, by_path: dict[str, Book], by_hash: dict[str, Book], by_name: dict[str, Book]
) -> Book | None:
    if row.get("path"):
        return by_path.get(row["path"])
    sha256 = (row.get("hashes") or {}).get("SHA256")
    # A name is believed only where there is no hash to contradict it: a mirror never hands out other bytes.
    return by_hash.get(sha256.upper()) if sha256 else by_name.get(row["file_name"])


def _with_ids(row: Row, number: int) -> dict[str, Any]:
    complete = dict(row)
    complete["model_id"] = row.get("model_id") or _FIRST_MODEL + number
    complete["version_id"] = row.get("version_id") or _FIRST_VERSION + number
    complete["file_id"] = row.get("file_id") or _FIRST_FILE + number
    complete["model_name"] = row.get("model_name") or row["file_name"].rpartition(".")[0] or row["file_name"]
    complete["model_type"] = row.get("model_type") or "Other"
    if row.get("hashes"):
        complete["hashes"] = {kind: str(value).upper() for kind, value in row["hashes"].items()}
    return complete
