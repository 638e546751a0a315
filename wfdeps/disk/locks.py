"""One at a time, over processes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from wfdeps.disk.asking import is_network_fs
from wfdeps.disk.faults import as_library_error
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
