"""The Library over real folders: what `ports.Library` promises, with an index behind it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from json import loads

from wfdeps import TYPE_CHECKING
from wfdeps.domain.digests import Algorithm, Digest, agreement
from wfdeps.domain.files import Folder, Inventory, LocalFile, folded_stem
from wfdeps.domain.folders import LEGACY, WITHOUT_MODELS, canonical_key
from wfdeps.domain.refs import ModelRef, Notice
from wfdeps.errors import LibraryError, UsageError, os_error_words
from wfdeps.library.index import Index, stamp_of
from wfdeps.library.inventory import Shelves, every_file, find_files, is_listed, keys_of
from wfdeps.library.scan import outermost, refresh, walked
from wfdeps.library.search import search_paths
from wfdeps.values import asdict, replace

if TYPE_CHECKING:
    from wfdeps.disk.writing import LinkKind
    from wfdeps.domain.identity import Identity
    from wfdeps.domain.nodes import Installed
    from wfdeps.domain.outcomes import Receipt
    from wfdeps.domain.plans import Link, Placement, Plan
    from wfdeps.domain.reports import FileSystemTotal
    from wfdeps.library.extra_paths import (
        ExtraPaths,  # a check places nothing and hashes nothing: what does is imported where it is used
    )
    from wfdeps.library.file_systems import Ways
    from wfdeps.library.install import Roots, SearchPaths
    from wfdeps.library.place import ModelRoots
    from wfdeps.library.store import Store
    from wfdeps.ports import Staging


def open_library(
    roots: Roots,
    *,
    index_path: str | None = None,
    link_kinds: tuple[LinkKind, ...] = (),
    store: str | None = None,
    staging: Callable[[], Staging] | None = None,
) -> LocalLibrary:
    """The library that these roots mean; nothing is scanned yet. Raises LibraryError, ConfigError.

    `index_path` is the SQLite file that remembers; None, or one that cannot be written, remembers in memory.
    `store` is a folder that keeps files by their SHA-256: what is placed is kept there and linked into the tree, and
    what is there already counts as found. `staging` gives where half-done files live.
    """
    index = Index(index_path, stem_of=folded_stem)
    try:
        paths = search_paths(roots, _RememberedExtraPaths(index))
        return LocalLibrary(paths, index, link_kinds=link_kinds, store=store, staging=staging)
    except BaseException:
        index.close()
        raise


def as_local(library: object) -> LocalLibrary:
    """The library as one of real folders, for what only those can do. Raises UsageError for any other."""
    if not isinstance(library, LocalLibrary):
        raise UsageError("this works on folders of this machine only")
    return library


class LocalLibrary:
    """The person's model folders. One thread at a time; close it when done."""

    def __init__(
        self,
        paths: SearchPaths,
        index: Index,
        *,
        link_kinds: tuple[LinkKind, ...] = (),
        store: str | None = None,
        staging: Callable[[], Staging] | None = None,
    ) -> None:
        self._store_folder = store
        self._staging = staging
        self._paths = paths
        self._index = index
        index.refill = lambda: refresh(index, _tops(paths))
        self._link_kinds = link_kinds
        self._shelves = Shelves(paths.folders)
        self._is_fresh = False
        self._installed: Installed | None = None

    @cached_property
    def _model_roots(self) -> ModelRoots:
        from wfdeps.library.place import ModelRoots

        return ModelRoots(self._paths.folders)

    @cached_property
    def _store(self) -> Store | None:
        from wfdeps.library.store import Store

        return Store(self._store_folder) if self._store_folder else None

    # ── asking

    @property
    def separator(self) -> str:
        """How the target's ComfyUI spells subfolders in names: `/` or `\\`."""
        return self._paths.separator

    @property
    def models_root(self) -> str:
        """Below which folders of keys nobody lists are made."""
        return self._paths.models_root

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is odd about the roots: lint of extra_model_paths.yaml, layouts that were understood."""
        if not self._index.set_aside:
            return self._paths.notices
        where = f"it lies as `{self._index.set_aside}` now, and a new one was made"
        damaged = Notice("index_damaged", f"what was remembered of the model folders was damaged: {where}")
        return (*self._paths.notices, damaged)

    def folders(self) -> tuple[Folder, ...]:
        """Every directory that is searched, in ComfyUI's order within a key. Directories may not exist."""
        return self._paths.folders

    @property
    def without_models(self) -> tuple[Folder, ...]:
        """The directories of keys under which no loader reads a model: shown, never searched for a ref."""
        return self._paths.without_models

    def inventory(self, refs: Sequence[ModelRef]) -> Inventory:
        """What might answer these refs. Raises LibraryError where a root cannot be read at all."""
        self._refresh()
        shelves = self._shelves.with_keys(keys_of(refs))
        found = find_files(self._index, shelves, refs)
        return Inventory(self.separator, (*found, *self._stored(refs)))

    def _stored(self, refs: Sequence[ModelRef]) -> Iterator[LocalFile]:
        """What the store holds of these refs, by hash."""
        hashes = {
            digest.value for ref in refs for digest in ref.digests if digest.algorithm is Algorithm.SHA256
        }
        for sha256 in sorted(hashes) if self._store_folder else ():
            stored = self._store.find(sha256) if self._store else None
            if stored:
                digests = (Digest(Algorithm.SHA256, sha256),)
                yield LocalFile(stored.path, "", sha256, stored.size, digests, listed=False)

    def files(self) -> Iterator[LocalFile]:
        """Every model file of every folder, each path once, by its best listing; sorted by folder key and name."""
        self._refresh()
        paths = {
            os.path.join(*pair)
            for top in outermost(_tops(self._paths))
            for pair in self._index.files_below(top)
        }
        found = (every_file(self._index, self._shelves, path) for path in paths)
        yield from sorted(
            (file for file in found if file is not None), key=lambda file: (file.folder_key, file.name)
        )

    def of_lengths(self, lengths: Collection[int]) -> tuple[LocalFile, ...]:
        """Every model file of one of these lengths, in any folder."""
        return tuple(file for file in self.files() if file.size in lengths)

    def unread(self, folder_keys: Collection[str], at_most: int) -> tuple[LocalFile, ...]:
        """As the door promises; sorted by path."""
        self._refresh()
        keys = set(map(canonical_key, folder_keys))
        tops = outermost(folder.path for folder in self._paths.folders if folder.folder_key in keys)
        paths = [
            os.path.join(*pair) for top in tops for pair in self._index.files_below(top, without="sha256")
        ]
        found: list[LocalFile] = []
        for path in sorted(paths):
            file = every_file(self._index, self._shelves, path)
            if file is None or file.trouble:
                continue
            at_most -= file.size
            if at_most < 0:
                return ()
            found.append(file)
        return tuple(found)

    def file_at(self, path: str) -> LocalFile:
        """A file outside the model folders. Raises LibraryError for what cannot be read or can be no model."""
        from wfdeps.library.health import file_at

        return file_at(path)

    def identity(self, file: LocalFile) -> Identity:
        """What the file is, by its header, which is read once. Raises LibraryError."""
        from wfdeps.library.identities import (
            identity_of,  # the detector's rules: not for those who only check names
        )

        return identity_of(file, self._index)

    def memo(self, topic: str, files: Sequence[LocalFile], compute: Callable[[], str]) -> str:
        """As the door promises; the memory is kept with the first file and holds the stamps of the others."""
        try:
            found = [os.stat(file.path) for file in files]
        except OSError:
            return compute()
        others = [[file.path, stamp_of(stat)] for file, stat in zip(files, found, strict=True)][1:]
        key = f"{topic} {_as_json(others)}"
        known = self._index.facts(files[0].path, found[0]).get(key)
        if known is None:
            known = compute()
            self._index.remember(files[0].path, found[0], {key: known})
        return known

    def listing(self, folder_key: str) -> tuple[str, ...]:
        """What ComfyUI's `get_filename_list` would answer for a key: sorted names, in the target's spelling."""
        self._refresh()
        key = LEGACY.get(folder_key, folder_key)
        folders = (*self._paths.folders, *self._paths.without_models)
        names = {
            name.replace(os.sep, self.separator)
            for folder in folders
            if folder.folder_key == key and folder.visible
            for name in self._names_in(folder)
            if is_listed(name, folder.endings)
        }
        return tuple(sorted(names))

    def _names_in(self, folder: Folder) -> Iterator[str]:
        """Every file's path below that folder; where links lead in a circle, as often as ComfyUI meets it."""
        prefix = folder.path.rstrip(os.sep) + os.sep
        found = self._index.files_below(folder.path)
        has_loops = any(loop.startswith(prefix) for loop in self._index.loops())
        if has_loops or folder.folder_key in WITHOUT_MODELS:
            found = chain(found, walked(folder.path))
        return (os.path.join(directory, name)[len(prefix) :] for directory, name in found)

    def digest(self, file: LocalFile) -> LocalFile:
        """The file with its SHA-256 among its digests, reading it only if the index does not know."""
        return self.digests(file, (Algorithm.SHA256,))

    def digests(
        self, file: LocalFile, algorithms: tuple[Algorithm, ...], *, afresh: bool = False
    ) -> LocalFile:
        """The file with all these digests; `afresh` reads it whatever is remembered. Raises LibraryError."""
        from wfdeps.library.digesting import digests_of

        return digests_of(file, algorithms, self._index, afresh=afresh)

    def digests_of_all(
        self, files: Iterable[LocalFile], algorithms: tuple[Algorithm, ...], *, afresh: bool = False
    ) -> Iterator[LocalFile | LibraryError]:
        """Each file with its digests, in their order, several read at a time; or why one could not be read."""
        from wfdeps.library.digesting import digests_of_all

        return digests_of_all(files, algorithms, self._index, afresh=afresh)

    def installed(self, *, thorough: bool = False) -> Installed | None:
        """As the door promises."""
        base = self._paths.base
        if not base:
            return None
        if self._installed is not None and not thorough:
            return self._installed
        from wfdeps.library.custom_nodes import KEY, installed_in  # a bare models folder has none

        folders = [folder.path for folder in self._paths.without_models if folder.folder_key == KEY]
        self._installed = installed_in(base, folders, self._index, thorough=thorough)
        return self._installed

    def has_input(self, folder: str, name: str) -> bool | None:
        """As the door promises. A ComfyUI without its folder `input` is a tree of models: nothing is told of it."""
        base = self._paths.base
        if not base or not os.path.isdir(os.path.join(base, "input")):
            return None
        path = os.path.join(base, folder, name)
        return os.path.exists(path) or os.path.exists(path.replace("\\", "/"))

    def room(self, plan: Plan) -> tuple[str, ...]:
        """What speaks against carrying out the plan here: too little space, no permission; empty: nothing."""
        from wfdeps.library.room import room_for

        return room_for(plan, self._ways())

    def not_writable(self, plan: Plan) -> tuple[str, ...]:
        """As the door promises."""
        from wfdeps.library.room import not_writable

        return not_writable(plan, self._ways())

    def file_systems(self, plan: Plan) -> tuple[FileSystemTotal, ...]:
        """What the plan brings to each file system, sorted by path, against what is free there."""
        from wfdeps.library.file_systems import file_systems_of

        return file_systems_of(plan, self._ways())

    def _ways(self) -> Ways:
        from wfdeps.library.file_systems import Ways

        staging = self._staging() if self._staging else None
        return Ways(staging, lambda file: "symlink" in self._kinds_for(file), self._store_folder)

    # ── doing

    def place(self, placement: Placement) -> Receipt:
        """Put a staged file in its place, atomically, and its sidecar beside it."""
        from wfdeps.library import place as placing

        receipt = placing.place(placement, self._model_roots, store=self._store, kinds=self._link_kinds)
        self._remember(receipt)
        return receipt

    def move(self, link: Link) -> Receipt:
        """A file of the library under another name, and no longer under its old one. Raises as `place` does."""
        from wfdeps.library import place as placing

        receipt = placing.move(link, self._model_roots)
        self._remember(receipt)
        return receipt

    def link(self, link: Link, kinds: tuple[LinkKind, ...] = ()) -> Receipt:
        """Make a file of the library appear under another name, by the first of `kinds` that works here."""
        from wfdeps.library import place as placing

        file = link.file if link.file.is_directory else self._proven(link.file)
        kinds = kinds or self._link_kinds or self._kinds_for(file)
        receipt = placing.link(replace(link, file=file), self._model_roots, kinds, store=self._store)
        self._remember(receipt)
        if receipt.wrote and not file.is_directory:
            # A hard link changes the source's stamp, not its bytes.
            self._index.remember(file.path, _stat(file.path), _facts(file.digests))
        return receipt

    def renew(self, placement: Placement) -> Receipt:
        """A staged file instead of the one that has its name, whose bytes are kept. Raises LibraryError."""
        from wfdeps.library import renewing

        receipt = renewing.renew(placement, self._model_roots, self.kept)
        self._remember(receipt)
        return receipt

    @property
    def kept(self) -> Store:
        """Where old versions are kept: the store, if one was named, else a folder below the models root."""
        from wfdeps.library.renewing import KEPT
        from wfdeps.library.store import Store

        return Store(self._store_folder or os.path.join(self._paths.models_root, KEPT))

    def close(self) -> None:
        """Nothing more is asked."""
        self._index.close()

    # ── within

    def _refresh(self) -> None:
        """Directories are looked at once in the life of this object; what we place ourselves is looked at again."""
        if not self._is_fresh:
            refresh(self._index, _tops(self._paths))
            self._is_fresh = True

    def _proven(self, file: LocalFile) -> LocalFile:
        """The file with the digest its bytes have. Raises LibraryError where they are not those it is known for."""
        proven = self.digest(file)
        if agreement(file.digests, proven.digests) is False:
            raise LibraryError(
                f"`{file.path}` is not what it was: its content is another",
                hint="`wfdeps store verify` tells, and what to do",
            )
        return proven

    def _kinds_for(self, file: LocalFile) -> tuple[LinkKind, ...]:
        """What lies outside may go away: it is never linked to by its path alone."""
        from wfdeps.disk.filesystem import inside
        from wfdeps.disk.writing import LINK_KINDS

        own = [*self._model_roots.paths, *([self._store_folder] if self._store_folder else [])]
        if any(inside(folder, file.path) for folder in own):
            return LINK_KINDS
        return tuple(kind for kind in LINK_KINDS if kind != "symlink")

    def _remember(self, receipt: Receipt) -> None:
        self._is_fresh = False
        if receipt.sha256:
            self._index.remember(receipt.path, _stat(receipt.path), {"sha256": receipt.sha256})


