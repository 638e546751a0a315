"""One try at one object: its part file, its ledger, its hash, and the state that survives us."""

from __future__ import annotations

import contextlib
import os
import time
from threading import Event, Thread

from wfdeps.disk.filesystem import free_bytes
from wfdeps.disk.writing import as_library_error
from wfdeps.errors import DiskFullError, LibraryError
from wfdeps.fetch.ledger import Claim, Ledger
from wfdeps.fetch.staging import Slot, open_part, proven_pieces, reserve
from wfdeps.fetch.state import State, Validator
from wfdeps.fetch.trail import STEP, Trail

AHEAD = 48 << 20
"""Bytes a writer may be ahead of what is synced and remembered: what a kill can cost at most."""
SMALL = 8 << 20
"""Files up to here are hashed by their writer and have no state while all goes well."""
ROOM_FOR_STATE = 256 << 10
"""More than any state takes."""
SAVED_EVERY = 5.0
"""Seconds, at most, between two states of a slow transfer."""


class Session:
    """Everything about the bytes of one file while they come. Made by `open_session`, ended by `close`."""

    def __init__(self, slot: Slot, handle: int, state: State, spares: list[bytearray] | None = None) -> None:
        self.slot = slot
        self.handle = handle
        self.url_key = state.url_key
        self.validator = state.validator
        self.ranges = True
        """Until the server shows that it sends no parts."""
        self.ledger = Ledger(state.size)
        self.resumed_at = 0
        self.suspicion = ""
        """Why the bytes may not be the file, where something looks odd."""
        self.fault: Exception | None = None
        """What a helping connection found that ends the session."""
        self._take_up(state)
        self.trail = Trail(handle, self.ledger, state.marks, spares)
        self._kept = self.ledger.written.total
        self._room_checked_at: int | None = None
        self._wake = Event()
        self._ended = False
        self._proven = False
        self._keeper: Thread | None = None

    @property
    def size(self) -> int | None:
        return self.ledger.size

    def learn_size(self, size: int) -> None:
        """The server says how long the file is: check for room, set it aside, begin to keep state."""
        with self.ledger.changed:
            self.ledger.size = size
        if size <= SMALL:
            return  # a full disk says so at once
        missing = size - self.ledger.written.total
        free = free_bytes(self.slot.folder)
        held = os.fstat(self.handle).st_blocks * 512 if hasattr(os.stat_result, "st_blocks") else 0
        if free is not None and missing > free + max(0, held - self.ledger.written.total):
            raise DiskFullError(
                f"no room in `{self.slot.folder}`: needs {missing} bytes, has {free}",
                hint="free some space, then run it again",
            )
        self._preallocate(size)
        self.follow()

    def check_room(self, kept_free: int) -> None:
        """While the file's length is unknown: raises DiskFullError before its disk is full to `kept_free` bytes."""
        total = self.ledger.written.total
        if self.size is not None or (
            self._room_checked_at is not None and total - self._room_checked_at < STEP
        ):
            return
        self._room_checked_at = total
        free = free_bytes(self.slot.folder)
        if free is not None and free < kept_free:
            raise DiskFullError(
                f"no room in `{self.slot.folder}`: the server does not say how long the file is, and {free} bytes are free",
                hint="free some space, then run it again",
            )

    def write(self, claim: Claim, data: bytes | bytearray, count: int, *, owned: bool = False) -> None:
        """Put `count` bytes at the claim's position, and let the hash know. Raises DiskFullError, LibraryError."""
        view, offset = memoryview(data)[:count], claim.position
        with as_library_error(self.slot.part):
            while view:
                done = os.pwrite(self.handle, view, offset)
                view, offset = view[done:], offset + done
        self.trail.wrote(claim, data, count, owned=owned)
        self._hold_back()

    def follow(self) -> None:
        """From now on hash, and sync and remember what is proven, in threads of their own."""
        self.trail.follow()
        if self._keeper is None:
            self._keeper = Thread(target=self._keep, name="keeper", daemon=True)
            self._keeper.start()

    def prove(self, mode: int) -> None:
        """The file is what was asked for: readable by whom new files are readable by, and safe from a power cut."""
        self._proven = True
        with as_library_error(self.slot.part):
            if os.fstat(self.handle).st_size != self.size:
                os.ftruncate(
                    self.handle, self.size or 0
                )  # whatever stands behind the proven bytes is nobody's
            if hasattr(os, "fchmod"):
                os.fchmod(self.handle, mode)
            os.fsync(self.handle)

    def close(self) -> None:
        """End it; what is proven is remembered, for a later run or one that is killed before placing it."""
        self._ended = True
        self._wake.set()
        if self._keeper is not None:
            self._keeper.join()
        self.trail.close()
        try:
            if not self._proven or self._keeper is not None:
                with contextlib.suppress(LibraryError, OSError):  # a full disk was reported already
                    self._save_at_last()
        finally:
            os.close(self.handle)

    def _take_up(self, state: State) -> None:
        written = self.ledger.written
        written.add(0, state.frontier)
        self.ledger.pieces = proven_pieces(self.handle, state)
        for start, (stop, _) in self.ledger.pieces.items():
            written.add(start, stop)
        self.resumed_at = written.total

    def _preallocate(self, size: int) -> None:
        with as_library_error(self.slot.part):
            reserve(self.handle, self.slot.folder, size)

    def _hold_back(self) -> None:
        """Wait while the disk is too far behind: what is not synced and remembered, a kill takes."""
        keeper = self._keeper
        while keeper is not None and self.ledger.written.total - self._kept > AHEAD and not self._ended:
            self._wake.set()
            keeper.join(0.005)
            if not keeper.is_alive():
                return

    def _keep(self) -> None:
        last = time.monotonic()
        while not self._ended:
            self._wake.wait(0.1)
            self._wake.clear()
            grown = self.ledger.written.total - self._kept
            if grown >= STEP or (grown > 0 and time.monotonic() - last > SAVED_EVERY):
                with contextlib.suppress(LibraryError, OSError):  # the next write reports it
                    self._save()
                last = time.monotonic()

    def _save_at_last(self) -> None:
        """Remember what is proven; where the disk is full, its last bytes make room for the note of all the others."""
        try:
            self._save()
        except DiskFullError:
            with self.ledger.changed:
                end = max((stop for _, stop in self.ledger.written), default=0)
                kept = max(0, end - ROOM_FOR_STATE)
                self.ledger.forget(kept, end)
            os.ftruncate(self.handle, kept)
            self._save(kept)

    def _save(self, end: int | None = None) -> None:
        """Remember what is proven, up to `end` where the part was cut there."""
        with self.ledger.changed:  # first what will be claimed, then the sync, then the claim
            marks = {at: mark for at, mark in self.trail.marks.items() if end is None or at <= end}
            reached = max(marks, default=0)
            pieces = {
                start: piece for start, piece in self.ledger.pieces_so_far().items() if piece[0] > reached
            }
            total = self.ledger.written.total
        if marks or pieces:
            sync_data(self.handle)
            self.slot.write_state(State(self.url_key, self.size, self.validator, marks, pieces))
        self._kept = total


