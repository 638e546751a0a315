"""SHA-256 of a file while it is written, in a thread of its own, never as a second pass.

Connections that write in order hand over the buffer they wrote, still warm; whatever else is written is read
back from the page cache when its turn comes. At every 16 MiB the hash of all bytes up to there is kept: an
interrupted file is checked against these when it is taken up again, and only what differs is fetched again.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections import deque
from collections.abc import Mapping
from threading import Thread
from typing import Any

from wfdeps.fetch.ledger import Claim, Ledger

STEP = 16 << 20
BLOCK = 1 << 20
SPARES = 16
"""Buffers kept from one file for the next: new ones cost the system as much as filling them."""
RING = 8
"""Buffers of BLOCK bytes that go round between a connection and the hash."""


class Trail:
    """The hash that follows a file: in the writer's thread, until `follow` gives it one of its own."""

    def __init__(
        self,
        handle: int,
        ledger: Ledger,
        known: Mapping[int, str] | None = None,
        spares: list[bytearray] | None = None,
    ) -> None:
        self._handle = handle
        self._ledger = ledger
        self._known = dict(known or {})
        self._hash: Any = hashlib.sha256()
        self._frontier = 0
        self._kept: tuple[int, Any] = (0, self._hash.copy())
        self._marks: dict[int, str] = {}
        self._warm: deque[tuple[int, bytearray, int]] = deque()
        self._spare: list[bytearray] = []
        self._spares = spares if spares is not None else []
        self._made = 0
        self._closed = False
        self._fault: Exception | None = None
        self._thread: Thread | None = None

    def follow(self) -> None:
        """Hash in a thread of its own from now on: worth it for large files."""
        if self._thread is None:
            self._thread = Thread(target=self._follow, name="sha256", daemon=True)
            self._thread.start()

    @property
    def frontier(self) -> int:
        """All bytes before it are hashed."""
        return self._frontier

    @property
    def marks(self) -> dict[int, str]:
        """Offset → hash of all bytes before it: those proven now, and an earlier run's further on."""
        with self._ledger.changed:
            return {**self._known, **self._marks}

    def buffer(self) -> bytearray:
        """A buffer to receive into; waits for the hash to give one back while it is right behind."""
        with self._ledger.changed:
            while not self._spare and self._made >= RING:
                if not self._is_right_behind() or self._closed:
                    return bytearray(BLOCK)  # it is busy with earlier bytes: do not wait for it
                self._ledger.changed.wait(0.1)
            if self._spare:
                return self._spare.pop()
            self._made += 1
        try:
            return self._spares.pop()
        except IndexError:
            return bytearray(BLOCK)

    def wrote(self, claim: Claim, data: bytearray | bytes, count: int, *, owned: bool = False) -> None:
        """`count` bytes of `data` were written at the claim's position. `owned`: the buffer comes from here."""
        far = claim.position > self._frontier + RING * BLOCK
        checksum = zlib.crc32(memoryview(data)[:count], claim.checksum) if far else None
        with self._ledger.changed:
            offset = claim.position
            self._ledger.wrote(claim, count, checksum)
            if self._thread is None:
                if offset == self._frontier:
                    self._take(memoryview(data)[:count])
                if owned and isinstance(data, bytearray):
                    self.give_back(data)
            elif owned and isinstance(data, bytearray) and len(self._warm) < RING:
                self._warm.append((offset, data, count))

    def give_back(self, buffer: bytearray) -> None:
        """A buffer that was not used after all."""
        with self._ledger.changed:
            if len(self._spare) < RING:
                self._spare.append(buffer)

    def finish(self) -> str:
        """The SHA-256 of the whole file, once it is complete and hashed."""
        with self._ledger.changed:
            while self._thread is not None and self._frontier != self._ledger.size:
                self._raise_fault()
                if not self._ledger.is_complete:
                    return ""  # a hole was found: it has to be fetched first
                self._ledger.changed.wait(0.1)
        if self._thread is None:
            while self._step_cold():
                pass
            if not self._ledger.is_complete:
                return ""
        digest: str = self._hash.hexdigest()
        return digest

    def close(self) -> None:
        """Stop following; `marks` holds the frontier then too."""
        with self._ledger.changed:
            self._closed = True
            self._ledger.changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._warm.clear()
        if len(self._spares) < SPARES:
            self._spares += self._spare
        for _ in range(
            RING
        ):  # what came last takes some milliseconds to hash, and else would be fetched again
            if self._fault is not None or not self._step_cold():
                break
        if self._frontier and not self._is_claimed():
            self._marks[self._frontier] = self._hash.hexdigest()

    def _is_right_behind(self) -> bool:
        if not self._warm:
            return False
        reachable = self._ledger.written.stop_at(self._frontier)
        return self._warm[0][0] <= min(self._frontier + RING * BLOCK, reachable)

    def _follow(self) -> None:
        try:
            while self._step():
                pass
        except Exception as error:  # raised where the hash is waited for
            with self._ledger.changed:
                self._fault = error
                self._ledger.changed.notify_all()

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _step(self) -> bool:
        buffer: bytearray | None = None
        count = 0
        with self._ledger.changed:
            while True:
                while self._warm and self._warm[0][0] < self._frontier:
                    self.give_back(self._warm.popleft()[1])  # read from the file already
                if self._warm and self._warm[0][0] == self._frontier:
                    _, buffer, count = self._warm.popleft()
                    break
                if (
                    self._closed
                ):  # what was handed over is hashed first: a few MiB, so that a stop loses none of it
                    return False
                if self._cold_limit() > self._frontier:
                    break
                self._ledger.changed.wait(0.1)
        if buffer is None:
            self._step_cold()
            with self._ledger.changed:
                self._ledger.changed.notify_all()
            return True
        self._take(memoryview(buffer)[:count])
        with self._ledger.changed:
            self.give_back(buffer)
            self._ledger.changed.notify_all()
        return True

    def _cold_limit(self) -> int:
        limit = self._ledger.written.stop_at(self._frontier)
        return min(limit, self._warm[0][0]) if self._warm else limit

    def _step_cold(self) -> bool:
        with self._ledger.changed:
            count = min(self._cold_limit() - self._frontier, BLOCK)
        if count <= 0:
            return False
        data = os.pread(self._handle, count, self._frontier)
        if not data:
            with self._ledger.changed:  # the file was cut behind our back
                self._ledger.forget(self._frontier, self._ledger.written.stop_at(self._frontier))
            return True
        self._take(memoryview(data))
        return True

    def _take(self, view: memoryview) -> None:
        while view:
            room = min(len(view), self._next_mark() - self._frontier)
            self._hash.update(view[:room])
            view = view[room:]
            self._frontier += room
            if (self._frontier in self._known or self._frontier % STEP == 0) and not self._mark():
                return

    def _is_claimed(self) -> bool:
        """Whether an earlier run's mark is still ahead: until it is reached, the bytes before it are only a claim.

        A hash of them is no mark then: it would vouch for a byte that was altered since.
        """
        return any(mark > self._frontier for mark in self._known)

    def _next_mark(self) -> int:
        regular = (self._frontier // STEP + 1) * STEP
        return min([regular, *(mark for mark in self._known if mark > self._frontier)])

    def _mark(self) -> bool:
        """Keep the hash of all bytes so far; False if an earlier run had another one here."""
        here, digest = self._frontier, self._hash.hexdigest()
        with self._ledger.changed:
            if here not in self._known and self._is_claimed():
                return True
            if self._known.pop(here, digest) == digest:
                self._kept = (here, self._hash.copy())
                self._marks[here] = digest
                return True
            start, earlier = self._kept
            self._ledger.forget(start, here)
            self._frontier, self._hash = start, earlier.copy()
            return False
