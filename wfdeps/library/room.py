"""What speaks against a plan before its first byte: too little space, a read-only folder, a file system's limits."""

from __future__ import annotations

import os

from wfdeps import disk
from wfdeps.domain.plans import Download, Link, Plan, Target
from wfdeps.report.sizes import count_text, size_text
from wfdeps.values import dataclass, field

MARGIN = 64 << 20
"""Left free on every file system: a full disk breaks other programs before it breaks us."""
_SMALL_FILES_ONLY = {"vfat": (4 << 30) - 1, "msdos": (4 << 30) - 1, "fat": (4 << 30) - 1}


@dataclass(slots=True)
class _Need:
    """What one file system is asked to hold."""

    place: str
    size: int = 0
    names: list[str] = field(default_factory=list)


def room_for(plan: Plan) -> tuple[str, ...]:
    """One sentence for each thing that stands in the way, sorted; empty when nothing does."""
    problems: set[str] = set()
    needs: dict[int, _Need] = {}
    for step in plan.steps:
        if not isinstance(step, (Download, Link)):
            continue
        folder = _folder_of(step.target)
        problems.update(_permission(folder))
        size = _size_of(step)
        problems.update(_largest_file(folder, step.target.name, size))
        need = needs.setdefault(disk.device_of(folder), _Need(folder))
        need.size += size
        need.names.append(step.target.name)
    problems.update(_shortage(need) for need in needs.values() if _shortage(need))
    return tuple(sorted(problems))


def _folder_of(target: Target) -> str:
    return os.path.dirname(os.path.join(target.root, *target.name.split("/")))


def _size_of(step: Download | Link) -> int:
    """New bytes: a link inside one file system costs none."""
    if isinstance(step, Download):
        return step.size or 0
    return 0 if disk.same_filesystem(step.file.path, step.target.root) else step.file.size


def _permission(folder: str) -> tuple[str, ...]:
    place = disk.existing_ancestor(folder)
    if disk.is_writable(place):
        return ()
    return (f"`{place}` cannot be written (read-only, or no permission)",)


def _largest_file(folder: str, name: str, size: int) -> tuple[str, ...]:
    limit = _SMALL_FILES_ONLY.get(disk.filesystem_of(folder).type) if size > 1 << 30 else None
    if limit is None or size <= limit:
        return ()
    return (f"`{name}` has {size_text(size)}, and FAT32 under `{folder}` stores 4 GiB at most",)


def _shortage(need: _Need) -> str:
    free = disk.free_bytes(need.place)
    if free is None or need.size + MARGIN <= free:
        return ""
    wanted = f"{size_text(need.size)} wanted for {count_text(len(need.names), 'file')}"
    return f"`{disk.existing_ancestor(need.place)}`: {wanted}, {size_text(free)} free"