def open_session(
    slot: Slot, url_key: str, *, resume: bool, by_hash: bool, spares: list[bytearray] | None = None
) -> Session:
    """A session on the slot's part: taking up what an earlier one proved if that can be trusted, else from nothing.

    Trusted is a state of the same URL that names the object's version, and any state where the file's hash is
    known, since every byte is hashed again. `spares`: buffers that go from file to file.
    """
    handle = open_part(slot)
    try:
        length = os.fstat(handle).st_size
        state = slot.read_state() if resume and length else None
        if state is not None and not _fits(state, url_key, by_hash):
            state = None
        if state is None:
            slot.forget_state()
            if length:
                os.ftruncate(handle, 0)
            state = State(url_key, None)
        elif state.url_key != url_key:
            state = State(
                url_key, state.size, Validator(), state.marks, state.pieces
            )  # another mirror's validator
        session = Session(slot, handle, state, spares)
        if state.frontier > SMALL:
            session.follow()
        return session
    except BaseException:
        os.close(handle)
        raise


def _fits(state: State, url_key: str, by_hash: bool) -> bool:
    return by_hash or (state.url_key == url_key and bool(state.validator.if_range))


def sync_data(handle: int) -> None:
    """The bytes written so far survive a power cut."""
    getattr(os, "fdatasync", os.fsync)(handle)
