"""What downloads that failed or were stopped left behind."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from wfdeps.fetch.staging import Leftover, leftovers_in, remove_leftover
from wfdeps.values import dataclass
from wfdeps.wiring.doors import Doors


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What lies in the staging folders."""

    removable: tuple[Leftover, ...]
    resumable: tuple[Leftover, ...]
    """Half-done downloads that a rerun resumes."""


def find_leftovers(doors: Doors, folders: Sequence[str] = (), *, parts: bool = False) -> Leftovers:
    """What is left in these folders, else in the model folders and the store. `parts`: half-done files are removable too."""
    folders = folders or _own_folders(doors)
    paths = sorted({os.path.abspath(folder) for folder in folders})
    leftovers = [leftover for path in paths for leftover in leftovers_in(path)]
    return Leftovers(
        tuple(leftover for leftover in leftovers if leftover.is_bad or parts),
        tuple(leftover for leftover in leftovers if not (leftover.is_bad or parts)),
    )


def remove_leftovers(leftovers: Iterable[Leftover]) -> tuple[Leftover, ...]:
    """Remove them; those that are gone now. What a download holds is left alone."""
    return tuple(leftover for leftover in leftovers if remove_leftover(leftover))


def _own_folders(doors: Doors) -> list[str]:
    store = doors.settings.store
    return [*(folder.path for folder in doors.library().folders()), *([store] if store else [])]
