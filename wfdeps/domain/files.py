"""The person's files: what lies in the model folders, as far as a question needs it."""

from __future__ import annotations

from dataclasses import dataclass

from wfdeps.domain.digests import Digest


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
    """Why it cannot be a model: `empty`, `lfs pointer`, `html page`, `truncated: …`; empty when it can."""

    @property
    def basename(self) -> str:
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Folder:
    """One directory that ComfyUI searches for a folder key."""

    folder_key: str
    path: str
    """Absolute."""
    endings: frozenset[str]
    reason: str
    """Where it comes from: `models root`, `extra_model_paths.yaml [comfyui]`, `output folder` …"""
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the library holds that might answer the refs it was asked for; not the whole library."""

    separator: str
    """`/` or `\\`: how ComfyUI on the target spells names."""
    files: tuple[LocalFile, ...]
    """Sorted by path. A file that two keys list appears once for each."""
