"""How much of a file is read before it is refused, each limit with its reason."""

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
