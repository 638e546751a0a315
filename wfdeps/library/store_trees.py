"""The model folders that were linked from a store: which they are, what stands in them, and what of the store they use."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator

from wfdeps.disk import filesystem, writing
from wfdeps.errors import LibraryError, os_error_words

_SAMPLE = 64 << 10
"""Bytes of front and end by which two files of one length are told apart: weights that differ, differ there."""


class Trees:
    """Each is remembered in a file of its own below the store, so that no two processes write the same one."""

    def __init__(self, store: str) -> None:
        self._store = store

    def note(self, root: str) -> None:
        """Remember that this model folder holds links from here. Raises LibraryError where that cannot be written."""
        root = os.path.realpath(root)
        elsewhere = not filesystem.same_filesystem(root, self._store)
        mount = filesystem.filesystem_of(root).mount if elsewhere else ""
        text = json.dumps({"path": root, "elsewhere": elsewhere, "mount": mount})
        note, told = self.note_of(root), ""
        with contextlib.suppress(LibraryError):
            told = _text_of(note)
        if told != text:
            with writing.opened_folder(self._store, "trees"):  # made if missing, and no planted link
                writing.atomic_write(note, text.encode())

    def note_of(self, tree: str) -> str:
        """The file of ours that remembers this tree: to be removed where the tree is gone for good."""
        return os.path.join(self._store, "trees", hashlib.sha256(os.fsencode(tree)).hexdigest()[:16])

    def paths(self) -> tuple[str, ...]:
        """The model folders that were linked from here, sorted. Raises LibraryError where a note cannot be read."""
        return tuple(sorted(self._noted()))

    def unseen(self) -> tuple[str, ...]:
        """Those of them that may have links and cannot be seen now, sorted: on a volume that is not mounted.

        A tree on the store's own file system that is gone is gone: its links were hard ones, or clones.
        """
        return tuple(sorted(tree for tree, mount in self._noted().items() if not _is_in_sight(tree, mount)))

    def _noted(self) -> dict[str, str | None]:
        """Each tree, and where its volume is mounted, if known; None where it lies on the store's own.

        Another person's note that we may not read is no reason to take what their tree uses.
        """
        folder = os.path.join(self._store, "trees")
        noted: dict[str, str | None] = {}
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            return noted
        except OSError as error:
            raise _not_known(folder, error) from error
        for name in names:
            with contextlib.suppress(ValueError, KeyError, TypeError):  # no note of ours
                note = json.loads(_text_of(os.path.join(folder, name)))
                noted[str(note["path"])] = str(note["mount"]) if note["elsewhere"] else None
        return noted


def names_in(folder: str) -> list[str]:
    """The names in a folder, sorted; none where it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _is_in_sight(tree: str, mount: str | None) -> bool:
    if mount is None:
        return True
    if mount:
        return filesystem.filesystem_of(tree).mount == mount
    return bool(names_in(tree))  # where nobody tells of mounts, an empty folder may be a bare mount point


def _text_of(note: str) -> str:
    """What a note says; empty where there is none, or no text. Raises LibraryError where it cannot be read."""
    try:
        with open(note, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    except OSError as error:
        raise _not_known(note, error) from error


def files_below(tree: str) -> Iterator[str]:
    """Every file of a tree, through linked folders too, each folder once. One that is not there has none."""
    seen: set[str] = set()
    for folder, below, names in os.walk(tree, followlinks=True, onerror=_unreadable):
        below[:] = [name for name in below if not _seen_before(os.path.join(folder, name), seen)]
        yield from (os.path.join(folder, name) for name in names)


def _seen_before(folder: str, seen: set[str]) -> bool:
    real = os.path.realpath(folder)
    known = real in seen
    seen.add(real)
    return known


def _unreadable(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise _not_known(error.filename, error)


def _not_known(path: str, error: OSError) -> LibraryError:
    return LibraryError(
        f"cannot read `{path}`: {os_error_words(error)}",
        hint="what a tree uses is not known; nothing was removed",
    )


def size_of(path: str) -> int:
    """Its bytes; -1 for what is gone."""
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def is_same(path: str, stored: str) -> bool:
    """Whether these are two names of one file."""
    try:
        return os.path.samefile(path, stored)
    except OSError:
        return False


def is_used(stored: str, size: int, path: str) -> bool:
    """Whether this file of a tree is the stored one, or, being as long, was cloned or copied from it."""
    return is_same(path, stored) or _ends_of(path, size) == _ends_of(stored, size)


def _ends_of(path: str, size: int) -> bytes:
    try:
        with open(path, "rb") as file:
            front = file.read(_SAMPLE)
            file.seek(max(0, size - _SAMPLE))
            return front + file.read(_SAMPLE)
    except OSError as error:
        raise _not_known(path, error) from error
