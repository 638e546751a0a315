"""How much a plan brings to each file system, against what is free there."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache

from wfdeps.disk import filesystem
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.files import LocalFile
from wfdeps.domain.plans import Download, Link, Plan, Target
from wfdeps.domain.reports import FileSystemTotal
from wfdeps.library.store import Store
from wfdeps.ports import Staging
from wfdeps.values import dataclass

_COPIES_ONLY = frozenset({"vfat", "msdos", "exfat"})
"""File systems on which a second name is a second copy."""
ROUNDED = 1024
"""Bytes by which a source's size may be off: some tell whole kilobytes."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a library brings files to their places, as far as it costs room."""

    staging: Staging | None
    """Where files are before they are placed; None: nowhere yet."""
    may_point: Callable[[LocalFile], bool] = lambda file: False
    """Whether a symbolic link may lead to that file."""
    store: str | None = None
    """Where all bytes go first, and trees only link to them."""


@dataclass(slots=True)
class Need:
    """What one file system is asked to hold."""

    place: str
    """A folder on it."""
    size: int = 0
    files: int = 0
    """How many of the files cost room there."""
    fetched: bool = False
    """Whether something is to be fetched to it; else there are links only."""

    def add(self, size: int) -> None:
        self.size += size
        self.files += size > 0


def needs_of(plan: Plan, ways: Ways) -> tuple[Need, ...]:
    """What is still to come to each file system, sorted by place: a file once, links nothing where they cost nothing.

    Sizes nobody knows count nothing.
    """
    needs: dict[int, Need] = {}
    counted: set[tuple[int, str]] = set()

    @cache
    def at(folder: str) -> Need:
        return needs.setdefault(filesystem.device_of(folder), Need(filesystem.existing_ancestor(folder)))

    for step in plan.steps:
        if isinstance(step, Download):
            folder, size = folder_of(step.target), step.size or 0
            where = ways.store or folder
            need = at(where)
            need.fetched = True
            if not _stands(step, ways) and not _is_second(step, where, counted):
                need.add(max(0, size - (ways.staging.held(step) if ways.staging else 0)))
            if ways.store and not _links_to(ways.store, folder, pointing=True):
                at(folder).add(size)
        elif isinstance(step, Link) and not step.file.is_directory:
            folder = folder_of(step.target)
            if not _links_to(step.file.path, folder, pointing=ways.may_point(step.file)):
                at(folder).add(step.file.size)
    return tuple(sorted(needs.values(), key=lambda need: need.place))


def file_systems_of(plan: Plan, ways: Ways) -> tuple[FileSystemTotal, ...]:
    """One row for each file system that files are to be fetched to, sorted by path."""
    return tuple(
        FileSystemTotal(need.place, need.size, filesystem.free_bytes(need.place))
        for need in needs_of(plan, ways)
        if need.fetched
    )


def folder_of(target: Target) -> str:
    """The folder a target will stand in."""
    return os.path.dirname(target.path)


def _stands(download: Download, ways: Ways) -> bool:
    """Whether another process has brought it since the plan was made."""
    sha256 = find_digest(download.digests, Algorithm.SHA256)
    if ways.store and sha256:
        return Store(ways.store).find(sha256.value) is not None
    path = os.path.join(folder_of(download.target), download.target.name.rpartition("/")[2])
    try:
        return abs(os.stat(path).st_size - (download.size or 0)) < ROUNDED
    except OSError:
        return False


def _is_second(download: Download, where: str, counted: set[tuple[int, str]]) -> bool:
    """Whether the same bytes come to that file system anyway, and can be linked there."""
    sha256 = find_digest(download.digests, Algorithm.SHA256)
    if sha256 is None or not _links_to(where, where, pointing=False):
        return False
    key = filesystem.device_of(where), sha256.value
    if key in counted:
        return True
    counted.add(key)
    return False


def _links_to(path: str, folder: str, *, pointing: bool) -> bool:
    """Whether `folder` can show the bytes of `path` for nothing."""
    return filesystem.filesystem_of(folder).type not in _COPIES_ONLY and (
        pointing or filesystem.same_filesystem(path, folder)
    )
