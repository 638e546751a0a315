"""The person's files: what lies in the model folders, as far as a question needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wfdeps.domain.digests import Digest

Origin = Literal["models", "extra", "output", "pack"]
"""Who made ComfyUI search a folder: its models root, an extra_model_paths.yaml, its output folder, a custom pack."""


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

    @property
    def basename(self) -> str:
        return self.name.rpartition("/")[2]


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


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the library holds that might answer the refs it was asked for; not the whole library."""

    separator: str
    """`/` or `\\`: how ComfyUI on the target spells names."""
    files: tuple[LocalFile, ...]
    """Sorted by path. A file that two keys list appears once for each."""
