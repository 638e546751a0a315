"""What a path lies on, how much room is there, whether it stays inside its root; and pieces of a file for the header readers."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator

from wfdeps.values import dataclass

BINARY = getattr(os, "O_BINARY", 0)
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


def inode_of(path: str) -> tuple[int, int] | None:
    """(device, inode) of what `path` leads to: equal for all names of the same bytes; None where nothing is there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def files_below(folder: str) -> frozenset[str]:
    """The paths of all files below a folder, hidden ones aside; links are not followed."""
    found: set[str] = set()
    for here, below, names in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(".")]
        found.update(os.path.join(here, name) for name in names if not name.startswith("."))
    return frozenset(found)


def working_folder() -> str:
    """The folder this process works in; empty where it was deleted meanwhile."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def existing_ancestor(path: str) -> str:
    """The deepest folder on the way to `path` that exists: where a new file would be made."""
    path = os.path.abspath(path)
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def file_on_the_way(folder: str) -> str:
    """What stands where a folder would have to be made on the way to `folder`, and is none; empty where nothing does."""
    path = os.path.abspath(folder)
    while not os.path.lexists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return "" if os.path.isdir(path) else path


def device_of(path: str) -> int:
    """A number that is equal for two paths on one file system; the path need not exist yet."""
    return os.stat(existing_ancestor(path)).st_dev


def same_filesystem(first: str, second: str) -> bool:
    """Whether a rename between the two would not copy."""
    return device_of(first) == device_of(second)


def free_bytes(path: str) -> int | None:
    """What we may still write there, as far as the file system says: of most quotas it does not; None where it will not."""
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


def is_over_quota(path: str, size: int) -> bool:
    """Whether a quota leaves less than that, where quotas are in force and the file system can be asked.

    It is asked by having it set the room aside for a moment, in a file without a name.
    """
    where = existing_ancestor(path)
    if not _has_quotas(filesystem_of(where)):
        return False
    for pause in (0.1, 0.2, 0.0):  # another process may be asking the same
        if not _is_refused(where, size):
            return False
        time.sleep(pause)
    return True


def _has_quotas(system: FileSystem) -> bool:
    if system.type == "btrfs":
        return any(os.path.isdir(os.path.join(_BTRFS, name, "qgroups")) for name in _names(_BTRFS))
    return system.type in ("ext4", "xfs", "f2fs") and any(
        "quota" in option and option != "noquota" for option in system.options
    )


_BTRFS = "/sys/fs/btrfs"


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _is_refused(folder: str, size: int) -> bool:
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    except (OSError, AttributeError):
        return False
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        return error.errno == errno.EDQUOT
    finally:
        os.close(handle)
    return False


@dataclass(frozen=True, slots=True)
class FileSystem:
    """What a path lies on, as far as the system tells."""

    mount: str
    type: str
    """`ext4`, `nfs4`, `tmpfs` …; empty where nobody says."""
    options: tuple[str, ...] = ()
    """With which it was mounted."""

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
            _, mount, kind, options, *_ = line.split(" ")
            mount = mount.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
            below = mount == "/" or real == mount or real.startswith(mount + "/")
            if below and len(mount) >= len(best.mount):
                best = FileSystem(mount, kind, tuple(options.split(",")))
    return best


def is_network_fs(path: str) -> bool:
    """Best effort: whether other machines share it."""
    return filesystem_of(path).is_network


def opened_regular(path: str) -> int:
    """A handle for reading that file. Raises OSError, for a pipe, a socket or a device too, which are never waited for."""
    # O_NONBLOCK: opening a pipe to which nobody writes would wait for ever.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | BINARY)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no file but a pipe, a socket or a device", path)
    except BaseException:
        os.close(handle)
        raise
    return handle


def whole_file(path: str, limit: int) -> bytes:
    """All bytes of a file that has `limit` at most. Raises OSError, for what is larger or no file too.

    No buffer is larger than the file.
    """
    handle = opened_regular(path)
    try:
        size = os.fstat(handle).st_size
        parts, length = [], 0
        while length <= limit and (some := os.read(handle, min(max(size - length, 0) + 1, limit + 1))):
            parts.append(some)
            length += len(some)
    finally:
        os.close(handle)
    if length > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit:,} bytes", path)
    return parts[0] if len(parts) == 1 else b"".join(parts)


@contextlib.contextmanager
def reader(path: str) -> Iterator[Callable[[int, int], bytes]]:
    """`read(offset, length) -> bytes` over a file: what the header readers take; short at its end."""
    with open(path, "rb", buffering=0) as file:

        def read(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length) or b""

        yield read
