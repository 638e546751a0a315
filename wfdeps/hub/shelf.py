"""The folder of models behind a hub: which file has which hash, remembered from run to run, and which row describes it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from wfdeps.disk.database import MEMORY, is_damage, open_database, set_aside, transaction
from wfdeps.disk.sidecars import read_sidecar
from wfdeps.errors import LibraryError, UsageError
from wfdeps.hub.catalogue import KINDS, Row
from wfdeps.hub.contents import folder_key_of
from wfdeps.hub.digests import digest_file
from wfdeps.hub.vocabulary import MODEL_SUFFIXES, TYPE_OF_FOLDER
from wfdeps.values import dataclass

_FIRST_MODEL, _FIRST_VERSION, _FIRST_FILE = 900_000_000, 910_000_000, 920_000_000
"""Ids of rows that have none, each counted up from here."""
_OWN_IDS = 1_000_000_000
"""Files without a catalogue row get ids from here on: made from their hash, so a restart keeps them."""


@dataclass(frozen=True, slots=True)
class ShelfFile:
    """One model file in the folder."""

    path: str
    """Relative to the folder, with `/`."""
    size: int
    hashes: dict[str, str]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Shelf:
    """The model files below one or more directories. `index` is a SQLite file that remembers hashes; None: no memory.

    A path that several directories hold means the file of the first.
    """

    def __init__(self, *directories: str, index: str | None = None) -> None:
        by_real_path: dict[str, str] = {}
        for directory in directories:
            by_real_path.setdefault(os.path.realpath(directory), os.path.abspath(directory))
        self.directories = tuple(by_real_path.values())
        self.skipped: list[str] = []
        """Files that could not be read, when `files` was last asked."""
        self.hidden: list[str] = []
        """Absolute paths of files that another of the same path in an earlier directory hides, likewise."""
        self._index = index

    def files(self) -> list[ShelfFile]:
        """Every model file, sorted by path, with its hashes; reads each file the index does not know."""
        for directory in self.directories:
            if not os.path.isdir(directory):
                raise UsageError(f"no folder of models at `{directory}`")
        try:
            return self._files()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not self._index or not is_damage(error):
                raise
            set_aside(self._index)  # it is only a memory: what was hashed is hashed again
            return self._files()

    def _files(self) -> list[ShelfFile]:
        self.skipped, self.hidden = [], []
        with contextlib.closing(_remembering(self._index)) as memory:
            return [file for path in sorted(self._paths()) if (file := self._readable(path, memory))]

    def real_path(self, path: str) -> str | None:
        """The absolute path of a file on this shelf; None where it is absent or would lie outside."""
        directory = self._directory_of(path)
        absolute = os.path.realpath(os.path.join(directory, path))
        root = os.path.realpath(directory)
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
                f"`{path}` is not in the folder of models",
                hint=f"the folder is {', '.join(f'`{directory}`' for directory in self.directories)}",
            )
        return digest_file(absolute)

    def place_of(self, path: str) -> str:
        """The absolute path of a file that `files` told of."""
        return os.path.join(self._directory_of(path), path)

    def _directory_of(self, path: str) -> str:
        """The first directory that holds that path, even as a link that leads outside; else the last."""
        *earlier, last = self.directories
        for directory in earlier:
            place = os.path.join(directory, path)
            if os.path.lexists(place) and not os.path.isdir(place):
                return directory
        return last

    def _paths(self) -> Iterable[str]:
        """The relative path of every model file, each once; fills `hidden`."""
        first: dict[str, str] = {}
        for directory in self.directories:
            for path in _model_files(directory):
                place = os.path.join(directory, path)
                if _id_of(first.setdefault(path, place)) != _id_of(place):
                    self.hidden.append(place)
        self.hidden.sort()
        return first

    def _readable(self, path: str, memory: sqlite3.Connection) -> ShelfFile | None:
        try:
            return self._book(path, memory)
        except (OSError, LibraryError):
            self.skipped.append(path)
            return None

    def _book(self, path: str, memory: sqlite3.Connection) -> ShelfFile:
        absolute = self.place_of(path)
        status = os.stat(absolute)
        key = (absolute, status.st_size, status.st_mtime_ns)
        known = memory.execute("SELECT kind, hash FROM digests WHERE path=? AND size=? AND mtime_ns=?", key)
        hashes = dict(known.fetchall())
        if not hashes:
            hashes = digest_file(absolute)
            with transaction(memory):
                memory.execute("DELETE FROM digests WHERE path=?", key[:1])
                memory.executemany(
                    "INSERT INTO digests VALUES (?,?,?,?,?)", [(*key, *pair) for pair in hashes.items()]
                )
        return ShelfFile(path.replace(os.sep, "/"), status.st_size, hashes)


def _model_files(directory: str) -> Iterator[str]:
    """The paths, relative to it, of the model files below a directory."""
    above: dict[str, frozenset[tuple[int, int]]] = {directory: frozenset((_id_of(directory),))}
    for folder, folders, names in os.walk(directory, followlinks=True):
        here = above.pop(folder)
        kept = []
        for name in folders:
            path = os.path.join(folder, name)
            # A link to a folder above itself, and the like of it, would be walked for ever.
            if not name.startswith(".") and (own := _id_of(path)) not in here:
                above[path] = here | {own}
                kept.append(name)
        folders[:] = kept
        for name in names:
            if os.path.splitext(name)[1].lower() in MODEL_SUFFIXES and not name.startswith("."):
                yield os.path.relpath(os.path.join(folder, name), directory)


def take_stock(rows: Iterable[Row], shelf: Shelf | None, *, strays: bool = True) -> Iterator[dict[str, Any]]:
    """The rows, completed, then, where `strays` are wanted, one for each file of the shelf that none describes.

    A row finds its file by `path`, else by SHA-256, else, where it has no hash, by name.
    """
    files = shelf.files() if shelf else []
    by_path = {file.path: file for file in files}
    by_hash = {file.hashes["SHA256"]: file for file in files}
    by_name = {file.name: file for file in files}
    described: set[str] = set()
    for number, row in enumerate(rows):
        file = _file_of(row, by_path, by_hash, by_name)
        complete = _with_ids(row, number)
        if file:
            described.add(file.path)
            complete["path"] = file.path
            complete.setdefault("file_size_kb", file.size / 1024)
            if not row.get("hashes"):
                complete["hashes"] = file.hashes
        elif row.get("path") and shelf and shelf.real_path(row["path"]):
            complete.setdefault("hashes", shelf.hashes(row["path"]))
        yield complete
    if shelf and strays:
        for file in files:
            if file.path not in described:
                yield from rows_for(file, shelf)


def _file_of(
    row: Row, by_path: dict[str, ShelfFile], by_hash: dict[str, ShelfFile], by_name: dict[str, ShelfFile]
) -> ShelfFile | None:
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


def rows_for(file: ShelfFile, shelf: Shelf) -> Iterator[dict[str, Any]]:
    """Catalogue rows for a file that none describes.

    Where our own sidecar lies beside it, and means these very bytes, one has Civitai's numbers and words, so that a lock
    written elsewhere is answered here. Under a name of its own it has a row besides, which that name finds.
    """
    row, label = _row_for(file, shelf), _label_of(file, shelf)
    if label:
        yield row | label
    if label.get("file_name") != file.name:
        yield row


def _row_for(file: ShelfFile, shelf: Shelf) -> dict[str, Any]:
    """The file as its folder, or else its header, tells its type; its ids are made from its hash."""
    stem, suffix = os.path.splitext(file.name)
    model_type, file_type = _type_of(file.path, shelf)
    own_id = _OWN_IDS + int(file.hashes["SHA256"][:7], 16)
    return {
        "model_id": own_id,
        "model_name": stem,
        "model_type": model_type,
        "version_id": own_id,
        "version_name": "local",
        "base_model": "Other",
        "file_id": own_id,
        "file_name": file.name,
        "file_type": file_type,
        "file_format": MODEL_SUFFIXES.get(suffix.lower(), "Other"),
        "file_size_kb": file.size / 1024,
        "hashes": file.hashes,
        "path": file.path,
    }


def _label_of(file: ShelfFile, shelf: Shelf) -> dict[str, Any]:
    """What Civitai said of the file when it was placed; empty where nobody wrote it down."""
    sidecar = read_sidecar(shelf.place_of(file.path))
    hashes = sidecar.get("hashes")
    if not isinstance(hashes, dict) or str(hashes.get("sha256")).upper() != file.hashes["SHA256"]:
        return {}
    words = {row_key: sidecar.get(key) for key, row_key in _TOLD.items()}
    words = {key: word for key, word in words.items() if word and isinstance(word, KINDS[key])}
    is_numbered = (
        sidecar.get("source") == "civitai"
        and {"model_id", "version_id", "file_id", "file_name"} <= words.keys()
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
    folder = named or folder_key_of(shelf.place_of(path))
    return TYPE_OF_FOLDER.get(folder, ("Other", "Model"))


def _id_of(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (-1, -1)
    return found.st_dev, found.st_ino


_DIGESTS = """
CREATE TABLE digests (path TEXT, size INTEGER, mtime_ns INTEGER, kind TEXT, hash TEXT, PRIMARY KEY (path, kind))
"""


def _remembering(index: str | None) -> sqlite3.Connection:
    """Where hashes are remembered by path, size and time. Raises UsageError where that cannot be."""
    try:
        return open_database(index or MEMORY, _DIGESTS, version=1)
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
            raise
        raise UsageError(
            f"cannot remember hashes in `{index}`: {error}", hint="name another file with `--index`"
        ) from error
