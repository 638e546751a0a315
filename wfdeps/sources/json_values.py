"""Reading JSON that may hold anything: each reader returns a value of its type, or the empty one; none raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wfdeps.domain.digests import Algorithm, Digest

_LARGEST = 1 << 63


def record(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> tuple[Mapping[str, Any], ...]:
    """The objects of an array; what else is in it is left out."""
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def text(value: object) -> str:
    """The string, without control characters; empty for anything else."""
    return "".join(letter for letter in value if letter.isprintable()) if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """The strings of an array that are not empty; a single string counts as one."""
    items = value if isinstance(value, list) else [value]
    return tuple(word for item in items if (word := text(item).strip()))


def whole(value: object) -> int | None:
    """A number from 0 up that a database could hold, rounded; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value < _LARGEST:  # also keeps NaN and infinity out
        return None
    return round(value)


def positive(value: object) -> int | None:
    """An id: a whole number from 1 up, or None."""
    return whole(value) or None if isinstance(value, int) else None


def bytes_of_kibibytes(value: object) -> int | None:
    """Civitai's `sizeKB`, a float of KiB, as whole bytes; None where it is no number, or 0.

    The uploading client wrote it, and sometimes wrote it wrong: never a reason to refuse a file.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return whole(value * 1024) or None


def sha256_digests(value: object) -> tuple[Digest, ...]:
    """A SHA-256 in hex, with or without the `sha256:` of Git LFS, as digests; empty for anything else."""
    try:
        return (Digest.of(Algorithm.SHA256, text(value).removeprefix("sha256:")),)
    except ValueError:
        return ()
