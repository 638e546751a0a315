"""What the person named (a ComfyUI folder, a models folder, options, a target) → the directories ComfyUI searches.

Source: ComfyUI `folder_paths.py` and `main.py`: the models root first, then every extra_model_paths.yaml in order,
then five folders below `output`; custom packs add theirs last.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from wfdeps.domain.files import Folder, Origin
from wfdeps.domain.folders import ANY_ENDING, FOLDER_KEYS, LEGACY
from wfdeps.domain.refs import Notice
from wfdeps.errors import ConfigError
from wfdeps.library.extra_paths import ExtraPaths, read_extra_paths
from wfdeps.library.inventory import is_text
from wfdeps.library.targets import Profile, read_profile
from wfdeps.values import dataclass, replace

EXTRA_YAML = "extra_model_paths.yaml"
DESKTOP_YAML = "extra_models_config.yaml"
_OUTPUT = (
    ("checkpoints", "checkpoints"),
    ("text_encoders", "clip"),
    ("vae", "vae"),
    ("diffusion_models", "diffusion_models"),
    ("loras", "loras"),
)
_SKIPPED = frozenset({"custom_nodes", "download_model_base", "datasets", "fonts"})
_DESKTOP_HOMES = ("~/.config/ComfyUI", "~/Library/Application Support/ComfyUI", "~/AppData/Roaming/ComfyUI")
_USUAL_HOMES = (
    "~/ComfyUI",
    "~/comfy/ComfyUI",
    "~/Documents/ComfyUI",
    "/workspace/ComfyUI",
    "/comfyui",
    "/ComfyUI",
)

ReadExtra = Callable[[str], ExtraPaths]


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


@dataclass(frozen=True, slots=True)
class SearchPaths:
    """Every directory that is searched, in ComfyUI's order within a key, and what was odd on the way."""

    folders: tuple[Folder, ...]
    models_root: str
    """Below which folders of keys nobody lists are made."""
    separator: str
    notices: tuple[Notice, ...] = ()


def search_paths(roots: Roots, read_extra: ReadExtra = read_extra_paths) -> SearchPaths:
    """Where this ComfyUI, or that target's, searches. Raises ConfigError.

    `read_extra` reads one extra_model_paths.yaml; a caller that remembers what it says passes its own.
    """
    profile = read_profile(roots.target)
    if profile.is_partial:
        return _on_volume(roots, profile)
    install = _find_install(roots, profile)
    extras = tuple(map(read_extra, install.extra_files))
    table = _Table()
    table.add_core(install.models)
    for extra in extras:
        table.add_extra(extra)
    if install.output:
        for key, name in _OUTPUT:
            table.add(key, os.path.join(install.output, name), "output folder", "output")
    table.add_packs(install.models)
    notices = (*install.notices, *(notice for extra in extras for notice in extra.notices))
    return SearchPaths(table.folders(install.models), install.models, profile.separator, notices)


# ── which ComfyUI ───────────────────────────────────────────────────────────────────────────────────


class _Install(NamedTuple):
    models: str
    output: str = ""
    extra_files: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


def _find_install(roots: Roots, profile: Profile) -> _Install:
    extra = tuple(map(os.path.abspath, roots.extra_config))
    for path in extra:
        if not os.path.isfile(path):
            raise ConfigError(f"no file at `{path}`", hint="--extra-model-paths-config names a yaml file")
    if roots.models and not roots.comfyui:
        return _Install(_folder_or_new(roots.models), "", extra)
    if not (roots.comfyui or roots.base_directory or roots.models_directory):
        roots = replace(roots, comfyui=_usual_place(profile))
    found = _from_comfyui(roots.comfyui) if roots.comfyui else _Install("")
    base = os.path.abspath(roots.base_directory) if roots.base_directory else ""
    models = (
        roots.models_directory or roots.models or (os.path.join(base, "models") if base else found.models)
    )
    output = roots.output_directory or (os.path.join(base, "output") if base else found.output)
    return found._replace(
        models=_folder_or_new(models),
        output=os.path.abspath(output) if output else "",
        extra_files=(*found.extra_files, *extra),
    )


