"""Roots → the directories that are searched, in ComfyUI's order within a key.

Source: ComfyUI `folder_paths.py` and `main.py`: the models root first, then every extra_model_paths.yaml in order,
then five folders below `output`; custom packs add theirs last.
"""

from __future__ import annotations

import os

from wfdeps import TYPE_CHECKING
from wfdeps.library.absence import unmounted_points
from wfdeps.library.install import Roots, SearchPaths, find_install
from wfdeps.library.table import FolderTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from wfdeps.library.extra_paths import ExtraPaths

    ReadExtra = Callable[[str], ExtraPaths]


def search_paths(roots: Roots, read_extra: ReadExtra | None = None) -> SearchPaths:
    """Where this ComfyUI, or that target's, searches. Raises ConfigError.

    `read_extra` reads one extra_model_paths.yaml; a caller that remembers what it says passes its own.
    """
    if not roots.target or roots.target == "local":
        return _searched(roots, os.sep, (), read_extra)
    # Only those who judge for another machine pay for knowing other machines.
    from wfdeps.library.targets import read_profile
    from wfdeps.library.volumes import on_volume

    profile = read_profile(roots.target)
    if profile.is_partial:
        return on_volume(roots, profile)
    return _searched(roots, profile.separator, profile.usual, read_extra)


def _searched(
    roots: Roots, separator: str, usual: tuple[str, ...], read_extra: ReadExtra | None
) -> SearchPaths:
    install = find_install(roots, usual)
    extras: tuple[ExtraPaths, ...] = ()
    if install.extra_files:
        from wfdeps.library.extra_paths import read_extra_paths  # most installs have no such file

        extras = tuple(map(read_extra or read_extra_paths, install.extra_files))
    table = FolderTable(unmounted_points(), may_make=roots.make_folders)
    table.add_core(install.models)
    if install.base:
        table.add_base(install.base)
    for extra in extras:
        table.add_extra(extra)
    if install.output:
        table.add_output(install.output)
    table.add_packs(install.models, install.base)
    folders = table.folders(install.models)
    notices = (
        *install.notices,
        *(notice for extra in extras for notice in extra.notices),
        *table.notices,
    )
    return SearchPaths(folders, install.models, separator, notices, table.without_models(), install.base)
