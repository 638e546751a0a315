"""Bytes for people: decimal units, three digits."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size_text(size: int | None) -> str:
    """`6.94 GB`, `335 MB`, `12 B`; `? B` where nobody knows."""
    if size is None:
        return "? B"
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    if unit == 0:
        return f"{size} B"
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {_UNITS[unit]}"


def count_text(count: int, noun: str) -> str:
    """`1 file`, `7,000 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
