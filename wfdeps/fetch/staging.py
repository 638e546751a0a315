"""Where half-done files live, and what a later run may reuse of them.

A part stands in `.wfdeps-part/` below the folder it will be placed under, so that placing it is a rename. It is
named after the file's SHA-256, or after its URL where no hash is known; beside it lie its state and its lease.
Whole bytes that are not the file are set aside as `….bad`, with a note of what was wanted and what came: evidence,
never taken up again, removed by `wfdeps clean`.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache

from wfdeps.disk.filesystem import filesystem_of, is_regular
from wfdeps.disk.writing import as_library_error, atomic_write, remove_quietly
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.plans import Download
from wfdeps.domain.urls import without_secrets
from wfdeps.errors import LibraryError, UnsafePathError, os_error_words
from wfdeps.fetch.leases import Lease
from wfdeps.fetch.state import State
from wfdeps.values import dataclass

FOLDER = ".wfdeps-part"
PART = ".part"
BAD = ".bad"
"""How a quarantined file ends: nobody takes it for a model, or for a part that can be resumed."""
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_PREALLOCATING = frozenset({"ext4", "xfs", "btrfs", "ext3", "f2fs"})
"""Where setting the room aside is quick and the file does not get slower: never memory or a network mount."""
_CANNOT = frozenset({errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.ENODEV})
_STATE_CAP = 4 << 20
_MOST_PIECE = 64 << 20
"""Bytes; a state file that claims a larger piece is not ours."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The paths of one half-done file."""

    folder: str
    key: str

    @property
    def part(self) -> str:
        return os.path.join(self.folder, f"{self.key}{PART}")

    @property
    def state(self) -> str:
        return os.path.join(self.folder, f"{self.key}.json")

    @property
    def lease(self) -> str:
        return os.path.join(self.folder, f"{self.key}.lock")

    @property
    def bad(self) -> str:
        """Where bytes stand that came whole and are not the file."""
        return os.path.join(self.folder, f"{self.key}{BAD}")

    def read_state(self) -> State | None:
        """What an earlier run claims; None where there is nothing that can be used."""
        try:
            handle = os.open(self.state, os.O_RDONLY | _NO_FOLLOW | _BINARY)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            return State.parse(file.read(_STATE_CAP))

    def write_state(self, state: State) -> None:
        """Remember; call only when the bytes it claims are synced."""
        atomic_write(self.state, state.to_json(), mode=0o600)

    def forget_state(self) -> None:
        """The next run starts from nothing."""
        remove_quietly(self.state)

    def tidy(self) -> None:
        """Remove state and lease once the part is gone. Only for who holds the lease."""
        if not os.path.lexists(self.part):
            remove_quietly(self.state)
            # Others may have it open and get the lock on a file without a name; filelock then looks again.
            remove_quietly(self.lease)

    def drop_worthless(self) -> None:
        """Remove a part of which nothing is proven: no later run could use it."""
        if not os.path.lexists(self.state):
            remove_quietly(self.part)

    def quarantine(self, evidence: Mapping[str, object]) -> None:
        """The part becomes `bad`, with a note of what speaks against it; one file keeps one. Raises LibraryError."""
        with as_library_error(self.bad):
            os.replace(self.part, self.bad)
        atomic_write(f"{self.bad}.json", json.dumps(evidence, indent=2).encode(), mode=0o600)
        self.forget_state()

    def drop_evidence(self) -> None:
        """The right bytes came after all."""
        remove_quietly(self.bad)
        remove_quietly(f"{self.bad}.json")

    def tidy_folder(self) -> None:
        """Remove the folder once nothing is in it."""
        with suppress(OSError):
            os.rmdir(self.folder)


def staging_in(folder: str) -> str:
    """Where half-done files live below a folder."""
    return os.path.join(folder, FOLDER)


def slot_for(download: Download, staging: str | None = None) -> Slot:
    """Where this download's half-done bytes live: the same place in every run and every process."""
    folder = staging if staging is not None else staging_in(download.target.root)
    return Slot(os.path.abspath(folder), key_of(download))


class StagingFolders:
    """Where half-done files live, as `ports.Staging` asks: one folder for all, or None for one below each target's root."""

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder

    def held(self, download: Download) -> int:
        """As `ports.Staging.held`."""
        try:
            status = os.lstat(slot_for(download, self._folder).part)
        except OSError:
            return 0
        return status.st_blocks * 512 if hasattr(status, "st_blocks") else status.st_size

    def writes_to(self, download: Download) -> tuple[str, ...]:
        """As `ports.Staging.writes_to`."""
        slot = slot_for(download, self._folder)
        return (slot.folder, *(path for path in (slot.part, slot.lease) if os.path.lexists(path)))


