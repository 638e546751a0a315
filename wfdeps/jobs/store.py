"""The folder that keeps files by their SHA-256: what no tree uses, and what is not what its name says."""

from __future__ import annotations

import os
from collections.abc import Sequence

from wfdeps.domain.listings import StoredFile
from wfdeps.errors import UsageError
from wfdeps.library.store import Store
from wfdeps.values import dataclass
from wfdeps.wiring.settings import Settings


def open_store(settings: Settings) -> Store:
    """The store that the settings name. Raises UsageError where they name none, or no folder is there."""
    folder = settings.store
    if not folder:
        raise UsageError("no store was named", hint="pass --store DIR")
    if not os.path.isdir(folder):
        raise UsageError(f"no store at `{folder}`")
    return Store(folder)


def collect_unused(store: Store, trees: Sequence[str]) -> tuple[StoredFile, ...]:
    """Remove what no tree links to; `trees` are further folders that link here.

    Raises UsageError where a tree that linked here cannot be seen now: what it uses must not look unused.
    """
    unseen = store.trees.unseen()
    if unseen:
        notes = ", ".join(f"`{store.trees.note_of(tree)}`" for tree in unseen)
        raise UsageError(
            "not every tree that links to this store can be seen",
            hint=f"mount them; or, where one is gone for good, remove {notes}",
        )
    return store.collect(trees)


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file of the store whose bytes are not what its name says."""

    stored: StoredFile
    names: tuple[str, ...]
    """Where trees have the same bad bytes."""


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """What reading every file of a store found."""

    read: int
    bad: tuple[BadFile, ...]


def verify_store(store: Store, trees: Sequence[str], *, remove: bool) -> StoreCheck:
    """Read every file. `remove`: take bad ones out of the store; what trees have of them stays."""
    files = tuple(store.files())
    all_trees = (*store.trees.paths(), *trees)
    bad = tuple(BadFile(file, store.names_of(file, all_trees)) for file in files if not store.is_sound(file))
    if remove:
        for one in bad:
            store.remove(one.stored)
    return StoreCheck(len(files), bad)
