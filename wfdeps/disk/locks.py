"""One at a time, or many and never one beside them, over processes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from wfdeps.disk.asking import is_network_fs
from wfdeps.disk.faults import as_library_error
from wfdeps.disk.flags import NO_FOLLOW
from wfdeps.errors import LibraryError


@contextlib.contextmanager
def locked(path: str, *, timeout: float = -1) -> Iterator[None]:
    """Nobody else holds this lock file meanwhile, in any process. -1 waits for ever.

    Raises LibraryError when the time is up. A lock file that is a planted link is not followed.
    """
    from filelock import FileLock, SoftFileLock, Timeout  # 56 ms to import: only for those who lock

    soft = is_network_fs(os.path.dirname(path))  # flock lies on many network mounts; a claimed name does not
    lock = (SoftFileLock if soft else FileLock)(path, timeout=timeout, mode=0o600)
    with as_library_error(path):
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
