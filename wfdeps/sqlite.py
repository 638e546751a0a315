"""`sqlite3` without the dates that its package imports round it: as much as wfdeps uses, at a third of the price."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        import _sqlite3 as sqlite3
    except ImportError:  # another Python
        import sqlite3

__all__ = ["sqlite3"]
