"""The folders that ComfyUI searches, and the names it offers from them."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.domain.files import Folder
from wfdeps.domain.folders import ALIASES, LEGACY, WITHOUT_MODELS, canonical_key
from wfdeps.domain.listings import SearchedFolder
from wfdeps.errors import UsageError, did_you_mean
from wfdeps.library import LocalLibrary
from wfdeps.planning.layout import receiving_folder


def searched_folders(library: LocalLibrary) -> tuple[SearchedFolder, ...]:
    """Every directory that is searched, in ComfyUI's order within a key; it may not exist."""
    folders = [folder for folder in (*library.folders(), *library.without_models) if folder.folder_key]
    return tuple(SearchedFolder(folder, _receives(folder, library)) for folder in folders)


def names_offered(keys: Sequence[str], library: LocalLibrary) -> dict[str, tuple[str, ...]]:
    """Folder key → the names ComfyUI offers: for these keys, else for each that holds models."""
    with_models = {folder.folder_key for folder in library.folders() if folder.folder_key}
    return {key: library.listing(key) for key in keys or sorted(with_models)}


def current_key(key: str, folders: Sequence[SearchedFolder]) -> str:
    """The folder key as ComfyUI calls it now. Raises UsageError for one that it does not search."""
    known = sorted({searched.folder.folder_key for searched in folders})
    if (now := LEGACY.get(key, key)) in known:
        return now
    alias = f"its files stand in `{ALIASES[key]}`" if key in ALIASES else None
    raise UsageError(
        f"no folder key `{key}`", hint=alias or did_you_mean(key, known) or "`wfdeps paths --all` lists them"
    )


def _receives(folder: Folder, library: LocalLibrary) -> bool:
    receiving = receiving_folder(canonical_key(folder.folder_key), library.folders())
    return folder.folder_key not in WITHOUT_MODELS and receiving is not None and receiving.path == folder.path
