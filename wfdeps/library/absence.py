"""Why a model folder that is not there should not simply be made: its share is not mounted, its link leads nowhere.

A folder made below a mount point hides nothing while the share is away, fills the local disk, and is hidden itself
once the share is back (ComfyUI issue 4637).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from wfdeps.domain.files import Absence

LINK_TO_NOWHERE = "folder_link_to_nowhere"
FSTAB = "/etc/fstab"
WHERE_SHARES_ARE = ("/mnt", "/media", "/run/media", "/net", "/Volumes")


def unmounted_points(fstab: str = FSTAB) -> tuple[str, ...]:
    """The mount points of that fstab on which nothing is mounted now."""
    return tuple(point for point in _mount_points(fstab) if not os.path.ismount(point))


def _mount_points(fstab: str) -> Iterator[str]:
    with suppress(OSError, UnicodeDecodeError), open(fstab, encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            if len(fields) > 1 and fields[1].startswith("/") and not fields[0].startswith("#"):
                yield fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def absence_of(
    path: str, base: str, unmounted: tuple[str, ...], shares: tuple[str, ...] = WHERE_SHARES_ARE
) -> Absence | None:
    """Why nothing should be made at `path`, a model folder; None where it is there, or can be made.

    `base`: the directory below which its configuration puts it; it may be the folder itself; empty where it says none.
    `shares`: folders whose empty subfolders are mount points rather than new folders.
    """
    point = next((point for point in unmounted if path == point or path.startswith(point + "/")), "")
    if point:
        return Absence("folder_not_mounted", f"nothing is mounted at `{point}`, though fstab says so", _MOUNT)
    if os.path.islink(path) and not os.path.exists(path):
        reason = f"`{path}` is a link to nowhere, `{os.readlink(path)}`"
        return Absence(LINK_TO_NOWHERE, reason, "mount what it leads to, or remove the link")
    if base and not os.path.isdir(base):
        return Absence("extra_paths_base_missing", f"`{base}` does not exist", _MOUNT)
    if base and _is_bare_mount_point(base, shares):
        return Absence("extra_paths_base_empty", f"`{base}` is empty, and nothing is mounted there", _MOUNT)
    return None


_MOUNT = "mount it; where no share is missing, --make-folders makes the folder"


def _is_bare_mount_point(path: str, shares: tuple[str, ...]) -> bool:
    parent = next((top for top in shares if path.startswith(top + "/")), "")
    try:
        return bool(parent) and os.stat(parent).st_dev == os.stat(path).st_dev and not os.listdir(path)
    except OSError:
        return False