def key_of(download: Download) -> str:
    """What tells one file from another: its SHA-256, or else its first URL."""
    known = find_digest(download.digests, Algorithm.SHA256)
    if known is not None:
        return known.value
    return "url-" + url_key(download.urls[0] if download.urls else "")[:40]


@lru_cache(1024)
def url_key(url: str) -> str:
    """A name for a URL that tells nothing of it, and stays the same when only its signature changes."""
    return hashlib.sha256(without_secrets(url).encode()).hexdigest()


def open_part(slot: Slot) -> int:
    """The part, open for reading and writing. Never one that is a link, no plain file of ours, or another's bytes.

    A run that was killed while it placed the part may have left it as a second name of a file that stands
    somewhere: nothing is ever written into that.
    """
    try:
        if not os.path.lexists(slot.folder):
            os.makedirs(slot.folder, mode=0o755, exist_ok=True)
        if os.path.islink(slot.folder):
            raise UnsafePathError(
                f"`{slot.folder}` is a symbolic link", hint="remove it and run the command again"
            )
        with suppress(FileNotFoundError):
            if os.lstat(slot.part).st_nlink > 1:
                os.unlink(slot.part)
        handle = os.open(slot.part, os.O_RDWR | os.O_CREAT | _NO_FOLLOW | _BINARY, 0o600)
    except OSError as error:
        if os.path.islink(slot.part):
            raise UnsafePathError(f"`{slot.part}` is a symbolic link", hint="remove it") from error
        raise LibraryError(f"cannot write `{slot.part}`: {os_error_words(error)}") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise UnsafePathError(f"`{slot.part}` is no plain file", hint="remove it")
    return handle


def reserve(handle: int, folder: str, size: int) -> None:
    """Set the room aside on a real disk; elsewhere, and where the system cannot, nothing. Raises OSError when full."""
    if not hasattr(os, "posix_fallocate") or filesystem_of(folder).type not in _PREALLOCATING:
        return
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise


def proven_pieces(handle: int, state: State) -> dict[int, tuple[int, int]]:
    """Those further pieces of an earlier run whose CRC-32 is still right."""
    proven = {}
    for start, (stop, crc) in state.pieces.items():
        if stop > state.frontier and stop - start <= _MOST_PIECE and _crc(handle, start, stop) == crc:
            proven[start] = (stop, crc)
    return proven


def _crc(handle: int, start: int, stop: int) -> int:
    crc = 0
    while start < stop:
        data = os.pread(handle, min(1 << 20, stop - start), start)
        if not data:
            return -1
        crc = zlib.crc32(data, crc)
        start += len(data)
    return crc


@dataclass(frozen=True, slots=True)
class Leftover:
    """One file of a staging folder. `is_bad`: whole, and not the file that was wanted; else half of one."""

    slot: Slot
    path: str
    size: int
    is_bad: bool
    what: str
    """For the person: `half done`, or which file was wanted and what came."""


def leftovers_in(folder: str) -> Iterator[Leftover]:
    """What downloads into this folder left, by name. Links and files of others are passed over."""
    staging = os.path.join(folder, FOLDER)
    try:
        names = [] if os.path.islink(staging) else sorted(os.listdir(staging))
    except OSError:
        return
    for name in names:
        path = os.path.join(staging, name)
        key, ending = os.path.splitext(name)
        if ending in (PART, BAD) and is_regular(path):
            slot = Slot(staging, key)
            bad = ending == BAD
            yield Leftover(slot, path, os.lstat(path).st_size, bad, _evidence(path) if bad else "half done")


def remove_leftover(leftover: Leftover) -> bool:
    """Whether it is gone now: not while a download holds it."""
    lease = Lease(leftover.slot.lease)
    if not lease.take_now():
        return False
    try:
        if leftover.is_bad:
            leftover.slot.drop_evidence()
        else:
            remove_quietly(leftover.slot.part)
        leftover.slot.tidy()
    finally:
        lease.give_back()
    leftover.slot.tidy_folder()
    return not os.path.lexists(leftover.path)


def _evidence(path: str) -> str:
    """The wanted name and both hashes, as they were noted."""
    try:
        with open(f"{path}.json", encoding="utf-8") as file:
            note = json.load(file)
        last = note["tries"][-1]
        return f"not {note['wanted']}: {last['algorithm']} {last['actual']} instead of {last['expected']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "set aside"
