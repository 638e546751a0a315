"""What speaks against a plan before its first byte: too little space, a quota, a read-only folder, a file system's limits."""

from __future__ import annotations

import os

from wfdeps.disk import filesystem
from wfdeps.domain.plans import Download, Link, Plan
from wfdeps.library.file_systems import Need, Ways, folder_of, needs_of
from wfdeps.report.wording import count_text, size_text

MARGIN = 64 << 20
"""Left free on every file system, or a sixteenth of what comes where that is less: a full disk breaks other programs
before it breaks us."""
_SMALL_FILES_ONLY = {"vfat": (4 << 30) - 1, "msdos": (4 << 30) - 1, "fat": (4 << 30) - 1}


def room_for(plan: Plan, ways: Ways) -> tuple[str, ...]:
    """One sentence for each thing that stands in the way, sorted; empty when nothing does."""
    problems = set(not_writable(plan, ways))
    for step in plan.steps:
        if isinstance(step, (Download, Link)):
            size = (step.size if isinstance(step, Download) else step.file.size) or 0
            problems.update(_largest_file(folder_of(step.target), step.target.name, size))
    for need in needs_of(plan, ways):
        problems.update(_shortage(need))
    return tuple(sorted(problems))


def not_writable(plan: Plan, ways: Ways) -> tuple[str, ...]:
    """One sentence for each folder or half-done file of the plan that may not be written, sorted."""
    problems: set[str] = set()
    folders: set[str] = set()
    for step in plan.steps:
        if isinstance(step, (Download, Link)):
            folders.add(folder_of(step.target))
        if isinstance(step, Download) and ways.staging:
            problems.update(_leave(ways.staging.writes_to(step)))
    if ways.store and plan.downloads:
        folders.add(ways.store)
    problems.update(problem for folder in folders for problem in _permission(folder))
    return tuple(sorted(problems))


def _permission(folder: str) -> tuple[str, ...]:
    if in_the_way := filesystem.file_on_the_way(folder):
        return (f"`{in_the_way}` is no folder",)
    place = filesystem.existing_ancestor(folder)
    if filesystem.is_writable(place):
        return ()
    return (f"`{place}` cannot be written (read-only, or no permission)",)


def _leave(paths: tuple[str, ...]) -> tuple[str, ...]:
    """What of a half-done file may not be written: another person's download of it runs, or was broken off."""
    return tuple(
        f"`{path}` cannot be written: another user's download left it"
        for path in paths
        if os.path.lexists(path) and not os.access(path, os.W_OK)
    )


def _largest_file(folder: str, name: str, size: int) -> tuple[str, ...]:
    limit = _SMALL_FILES_ONLY.get(filesystem.filesystem_of(folder).type) if size > 1 << 30 else None
    if limit is None or size <= limit:
        return ()
    return (f"`{name}` has {size_text(size)}, and FAT32 under `{folder}` stores 4 GiB at most",)


def _shortage(need: Need) -> tuple[str, ...]:
    if not need.size:
        return ()
    asked = f"`{need.place}`: {size_text(need.size)} wanted for {count_text(need.files, 'file')}"
    free, margin = filesystem.free_bytes(need.place), min(MARGIN, need.size // 16)
    if free is not None and need.size + margin > free:
        spare = f"{size_text(margin)} are to be left of " if need.size <= free else ""
        return (f"{asked}, {spare}{size_text(free)} free",)
    if filesystem.is_over_quota(need.place, need.size):
        return (f"{asked}, and a quota leaves less",)
    return ()
