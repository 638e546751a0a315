"""The person's files: what lies in the model folders, as far as a question needs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import normalize

from wfdeps import TYPE_CHECKING
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.values import dataclass, field, replace

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

Origin: TypeAlias = 'Literal["models", "base", "extra", "output", "pack"]'
"""Who made ComfyUI search a folder: its models root, its base directory, an extra_model_paths.yaml, its output folder, a custom pack."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file below a model folder."""

    path: str
    """Absolute."""
    folder_key: str
    """The canonical key under which ComfyUI would list it; empty where it lies outside every key."""
    name: str
    """Relative to its folder, with `/`: what a loader's list shows on this system, separators aside."""
    size: int
    digests: tuple[Digest, ...] = ()
    """Those known without reading the file again."""
    listed: bool = True
    """Whether ComfyUI offers it in that folder's list (its ending belongs there)."""
    trouble: str = ""
    """Why it cannot be loaded: `empty`, `lfs pointer`, `html page`, `truncated: …`; empty when it can."""

    order: int = 0
    """The place of its folder in ComfyUI's search order for that key; of equal names the lowest is loaded."""
    visible: bool = True
    """Whether the target's ComfyUI looks into its folder; false only for a target profile's blind spots."""
    is_directory: bool = False
    """A model that is a folder (diffusers, many language models), not a file."""
    fix: str = ""
    """For a file in a blind spot: what makes its folder visible to the target."""
    claimed: tuple[Digest, ...] = ()
    """What a sidecar beside it says: good for finding it, never proof against it."""
    hint: str = ""
    """What to do about its trouble, other than to fetch it again."""

    @property
    def basename(self) -> str:
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a configured folder is not there: its share is not mounted, its link leads nowhere, its base is missing."""

    code: str
    """As of a Notice."""
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One directory that ComfyUI searches for a folder key."""

    folder_key: str
    """Empty for the models root itself, below which folders of keys nobody lists are made."""
    path: str
    """Absolute."""
    endings: frozenset[str]
    reason: str
    """Where it comes from: `models root`, `extra_model_paths.yaml [comfyui]`, `output folder` …"""
    is_default: bool = False
    origin: Origin = "models"
    exists: bool = True
    visible: bool = True
    """Whether the target's ComfyUI searches it; a profile's blind spots are listed too, to be warned about."""
    fix: str = ""
    """For a blind spot: the line of extra_model_paths.yaml that would show it to the target."""
    absent: Absence | None = None
    """Why it must not be made though it is not there; None where it is there or may be made."""


def fold(name: str) -> str:
    """Equal for names that a careless person, or a case-blind file system, takes for one."""
    if name.isascii():
        return name.lower()
    return normalize("NFC", normalize("NFC", name).casefold())


def base_name(name: str) -> str:
    """The part of a name behind its last separator, a slash or a backslash: workflows carry both."""
    return name.replace("\\", "/").rpartition("/")[2]


def split_ending(name: str) -> tuple[str, str]:
    """`a/b.tar.gz` → (`a/b.tar`, `.gz`); dots in front are no ending. What ComfyUI's `os.path.splitext` says."""
    base = name.rpartition("/")[2]
    dot = base.rfind(".")
    if dot <= 0 or not base[:dot].strip("."):
        return name, ""
    return name[: len(name) - len(base) + dot], base[dot:]


def folded_stem(basename: str) -> str:
    """The folded name without its last ending."""
    return fold(split_ending(basename)[0])


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the library holds that might answer the refs it was asked for; not the whole library."""

    separator: str
    """`/` or `\\`: how ComfyUI on the target spells names."""
    files: tuple[LocalFile, ...]
    """Sorted by path. A file that two keys list appears once for each."""
    _found: dict[object, Sequence[LocalFile]] = field(default_factory=dict, repr=False, compare=False)
    """The table that answers `like`, and under `files` those it was made from."""

    def knowing(self, read: Iterable[LocalFile]) -> Inventory:
        """This inventory with these files in it; their digests replace those of the file at the same path."""
        known = {file.path: file for file in read}
        here = {file.path for file in self.files}
        files = [
            replace(file, digests=known[file.path].digests) if file.path in known else file
            for file in self.files
        ]
        files += (file for path, file in known.items() if path not in here)
        return Inventory(
            self.separator, tuple(sorted(files, key=lambda file: (file.path, file.folder_key, file.order)))
        )

    def like(self, stems: Iterable[str], digests: Iterable[Digest] = ()) -> tuple[LocalFile, ...]:
        """The files, each once, whose name has one of these folded stems, or that have or claim one of these digests."""
        if self._found.get("files") is not self.files:
            self._found.clear()
            self._found.update(_table(self.files))
        keys = (*(("stem", stem) for stem in stems), *digests)
        rows = [row for key in keys for row in self._found.get(key, ())]
        return tuple({id(row): row for row in rows}.values()) if len(rows) > 1 else tuple(rows)


def _table(files: tuple[LocalFile, ...]) -> dict[object, Sequence[LocalFile]]:
    """Files by stem and by digest: a thousand refs ask, so all files are gone through once."""
    tables: dict[object, list[LocalFile]] = {}
    for file in files:
        keys: set[object] = {("stem", folded_stem(file.basename)), ("stem", fold(file.basename))}
        for digest in (*file.digests, *file.claimed):
            keys.add(digest)
            if digest.algorithm is Algorithm.SHA256:
                keys.add(Digest(Algorithm.AUTOV2, digest.value[:10]))
        for key in keys:
            tables.setdefault(key, []).append(file)
    return {**tables, "files": files}
