"""What the person named, and the directories it means: the two values between which `search` stands."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.files import Folder
    from wfdeps.domain.refs import Notice


@dataclass(frozen=True, slots=True)
class Roots:
    """What the person named; paths may be relative to the working folder."""

    comfyui: str | None = None
    """The folder with `main.py`; a portable or Desktop folder is understood too."""
    models: str | None = None
    """A bare models folder, without a ComfyUI around it."""
    base_directory: str | None = None
    models_directory: str | None = None
    output_directory: str | None = None
    extra_config: tuple[str, ...] = ()
    target: str | None = None
    make_folders: bool = False
    """A configured folder whose base is not there may be made: the person knows that no share is missing."""


@dataclass(frozen=True, slots=True)
class SearchPaths:
    """Every directory that is searched, in ComfyUI's order within a key, and what was odd on the way."""

    folders: tuple[Folder, ...]
    models_root: str
    """Below which folders of keys nobody lists are made."""
    separator: str
    notices: tuple[Notice, ...] = ()
    without_models: tuple[Folder, ...] = ()
    """Those of keys under which no loader reads a model (custom nodes, fonts): shown, never searched."""
    base: str = ""
    """Below which ComfyUI's code, `custom_nodes` and `input` stand; empty for a bare models folder."""
