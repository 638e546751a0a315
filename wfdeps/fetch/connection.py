"""One connection of a file: a request, and its body into the session, chunk by chunk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from wfdeps.errors import SourceUnavailableError
from wfdeps.fetch.address import Address, Opening
from wfdeps.fetch.intake import Intake
from wfdeps.fetch.ledger import Claim
from wfdeps.fetch.limits import Tools
from wfdeps.fetch.session import Session
from wfdeps.fetch.trail import BLOCK
from wfdeps.http import Reply, Tap

WORTH_IT = 8 << 20
"""Bytes. Below this a connection that would be lost is better kept for the next request than read fast."""
GATHERED = 1 << 20
"""Bytes a plain body is written and hashed by."""
GATHERED_WITHIN = 0.05
"""Seconds they may take to come: a slow body is written as it comes."""


class Connection:
    """Fetches claims of one file, one request at a time. A file has one main connection, and further ones while they pay.

    `ended` is looked at between chunks; `after_chunk` is called after each that was written.
    """

    def __init__(
        self,
        session: Session,
        address: Address,
        intake: Intake,
        tools: Tools,
        *,
        main: bool,
        ended: Callable[[], bool],
        after_chunk: Callable[[], None],
    ) -> None:
        self._session = session
        self._address = address
        self._intake = intake
        self._tools = tools
        self._limits = tools.limits
        self._main = main
        self._ended = ended
        self._after_chunk = after_chunk

    def fetch(self, claim: Claim, *, alone: bool) -> None:
        """As much of the claim as one request gives; nothing where the intake postpones the file.

        `alone`: no other connection has bytes of the file. Raises as `Intake.accept`, `Address.opened` and
        `Session.write` do, SourceUnavailableError for a body that is cut, StoppedError.
        """
        # A further connection does not wait for a place at its host: what it claimed is wanted soon.
        stopped = self._ended if self._main else _at_once
        with self._address.opened(self._headers(claim), stopped, self._limits.stall) as reply:
            opening = self._intake.accept(reply, claim, alone=alone)
            if self._intake.is_postponed:
                return
            tap = self._tap(reply, claim, opening)
            if tap is not None:
                self._pour_from_socket(tap, claim, opening)
            else:
                self._pour(reply, claim, opening)

    def _headers(self, claim: Claim) -> dict[str, str]:
        session = self._session
        if not session.ranges:
            return {}
        # The main connection asks to the end: others may take from it while it runs, and it just stops earlier.
        to_the_end = claim.stop is None or (self._main and claim.stop == session.size)
        last = "" if to_the_end else str((claim.stop or 0) - 1)
        headers = {"range": f"bytes={claim.position}-{last}"}
        if claim.position and session.validator.if_range:
            headers["if-range"] = session.validator.if_range
        return headers

    def _tap(self, reply: Reply, claim: Claim, opening: Opening) -> Tap | None:
        """The socket to read the body from, where that is allowed, safe, and worth a connection that may be lost."""
        is_worth_it = reply.keeps_connection or (self._main and (opening.length or 0) > WORTH_IT)
        if not self._limits.hand_off or not is_worth_it or opening.encoded or claim.stop is None:
            return None
        return reply.tap(stall=self._limits.stall)

    def _pour_from_socket(self, tap: Tap, claim: Claim, opening: Opening) -> None:
        """Socket to buffer to file; the main connection's buffers go on to the hash while they are warm."""
        trail = self._session.trail
        floor = _SpeedFloor(self._limits.slowest, self._limits.slow_for)
        buffer = bytearray() if self._main else bytearray(BLOCK)
        while (left := self._left(claim, opening, BLOCK)) and left > 0:
            if self._main:
                buffer = trail.buffer()
            count = tap.read_into(buffer, min(left, BLOCK), self._ended, rest=left <= BLOCK)
            if count == 0:
                if self._main:
                    trail.give_back(buffer)
                self._tools.check_stop()
                if self._ended():
                    return
                raise _cut_before_end(left)
            self._write(claim, buffer, count, floor, owned=self._main)

    def _pour(self, reply: Reply, claim: Claim, opening: Opening) -> None:
        """The body as its client reads it: slower, and for every kind of reply."""
        floor = _SpeedFloor(self._limits.slowest, self._limits.slow_for)
        chunks = reply.decoded() if opening.encoded else reply.chunks()
        for chunk in gathered(_until(self._ended, chunks), GATHERED, GATHERED_WITHIN):
            self._intake.check_length(claim, opening, len(chunk))
            self._session.check_room(self._limits.kept_free)
            left = self._left(claim, opening, len(chunk))
            data = chunk if left is None or len(chunk) <= left else chunk[:left]
            if not data:
                break  # more than was promised, or somebody else took the rest
            self._write(claim, data, len(data), floor)
        self._tools.check_stop()
        if claim.stop is None and opening.stop is not None and opening.ranges:
            if claim.position < opening.stop:
                raise SourceUnavailableError("the connection was cut in the middle of a part")
        elif claim.stop is None:
            self._end_unannounced(claim)
        elif claim.position < min(claim.stop, opening.stop or claim.stop) and not self._ended():
            raise _cut_before_end(claim.stop - claim.position)

    def _write(
        self,
        claim: Claim,
        data: bytes | bytearray,
        count: int,
        floor: _SpeedFloor,
        *,
        owned: bool = False,
    ) -> None:
        """`count` bytes into the file; waits for the limit on bytes per second."""
        self._intake.look_at(claim, data, count)
        self._session.write(claim, data, count, owned=owned)
        floor.count(count)
        self._tools.rate.take(count, self._ended)
        self._after_chunk()

    def _left(self, claim: Claim, opening: Opening, enough: int) -> int | None:
        """Bytes of the claim to come with this reply; None where unknown.

        The claim grows by what others gave back where fewer than `enough` are left; a server may send less than
        was asked for.
        """
        left = claim.left
        if left is not None and left < enough and opening.stop is not None:
            self._session.ledger.extend(claim, opening.stop)
            left = claim.left
        if left is not None and opening.stop is not None:
            left = min(left, opening.stop - claim.position)
        return left

    def _end_unannounced(self, claim: Claim) -> None:
        """The body ended, and no header had said its length."""
        known = self._intake.exact or self._session.size
        if known is not None and claim.position < known:
            raise _cut_before_end(known - claim.position)
        with self._session.ledger.changed:
            self._session.ledger.size = claim.position


