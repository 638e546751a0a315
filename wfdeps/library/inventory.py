"""From remembered names to an Inventory: what might answer some refs, and the little that must be looked at afresh."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from os.path import splitext

from wfdeps import TYPE_CHECKING
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.files import Folder, LocalFile
from wfdeps.domain.folders import (
    FOLDER_KEYS,
    MODEL_ENDINGS,
    canonical_key,
    directories_of,
    endings_of,
    name_within,
)
from wfdeps.domain.judgement import SOUND, Judgement
from wfdeps.library.health import remembered
from wfdeps.library.sidecars import claimed_digests
from wfdeps.match.local import is_searched, may_answer, stems_for
from wfdeps.values import replace

if TYPE_CHECKING:
    from wfdeps.domain.refs import ModelRef
    from wfdeps.library.index import Index

DANGLING = "a link to nowhere"
_HASHES = frozenset(map(str, Algorithm))
_MODEL_FILES = MODEL_ENDINGS | {".gguf", ".onnx"}
_MARKER = "model_index.json"
"""What makes a directory a diffusers model to ComfyUI."""


_PIECES = {"diffusion_models": ("transformer_blocks.safetensors", "unquantized_layers.safetensors")}
"""What a model that is a folder consists of: Nunchaku's (nunchaku/models/utils.py `from_pretrained`)."""
_PARTS = ("unet", "vae", "text_encoder")
"""Folders of a diffusers model that comfy/diffusers_load.py `load_diffusers` loads from."""
_WEIGHTS = (".safetensors", ".bin")


class Shelves:
    """The folders of one library, ready for asking which of them list a path."""

    def __init__(self, folders: Iterable[Folder]) -> None:
        every = tuple(folders)
        self.root = next((folder.path for folder in every if not folder.folder_key), "")
        self._rows: list[tuple[str, Folder, int]] = []
        count: dict[str, int] = {}
        for folder in every:
            if folder.folder_key:
                order = count.get(folder.folder_key, 0)
                count[folder.folder_key] = order + 1
                self._rows.append((folder.path.rstrip(os.sep) + os.sep, folder, order))

    def with_keys(self, keys: Iterable[str]) -> Shelves:
        """This inventory with a folder for each key that nobody lists, as its pack would make it below the models root."""
        listed = {folder.folder_key for _, folder, _ in self._rows}
        more = [
            Folder(
                key,
                os.path.join(self.root, *directory.split("/")),
                endings_of(key),
                "custom pack's folder",
                origin="pack",
            )
            for key in dict.fromkeys(map(canonical_key, keys))
            if key and key not in listed and self.root and ".." not in key
            for directory in directories_of(key)
        ]
        if not more:
            return self
        return Shelves(
            (Folder("", self.root, frozenset(), "models root"), *(f for _, f, _ in self._rows), *more)
        )

    def listings(self, path: str) -> Iterator[tuple[str, Folder | None, int, str]]:
        """(folder key, folder, order, name) for every folder that lists the path; the nearest guess if none does."""
        found = False
        for prefix, folder, order in self._rows:
            if path.startswith(prefix):
                found = True
                yield folder.folder_key, folder, order, _posix(path[len(prefix) :])
        if not found:
            key, name = self._beside(path)
            yield key, None, 0, name

    def folders_of(self, ref: ModelRef) -> Iterator[tuple[str, str]]:
        """(key, path with its separator) of every folder of a ref's keys."""
        keys = set(map(canonical_key, ref.folders))
        return ((folder.folder_key, prefix) for prefix, folder, _ in self._rows if folder.folder_key in keys)

    def paths_of(self, ref: ModelRef) -> Iterator[str]:
        """Where the very name of a ref would stand in each folder of its keys."""
        if "\0" not in ref.name and ".." not in _posix(ref.name).split("/"):
            for key, prefix in self.folders_of(ref):
                yield prefix + name_within(key, ref.name)

    def _beside(self, path: str) -> tuple[str, str]:
        """A folder nobody lists: its first directory below the models root serves as its key."""
        prefix = self.root.rstrip(os.sep) + os.sep
        if self.root and path.startswith(prefix):
            key, slash, name = _posix(path[len(prefix) :]).partition("/")
            return (key, name) if slash else ("", key)
        return "", os.path.basename(path)


