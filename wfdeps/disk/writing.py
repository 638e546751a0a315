"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import sys

from wfdeps.disk.faults import as_library_error
from wfdeps.disk.folders import BINARY, NO_FOLLOW, opened_folder, sync_folder
from wfdeps.disk.naming import copy_across, own_temporary, patiently, remove_quietly, take_name


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
