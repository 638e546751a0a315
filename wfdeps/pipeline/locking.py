"""The lock as a file: read, and written atomically over a lock of ours only."""

from __future__ import annotations

import os
from collections.abc import Iterable

from wfdeps.disk.filesystem import is_writable
from wfdeps.disk.writing import atomic_write
from wfdeps.domain.locks import Lock
from wfdeps.domain.outcomes import Outcome
from wfdeps.domain.plans import Download
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.domain.urls import Addresses
from wfdeps.errors import LibraryError, LockError, os_error_words
from wfdeps.lock.build import build_lock
from wfdeps.lock.document import parse, to_text
from wfdeps.pipeline.survey import Survey
from wfdeps.values import replace


def read_lock(path: str) -> Lock | None:
    """The lock at that path; None where there is none. Raises LockError for a file that is no lock of ours."""
    try:
        with open(path, encoding="utf-8") as file:
            return parse(file.read())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LockError(f"cannot read `{path}`: {os_error_words(error)}") from error
    except UnicodeDecodeError as error:
        raise LockError(f"cannot read `{path}`: it is not text") from error


def require_writable(path: str) -> None:
    """Raises LockError, before anything is downloaded, where no lock could be written at that path."""
    read_lock(path)
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise LockError(
            f"cannot write `{path}`: there is no folder `{folder}`", hint="make it, or name another file"
        )
    if not is_writable(folder):
        raise LockError(
            f"cannot write `{path}`: `{folder}` cannot be written (read-only, or no permission)",
            hint="name another file, or write none with `get --no-lock`",
        )


def write_lock(
    path: str,
    surveyed: Survey,
    outcomes: Iterable[Outcome | Download],
    addresses: Addresses,
    *,
    keep_others: bool,
) -> Lock:
    """Write the lock for these workflows, atomically. Raises LockError rather than overwrite what is no lock.

    `keep_others` leaves the entries of workflows that were not asked about as they are.
    """
    folder = os.path.dirname(os.path.abspath(path))
    lock = build_lock(
        surveyed.workflows,
        outcomes,
        relative=lambda workflow: _relative(workflow, folder),
        addresses=addresses,
        previous=read_lock(path),
        keep_others=keep_others,
    )
    _write(path, lock)
    return lock


def forget_choices(path: str, name: str) -> int:
    """Have the lock take no person's word for the files of that name any more, neither what they are nor that the
    workflows may go without; how many that were. Raises LockError."""
    lock = read_lock(path)
    if lock is None:
        return 0
    optional = tuple(one for one in lock.optional if one.partition("/")[2] != name)
    entries = tuple(
        replace(entry, chosen_by=ChosenBy.NAME)
        if entry.chosen_by is ChosenBy.USER and entry.name == name
        else entry
        for entry in lock.entries
    )
    dropped = len(lock.optional) - len(optional)
    dropped += sum(one is not other for one, other in zip(entries, lock.entries, strict=True))
    if dropped:
        _write(path, replace(lock, optional=optional, entries=entries))
    return dropped


def keep_lock(path: str, lock: Lock) -> None:
    """Write the lock as it is, atomically. Raises LockError rather than overwrite what is no lock."""
    read_lock(path)
    _write(path, lock)


def _write(path: str, lock: Lock) -> None:
    try:
        atomic_write(path, to_text(lock).encode())
    except LibraryError as error:
        raise LockError(f"cannot write `{path}`: {error.message}", hint=error.hint) from error


def _relative(workflow: str, folder: str) -> str:
    try:
        return os.path.relpath(workflow, folder).replace(os.sep, "/")
    except ValueError:  # another drive: only its name can be said without an absolute path
        return os.path.basename(workflow)
