"""Many at once, or one alone, over processes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from wfdeps.disk.folders import NO_FOLLOW


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
