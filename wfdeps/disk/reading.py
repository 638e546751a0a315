"""Pieces of a file, as the header readers ask for them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def reader(path: str) -> Iterator[Callable[[int, int], bytes]]:
    """`read(offset, length) -> bytes` over a file: what the header readers take; short at its end."""
    with open(path, "rb", buffering=0) as file:

        def read(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length) or b""

        yield read