def find_files(index: Index, shelves: Shelves, refs: Iterable[ModelRef]) -> tuple[LocalFile, ...]:
    """Every file and model directory that might answer these refs, sorted by path, as it lies on disk now."""
    refs = tuple(refs)
    stems = {stem for ref in refs for stem in stems_for(ref) if is_text(stem)}
    paths = {os.path.join(folder, name) for folder, name in index.files_with_stems(stems)}
    paths.update(path for ref in refs for digest in ref.digests for path in _by_hash(index, digest))
    paths.update(_searched(index, shelves, filter(is_searched, refs)))
    paths.update(_through_loops(index.loops(), shelves, refs))
    folders = set(index.directories_with_stems(stems))
    found = [file for path in paths for file in _files_at(index, shelves, path)]
    found += [file for path in folders for file in _directories_at(shelves, path)]
    return tuple(sorted(found, key=lambda file: (file.path, file.folder_key, file.order)))


def _searched(index: Index, shelves: Shelves, refs: Iterable[ModelRef]) -> Iterator[str]:
    """Files of the refs' folders that answer by a search, whatever their stems."""
    for ref in refs:
        for key, folder in shelves.folders_of(ref):
            for directory, name in index.files_below(folder.rstrip(os.sep)):
                path = os.path.join(directory, name)
                file = LocalFile(path, key, _posix(path[len(folder) :]), 0)
                if may_answer(ref, file, os.sep):
                    yield path


def _by_hash(index: Index, digest: Digest) -> tuple[str, ...]:
    kinds = {Algorithm.AUTOV2: "sha256"}
    return index.paths_with(kinds.get(digest.algorithm, str(digest.algorithm)), digest.value)


def _through_loops(loops: tuple[str, ...], shelves: Shelves, refs: tuple[ModelRef, ...]) -> Iterator[str]:
    """Files whose very name goes through a link in a circle, which was not walked: ComfyUI does list them."""
    for loop in loops:
        for ref in refs:
            for path in shelves.paths_of(ref):
                # a list has no `a//b` and no `a/./b`, though such a path leads to a file
                if (
                    path.startswith(loop + os.sep)
                    and path == os.path.normpath(path)
                    and os.path.lexists(path)
                ):
                    yield path


def _files_at(index: Index, shelves: Shelves, path: str) -> Iterator[LocalFile]:
    listings = [
        row for row in shelves.listings(path) if row[0] or row[1] or path.startswith(shelves.root + os.sep)
    ]
    if not listings:
        return  # a file of another library that shares this index
    try:
        found: os.stat_result | None = os.stat(path)
    except OSError:
        found = None
    if found is None and not os.path.islink(path):
        return  # gone since its directory was read
    if found is not None and not stat.S_ISREG(found.st_mode):
        return
    base, judgement = _looked_at(index, path, found)
    for key, folder, order, name in listings:
        yield replace(
            base,
            trouble=_in(key, judgement).trouble,
            hint=_in(key, judgement).hint,
            folder_key=key,
            name=name,
            order=order,
            listed=folder is not None and is_listed(name, folder.endings),
            visible=folder is None or folder.visible,
            fix=_fix(folder),
        )


def every_file(index: Index, shelves: Shelves, path: str) -> LocalFile | None:
    """The file at `path` by the best of its listings; None for what is no model file (previews, notes, sidecars)."""
    rows = list(shelves.listings(path))
    listed = [row for row in rows if row[1] is not None and is_listed(row[3], row[1].endings)]
    is_model = splitext(path)[1].lower() in _MODEL_FILES
    if not is_model and not any(row[1] and row[1].endings for row in listed):
        return None
    key, folder, order, name = min(listed or rows, key=_rank)
    try:
        found: os.stat_result | None = os.stat(path)
    except OSError:
        found = None
    base, judgement = _looked_at(index, path, found)
    return replace(
        base,
        trouble=_in(key, judgement).trouble,
        hint=_in(key, judgement).hint,
        folder_key=key,
        name=name,
        order=order,
        listed=bool(listed),
        visible=folder is None or folder.visible,
        fix=_fix(folder),
    )