def gathered(chunks: Iterator[bytes], most: int, patience: float) -> Iterator[bytes]:
    """The bytes in fewer pieces: of `most` bytes, or what came within `patience` seconds.

    Each write and each hash lets go of the interpreter; with many connections, taking it back is what costs.
    """
    parts: list[bytes] = []
    size, since = 0, time.monotonic()
    try:
        for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size >= most or time.monotonic() - since >= patience:
                yield b"".join(parts)
                parts, size, since = [], 0, time.monotonic()
    except SourceUnavailableError:
        if parts:
            yield b"".join(parts)  # what came before the cut is kept
        raise
    if parts:
        yield b"".join(parts)


class _SpeedFloor:
    """Ends a transfer that crawls: fewer than `least` bytes per second over `window` seconds."""

    def __init__(self, least: float, window: float) -> None:
        self._least = least
        self._window = window
        self._since = time.monotonic()
        self._count = 0

    def count(self, count: int) -> None:
        """That many bytes came. Raises SourceUnavailableError when it was too few for too long."""
        self._count += count
        now = time.monotonic()
        if now - self._since < self._window:
            return
        if self._count < self._least * self._window:
            raise SourceUnavailableError(
                f"less than {self._least:.0f} bytes a second for {self._window:.0f} seconds"
            )
        self._since, self._count = now, 0


def _until(ended: Callable[[], bool], chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        if ended():
            return
        yield chunk


def _cut_before_end(left: int) -> SourceUnavailableError:
    return SourceUnavailableError(f"the connection was cut {left} bytes before the end")


def _at_once() -> bool:
    return True
