"""One process at a time works on one half-done file; the others wait, and find it done."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from wfdeps.disk.filesystem import is_network_fs
from wfdeps.disk.writing import as_library_error, remove_quietly
from wfdeps.errors import LibraryError, UnsafePathError, os_error_words

if sys.platform != "win32":
    import fcntl

PATIENCE = 0.2
"""Seconds between two looks at the stop flag while waiting."""

SILENT_FOR = 30.0
"""Seconds without a heartbeat until a holder on another machine counts as gone; the same for all of them."""
A_BEAT = 0.4
"""Of that: a little more than the time between two heartbeats, which is a third."""
_FOLDER_TRIES = 20


class Lease:
    """The right to write one part. Taken in a worker, given back in the caller's thread once the file is placed.

    A lock of the kernel on local disks, which a killed holder loses by itself; on network mounts, where such
    locks lie, a claimed name with a heartbeat, taken over when its holder falls silent for `silent_for` seconds
    (on this machine, when its process is gone). `shared` says which; None: as the file system is.
    """

    def __init__(self, path: str, *, shared: bool | None = None, silent_for: float = SILENT_FOR) -> None:
        self._path = path
        self._shared = shared
        self._silent_for = silent_for
        self._made: tuple[Any, type[Exception]] | None = None
        """Made once: how long a holder on another machine was silent is known to who watched it all the time."""
        self._lock: Any = None
        self._seen: _Claim | None = None
        self._since = 0.0
        """When the claim was first seen as it is."""

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
        folder = os.path.dirname(self._path)
        if os.path.islink(folder):
            raise UnsafePathError(
                f"`{folder}` is a symbolic link", hint="remove it and run the command again"
            )
        if self._made is None:
            with as_library_error(folder):
                self._made = _lock_of(self._path, self._shared, self._silent_for)
        lock, timeouts = self._made
        for _ in range(_FOLDER_TRIES):
            try:
                lock.acquire(timeout=timeout)
                break
            except timeouts:
                if not self._frees_a_stale_claim():
                    return False
            except FileNotFoundError:
                with contextlib.suppress(FileExistsError, FileNotFoundError):  # others make and remove it too
                    os.makedirs(folder, exist_ok=True)
            except OSError as error:
                raise LibraryError(f"cannot lock `{self._path}`: {os_error_words(error)}") from error
        else:
            raise LibraryError(f"cannot lock `{self._path}`: its folder does not stay")
        self._lock = lock
        return True

    def _frees_a_stale_claim(self) -> bool:
        """Whether a claim that nobody holds any more was taken away.

        filelock does so itself where two names can be exchanged; NFS, SMB and most of FUSE cannot, and a holder that
        was killed would be waited for without end.
        """
        claim = _claim_at(self._path)
        if claim is None:
            return False
        if claim != self._seen:
            self._seen, self._since = claim, time.monotonic()
        silence = time.monotonic() - self._since
        # Containers may share a host name and not their processes: a missing process must miss a heartbeat too.
        is_stale = silence >= self._silent_for or (silence >= self._silent_for * A_BEAT and _is_dead(claim))
        return is_stale and _taken_away(self._path, claim)


_Claim = tuple[bytes, int]
"""What a claimed name says, and when its holder last gave a sign."""


def _claim_at(path: str) -> _Claim | None:
    """The claim; None where there is none, or another kind of lock."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    try:
        with os.fdopen(handle, "rb") as file:  # opening it asks a file server anew
            text = file.read(4096)
            return (text, os.fstat(file.fileno()).st_mtime_ns) if text.startswith(b"filelock/") else None
    except OSError:  # a file server's "stale": it went between the two
        return None


def _is_dead(claim: _Claim) -> bool:
    """Whether its holder was a process of this machine that is gone."""
    fields = dict(
        line.split("=", 1) for line in claim[0].decode("utf-8", "replace").splitlines() if "=" in line
    )
    pid = fields.get("pid", "")
    if sys.platform == "win32" or fields.get("host") != socket.gethostname() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _taken_away(path: str, claim: _Claim) -> bool:
    """Whether exactly this claim is gone now; one that a quicker process made meanwhile is given back."""
    aside = f"{path}.{os.getpid():x}{os.urandom(4).hex()}"
    try:
        if _claim_at(path) != claim:
            return False
        os.rename(path, aside)
    except OSError:
        return False
    is_the_one = _claim_at(aside) == claim
    if not is_the_one:
        _give_back(aside, path)
    remove_quietly(aside)
    return is_the_one


def _give_back(aside: str, path: str) -> None:
    """A name gets its claim again, unless another one has been made there since."""
    try:
        os.link(aside, path)
    except FileExistsError:
        return
    except OSError:  # no hard links here
        with contextlib.suppress(OSError):
            if not os.path.lexists(path):
                os.rename(aside, path)


class _TakenError(Exception):
    """Another process, or thread, holds it."""


class _KernelLock:
    """What filelock does on a local disk of Unix, on the same file and in its way, without its 50 ms to import."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self, timeout: float) -> None:
        """Raises _TakenError when the time is up, OSError."""
        deadline = time.monotonic() + timeout
        while not self._try():
            if time.monotonic() >= deadline:
                raise _TakenError
            time.sleep(0.05)

    def release(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)  # the kernel's lock goes with it

    def _try(self) -> bool:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last holder may have removed the name meanwhile: a lock on a file without one keeps nobody out.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), os.lstat(self._path)):
                    self._handle = handle
        except BlockingIOError:
            pass
        finally:
            if self._handle is None:
                os.close(handle)
        return self._handle is not None


def _lock_of(path: str, shared: bool | None, silent_for: float) -> tuple[Any, type[Exception]]:
    """The lock, and what it raises when somebody else has it."""
    shared = _is_shared(os.path.dirname(path)) if shared is None else shared
    if sys.platform != "win32" and not shared:
        return _KernelLock(path), _TakenError
    import filelock  # 56 ms to import

    if shared:
        if not hasattr(filelock, "SoftFileLease"):  # before 3.30
            return filelock.SoftFileLock(path, mode=0o600, thread_local=False), filelock.Timeout
        lease = filelock.SoftFileLease(path, lease_duration=silent_for, mode=0o600, thread_local=False)
        return lease, filelock.Timeout
    return filelock.FileLock(path, mode=0o600, thread_local=False), filelock.Timeout


@lru_cache(maxsize=64)
def _is_shared(folder: str) -> bool:
    os.makedirs(folder, exist_ok=True)
    return is_network_fs(folder)
