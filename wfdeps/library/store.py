"""Files kept once, by their SHA-256, and linked into as many trees as want them.

Layout: `DIR/sha256/abcd…`, read-only files: what a mirror looks like, so any server of plain files, or a mounted folder,
makes a mirror of it. A file's content is its name: anybody may read and check it. Each file of `DIR/trees/` holds the
path of a model folder that was linked from here, so that `gc` knows where to look for files still in use.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator

from wfdeps.disk import writing
from wfdeps.disk.hashing import hash_file
from wfdeps.domain.digests import Algorithm
from wfdeps.domain.listings import StoredFile
from wfdeps.errors import LibraryError, TargetExistsError, os_error_words
from wfdeps.library.store_trees import Trees, files_below, is_same, is_used, names_in, size_of

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class Store:
    """One folder of files by content. Safe with many processes: a name is taken once and never changes."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)
        self.trees = Trees(self.folder)

    def path_of(self, sha256: str) -> str:
        """Where the file of that hash stands, or would. Raises LibraryError for what is no SHA-256."""
        if not _SHA256.match(sha256):
            raise LibraryError(f"not a SHA-256: `{sha256[:80]}`")
        return os.path.join(self.folder, "sha256", sha256)

    def find(self, sha256: str) -> StoredFile | None:
        """The file of that hash, if it is here."""
        path = self.path_of(sha256)
        try:
            found = os.stat(path)
        except OSError:
            return None
        return StoredFile(sha256, path, found.st_size, found.st_nlink - 1)

    def path_if_kept(self, sha256: str) -> str | None:
        """Where the file of that hash stands; None where it does not."""
        stored = self.find(sha256)
        return stored.path if stored else None

    def place(
        self, staged: str, sha256: str, path: str, *, root: str, kinds: tuple[writing.LinkKind, ...]
    ) -> writing.LinkKind:
        """A verified file becomes part of the store and has a second name at `path`, below the model folder `root`.

        Says how. Its staged name is gone. Raises as `Library.place` does.
        """
        with self._lock(alone=False):  # what is kept and not yet linked, `gc` takes for unused
            return self._link(self.adopt(staged, sha256), path, root, kinds)

    def link(
        self, stored: str, path: str, *, root: str, kinds: tuple[writing.LinkKind, ...]
    ) -> writing.LinkKind:
        """A file of the store has a second name at `path`, below the model folder `root`. Raises as `place` does."""
        with self._lock(alone=False):
            return self._link(stored, path, root, kinds)

    def adopt(self, staged: str, sha256: str) -> str:
        """A verified file becomes part of the store; its staged name is gone. Says where it stands now.

        One that stands there already is believed when its content still is its name; else it is replaced.
        """
        path = self.path_of(sha256)
        try:
            writing.place_no_clobber(staged, path, root=self.folder)
        except TargetExistsError:
            if is_same(staged, path) or self._is_sound(path, sha256):
                writing.remove_quietly(staged)
                return path
            with contextlib.suppress(OSError):
                _unlink(path)
            writing.place_no_clobber(staged, path, root=self.folder)
        with contextlib.suppress(OSError):
            os.chmod(path, 0o444)  # what is shared by hard links must not be edited in place
        return path

    def files(self) -> Iterator[StoredFile]:
        """Every file of the store, sorted by hash. What does not belong here is passed over."""
        for name in names_in(os.path.join(self.folder, "sha256")):
            if _SHA256.match(name) and (stored := self.find(name)) is not None:
                yield stored

    def names_of(self, stored: StoredFile, trees: Iterable[str]) -> tuple[str, ...]:
        """Under which names these trees have this very file, by hard or symbolic link, sorted."""
        return tuple(
            sorted(path for tree in trees for path in files_below(tree) if is_same(path, stored.path))
        )

    def unused(self, more_trees: Iterable[str] = ()) -> tuple[StoredFile, ...]:
        """Files that no tree we know of uses: not by hard or symbolic link, nor as a clone or a copy.

        A tree that cannot be read to its end raises LibraryError: what it uses is not known.
        """
        idle = [stored for stored in self.files() if stored.links == 0]
        by_size: dict[int, list[StoredFile]] = {}
        for stored in idle:
            by_size.setdefault(stored.size, []).append(stored)
        used: set[str] = set()
        for path in {path for tree in (*self.trees.paths(), *more_trees) for path in files_below(tree)}:
            used.update(
                stored.sha256
                for stored in by_size.get(size_of(path), ())
                if is_used(stored.path, stored.size, path)
            )
        return tuple(stored for stored in idle if stored.sha256 not in used)

    def collect(self, more_trees: Iterable[str] = ()) -> tuple[StoredFile, ...]:
        """What no tree uses is gone; says what that was. Waits for those who are placing. Raises LibraryError."""
        with self._lock(alone=True):
            files = self.unused(more_trees)
            for stored in files:
                self.remove(stored)
        return files

    def remove(self, stored: StoredFile) -> None:
        """The file is gone from the store. Raises LibraryError."""
        try:
            _unlink(stored.path)
        except OSError as error:
            raise LibraryError(f"cannot remove `{stored.path}`: {os_error_words(error)}") from error

    def is_sound(self, stored: StoredFile) -> bool:
        """Whether the content still is what its name says; reads the whole file. Raises LibraryError."""
        return self._is_sound(stored.path, stored.sha256)

    def _is_sound(self, path: str, sha256: str) -> bool:
        return hash_file(path, (Algorithm.SHA256,))[0].value == sha256

    def _link(
        self, stored: str, path: str, root: str, kinds: tuple[writing.LinkKind, ...]
    ) -> writing.LinkKind:
        try:
            self.trees.note(root)
        except LibraryError:
            # Nobody may find us here again: then no link of ours may depend on what stands here.
            kinds = tuple(kind for kind in kinds if kind != "symlink")
        return writing.make_link(stored, path, kinds=kinds, root=root)

    def _lock(self, *, alone: bool) -> contextlib.AbstractContextManager[None]:
        return writing.entered(os.path.join(self.folder, ".lock"), alone=alone)


def _unlink(path: str) -> None:
    if os.name == "nt":
        os.chmod(path, 0o644)  # Windows removes nothing that is read-only
    os.unlink(path)
