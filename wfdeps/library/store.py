"""Files kept once, by their SHA-256, and linked into as many trees as want them.

Layout: `DIR/sha256/abcd…`, read-only files: what a mirror looks like, so any server of plain files, or a mounted folder,
makes a mirror of it. A file's content is its name: anybody may read and check it. Each file of `DIR/trees/` holds the
path of a model folder that was linked from here, so that `gc` knows where to look for files still in use.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator

from wfdeps import disk
from wfdeps.domain.digests import Algorithm
from wfdeps.errors import LibraryError, TargetExistsError
from wfdeps.library.hashing import hash_file
from wfdeps.values import dataclass

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_SAMPLE = 64 << 10
"""Bytes of front and end by which two files of one length are told apart: weights that differ, differ there."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of the store. `links` counts its names besides the store's own, on the same file system."""

    sha256: str
    path: str
    size: int
    links: int


class Store:
    """One folder of files by content. Safe with many processes: a name is taken once and never changes."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)

    def path_of(self, sha256: str) -> str:
        """Where the file of that hash stands, or would. Raises LibraryError for what is no SHA-256."""
        if not _SHA256.match(sha256):
            raise LibraryError(f"not a SHA-256: `{sha256[:80]}`")
        return os.path.join(self.folder, "sha256", sha256)

    def find(self, sha256: str) -> Stored | None:
        """The file of that hash, if it is here."""
        path = self.path_of(sha256)
        try:
            found = os.stat(path)
        except OSError:
            return None
        return Stored(sha256, path, found.st_size, found.st_nlink - 1)

    def path_if_kept(self, sha256: str) -> str | None:
        """Where the file of that hash stands; None where it does not."""
        stored = self.find(sha256)
        return stored.path if stored else None

    def place(
        self, staged: str, sha256: str, path: str, *, root: str, kinds: tuple[disk.LinkKind, ...]
    ) -> disk.LinkKind:
        """A verified file becomes part of the store and has a second name at `path`, below the model folder `root`.

        Says how. Its staged name is gone. Raises as `Library.place` does.
        """
        with self._lock(alone=False):  # what is kept and not yet linked, `gc` takes for unused
            return self._link(self.adopt(staged, sha256), path, root, kinds)

    def link(self, stored: str, path: str, *, root: str, kinds: tuple[disk.LinkKind, ...]) -> disk.LinkKind:
        """A file of the store has a second name at `path`, below the model folder `root`. Raises as `place` does."""
        with self._lock(alone=False):
            return self._link(stored, path, root, kinds)

    def adopt(self, staged: str, sha256: str) -> str:
        """A verified file becomes part of the store; its staged name is gone. Says where it stands now.

        One that stands there already is believed when its content still is its name; else it is replaced.
        """
        path = self.path_of(sha256)
        try:
            disk.place_no_clobber(staged, path, root=self.folder)
        except TargetExistsError:
            if _is_same(staged, path) or self._is_sound(path, sha256):
                disk.remove_quietly(staged)
                return path
            with contextlib.suppress(OSError):
                _unlink(path)
            disk.place_no_clobber(staged, path, root=self.folder)
        with contextlib.suppress(OSError):
            os.chmod(path, 0o444)  # what is shared by hard links must not be edited in place
        return path

    def note_tree(self, root: str) -> None:
        """Remember that this model folder holds links from here. Raises LibraryError where that cannot be written."""
        root = os.path.realpath(root)
        elsewhere = not disk.same_filesystem(root, self.folder)
        mount = disk.filesystem_of(root).mount if elsewhere else ""
        text = json.dumps({"path": root, "elsewhere": elsewhere, "mount": mount})
        note = self.note_of(root)
        if _text_of(note) != text:
            with disk.opened_folder(self.folder, "trees"):  # made if missing, and no planted link
                disk.atomic_write(note, text.encode())

    def note_of(self, tree: str) -> str:
        """The file of ours that remembers this tree: to be removed where the tree is gone for good."""
        return os.path.join(self.folder, "trees", hashlib.sha256(os.fsencode(tree)).hexdigest()[:16])

    def trees(self) -> tuple[str, ...]:
        """The model folders that were linked from here, sorted."""
        return tuple(sorted(self._noted()))

    def unseen(self) -> tuple[str, ...]:
        """Those of them that may have links and cannot be seen now, sorted: on a volume that is not mounted.

        A tree on the store's own file system that is gone is gone: its links were hard ones, or clones.
        """
        return tuple(sorted(tree for tree, mount in self._noted().items() if not _is_in_sight(tree, mount)))

    def _noted(self) -> dict[str, str | None]:
        """Each tree, and where its volume is mounted, if known; None where it lies on the store's own."""
        folder = os.path.join(self.folder, "trees")
        noted: dict[str, str | None] = {}
        for name in _names(folder):
            with contextlib.suppress(ValueError, KeyError, TypeError):  # no note of ours
                note = json.loads(_text_of(os.path.join(folder, name)))
                noted[str(note["path"])] = str(note["mount"]) if note["elsewhere"] else None
        return noted

    def files(self) -> Iterator[Stored]:
        """Every file of the store, sorted by hash. What does not belong here is passed over."""
        for name in _names(os.path.join(self.folder, "sha256")):
            if _SHA256.match(name) and (stored := self.find(name)) is not None:
                yield stored

    def names_of(self, stored: Stored, trees: Iterable[str]) -> tuple[str, ...]:
        """Under which names these trees have this very file, by hard or symbolic link, sorted."""
        return tuple(
            sorted(path for tree in trees for path in _files_below(tree) if _is_same(path, stored.path))
        )

    def unused(self, more_trees: Iterable[str] = ()) -> tuple[Stored, ...]:
        """Files that no tree we know of uses: not by hard or symbolic link, nor as a clone or a copy.

        A tree that cannot be read to its end raises LibraryError: what it uses is not known.
        """
        idle = [stored for stored in self.files() if stored.links == 0]
        by_size: dict[int, list[Stored]] = {}
        for stored in idle:
            by_size.setdefault(stored.size, []).append(stored)
        used: set[str] = set()
        for path in {path for tree in (*self.trees(), *more_trees) for path in _files_below(tree)}:
            used.update(stored.sha256 for stored in by_size.get(_size_of(path), ()) if _is_used(stored, path))
        return tuple(stored for stored in idle if stored.sha256 not in used)

    def collect(self, more_trees: Iterable[str] = ()) -> tuple[Stored, ...]:
        """What no tree uses is gone; says what that was. Waits for those who are placing. Raises LibraryError."""
        with self._lock(alone=True):
            files = self.unused(more_trees)
            for stored in files:
                self.remove(stored)
        return files

    def remove(self, stored: Stored) -> None:
        """The file is gone from the store. Raises LibraryError."""
        try:
            _unlink(stored.path)
        except OSError as error:
            raise LibraryError(f"cannot remove `{stored.path}`: {error.strerror}") from error

    def is_sound(self, stored: Stored) -> bool:
        """Whether the content still is what its name says; reads the whole file. Raises LibraryError."""
        return self._is_sound(stored.path, stored.sha256)

    def _is_sound(self, path: str, sha256: str) -> bool:
        return hash_file(path, (Algorithm.SHA256,))[0].value == sha256

    def _link(self, stored: str, path: str, root: str, kinds: tuple[disk.LinkKind, ...]) -> disk.LinkKind:
        try:
            self.note_tree(root)
        except LibraryError:
            # Nobody may find us here again: then no link of ours may depend on what stands here.
            kinds = tuple(kind for kind in kinds if kind != "symlink")
        return disk.make_link(stored, path, kinds=kinds, root=root)

    def _lock(self, *, alone: bool) -> contextlib.AbstractContextManager[None]:
        return disk.entered(os.path.join(self.folder, ".lock"), alone=alone)


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _unlink(path: str) -> None:
    if os.name == "nt":
        os.chmod(path, 0o644)  # Windows removes nothing that is read-only
    os.unlink(path)


def _is_in_sight(tree: str, mount: str | None) -> bool:
    if mount is None:
        return True
    if mount:
        return disk.filesystem_of(tree).mount == mount
    return bool(_names(tree))  # where nobody tells of mounts, an empty folder may be a bare mount point


def _text_of(note: str) -> str:
    try:
        with open(note, encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError):
        return ""


def _files_below(tree: str) -> Iterator[str]:
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
        f"cannot read `{path}`: {error.strerror}",
        hint="what this tree uses is not known; nothing was removed",
    )


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def _is_same(path: str, stored: str) -> bool:
    try:
        return os.path.samefile(path, stored)
    except OSError:
        return False


def _is_used(stored: Stored, path: str) -> bool:
    """Whether this file of a tree is the stored one, or, being as long, was cloned or copied from it."""
    return _is_same(path, stored.path) or _ends_of(path, stored.size) == _ends_of(stored.path, stored.size)


def _ends_of(path: str, size: int) -> bytes:
    try:
        with open(path, "rb") as file:
            front = file.read(_SAMPLE)
            file.seek(max(0, size - _SAMPLE))
            return front + file.read(_SAMPLE)
    except OSError as error:
        raise _not_known(path, error) from error
