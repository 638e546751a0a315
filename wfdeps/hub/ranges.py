"""The Range header (pure): which bytes are meant."""

from __future__ import annotations

import re

from wfdeps.values import dataclass

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` up to, not including, `end`."""

    start: int
    end: int


class UnsatisfiableError(ValueError):
    """The range lies outside the file."""


def read_range(header: str | None, size: int) -> Part | None:
    """The part asked for; None for the whole file, also where the header is no single byte range.

    Raises UnsatisfiableError, which is a 416.
    """
    found = _RANGE.match((header or "").replace(" ", ""))
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if not first:
        if int(last) == 0 or size == 0:
            raise UnsatisfiableError
        return Part(max(0, size - int(last)), size)
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise UnsatisfiableError
    return Part(start, end)
