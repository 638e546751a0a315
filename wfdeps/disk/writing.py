"""Everything that is written: folders on the way, names taken in one step, whole files, second names, locks.

Folders are made where they are missing, held open, and never followed through a planted link. Files appear whole or
not at all. A final name is taken in one step that fails if the name is taken. A second name is a clone, a hard link, a
symbolic link or a copy. What the system refuses is the narrowest LibraryError.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator

from wfdeps import TYPE_CHECKING
from wfdeps.disk.filesystem import BINARY, inside, same_filesystem
from wfdeps.errors import DiskFullError, LibraryError, TargetExistsError, UnsafePathError, os_error_words

if TYPE_CHECKING:
    from typing import Literal, TypeAlias


FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""No room, or a quota used up."""


@contextlib.contextmanager
def as_library_error(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise translated(error, path) from error


def translated(error: OSError, path: str) -> LibraryError:
    """The narrowest LibraryError for what the system said."""
    if isinstance(error, FileExistsError):
        return TargetExistsError(f"`{path}` exists already", hint="nothing was overwritten")
    if error.errno in FULL:
        why = "" if error.errno == errno.ENOSPC else ": a quota is used up"
        return DiskFullError(
            f"no room left for `{path}`{why}", hint="free some space and run the command again; it resumes"
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
    return LibraryError(f"cannot write `{path}`: {os_error_words(error)}")


NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
DIRECTORY = getattr(os, "O_DIRECTORY", 0)
"""The flags of `open` that not every system has."""
_HAS_DIR_FD = os.link in os.supports_dir_fd and os.open in os.supports_dir_fd


@contextlib.contextmanager
def opened_folder(root: str, below: str) -> Iterator[int | None]:
    """The folder `below` a root, made if missing, held open; None where the system has no such handles.

    The root itself may be a symbolic link, since its owner listed it; nothing below it may be one.
    """
    if not _HAS_DIR_FD:
        _check_folder(root, below)
        yield None
        return
    with as_library_error(os.path.join(root, below)):
        try:
            folder = os.open(root, os.O_RDONLY | DIRECTORY)
        except FileNotFoundError:
            os.makedirs(root, exist_ok=True)
            folder = os.open(root, os.O_RDONLY | DIRECTORY)
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
    with as_library_error(whole):
        with contextlib.suppress(FileExistsError):
            os.mkdir(part, dir_fd=folder)
        try:
            lower = os.open(part, os.O_RDONLY | DIRECTORY | NO_FOLLOW, dir_fd=folder)
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
    with as_library_error(os.path.join(root, below)):
        os.makedirs(root, exist_ok=True)
        for part in _parts(below):
            folder = os.path.join(folder, part)
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder)
            if os.path.islink(folder) or not inside(root, folder):
                raise UnsafePathError(
                    f"`{part}` on the way to `{folder}` is a link", hint="list the real folder instead"
                )


def sync_folder(path: str, folder: int | None = None) -> None:
    """Names that were added or removed survive a power cut, where the system can promise it.

    `folder`: the same, where it is open.
    """
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        if folder is not None:
            os.fsync(folder)
            return
        handle = os.open(path or ".", os.O_RDONLY | DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


COPY_BLOCK = 1 << 20
_SHARING = frozenset({32, 33})
"""ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION: another program has the file open."""
_NO_HARD_LINKS = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
)


def patiently(step: Callable[[], None]) -> None:
    """Tries again what a network mount (ESTALE) or a virus scanner on Windows refuses for a moment."""
    for pause in (0.05, 0.1, 0.2, 0.4):
        try:
            return step()
        except OSError as error:
            if error.errno != errno.ESTALE and getattr(error, "winerror", 0) not in _SHARING:
                raise
            time.sleep(pause)
    return step()


def take_name(staged: str, target: str, folder: int | None) -> None:
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
    os.close(os.open(claim, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o600))
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


def copy_across(source: str, target: str, folder: int | None) -> None:
    """Copy to a hidden name beside the target, then take the final name without replacing."""
    beside = own_temporary(os.path.dirname(target), os.path.basename(target))
    try:
        copy_bytes(source, beside)
        take_name(beside, target, folder)
    except BaseException:
        remove_quietly(beside)
        raise


def copy_bytes(source: str, target: str) -> None:
    """A new file with the same bytes, fsynced; fails if `target` exists."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW | BINARY, 0o644)
    with open(source, "rb", buffering=0) as reader, os.fdopen(handle, "wb", buffering=0) as writer:
        while block := reader.read(COPY_BLOCK):
            view = memoryview(block)
            while view:
                view = view[writer.write(view) :]
        os.fsync(writer.fileno())


def own_temporary(folder: str, name: str) -> str:
    """A hidden name nobody else uses, short enough for every file system."""
    return os.path.join(folder, f".{name[:80]}.{os.getpid():x}{os.urandom(4).hex()}.wfdeps-tmp")


def remove_quietly(path: str) -> None:
    """The file is gone, or could not be removed; either way no error."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def atomic_write(path: str, data: bytes, *, mode: int = 0o644) -> None:
    """The file at `path` holds exactly `data`, or what it held before; readers never see half of it.

    Replaces what is there: only for files that are ours. Raises LibraryError, DiskFullError.
    """
    folder = os.path.dirname(os.path.abspath(path))
    staged = own_temporary(folder, os.path.basename(path))
    try:
        with as_library_error(path):
            handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW | BINARY, mode)
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
        staged = own_temporary(os.path.dirname(os.path.abspath(path)), os.path.basename(path))
    try:
        with as_library_error(path):
            handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW | BINARY, 0o644)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        place_no_clobber(staged, path, root=root)
    except BaseException:
        remove_quietly(staged)
        raise