def _folder_or_new(path: str) -> str:
    path = os.path.abspath(path)
    if not is_text(path) or "\0" in path:
        raise ConfigError(f"`{path!a}` is no path that can be written down")
    if os.path.exists(path) and not os.path.isdir(path):
        raise ConfigError(f"`{path}` is a file, not a models folder")
    return path


def _usual_place(profile: Profile) -> str:
    places = (*profile.usual, os.getcwd(), *map(os.path.expanduser, _USUAL_HOMES))
    for place in places:
        if os.path.isdir(os.path.join(place, "models")):
            return place
    raise ConfigError(
        "no ComfyUI folder was named and none stands in a usual place",
        hint="pass --comfyui DIR (or --models DIR), or set COMFYUI_PATH",
    )


def _from_comfyui(named: str) -> _Install:
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
    if not has_models and os.path.isdir(os.path.join(path, "checkpoints")):
        return _Install(path, "", (), (Notice("models_folder_named", f"`{path}` is itself a models folder"),))
    return _plain(path)


def _plain(path: str, *notices: Notice) -> _Install:
    # ComfyUI finds itself by the real path of its own files, so a linked main.py means another folder.
    code = os.path.join(path, "folder_paths.py")
    base = os.path.dirname(os.path.realpath(code)) if os.path.isfile(code) else path
    own = os.path.join(base, EXTRA_YAML)
    extra = [own] if os.path.isfile(own) else []
    if not os.path.isfile(code):
        extra += _desktop_yaml_for(base)
    return _Install(os.path.join(base, "models"), os.path.join(base, "output"), tuple(extra), notices)


def _from_desktop(yaml_path: str) -> _Install:
    """ComfyUI Desktop keeps its code elsewhere; its yaml names the person's folder."""
    base = _desktop_base(yaml_path)
    if not base:
        raise ConfigError(
            f"`{yaml_path}` names no base_path", hint="pass the folder that holds models instead"
        )
    return _Install(os.path.join(base, "models"), os.path.join(base, "output"), (yaml_path,))


def _desktop_yaml_for(base: str) -> list[str]:
    """Desktop's yaml, if it is this folder's."""
    paths = (os.path.join(os.path.expanduser(home), DESKTOP_YAML) for home in _DESKTOP_HOMES)
    return [path for path in paths if os.path.isfile(path) and _desktop_base(path) == os.path.realpath(base)]


def _desktop_base(yaml_path: str) -> str:
    import yaml

    try:
        with open(yaml_path, encoding="utf-8") as file:
            document = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return ""
    sections = document.values() if isinstance(document, dict) else ()
    bases = (section.get("base_path") for section in sections if isinstance(section, dict))
    base = next((base for base in bases if isinstance(base, str) and base), "")
    return os.path.realpath(os.path.expandvars(os.path.expanduser(base))) if base else ""


# ── ComfyUI's own table ─────────────────────────────────────────────────────────────────────────────


