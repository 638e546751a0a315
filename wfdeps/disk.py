"""Outside: the one gate to the file system. Atomic, never overwriting, never following a planted link.

Every path that is written goes through `atomic_write` (our own small files), `place_no_clobber` (staged bytes
under their final name) or `make_link` (the same bytes under a second name). OSErrors become LibraryErrors here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from typing import Literal

from wfdeps.errors import DiskFullError, LibraryError, TargetExistsError, UnsafePathError
from wfdeps.values import dataclass

LinkKind = Literal["reflink", "hardlink", "symlink", "copy"]
LINK_KINDS: tuple[LinkKind, ...] = ("reflink", "hardlink", "symlink", "copy")
"""How the same bytes get a second name, in the order we prefer."""

COPY_BLOCK = 1 << 20
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_HAS_DIR_FD = os.link in os.supports_dir_fd and os.open in os.supports_dir_fd
_SHARING = frozenset({32, 33})
"""ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION: another program has the file open."""
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_NO_HARD_LINKS = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
)


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────


def atomic_write(path: str, data: bytes, *, mode: int = 0o644) -> None:
    """The file at `path` holds exactly `data`, or what it held before; readers never see half of it.

    Replaces what is there: only for files that are ours. Raises LibraryError, DiskFullError.
    """
    folder = os.path.dirname(os.path.abspath(path))
    staged = _own_temporary(folder, os.path.basename(path))
    try:
        with _as_library_error(path):
            handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY, mode)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(staged, path)
            sync_folder(folder)
    except BaseException:
        remove_quietly(staged)
        raise


def write_new(path: str, data: bytes, *, root: str | None = None) -> None:
    """A new small file with exactly `data`. Raises as `place_no_clobber` does."""
    root = root if root is not None else os.path.dirname(os.path.abspath(path))
    with opened_folder(root, os.path.dirname(os.path.relpath(path, root))):
        staged = _own_temporary(os.path.dirname(os.path.abspath(path)), os.path.basename(path))
    try:
        with _as_library_error(path):
            handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY, 0o644)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        place_no_clobber(staged, path, root=root)
    except BaseException:
        remove_quietly(staged)
        raise


def place_no_clobber(staged: str, target: str, *, root: str | None = None) -> None:
    """Give staged bytes their final name, in one step that fails if the name is taken.

    Missing folders are made. With `root`, no folder below it may be a symbolic link (UnsafePathError): the
    step is taken relative to an open folder, so that a link planted meanwhile is not followed either.
    Raises TargetExistsError, DiskFullError, LibraryError; the staged file is gone only on success.
    """
    root = root if root is not None else os.path.dirname(target)
    with _as_library_error(target):
        sync_file(staged)
    with (
        opened_folder(root, os.path.dirname(os.path.relpath(target, root))) as folder,
        _as_library_error(target),
    ):
        try:
            _patiently(lambda: _link_or_rename(staged, target, folder))
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_across(staged, target, folder)
            remove_quietly(staged)
        sync_folder(os.path.dirname(target))


def make_link(
    source: str, target: str, *, kinds: tuple[LinkKind, ...] = LINK_KINDS, root: str | None = None
) -> LinkKind:
    """The bytes of `source` under a second name, by the first kind that works here; says which.

    Raises TargetExistsError where the name is taken, LibraryError where no kind works.
    """
    root = root if root is not None else os.path.dirname(target)
    reasons: list[str] = []
    with opened_folder(root, os.path.dirname(os.path.relpath(target, root))) as folder:
        if os.path.lexists(target):
            raise TargetExistsError(f"`{target}` exists already", hint="nothing was overwritten")
        for kind in kinds:
            try:
                _LINKERS[kind](source, target, folder)
                sync_folder(os.path.dirname(target))
                return kind
            except FileExistsError as error:
                raise TargetExistsError(
                    f"`{target}` exists already", hint="nothing was overwritten"
                ) from error
            except OSError as error:
                if error.errno in _FULL:
                    raise _translated(error, target) from error
                reasons.append(f"{kind}: {error.strerror or error}")
    raise LibraryError(f"`{source}` could not be linked to `{target}`: {'; '.join(reasons)}")


def remove_quietly(path: str) -> None:
    """The file is gone, or could not be removed; either way no error."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def sync_file(path: str) -> None:
    """What was written to the file survives a power cut."""
    handle = os.open(path, os.O_RDWR | _BINARY if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: str) -> None:
    """Names that were added or removed survive a power cut, where the system can promise it."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        handle = os.open(path or ".", os.O_RDONLY | _DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def opened_folder(root: str, below: str) -> Iterator[int | None]:
    """The folder `below` a root, made if missing, held open; None where the system has no such handles.

    The root itself may be a symbolic link, since its owner listed it; nothing below it may be one.
    """
    if not _HAS_DIR_FD:
        _check_folder(root, below)
        yield None
        return
    with _as_library_error(os.path.join(root, below)):
        os.makedirs(root, exist_ok=True)
        folder = os.open(root, os.O_RDONLY | _DIRECTORY)
    try:
        for part in _parts(below):
            folder = _step_down(folder, part, os.path.join(root, below))
        yield folder
    finally:
        os.close(folder)


def _parts(below: str) -> list[str]:
    parts = [part for part in below.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UnsafePathError(f"`{below}` leaves its folder")
    return parts


def _step_down(folder: int, part: str, whole: str) -> int:
    with _as_library_error(whole):
        with contextlib.suppress(FileExistsError):
            os.mkdir(part, dir_fd=folder)
        try:
            lower = os.open(part, os.O_RDONLY | _DIRECTORY | _NO_FOLLOW, dir_fd=folder)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
                raise UnsafePathError(
                    f"`{part}` on the way to `{whole}` is a symbolic link or no folder",
                    hint="list the real folder in extra_model_paths.yaml to have files placed there",
                ) from error
            raise
    os.close(folder)
    return lower


def _check_folder(root: str, below: str) -> None:
    folder = root
    with _as_library_error(os.path.join(root, below)):
        os.makedirs(root, exist_ok=True)
        for part in _parts(below):
            folder = os.path.join(folder, part)
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder)
            if os.path.islink(folder) or not inside(root, folder):
                raise UnsafePathError(
                    f"`{part}` on the way to `{folder}` is a link", hint="list the real folder instead"
                )


def _patiently(step: Callable[[], None]) -> None:
    """Tries again what a network mount (ESTALE) or a virus scanner on Windows refuses for a moment."""
    for pause in (0.05, 0.1, 0.2, 0.4):
        try:
            return step()
        except OSError as error:
            if error.errno != errno.ESTALE and getattr(error, "winerror", 0) not in _SHARING:
                raise
            time.sleep(pause)
    return step()


def _link_or_rename(staged: str, target: str, folder: int | None) -> None:
    """link() + unlink() where hard links exist, else a rename that refuses to replace."""
    name = os.path.basename(target) if folder is not None else target
    try:
        os.link(staged, name, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_HARD_LINKS:
            raise
        _rename_no_replace(staged, target)
        return
    os.unlink(staged)


def _rename_no_replace(staged: str, target: str) -> None:
    """For file systems without hard links (exFAT, many SMB shares)."""
    if sys.platform == "win32":
        os.rename(staged, target)  # refuses to replace, on Windows
        return
    if sys.platform.startswith("linux") and _renameat2(staged, target):
        return
    # The last resort has a gap of microseconds; a second claim file closes it between our own processes.
    claim = f"{target}.wfdeps-claim"
    os.close(os.open(claim, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600))
    try:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
        os.rename(staged, target)
    finally:
        remove_quietly(claim)


def _renameat2(staged: str, target: str) -> bool:
    """Whether Linux' own no-replace rename did it; False where this file system has none."""
    import ctypes  # only file systems without hard links come here

    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    at_cwd, no_replace = -100, 1
    if call(at_cwd, os.fsencode(staged), at_cwd, os.fsencode(target), no_replace) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(code, os.strerror(code), target)


