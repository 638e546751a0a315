"""The folder of models behind a hub: which file has which hash, remembered from run to run."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from typing import Any

from wfdeps.disk.sidecars import read_sidecar
from wfdeps.errors import UsageError
from wfdeps.hub.catalogue import KINDS
from wfdeps.hub.contents import folder_key_of
from wfdeps.hub.digests import digest_file
from wfdeps.hub.vocabulary import MODEL_SUFFIXES, TYPE_OF_FOLDER
from wfdeps.values import dataclass

_OWN_IDS = 1_000_000_000
"""Files without a catalogue row get ids from here on: made from their hash, so a restart keeps them."""


@dataclass(frozen=True, slots=True)
class Book:
    """One model file in the folder."""

    path: str
    """Relative to the folder, with `/`."""
    size: int
    hashes: dict[str, str]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Shelf:
    """The model files below a directory. `index` is a SQLite file that remembers hashes; None: no memory."""

    def __init__(self, directory: str, *, index: str | None = None) -> None:
        self.directory = os.path.abspath(directory)
        self.skipped: list[str] = []
        """Files that could not be read, when `books` was last asked."""
        self._index = index

    def books(self) -> list[Book]:
        """Every model file, sorted by path, with its hashes; reads each file the index does not know."""
        if not os.path.isdir(self.directory):
            raise UsageError(f"no folder of models at `{self.directory}`")
        self.skipped = []
        with contextlib.closing(_remembering(self._index)) as memory:
            return [book for path in sorted(self._paths()) if (book := self._readable(path, memory))]

    def real_path(self, path: str) -> str | None:
        """The absolute path of a file on this shelf; None where it is absent or would lie outside."""
        absolute = os.path.realpath(os.path.join(self.directory, path))
        root = os.path.realpath(self.directory)
        try:
            inside = os.path.commonpath((absolute, root)) == root
        except ValueError:  # another drive
            return None
        return absolute if inside and os.path.isfile(absolute) else None

    def hashes(self, path: str) -> dict[str, str]:
        """The hashes of one file on this shelf, computed now. Raises UsageError where it is not there."""
        absolute = self.real_path(path)
        if absolute is None:
            raise UsageError(
                f"`{path}` is not in the folder of models", hint=f"the folder is `{self.directory}`"
            )
        return digest_file(absolute)

    def _paths(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self.directory, followlinks=True):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                if os.path.splitext(name)[1].lower() in MODEL_SUFFIXES and not name.startswith("."):
                    yield os.path.relpath(os.path.join(folder, name), self.directory)

    def _readable(self, path: str, memory: sqlite3.Connection) -> Book | None:
        try:
            return self._book(path, memory)
        except OSError:
            self.skipped.append(path)
            return None

    def _book(self, path: str, memory: sqlite3.Connection) -> Book:
        absolute = os.path.join(self.directory, path)
        status = os.stat(absolute)
        key = (absolute, status.st_size, status.st_mtime_ns)
        known = memory.execute("SELECT kind, hash FROM digests WHERE path=? AND size=? AND mtime_ns=?", key)
        hashes = dict(known.fetchall())
        if not hashes:
            hashes = digest_file(absolute)
            memory.execute("DELETE FROM digests WHERE path=?", key[:1])
            memory.executemany(
                "INSERT INTO digests VALUES (?,?,?,?,?)", [(*key, *pair) for pair in hashes.items()]
            )
            memory.commit()
        return Book(path.replace(os.sep, "/"), status.st_size, hashes)


def rows_for(book: Book, shelf: Shelf) -> Iterator[dict[str, Any]]:
    """Catalogue rows for a file that none describes.

    Where our own sidecar lies beside it, and means these very bytes, one has Civitai's numbers and words, so that a lock
    written elsewhere is answered here. Under a name of its own it has a row besides, which that name finds.
    """
    row, label = _row_for(book, shelf), _label_of(book, shelf)
    if label:
        yield row | label
    if label.get("file_name") != book.name:
        yield row


def _row_for(book: Book, shelf: Shelf) -> dict[str, Any]:
    """The file as its folder, or else its header, tells its type; its ids are made from its hash."""
    stem, suffix = os.path.splitext(book.name)
    model_type, file_type = _type_of(book.path, shelf)
    own_id = _OWN_IDS + int(book.hashes["SHA256"][:7], 16)
    return {
        "model_id": own_id,
        "model_name": stem,
        "model_type": model_type,
        "version_id": own_id,
        "version_name": "local",
        "base_model": "Other",
        "file_id": own_id,
        "file_name": book.name,
        "file_type": file_type,
        "file_format": MODEL_SUFFIXES.get(suffix.lower(), "Other"),
        "file_size_kb": book.size / 1024,
        "hashes": book.hashes,
        "path": book.path,
    }


def _label_of(book: Book, shelf: Shelf) -> dict[str, Any]:
    """What Civitai said of the file when it was placed; empty where nobody wrote it down."""
    told = read_sidecar(os.path.join(shelf.directory, book.path))
    hashes = told.get("hashes")
    if not isinstance(hashes, dict) or str(hashes.get("sha256")).upper() != book.hashes["SHA256"]:
        return {}
    words = {row_key: told.get(key) for key, row_key in _TOLD.items()}
    words = {key: word for key, word in words.items() if word and isinstance(word, KINDS[key])}
    is_numbered = (
        told.get("source") == "civitai" and {"model_id", "version_id", "file_id", "file_name"} <= words.keys()
    )
    return words if is_numbered else {}


_TOLD = {
    "model_id": "model_id",
    "version_id": "version_id",
    "file_id": "file_id",
    "file_name": "file_name",
    "model": "model_name",
    "version": "version_name",
    "creator": "creator",
    "source_type": "model_type",
    "base_model": "base_model",
    "trained_words": "trained_words",
    "file_type": "file_type",
    "precision": "file_fp",
    "variant": "file_size_variant",
}
"""A sidecar's words by a row's."""


def _type_of(path: str, shelf: Shelf) -> tuple[str, str]:
    named = next((folder for folder in path.split("/")[:-1] if folder in TYPE_OF_FOLDER), None)
    folder = named or folder_key_of(os.path.join(shelf.directory, path))
    return TYPE_OF_FOLDER.get(folder, ("Other", "Model"))


def _remembering(index: str | None) -> sqlite3.Connection:
    try:
        if index:
            os.makedirs(os.path.dirname(os.path.abspath(index)), exist_ok=True)
        memory = sqlite3.connect(index or ":memory:")
        memory.execute(
            "CREATE TABLE IF NOT EXISTS digests (path TEXT, size INTEGER, mtime_ns INTEGER, kind TEXT, hash TEXT,"
            " PRIMARY KEY (path, kind))"
        )
    except (OSError, sqlite3.Error) as error:
        raise UsageError(
            f"cannot remember hashes in `{index}`: {error}", hint="name another file with `--index`"
        ) from error
    return memory
