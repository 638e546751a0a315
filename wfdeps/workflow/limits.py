"""How much of a file is read before it is refused, each limit with its reason; and what is left of it while one is read."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


MAX_FILE_BYTES: Final = 512 * 1024 * 1024
"""A whole file. Videos carry their workflow at the end; the largest workflow alone that we know is 4.2 MB."""
MAX_JSON_BYTES: Final = 16 * 1024 * 1024
"""One JSON text. Parsed, it takes 25 times that in memory at the very worst (empty lists), 430 MB."""
MAX_INFLATED_BYTES: Final = MAX_JSON_BYTES
"""What a compressed chunk (zTXt, iTXt, zip member) may become."""
MAX_UNPACKED_BYTES: Final = 4 * MAX_JSON_BYTES
"""All texts of one file, or all members of one archive, unpacked. The largest real image we know holds 9 MB."""
MAX_TEXTS: Final = 5_000
"""Texts of one file that are looked at. Real ones have a dozen."""
MAX_TRIES: Final = 500
"""Texts of one file that are parsed because they begin as JSON does. Real ones have two."""
MAX_NODES: Final = 100_000
"""After subgraphs are unfolded. The largest real workflow we know has 2,000."""
MAX_INSTANCES: Final = 10_000
"""Of subgraphs, all together: two of one in each other multiply."""
MAX_SUBGRAPH_DEPTH: Final = 64
"""Subgraphs inside subgraphs."""
MAX_DOCUMENTS: Final = 1_000
"""Workflows in one bundle or archive."""
MAX_SEARCHED: Final = 200_000
"""Values of a wrapper that are looked into for a workflow."""
MAX_SEARCH_DEPTH: Final = 12
"""How deep a wrapper may bury its workflow."""
MAX_ENTRIES: Final = 20_000
"""Chunks, boxes, tags or frames looked at in one container."""
MAX_NAME_LENGTH: Final = 1_024
"""Characters of a model name; no file system stores a longer one."""
MAX_NOTES: Final = 1024 * 1024
"""Characters of all notes together that are searched for links. The longest we know have 20,000."""
MAX_LINKS: Final = 1_000
"""Addresses in notes that are compared with the names of files."""
MAX_HOPS: Final = 1_000
"""Reroutes, bypasses and subgraph borders between an input and the node that feeds it."""


class Budget:
    """What one file may still cost in all: however many texts it holds, and however often they lie over each other.

    Counted in bytes and tries, not in seconds: a file is read as far on a slow machine as on a quick one.
    `reached` is the first limit that was met, in words; empty where none was.
    """

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
