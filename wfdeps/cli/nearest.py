"""The hint for a word that was mistyped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def nearest(word: str, known: Mapping[str, str] | Sequence[str]) -> str | None:
    """Which of the known words was meant; None where none is near."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1)
    return f"did you mean `{close[0]}`?" if close else None
