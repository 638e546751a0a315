"""How staged bytes take a final name in one step that fails if the name is taken."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable

from wfdeps.disk.folders import BINARY, NO_FOLLOW

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