def _rank(row: tuple[str, Folder | None, int, str]) -> tuple[bool, bool, int]:
    """The most telling listing: visible, of a key with endings of its own, in the deepest folder."""
    _, folder, _, name = row
    return folder is None or not folder.visible, folder is None or not folder.endings, len(name)


def _looked_at(index: Index, path: str, found: os.stat_result | None) -> tuple[LocalFile, Judgement]:
    """The file with all that is remembered of it, and the judgement on it, which is made once and then remembered too."""
    if found is None:
        return LocalFile(path, "", "", 0), Judgement(DANGLING, "the file it led to is gone: link it anew")
    facts = index.facts(path, found)
    digests = digests_among(facts)
    claimed = () if digests else claimed_digests(path)
    file = LocalFile(path, "", "", found.st_size, digests, claimed=claimed)
    return file, remembered(path, found, index, facts)


def _in(folder_key: str, judgement: Judgement) -> Judgement:
    """The judgement, as far as it counts in that folder."""
    return judgement if judgement.counts_in(folder_key) else SOUND


def digests_among(facts: Mapping[str, str]) -> tuple[Digest, ...]:
    """The digests among remembered facts, strongest first."""
    found = (Digest(Algorithm(fact), value) for fact, value in facts.items() if fact in _HASHES)
    return tuple(sorted(found, key=lambda digest: digest.strength))


def _directories_at(shelves: Shelves, path: str) -> Iterator[LocalFile]:
    """A directory that is a model itself: any below a pack's folder, with its marker below `diffusers`."""
    for key, folder, order, name in shelves.listings(path):
        if folder is None or not os.path.isdir(path):
            continue
        row = FOLDER_KEYS.get(key)
        listed = os.path.isfile(os.path.join(path, _MARKER)) if key == "diffusers" else not (row and row.core)
        trouble = _lacking(path, key) if listed or key in _PIECES else ""
        yield LocalFile(path, key, name, 0, (), listed, trouble, order, folder.visible, True)


def _lacking(path: str, key: str) -> str:
    """Which piece of a model that is a folder is not there, in words; empty for a whole one."""
    pieces = _PIECES.get(key, ())
    gone = next((piece for piece in pieces if not os.path.isfile(os.path.join(path, piece))), "")
    if key == "diffusers":
        gone = next(
            (f"{part}/ with weights" for part in _PARTS if not _has_weights(os.path.join(path, part))), ""
        )
    return f"incomplete: `{gone}` is not in the folder" if gone else ""


def _has_weights(folder: str) -> bool:
    try:
        return any(name.lower().endswith(_WEIGHTS) for name in os.listdir(folder))
    except OSError:
        return False


def _fix(folder: Folder | None) -> str:
    if folder is None or folder.visible:
        return ""
    return f"{folder.reason}: `{folder.path}`; add to the target's extra_model_paths.yaml: `{folder.fix}`"


def is_text(name: str) -> bool:
    """Whether a name can be written at all: a workflow may hold half a character, no file name does."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_listed(name: str, endings: frozenset[str]) -> bool:
    """Whether ComfyUI offers a file of that name in a folder with these endings. Source: `filter_files_extensions`."""
    return not endings or splitext(name)[1].lower() in endings


def keys_of(refs: Iterable[ModelRef]) -> set[str]:
    """Every folder key these refs speak of."""
    return {key for ref in refs for key in ref.folders}


def _posix(path: str) -> str:
    return path if os.sep == "/" else path.replace(os.sep, "/")
