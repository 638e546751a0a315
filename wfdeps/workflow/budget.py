"""What one file may cost in all: however many texts it holds, and however often they lie over each other.

Counted in bytes and tries, not in seconds: a file is read as far on a slow machine as on a quick one, and time follows.
"""

from __future__ import annotations

from wfdeps.workflow.limits import MAX_JSON_BYTES, MAX_TEXTS, MAX_TRIES, MAX_UNPACKED_BYTES


class Budget:
    """What is left of it. `reached` is the first limit that was met, in words; empty where none was."""

    def __init__(self) -> None:
        self.reached = ""
        self._unpacked = MAX_UNPACKED_BYTES
        self._texts = MAX_TEXTS
        self._tries = MAX_TRIES
        self._parsed = MAX_JSON_BYTES

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is unpacked."""
        return self._texts < 0 or self._unpacked < 0

    def take_text(self, size: int) -> bool:
        """Whether one more text of this size is looked at."""
        self._texts -= 1
        self._unpacked -= size
        if self._texts < 0:
            return self._met(f"more than {MAX_TEXTS:,} texts")
        return self._unpacked >= 0 or self._met(f"more than {MAX_UNPACKED_BYTES // 2**20} MiB of text")

    def take_json(self, size: int) -> bool:
        """Whether a text of this size is parsed as JSON. What was parsed is kept: it takes memory many times its size."""
        self._tries -= 1
        self._parsed -= size
        if self._tries < 0:
            return self._met(f"more than {MAX_TRIES:,} texts that begin as JSON does")
        return self._parsed >= 0 or self._met(f"more than {MAX_JSON_BYTES // 2**20} MiB of JSON")

    def next_member(self) -> None:
        """The next file of an archive begins: nothing parsed for the last is kept."""
        self.reached = ""
        self._parsed = MAX_JSON_BYTES

    def _met(self, limit: str) -> bool:
        self.reached = self.reached or limit
        return False
