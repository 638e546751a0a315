"""A target's volume, looked at from here: what that machine's ComfyUI would search, and what it would miss."""

from __future__ import annotations

import os
from collections.abc import Iterable

from wfdeps.domain.files import Folder
from wfdeps.domain.folders import FOLDER_KEYS
from wfdeps.domain.refs import Notice
from wfdeps.errors import ConfigError
from wfdeps.library.install import Roots, SearchPaths, folder_or_new
from wfdeps.library.table import FolderTable
from wfdeps.library.targets import Profile


def on_volume(roots: Roots, profile: Profile) -> SearchPaths:
    """The volume's folders that the target searches, and, as blind spots, those it does not."""
    here = _volume_here(roots, profile)
    table = FolderTable()
    outside: list[Notice] = list(profile.extra.notices) if profile.extra else []
    for entry in profile.extra.entries if profile.extra else ():
        local = _mapped(entry.path, profile.volume, here)
        if local is None:
            outside.append(
                Notice("target_outside_volume", f"`{entry.path}` is not on the volume, so it is not checked")
            )
            continue
        table.add_entry(entry, local, f"{profile.name} [{entry.section}]")
    same_name = os.path.basename(here) == profile.volume.rpartition("/")[2]
    if os.path.isfile(os.path.join(here, "main.py")) and not same_name:
        outside.append(
            Notice(
                "comfyui_as_volume",
                f"`{here}` is a ComfyUI, taken for the top of the volume: {profile.name} reads `{profile.volume}/"
                f"{profile.models}`; if the volume begins above it, name that folder",
            )
        )
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
        models = folder_or_new(models)
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