class _Table:
    """`folder_names_and_paths`, filled in ComfyUI's order."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Folder]] = {}

    def add(self, key: str, path: str, reason: str, origin: Origin, *, is_default: bool = False) -> None:
        """`add_model_folder_path`: at the end, or in front; a path that is there moves only to the front."""
        row = FOLDER_KEYS.get(key)
        rows = self._rows.setdefault(key, [])
        there = next((folder for folder in rows if folder.path == path), None)
        if there and not is_default:
            return
        endings = row.endings if row else ANY_ENDING
        folder = Folder(key, path, endings, reason, is_default, origin, os.path.isdir(path))
        if there:
            rows.remove(there)
        rows.insert(0 if is_default else len(rows), folder)

    def add_core(self, models: str) -> None:
        for row in FOLDER_KEYS.values():
            if row.core:
                for directory in row.directories:
                    self.add(row.key, os.path.join(models, *directory.split("/")), "models root", "models")

    def add_packs(self, models: str) -> None:
        for row in FOLDER_KEYS.values():
            if not row.core:
                for directory in row.directories:
                    self.add(
                        row.key, os.path.join(models, *directory.split("/")), "custom pack's folder", "pack"
                    )

    def add_extra(self, extra: ExtraPaths) -> None:
        for entry in extra.entries:
            if entry.key not in _SKIPPED:
                reason = f"{os.path.basename(extra.file)} [{entry.section}]"
                self.add(
                    LEGACY.get(entry.key, entry.key), entry.path, reason, "extra", is_default=entry.is_default
                )

    def folders(self, models: str) -> tuple[Folder, ...]:
        """All rows, each knowing whether its directory exists; the models root itself first, under no key."""
        root = Folder("", models, ANY_ENDING, "models root", exists=os.path.isdir(models))
        return (root, *(folder for rows in self._rows.values() for folder in rows))


# ── a target's volume, looked at from here ──────────────────────────────────────────────────────────


def _on_volume(roots: Roots, profile: Profile) -> SearchPaths:
    """The volume's folders that the target searches, and, as blind spots, those it does not."""
    here = _volume_here(roots, profile)
    table = _Table()
    outside: list[Notice] = list(profile.extra.notices) if profile.extra else []
    for entry in profile.extra.entries if profile.extra else ():
        if entry.key in _SKIPPED:
            continue
        local = _mapped(entry.path, profile.volume, here)
        if local is None:
            outside.append(
                Notice("target_outside_volume", f"`{entry.path}` is not on the volume, so it is not checked")
            )
            continue
        reason = f"{profile.name} [{entry.section}]"
        table.add(LEGACY.get(entry.key, entry.key), local, reason, "extra", is_default=entry.is_default)
    models = os.path.join(here, *profile.models.split("/"))
    seen = table.folders(models)
    return SearchPaths(
        (*seen, *_blind_spots(seen, models, profile)), models, profile.separator, tuple(outside)
    )


def _blind_spots(seen: tuple[Folder, ...], models: str, profile: Profile) -> Iterable[Folder]:
    searched = {(folder.folder_key, folder.path) for folder in seen}
    for row in FOLDER_KEYS.values():
        for directory in row.directories:
            path = os.path.join(models, *directory.split("/"))
            if (row.key, path) not in searched:
                reason = f"{profile.name} does not search it"
                fix = f"{row.key}: {profile.models}/{directory}"
                yield Folder(
                    row.key, path, row.endings, reason, False, "models", os.path.isdir(path), False, fix
                )


def _volume_here(roots: Roots, profile: Profile) -> str:
    """Where the target's volume can be seen from this machine."""
    models = roots.models_directory or roots.models
    if models:
        models = _folder_or_new(models)
        below = profile.models.replace("/", os.sep)
        return models[: -len(below)].rstrip(os.sep) or os.sep if models.endswith(os.sep + below) else models
    named = roots.base_directory or roots.comfyui
    if named:
        if not os.path.isdir(named):
            raise ConfigError(f"no folder at `{os.path.abspath(named)}`")
        return os.path.abspath(named)
    if os.path.isdir(profile.volume):
        return profile.volume
    raise ConfigError(
        f"target `{profile.name}` keeps its models on a volume that is not mounted here",
        hint="pass --models DIR, the volume's models folder as this machine sees it",
    )


def _mapped(path: str, volume: str, here: str) -> str | None:
    """A path on the target, as seen from here; None where it is not on the volume."""
    path = path.replace("\\", "/")
    if path != volume and not path.startswith(volume + "/"):
        return None
    return os.path.normpath(os.path.join(here, *path[len(volume) :].strip("/").split("/")))
