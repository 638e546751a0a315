"""Which ComfyUI is meant, in each of the shapes people have it: a checkout, portable, Desktop, or a bare models folder.

`Roots` is what the person named, `SearchPaths` the directories it means; `search` makes the one from the other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

from wfdeps import TYPE_CHECKING
from wfdeps.disk.filesystem import working_folder
from wfdeps.domain.refs import Notice
from wfdeps.errors import ConfigError
from wfdeps.library.inventory import is_text
from wfdeps.patterns import pattern
from wfdeps.values import NamedTuple, dataclass, replace
from wfdeps.yaml_text import parse_yaml

if TYPE_CHECKING:
    from wfdeps.domain.files import Folder


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


EXTRA_YAML = "extra_model_paths.yaml"
DESKTOP_YAML = "extra_models_config.yaml"
_MISNAMED = pattern(r"(?i)extra_?models?_?paths?\.(ya?ml|ya?ml\.txt|txt)")
"""Windows hides `.txt` behind `.yaml`; ComfyUI's own example ends in `.yaml.example`, which nobody means to be read."""
_DESKTOP_HOMES = ("~/.config/ComfyUI", "~/Library/Application Support/ComfyUI", "~/AppData/Roaming/ComfyUI")
_COMFY_CLI_HOMES = (
    "~/.config/comfy-cli",
    "~/Library/Application Support/comfy-cli",
    "~/AppData/Local/comfy-cli",
)
_USUAL_HOMES = (
    "~/ComfyUI",
    "~/comfy/ComfyUI",
    "~/Documents/ComfyUI",
    "/workspace/ComfyUI",
    "/comfyui",
    "/ComfyUI",
)


_SIGNS = ("main.py", "folder_paths.py", "checkpoints", "custom_nodes", EXTRA_YAML)
"""Any of them, or a `models` folder, makes a folder a ComfyUI's."""


class Install(NamedTuple):
    models: str
    base: str = ""
    """Below which custom nodes and fonts stand; empty for a bare models folder."""
    output: str = ""
    extra_files: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


def find_install(roots: Roots, usual: tuple[str, ...] = ()) -> Install:
    extra = tuple(map(os.path.abspath, roots.extra_config))
    for path in extra:
        if not os.path.isfile(path):
            raise ConfigError(f"no file at `{path}`", hint="--extra-model-paths-config names a yaml file")
    if roots.models and not roots.comfyui:
        models = folder_or_new(roots.models)
        return Install(models, "", "", extra, _not_there_yet(models))
    if not (roots.comfyui or roots.base_directory or roots.models_directory):
        roots = replace(roots, comfyui=_usual_place(usual))
    elif not roots.comfyui and os.path.isfile("main.py"):
        # Whose options these are: its yaml is read, its output searched.
        roots = replace(roots, comfyui=os.getcwd())
    found = _from_comfyui(roots.comfyui) if roots.comfyui else Install("")
    base = os.path.abspath(roots.base_directory) if roots.base_directory else ""
    models = (
        roots.models_directory or roots.models or (os.path.join(base, "models") if base else found.models)
    )
    output = roots.output_directory or (os.path.join(base, "output") if base else found.output)
    return found._replace(
        models=folder_or_new(models),
        base=base or found.base,
        notices=(*found.notices, *_not_there_yet(folder_or_new(models))),
        output=os.path.abspath(output) if output else "",
        extra_files=(*found.extra_files, *extra),
    )


def _not_there_yet(models: str) -> tuple[Notice, ...]:
    """A models folder that a download would make: right on a new volume, else a typo."""
    return (
        () if os.path.isdir(models) else (Notice("no_models_folder", f"there is no folder `{models}` yet"),)
    )


def folder_or_new(path: str) -> str:
    path = os.path.abspath(path)
    if not is_text(path) or "\0" in path:
        raise ConfigError(f"`{path!a}` is no path that can be written down")
    if os.path.exists(path) and not os.path.isdir(path):
        raise ConfigError(f"`{path}` is a file, not a models folder")
    return path


def _usual_place(usual: tuple[str, ...]) -> str:
    for place in chain(
        filter(None, (*usual, working_folder())), _comfy_cli_places(), map(os.path.expanduser, _USUAL_HOMES)
    ):
        if os.path.isdir(os.path.join(place, "models")):
            return place
    raise ConfigError(
        "no ComfyUI folder was named and none stands in a usual place",
        hint="pass --comfyui DIR (or --models DIR), or set COMFYUI_PATH",
    )