def _tops(paths: SearchPaths) -> tuple[str, ...]:
    return tuple(dict.fromkeys(os.path.normpath(folder.path) for folder in paths.folders))


def _facts(digests: tuple[Digest, ...]) -> dict[str, str]:
    return {str(digest.algorithm): digest.value for digest in digests}


def _stat(path: str) -> os.stat_result:
    try:
        return os.stat(path)
    except OSError as error:
        raise LibraryError(f"cannot read `{path}`: {os_error_words(error)}") from error


_READER = 2
"""Another number where `read_extra_paths` has learned something: what it said before is not remembered."""


class _RememberedExtraPaths:
    """Reads an extra_model_paths.yaml, or remembers what it said: a warm check need not import a YAML parser.

    A base_path may hold `~` and variables, so what they meant is part of what is remembered.
    """

    def __init__(self, index: Index) -> None:
        self._index = index

    def __call__(self, path: str) -> ExtraPaths:
        from wfdeps.library.extra_paths import read_extra_paths  # most installs have no such file

        try:
            found = os.stat(path)
        except OSError:
            return read_extra_paths(path)
        surroundings = f"{_READER}|{path}|{os.path.expanduser('~')}"
        facts = self._index.facts(path, found)
        if facts.get("extra_paths_for") == surroundings:
            return _from_json(facts["extra_paths"])
        read = read_extra_paths(path)
        if not _names_variables(path):
            self._index.remember(
                path, found, {"extra_paths_for": surroundings, "extra_paths": _as_json(asdict(read))}
            )
        return read


def _names_variables(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError:
        return True
    return b"$" in text or b"%" in text


def _as_json(value: object) -> str:
    from json import dumps  # most checks write nothing down

    return dumps(value)


def _from_json(text: str) -> ExtraPaths:
    from wfdeps.library.extra_paths import ExtraPath, ExtraPaths

    document = loads(text)
    entries = tuple(ExtraPath(**entry) for entry in document["entries"])
    return ExtraPaths(document["file"], entries, tuple(Notice(**notice) for notice in document["notices"]))
