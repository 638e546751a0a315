"""Who fetches which bytes of one file: what is written, what is claimed, what is free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Condition

PIECE = 8 << 20
"""Bytes a further connection takes at a time, and the most a piece with a CRC-32 holds."""
LEAST_SPLIT = 1 << 20
"""Less than twice this is not worth a second connection."""


class Spans:
    """Disjoint, sorted, half-open ranges. Few at a time: there are as many as connections."""

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._spans: list[tuple[int, int]] = []
        for start, stop in spans:
            self.add(start, stop)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._spans)

    def __repr__(self) -> str:
        return f"Spans({self._spans})"

    @property
    def total(self) -> int:
        """How many bytes they hold."""
        return sum(stop - start for start, stop in self._spans)

    def add(self, start: int, stop: int) -> None:
        """These bytes are there."""
        if stop <= start:
            return
        apart: list[tuple[int, int]] = []
        for low, high in self._spans:
            if high < start or low > stop:
                apart.append((low, high))
            else:
                start, stop = min(start, low), max(stop, high)
        self._spans = sorted([*apart, (start, stop)])

    def remove(self, start: int, stop: int) -> None:
        """These bytes are not there, or no longer."""
        kept: list[tuple[int, int]] = []
        for low, high in self._spans:
            kept += [(low, min(high, start)), (max(low, stop), high)]
        self._spans = [(low, high) for low, high in kept if low < high]

    def stop_at(self, offset: int) -> int:
        """Where the range that holds `offset` ends; `offset` itself where none does."""
        return next((high for low, high in self._spans if low <= offset < high), offset)

    def gaps(self, size: int) -> list[tuple[int, int]]:
        """What is missing of the first `size` bytes."""
        missing: list[tuple[int, int]] = []
        reached = 0
        for low, high in self._spans:
            if low > reached:
                missing.append((reached, min(low, size)))
            reached = max(reached, high)
        if reached < size:
            missing.append((reached, size))
        return [(low, high) for low, high in missing if low < high]


class Claim:
    """The bytes one connection fetches: from `position` up to, not including, `stop` (None: to the end)."""

    __slots__ = ("checksum", "piece", "position", "start", "stop")

    def __init__(self, start: int, stop: int | None) -> None:
        self.start = start
        self.position = start
        self.stop = stop
        self.piece = start
        """Where the piece began whose CRC-32 `checksum` is."""
        self.checksum = 0

    @property
    def left(self) -> int | None:
        """Bytes still to come; None where the end is not known."""
        return None if self.stop is None else self.stop - self.position


class Ledger:
    """One file's bytes, shared by its connections and its hash. `changed` guards all of it, and is notified of every change."""

    def __init__(self, size: int | None = None) -> None:
        self.changed = Condition()
        self.size = size
        self.written = Spans()
        self.pieces: dict[int, tuple[int, int]] = {}
        """Start → stop and CRC-32 of the pieces that were fetched with one."""
        self._claims: list[Claim] = []

    @property
    def is_complete(self) -> bool:
        return self.size is not None and self.written.total == self.size

    def claim(self, piece: int | None = None) -> Claim | None:
        """The first bytes nobody fetches, at most `piece`; where all are being fetched, half of another's.

        The free bytes nearest to the start go first, so that the hash can follow. None: nothing worth it.
        """
        with self.changed:
            if self.size is None:
                return None if self._claims else self._give(self.written.stop_at(0), None)
            for start, stop in self._free(self.size):
                return self._give(start, stop if piece is None else min(stop, start + piece))
            return self._split(piece)

    def extend(self, claim: Claim, stop: int) -> None:
        """The free bytes right behind the claim, up to `stop`, are its too: its connection brings them anyway."""
        with self.changed:
            if claim.stop is None or self.size is None:
                return
            for start, end in self._free(self.size):
                if start == claim.stop:
                    claim.stop = max(claim.stop, min(end, stop))

    def wrote(self, claim: Claim, count: int, checksum: int | None) -> None:
        """That many bytes more are in the file. Call with `changed` held.

        `checksum` is the CRC-32 of the claim's piece with them, None where the hash is so near that the piece
        needs none.
        """
        self.written.add(claim.position, claim.position + count)
        claim.position += count
        if checksum is None:
            claim.piece, claim.checksum = claim.position, 0
        else:
            claim.checksum = checksum
            if claim.position - claim.piece >= PIECE:
                self._keep_piece(claim)
        self.changed.notify_all()

    def release(self, claim: Claim) -> None:
        """Its connection is done with it, whole or not."""
        with self.changed:
            self._claims.remove(claim)
            if claim.position > claim.piece:
                self._keep_piece(claim)
            self.changed.notify_all()

    def forget(self, start: int, stop: int) -> None:
        """These bytes proved wrong: they are to be fetched again. Call with `changed` held."""
        self.written.remove(start, stop)
        self.pieces = {
            first: piece for first, piece in self.pieces.items() if piece[0] <= start or first >= stop
        }
        self.changed.notify_all()

    def pieces_so_far(self) -> dict[int, tuple[int, int]]:
        """The pieces, and as much of those being fetched as is written. Call with `changed` held."""
        begun = {claim.piece: (claim.position, claim.checksum) for claim in self._claims}
        return {**self.pieces, **{start: piece for start, piece in begun.items() if piece[0] > start}}

    def _keep_piece(self, claim: Claim) -> None:
        self.pieces[claim.piece] = (claim.position, claim.checksum)
        claim.piece, claim.checksum = claim.position, 0

    def _free(self, size: int) -> list[tuple[int, int]]:
        taken = Spans(self.written)
        for claim in self._claims:
            taken.add(claim.position, size if claim.stop is None else claim.stop)
        return taken.gaps(size)

    def _split(self, piece: int | None) -> Claim | None:
        if piece is None or not self._claims:
            return None
        largest = max(self._claims, key=lambda claim: claim.left or 0)
        left = largest.left or 0
        if largest.stop is None or left < 2 * LEAST_SPLIT:
            return None
        cut = largest.position + max(LEAST_SPLIT, min(piece, left // 2))
        stop, largest.stop = largest.stop, cut
        return self._give(cut, min(stop, cut + piece))

    def _give(self, start: int, stop: int | None) -> Claim:
        claim = Claim(start, stop)
        self._claims.append(claim)
        return claim
