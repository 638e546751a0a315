"""Sets of byte ranges: what of a file is there, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


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
