"""What downloads that failed, or were stopped, left in a folder's staging: listed, and removed when nobody has it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from wfdeps.disk import is_regular, remove_quietly
from wfdeps.fetch.leases import Lease
from wfdeps.fetch.staging import BAD, FOLDER, PART, Slot
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class Leftover:
    """One file of a staging folder. `is_bad`: whole, and not the file that was wanted; else half of one."""

    slot: Slot
    path: str
    size: int
    is_bad: bool
    what: str
    """For the person: what it is, or was to be."""


def leftovers_in(folder: str) -> Iterator[Leftover]:
    """What downloads into this folder left, by name. Links and files of others are passed over."""
    staging = os.path.join(folder, FOLDER)
    try:
        names = [] if os.path.islink(staging) else sorted(os.listdir(staging))
    except OSError:
        return
    for name in names:
        path = os.path.join(staging, name)
        key, ending = os.path.splitext(name)
        if ending in (PART, BAD) and is_regular(path):
            slot = Slot(staging, key)
            bad = ending == BAD
            yield Leftover(slot, path, os.lstat(path).st_size, bad, _evidence(path) if bad else "half done")


def remove(leftover: Leftover) -> bool:
    """Whether it is gone now: not while a download holds it."""
    lease = Lease(leftover.slot.lease)
    if not lease.take_now():
        return False
    try:
        if leftover.is_bad:
            leftover.slot.drop_evidence()
        else:
            remove_quietly(leftover.slot.part)
        leftover.slot.tidy()
    finally:
        lease.give_back()
    leftover.slot.tidy_folder()
    return not os.path.lexists(leftover.path)


def _evidence(path: str) -> str:
    """The wanted name and both hashes, as they were noted."""
    try:
        with open(f"{path}.json", encoding="utf-8") as file:
            note = json.load(file)
        last = note["tries"][-1]
        return f"not {note['wanted']}: {last['algorithm']} {last['actual']} instead of {last['expected']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "set aside"
