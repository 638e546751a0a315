"""Whether anything at all was marked optional: a look that a check can afford, before it loads answers and locks."""

from __future__ import annotations

import os
import sqlite3
from json import loads

from wfdeps import TYPE_CHECKING
from wfdeps.disk.database import open_read_only

if TYPE_CHECKING:
    from wfdeps.wiring.settings import Settings


def answer_book(settings: Settings) -> str:
    """Where a person's answers are kept."""
    return os.path.join(settings.state_dir, "answers.sqlite")


def has_marks(book: str, lock: str) -> bool:
    """Whether the answers at `book` or the lock at `lock` mark any file; True also for what cannot be read here."""
    return _book_has(book) or _lock_has(lock)


def _book_has(path: str) -> bool:
    if not os.path.exists(path):
        return False
    try:
        database = open_read_only(path)
        try:
            return database.execute("SELECT 1 FROM choices WHERE body IS NULL LIMIT 1").fetchone() is not None
        finally:
            database.close()
    except sqlite3.Error:
        return True


def _lock_has(path: str) -> bool:
    try:
        with open(path, encoding="utf-8") as file:
            lock = loads(file.read())
    except FileNotFoundError:
        return False
    except (OSError, ValueError, RecursionError):
        return True
    return not isinstance(lock, dict) or bool(lock.get("optional"))