def _comfy_cli_places() -> Iterator[str]:
    """The workspaces comfy-cli was told of, its default first (its `constants.py`: a config.ini, section DEFAULT)."""
    for home in _COMFY_CLI_HOMES:
        path = os.path.join(os.path.expanduser(home), "config.ini")
        if os.path.isfile(path):
            from configparser import ConfigParser, Error  # most people have none, and check is to be quick

            config = ConfigParser(interpolation=None)
            with suppress(Error, UnicodeDecodeError):
                config.read(path, encoding="utf-8")
            for key in ("default_workspace", "recent_workspace"):
                yield from filter(None, [config.defaults().get(key)])


def _from_comfyui(named: str) -> Install:
    """What a ComfyUI folder holds, in each of the shapes people have it."""
    path = os.path.abspath(named)
    if not os.path.isdir(path):
        raise ConfigError(
            f"no folder at `{path}`", hint="--comfyui names the folder that holds main.py and models"
        )
    if os.path.isfile(os.path.join(path, DESKTOP_YAML)):
        return _from_desktop(os.path.join(path, DESKTOP_YAML))
    has_models = os.path.isdir(os.path.join(path, "models"))
    inner = os.path.join(path, "ComfyUI")
    if not has_models and os.path.isdir(os.path.join(inner, "models")):
        return _plain(inner, Notice("portable_layout", f"`{inner}` is the ComfyUI folder inside `{path}`"))
    if not has_models and not any(os.path.exists(os.path.join(path, name)) for name in _SIGNS):
        raise ConfigError(
            f"no ComfyUI in `{path}`", hint="--comfyui names the folder that holds main.py and models"
        )
    if not has_models and os.path.isdir(os.path.join(path, "checkpoints")):
        return Install(
            path, "", "", (), (Notice("models_folder_named", f"`{path}` is itself a models folder"),)
        )
    return _plain(path)


def _plain(path: str, *notices: Notice) -> Install:
    # ComfyUI finds itself by the real path of its own files, so a linked main.py means another folder.
    code = os.path.join(path, "folder_paths.py")
    base = os.path.dirname(os.path.realpath(code)) if os.path.isfile(code) else path
    own = os.path.join(base, EXTRA_YAML)
    extra = [own] if os.path.isfile(own) else []
    if not extra:
        notices = (*notices, *_misnamed_yaml(base))
    if not os.path.isfile(code):
        extra += _desktop_yaml_for(base)
    return _based(base, tuple(extra), notices)


def _misnamed_yaml(base: str) -> Iterator[Notice]:
    """Files that were meant to be `extra_model_paths.yaml`, where there is none: ComfyUI looks for that very name."""
    try:
        names = sorted(os.listdir(base))
    except OSError:
        return
    for name in names:
        if _MISNAMED().fullmatch(name):
            message = f"`{os.path.join(base, name)}` is not read by ComfyUI: rename it to `{EXTRA_YAML}`"
            yield Notice("extra_paths_misnamed", message)


def _based(base: str, extra_files: tuple[str, ...], notices: tuple[Notice, ...] = ()) -> Install:
    return Install(os.path.join(base, "models"), base, os.path.join(base, "output"), extra_files, notices)


def _from_desktop(yaml_path: str) -> Install:
    """ComfyUI Desktop keeps its code elsewhere; its yaml names the person's folder."""
    base = _desktop_base(yaml_path)
    if not base:
        raise ConfigError(
            f"`{yaml_path}` names no base_path", hint="pass the folder that holds models instead"
        )
    return _based(base, (yaml_path,))


def _desktop_yaml_for(base: str) -> list[str]:
    """Desktop's yaml, if it is this folder's."""
    paths = (os.path.join(os.path.expanduser(home), DESKTOP_YAML) for home in _DESKTOP_HOMES)
    return [path for path in paths if os.path.isfile(path) and _desktop_base(path) == os.path.realpath(base)]


def _desktop_base(yaml_path: str) -> str:
    try:
        with open(yaml_path, encoding="utf-8") as file:
            document = parse_yaml(file.read())
    except (OSError, ValueError):
        return ""
    sections = document.values() if isinstance(document, dict) else ()
    bases = (section.get("base_path") for section in sections if isinstance(section, dict))
    base = next((base for base in bases if isinstance(base, str) and base), "")
    return os.path.realpath(os.path.expandvars(os.path.expanduser(base))) if base else ""
