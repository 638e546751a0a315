"""One process at a time works on one half-done file; the others wait, and find it done."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from wfdeps.disk import is_network_fs
from wfdeps.errors import LibraryError

PATIENCE = 0.2
"""Seconds between two looks at the stop flag while waiting."""

_FOLDER_TRIES = 20


class Lease:
    """The right to write one part. Taken in a worker, given back in the caller's thread once the file is placed.

    A lock of the kernel on local disks, which a killed holder loses by itself; on network mounts, where such
    locks lie, a claimed name with a heartbeat, taken over when its holder falls silent.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock: Any = None

    def take_now(self) -> bool:
        """Take it if nobody has it. Raises LibraryError."""
        return self._acquire(0)

    def take(self, stopped: Callable[[], bool]) -> bool:
        """Wait for it; False if stopped meanwhile. Raises LibraryError."""
        while not stopped():
            if self._acquire(PATIENCE):
                return True
        return False

    def give_back(self) -> None:
        """Somebody else may have it. Does nothing if it was never taken."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def _acquire(self, timeout: float) -> bool:
        import filelock  # 56 ms to import

        lock = _lock_of(self._path, filelock)
        for _ in range(_FOLDER_TRIES):
            try:
                os.makedirs(os.path.dirname(self._path), exist_ok=True)
                lock.acquire(timeout=timeout)
                break
            except filelock.Timeout:
                return False
            except (FileNotFoundError, FileExistsError):
                continue  # another process removed the empty folder in between
            except OSError as error:
                raise LibraryError(f"cannot lock `{self._path}`: {error.strerror or error}") from error
        else:
            raise LibraryError(f"cannot lock `{self._path}`: its folder does not stay")
        self._lock = lock
        return True


def _lock_of(path: str, filelock: Any) -> Any:
    if _is_shared(os.path.dirname(path)):
        soft = getattr(filelock, "SoftFileLease", filelock.SoftFileLock)
        return soft(path, mode=0o600, thread_local=False)
    return filelock.FileLock(path, mode=0o600, thread_local=False)


@lru_cache(maxsize=64)
def _is_shared(folder: str) -> bool:
    os.makedirs(folder, exist_ok=True)
    return is_network_fs(folder)
