"""Folders on the way to a file: made where they are missing, held open, never followed through a planted link."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator

from wfdeps.disk.asking import inside
from wfdeps.disk.faults import as_library_error
from wfdeps.errors import UnsafePathError

NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
BINARY = getattr(os, "O_BINARY", 0)
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
