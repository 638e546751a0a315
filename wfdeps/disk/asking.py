"""What a path lies on, how much room is there, and whether it stays inside its root."""

from __future__ import annotations

import contextlib
import os
import stat
import sys

from wfdeps.values import dataclass

_NETWORK = frozenset(
    {"9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ncpfs", "virtiofs", "juicefs"}
)


def inside(root: str, path: str) -> bool:
    """Whether `path`, links resolved, lies below `root`, links resolved."""
    try:
        root, path = os.path.realpath(root), os.path.realpath(path)
        return os.path.commonpath((root, path)) == root
    except ValueError:  # NUL in a name; another drive on Windows
        return False


def is_regular(path: str) -> bool:
    """Whether there is a file at `path` itself, not a link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def files_below(folder: str) -> frozenset[str]:
    """The paths of all files below a folder, hidden ones aside; links are not followed."""
    found: set[str] = set()
    for here, below, names in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(".")]
        found.update(os.path.join(here, name) for name in names if not name.startswith("."))
    return frozenset(found)


def existing_ancestor(path: str) -> str:
    """The deepest folder on the way to `path` that exists: where a new file would be made."""
    path = os.path.abspath(path)
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def device_of(path: str) -> int:
    """A number that is equal for two paths on one file system; the path need not exist yet."""
    return os.stat(existing_ancestor(path)).st_dev


def same_filesystem(first: str, second: str) -> bool:
    """Whether a rename between the two would not copy."""
    return device_of(first) == device_of(second)


def free_bytes(path: str) -> int | None:
    """What we may still write there, quota of the file system included; None where it will not say."""
    where = existing_ancestor(path)
    try:
        if sys.platform == "win32":
            import shutil

            return shutil.disk_usage(where).free
        found = os.statvfs(where)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def is_writable(path: str) -> bool:
    """Whether a file could be made there now; looks at the file system's own read-only flag too."""
    where = existing_ancestor(path)
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            if os.statvfs(where).f_flag & getattr(os, "ST_RDONLY", 1):
                return False
    return os.access(where, os.W_OK | os.X_OK)


@dataclass(frozen=True, slots=True)
class FileSystem:
    """What a path lies on, as far as the system tells."""

    mount: str
    type: str
    """`ext4`, `nfs4`, `tmpfs` …; empty where nobody says."""

    @property
    def is_network(self) -> bool:
        """Other machines may see it, and locks may not work."""
        return self.type in _NETWORK or self.type.startswith(("nfs", "fuse.", "cifs", "smb"))

    @property
    def is_memory(self) -> bool:
        """It is RAM: preallocating there spends memory."""
        return self.type in ("tmpfs", "ramfs")


def filesystem_of(path: str) -> FileSystem:
    """What `path` lies on: mount point and type, from /proc/self/mounts; empty words where there is none."""
    real = os.path.realpath(existing_ancestor(path))
    best = FileSystem("", "")
    with (
        contextlib.suppress(OSError),
        open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as file,
    ):
        for line in file:
            _, mount, kind, *_ = line.split(" ")
            mount = mount.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
            below = mount == "/" or real == mount or real.startswith(mount + "/")
            if below and len(mount) >= len(best.mount):
                best = FileSystem(mount, kind)
    return best


def is_network_fs(path: str) -> bool:
    """Best effort: whether other machines share it."""
    return filesystem_of(path).is_network


def is_tmpfs(path: str) -> bool:
    """Best effort: whether it is memory."""
    return filesystem_of(path).is_memory
