"""The same bytes under a second name: a clone, a hard link, a symbolic link, a copy."""

from __future__ import annotations

import errno
import os
import sys

from wfdeps import TYPE_CHECKING
from wfdeps.disk.asking import same_filesystem
from wfdeps.disk.faults import FULL, translated
from wfdeps.disk.folders import NO_FOLLOW, opened_folder, sync_folder
from wfdeps.disk.naming import copy_across, own_temporary, remove_quietly, take_name
from wfdeps.errors import LibraryError, TargetExistsError, os_error_words

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

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
