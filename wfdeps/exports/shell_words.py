"""Words of a POSIX shell line."""

from __future__ import annotations

from shlex import quote


def line(*words: str) -> str:
    """The words as one line that a shell splits back into exactly these."""
    return " ".join(map(quote, words)) + "\n"
