"""Files kept once, by their SHA-256, and linked into as many trees as want them.

Layout: `DIR/sha256/ab/abcd…`, read-only files; `DIR/trees` lists the model folders that were linked from it, so that
`gc` knows where to look for files still in use. A file's content is its name: anybody may read and check it.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator

from wfdeps import disk
from wfdeps.domain.digests import Algorithm
from wfdeps.errors import LibraryError, TargetExistsError
from wfdeps.library.hashing import hash_file
from wfdeps.values import dataclass

_SHA256 = re.compile(r"^[0-9a-f]{64}$")


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
        return os.path.join(self.folder, "sha256", sha256[:2], sha256)

    def find(self, sha256: str) -> Stored | None:
        """The file of that hash, if it is here."""
        path = self.path_of(sha256)
        try:
            found = os.stat(path)
        except OSError:
            return None
        return Stored(sha256, path, found.st_size, found.st_nlink - 1)

    def adopt(self, staged: str, sha256: str) -> str:
        """A verified file becomes part of the store; its staged name is gone. Says where it stands now."""
        path = self.path_of(sha256)
        try:
            disk.place_no_clobber(staged, path, root=self.folder)
            with contextlib.suppress(OSError):
                os.chmod(path, 0o444)  # what is shared by hard links must not be edited in place
        except TargetExistsError:
            disk.remove_quietly(staged)  # the name is the content: it is the same file
        return path

    def note_tree(self, root: str) -> None:
        """Remember that this model folder holds links from here."""
        known = self.trees()
        root = os.path.abspath(root)
        if root not in known:
            text = "".join(f"{tree}\n" for tree in sorted({*known, root}))
            disk.atomic_write(os.path.join(self.folder, "trees"), text.encode())

    def trees(self) -> tuple[str, ...]:
        """The model folders that were linked from here."""
        try:
            with open(os.path.join(self.folder, "trees"), encoding="utf-8") as file:
                return tuple(line.strip() for line in file if line.strip())
        except OSError:
            return ()

    def files(self) -> Iterator[Stored]:
        """Every file of the store, sorted by hash. What does not belong here is passed over."""
        top = os.path.join(self.folder, "sha256")
        for prefix in _names(top):
            for name in _names(os.path.join(top, prefix)):
                if _SHA256.match(name) and (stored := self.find(name)) is not None:
                    yield stored

    def unused(self, more_trees: Iterable[str] = ()) -> tuple[Stored, ...]:
        """Files that no tree we know of links to, by hard link or symbolic link."""
        pointed = {
            os.path.realpath(path) for tree in (*self.trees(), *more_trees) for path in _links_below(tree)
        }
        return tuple(
            stored
            for stored in self.files()
            if stored.links == 0 and os.path.realpath(stored.path) not in pointed
        )

    def remove(self, stored: Stored) -> None:
        """The file is gone from the store. Raises LibraryError."""
        try:
            os.chmod(stored.path, 0o644)  # Windows removes nothing that is read-only
            os.unlink(stored.path)
        except OSError as error:
            raise LibraryError(f"cannot remove `{stored.path}`: {error.strerror}") from error

    def is_sound(self, stored: Stored) -> bool:
        """Whether the content still is what its name says; reads the whole file."""
        return hash_file(stored.path, (Algorithm.SHA256,))[0].value == stored.sha256


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _links_below(tree: str) -> Iterator[str]:
    for folder, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                yield path
