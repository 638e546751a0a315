"""How much a plan brings to each file system, against what is free there."""

from __future__ import annotations

import os

from wfdeps import disk
from wfdeps.domain.plans import Plan
from wfdeps.domain.reports import FileSystemTotal


def file_systems_of(plan: Plan) -> tuple[FileSystemTotal, ...]:
    """One row for each file system that files are to be fetched to, sorted by path; sizes nobody knows count nothing."""
    needs: dict[int, tuple[str, int]] = {}
    for download in plan.downloads:
        folder = os.path.join(download.target.root, os.path.dirname(download.target.name))
        place, size = needs.get(disk.device_of(folder), (disk.existing_ancestor(folder), 0))
        needs[disk.device_of(folder)] = (place, size + (download.size or 0))
    rows = (FileSystemTotal(place, need, disk.free_bytes(place)) for place, need in needs.values())
    return tuple(sorted(rows, key=lambda row: row.path))