def place_no_clobber(staged: str, target: str, *, root: str | None = None, synced: bool = False) -> None:
    """Give staged bytes their final name, in one step that fails if the name is taken.

    Missing folders are made. With `root`, no folder below it may be a symbolic link (UnsafePathError): the
    step is taken relative to an open folder, so that a link planted meanwhile is not followed either.
    `synced`: the staged bytes are known to survive a power cut.
    Raises TargetExistsError, DiskFullError, LibraryError; the staged file is gone only on success.
    """
    root = root if root is not None else os.path.dirname(target)
    if not synced:
        with as_library_error(target):
            sync_file(staged)
    with (
        opened_folder(root, os.path.dirname(os.path.relpath(target, root))) as folder,
        as_library_error(target),
    ):
        try:
            patiently(lambda: take_name(staged, target, folder))
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            copy_across(staged, target, folder)
            remove_quietly(staged)
        sync_folder(os.path.dirname(target), folder)


def sync_file(path: str) -> None:
    """What was written to the file survives a power cut."""
    handle = os.open(path, os.O_RDWR | BINARY if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


LinkKind: TypeAlias = 'Literal["reflink", "hardlink", "symlink", "copy"]'
LINK_KINDS: tuple[LinkKind, ...] = ("reflink", "hardlink", "symlink", "copy")
"""How the same bytes get a second name, in the order we prefer."""


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
                if error.errno in FULL:
                    raise translated(error, target) from error
                reasons.append(f"{kind}: {os_error_words(error)}")
    raise LibraryError(f"`{source}` could not be linked to `{target}`: {'; '.join(reasons)}")


def _reflink(source: str, target: str, folder: int | None) -> None:
    if not sys.platform.startswith("linux"):
        raise OSError(errno.ENOTSUP, "no reflinks here")
    import fcntl

    ficlone = 0x40049409
    with open(source, "rb") as reader:
        beside = own_temporary(os.path.dirname(target), os.path.basename(target))
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o644)
        try:
            with os.fdopen(handle, "wb") as writer:
                fcntl.ioctl(writer.fileno(), ficlone, reader.fileno())
                os.fsync(writer.fileno())
            take_name(beside, target, folder)
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


_LINKERS = {"reflink": _reflink, "hardlink": _hardlink, "symlink": _symlink, "copy": copy_across}


@contextlib.contextmanager
def entered(path: str, *, alone: bool) -> Iterator[None]:
    """Held together with others, or by one alone; waits for that. A lock file that is a planted link is not followed.

    Where it cannot be (a read-only folder, Windows, mounts without such locks), nobody is kept waiting.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = -1
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        handle = os.open(path, os.O_RDONLY | os.O_CREAT | NO_FOLLOW | os.O_CLOEXEC, 0o666)
        fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
    try:
        yield
    finally:
        if handle >= 0:
            os.close(handle)
