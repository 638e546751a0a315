"""What the system refuses, as the narrowest LibraryError: one sentence and, where it helps, a hint."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from wfdeps.errors import DiskFullError, LibraryError, TargetExistsError, UnsafePathError, os_error_words

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