def _copy_across(source: str, target: str, folder: int | None) -> None:
    """Copy to a hidden name beside the target, then take the final name without replacing."""
    beside = _own_temporary(os.path.dirname(target), os.path.basename(target))
    try:
        copy_bytes(source, beside)
        _link_or_rename(beside, target, folder)
    except BaseException:
        remove_quietly(beside)
        raise


def copy_bytes(source: str, target: str) -> None:
    """A new file with the same bytes, fsynced; fails if `target` exists."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY, 0o644)
    with open(source, "rb", buffering=0) as reader, os.fdopen(handle, "wb", buffering=0) as writer:
        while block := reader.read(COPY_BLOCK):
            view = memoryview(block)
            while view:
                view = view[writer.write(view) :]
        os.fsync(writer.fileno())


def _own_temporary(folder: str, name: str) -> str:
    """A hidden name nobody else uses, short enough for every file system."""
    return os.path.join(folder, f".{name[:80]}.{os.getpid():x}{os.urandom(4).hex()}.wfdeps-tmp")


# ── links ───────────────────────────────────────────────────────────────────────────────────────────


def _reflink(source: str, target: str, folder: int | None) -> None:
    if not sys.platform.startswith("linux"):
        raise OSError(errno.ENOTSUP, "no reflinks here")
    import fcntl

    ficlone = 0x40049409
    with open(source, "rb") as reader:
        beside = _own_temporary(os.path.dirname(target), os.path.basename(target))
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o644)
        try:
            with os.fdopen(handle, "wb") as writer:
                fcntl.ioctl(writer.fileno(), ficlone, reader.fileno())
                os.fsync(writer.fileno())
            _link_or_rename(beside, target, folder)
        except BaseException:
            remove_quietly(beside)
            raise


def _hardlink(source: str, target: str, folder: int | None) -> None:
    name = os.path.basename(target) if folder is not None else target
    os.link(os.path.realpath(source), name, dst_dir_fd=folder)


def _symlink(source: str, target: str, folder: int | None) -> None:
    here = os.path.realpath(os.path.dirname(target))
    real = os.path.realpath(source)
    # A relative link survives the same volume being mounted elsewhere (pod: /workspace, worker: /runpod-volume).
    text = os.path.relpath(real, here) if same_filesystem(real, here) else real
    os.symlink(text, os.path.basename(target) if folder is not None else target, dir_fd=folder)


_LINKERS = {"reflink": _reflink, "hardlink": _hardlink, "symlink": _symlink, "copy": _copy_across}


# ── asking ──────────────────────────────────────────────────────────────────────────────────────────


def inside(root: str, path: str) -> bool:
    """Whether `path`, links resolved, lies below `root`, links resolved."""
    try:
        root, path = os.path.realpath(root), os.path.realpath(path)
        return os.path.commonpath((root, path)) == root
    except ValueError:  # NUL in a name; another drive on Windows
        return False


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


_NETWORK = frozenset(
    {"9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ncpfs", "virtiofs", "juicefs"}
)


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


# ── locks ───────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def locked(path: str, *, timeout: float = -1) -> Iterator[None]:
    """Nobody else holds this lock file meanwhile, in any process. -1 waits for ever.

    Raises LibraryError when the time is up. A lock file that is a planted link is not followed.
    """
    from filelock import FileLock, SoftFileLock, Timeout  # 56 ms to import: only for those who lock

    soft = is_network_fs(os.path.dirname(path))  # flock lies on many network mounts; a claimed name does not
    lock = (SoftFileLock if soft else FileLock)(path, timeout=timeout, mode=0o600)
    with _as_library_error(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            lock.acquire()
        except Timeout as error:
            raise LibraryError(
                f"`{path}` is held by another process", hint="wait for it, or remove the file"
            ) from error
    try:
        yield
    finally:
        lock.release()


# ── errors ──────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def _as_library_error(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _translated(error, path) from error


def _translated(error: OSError, path: str) -> LibraryError:
    """The narrowest LibraryError for what the system said."""
    if isinstance(error, FileExistsError):
        return TargetExistsError(f"`{path}` exists already", hint="nothing was overwritten")
    if error.errno in _FULL:
        return DiskFullError(
            f"no room left for `{path}`", hint="free some space and run the command again; it resumes"
        )
    if error.errno == errno.EFBIG:
        return DiskFullError(
            f"`{path}` is larger than its file system or a limit allows",
            hint="FAT32 ends at 4 GiB; `ulimit -f` may be set",
        )
    if error.errno == errno.EROFS:
        return LibraryError(f"`{path}` is on a read-only file system")
    if isinstance(error, PermissionError):
        return LibraryError(f"no permission to write `{path}`")
    if error.errno == errno.ENAMETOOLONG:
        return UnsafePathError(f"`{os.path.basename(path)}` is longer than this file system stores")
    return LibraryError(f"cannot write `{path}`: {error.strerror or error}")


def is_regular(path: str) -> bool:
    """Whether there is a file at `path` itself, not a link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def reader(path: str) -> Iterator[Callable[[int, int], bytes]]:
    """`read(offset, length) -> bytes` over a file: what the header readers take; short at its end."""
    with open(path, "rb", buffering=0) as file:

        def read(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length) or b""

        yield read
