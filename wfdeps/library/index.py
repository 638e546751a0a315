"""What is remembered of the model folders: names by directory, and facts by file, each with the stamp it holds for.

SQLite, safe with many processes. A directory's names are believed while its stamp is unchanged; a file's facts
(digests, trouble, identity) while the file's is. Git's racy rule: a stamp taken so soon after the last change that
another change could bear the same time is not believed. Where the index cannot be written it is kept in memory.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator

from wfdeps import TYPE_CHECKING
from wfdeps.disk.database import (
    MEMORY,
    copied_to_memory,
    is_damage,
    open_database,
    set_aside,
    transaction,
    version_of,
)
from wfdeps.values import NamedTuple

if TYPE_CHECKING:
    from typing import Any, TypeVar

    _T = TypeVar("_T")

VERSION = 1
_FINE = 50_000_000
_COARSE = 2_100_000_000
_BATCH = 500
_SCHEMA = """
CREATE TABLE directories(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, stem TEXT NOT NULL, stamp TEXT NOT NULL,
                         known_ns INTEGER NOT NULL, loops_to TEXT);
CREATE INDEX directories_stem ON directories(stem);
CREATE INDEX directories_loops ON directories(path) WHERE loops_to IS NOT NULL;
CREATE TABLE files(directory INTEGER NOT NULL, name TEXT NOT NULL, stem TEXT NOT NULL,
                   PRIMARY KEY(directory, name)) WITHOUT ROWID;
CREATE INDEX files_stem ON files(stem);
CREATE TABLE stamps(path TEXT PRIMARY KEY, stamp TEXT NOT NULL, known_ns INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE facts(path TEXT NOT NULL, fact TEXT NOT NULL, value TEXT NOT NULL,
                   PRIMARY KEY(path, fact)) WITHOUT ROWID;
CREATE INDEX facts_value ON facts(value, fact);
"""


def stamp_of(found: os.stat_result) -> str:
    """Changes whenever the file or directory does: size, both times, inode. Copied times do not fool the second."""
    return f"{found.st_size}.{found.st_mtime_ns}.{found.st_ctime_ns}.{found.st_ino}"


def is_settled(stamp: str, known_ns: int) -> bool:
    """Whether a later change would show: the last one is older than the file system's clock ticks."""
    modified = int(stamp.split(".", 2)[1])
    # Whole seconds mean FAT, HFS or an old NFS: two seconds a tick. Else the kernel's tick, 10 ms at most.
    return modified + (_FINE if modified % 1_000_000_000 else _COARSE) <= known_ns


class Listing(NamedTuple):
    """One directory as it was read. `loops_to` is the ancestor that a link leads back to; it then has no names."""

    path: str
    stamp: str
    known_ns: int
    files: tuple[str, ...]
    loops_to: str | None = None


class KnownDirectory(NamedTuple):
    """What is remembered of one directory, without its names."""

    path: str
    stamp: str
    loops_to: str | None
    is_settled: bool


class Index:
    """The memory itself. Every method may be called whether it lies on disk, read-only, or nowhere."""

    def __init__(
        self, path: str | None, *, stem_of: Callable[[str], str], clock: Callable[[], int] = time.time_ns
    ) -> None:
        self._stem_of = stem_of
        self._clock = clock
        self._path = path
        self.refill: Callable[[], None] = lambda: None
        """Reads the directories anew; set by who knows which. Called where what was remembered of them is lost."""
        self._is_refilling = False
        self.set_aside = ""
        """Where the file lies now that was damaged and had to be begun anew; empty where none was."""
        self._db, self.is_kept, self.set_aside = _open(path)

    def close(self) -> None:
        """Nothing more is asked."""
        self._db.close()

    # ── directories

    def directories(self, top: str) -> dict[str, KnownDirectory]:
        """Every remembered directory at or below `top`, by path."""
        return self._answer_of(lambda: self._directories(top)) or {}

    def _directories(self, top: str) -> dict[str, KnownDirectory]:
        rows = self._db.execute(
            "SELECT path, stamp, known_ns, loops_to FROM directories WHERE path = ? OR (path > ? AND path < ?)",
            (top, *_below(top)),
        )
        return {
            _text(path): KnownDirectory(path, stamp, loop, is_settled(stamp, known))
            for path, stamp, known, loop in rows
        }

    def update(self, read: Iterable[Listing], gone: Iterable[str]) -> None:
        """Remember these directories anew, and forget those and all below them."""
        read, gone = tuple(read), tuple(gone)
        if not read and not gone:
            return
        try:
            self._update(read, gone)
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            if is_damage(error):
                self._begin_anew()
            else:  # locked for too long, or read-only after all
                self._to_memory()
                self._update(read, gone)

    def _update(self, read: tuple[Listing, ...], gone: tuple[str, ...]) -> None:
        with transaction(self._db) as db:
            for path in gone:
                span = (path, *_below(path))
                db.execute(
                    "DELETE FROM files WHERE directory IN"
                    " (SELECT id FROM directories WHERE path = ? OR (path > ? AND path < ?))",
                    span,
                )
                db.execute("DELETE FROM directories WHERE path = ? OR (path > ? AND path < ?)", span)
            for listing in read:
                self._put(db, listing)

    def _put(self, db: sqlite3.Connection, listing: Listing) -> None:
        stem = self._stem_of(os.path.basename(listing.path))
        row = db.execute("SELECT id FROM directories WHERE path = ?", (listing.path,)).fetchone()
        if row:
            number = row[0]
            db.execute("DELETE FROM files WHERE directory = ?", (number,))
            db.execute(
                "UPDATE directories SET stamp = ?, known_ns = ?, loops_to = ? WHERE id = ?",
                (listing.stamp, listing.known_ns, listing.loops_to, number),
            )
        else:
            cursor = db.execute(
                "INSERT INTO directories(path, stem, stamp, known_ns, loops_to) VALUES (?, ?, ?, ?, ?)",
                (listing.path, stem, listing.stamp, listing.known_ns, listing.loops_to),
            )
            number = cursor.lastrowid
        stem_of = self._stem_of
        db.executemany(
            "INSERT INTO files VALUES (?, ?, ?)", [(number, name, stem_of(name)) for name in listing.files]
        )

    # ── looking up

    def files_with_stems(self, stems: Iterable[str]) -> Iterator[tuple[str, str]]:
        """(directory, name) of every remembered file whose folded stem is among these, in any library."""
        for some in _batches(stems):
            marks = ",".join("?" * len(some))
            yield from self._rows(
                f"SELECT d.path, f.name FROM files f JOIN directories d ON d.id = f.directory WHERE f.stem IN ({marks})",  # noqa: S608
                some,
            )

    def directories_with_stems(self, stems: Iterable[str]) -> Iterator[str]:
        """Every remembered directory whose folded stem is among these."""
        for some in _batches(stems):
            marks = ",".join("?" * len(some))
            for (path,) in self._rows(f"SELECT path FROM directories WHERE stem IN ({marks})", some):  # noqa: S608
                yield path

    def loops(self) -> tuple[str, ...]:
        """Every remembered link that leads back to a folder above itself, in any library."""
        rows = self._rows("SELECT path FROM directories WHERE loops_to IS NOT NULL")
        return tuple(path for (path,) in rows)

    def files_below(self, top: str, *, without: str = "") -> Iterator[tuple[str, str]]:
        """(directory, name) of every remembered file at or below `top`, sorted by directory and name.

        With `without`, only those of which that fact was never remembered.
        """
        yield from self._rows(
            "SELECT d.path, f.name FROM directories d JOIN files f ON f.directory = d.id"
            " WHERE (d.path = ? OR (d.path > ? AND d.path < ?))"
            " AND NOT EXISTS(SELECT 1 FROM facts WHERE path = d.path || ? || f.name AND fact = ?)"
            " ORDER BY d.path, f.name",
            (top, *_below(top), os.sep, without),
        )

    # ── facts

    def facts(self, path: str, found: os.stat_result) -> dict[str, str]:
        """What is remembered of the file at `path`, if it is still the file that was looked at; else nothing."""
        return self._answer_of(lambda: self._facts(path, found)) or {}

    def _facts(self, path: str, found: os.stat_result) -> dict[str, str]:
        rows = self._db.execute(
            "SELECT s.stamp, s.known_ns, f.fact, f.value FROM stamps s JOIN facts f ON f.path = s.path WHERE s.path = ?",
            (path,),
        ).fetchall()
        if not rows or rows[0][0] != stamp_of(found) or not is_settled(rows[0][0], rows[0][1]):
            return {}
        return {_text(fact): _text(value) for _, _, fact, value in rows}

    def remember(
        self, path: str, found: os.stat_result, facts: dict[str, str], *, known_ns: int | None = None
    ) -> None:
        """Keep facts of the file as it was at `known_ns` (now, if not given), beside those that still hold."""
        stamp, known = stamp_of(found), self._clock() if known_ns is None else known_ns
        try:
            with transaction(self._db) as db:
                row = db.execute("SELECT stamp, known_ns FROM stamps WHERE path = ?", (path,)).fetchone()
                if row is None or row[0] != stamp or not is_settled(row[0], row[1]):
                    db.execute("DELETE FROM facts WHERE path = ?", (path,))
                    db.execute("INSERT OR REPLACE INTO stamps VALUES (?, ?, ?)", (path, stamp, known))
                db.executemany(
                    "INSERT OR REPLACE INTO facts VALUES (?, ?, ?)",
                    [(path, fact, value) for fact, value in facts.items()],
                )
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            if is_damage(error):
                self._begin_anew()  # else: a memory that cannot be kept is no error

    def facts_below(self, top: str, fact: str, *, itself: bool = False) -> dict[str, str]:
        """One remembered fact of everything below `top` (or of it), by path, whether it still holds or not."""
        if itself:
            rows = self._rows("SELECT path, value FROM facts WHERE path = ? AND fact = ?", (top, fact))
        else:
            rows = self._rows(
                "SELECT path, value FROM facts WHERE path > ? AND path < ? AND fact = ?", (*_below(top), fact)
            )
        return dict(rows)

    def now(self) -> int:
        """The time of the clock that stamps are judged by, in nanoseconds."""
        return self._clock()

    def paths_with(self, fact: str, value: str) -> tuple[str, ...]:
        """Files of which this was once true; whether it still is, `facts` says. `value` may be a beginning."""
        rows = self._rows(
            "SELECT path FROM facts WHERE value >= ? AND value < ? AND fact = ?", (value, value + "~", fact)
        )
        return tuple(path for (path,) in rows)

    # ── keeping

    def _rows(self, statement: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of texts of a query; of what was read anew, where the file was damaged."""

        def ask() -> list[tuple[Any, ...]]:
            rows = self._db.execute(statement, tuple(values)).fetchall()
            return [tuple(map(_text, row)) for row in rows]

        values = tuple(values)
        found = self._answer_of(ask)
        return (self._answer_of(ask) if found is None else found) or []

    def _answer_of(self, ask: Callable[[], _T]) -> _T | None:
        """The answer; None where the file was damaged, and is begun anew."""
        try:
            return ask()
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            if not is_damage(error):
                raise
            self._begin_anew()
            return None

    def _begin_anew(self) -> None:
        """A new memory in the place of a damaged one, which is set aside; in memory alone the second time."""
        self._replace()
        if not self._is_refilling:
            self._is_refilling = True
            try:
                self.refill()
            finally:
                self._is_refilling = False

    def _replace(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._db.close()
        if self.set_aside or not self._path:
            self._db, self.is_kept = open_database(MEMORY, _SCHEMA, version=VERSION), False
            return
        aside = set_aside(self._path)
        self._db, self.is_kept, _ = _open(self._path if aside else None)
        self.set_aside = aside or self._path

    def _to_memory(self) -> None:
        memory = sqlite3.connect(MEMORY, isolation_level=None)
        with contextlib.suppress(sqlite3.Error):
            self._db.backup(memory)
        if version_of(memory) != VERSION:
            memory.close()
            memory = open_database(MEMORY, _SCHEMA, version=VERSION)
        with contextlib.suppress(sqlite3.Error):
            self._db.close()
        self._db, self.is_kept = memory, False


def _open(path: str | None) -> tuple[sqlite3.Connection, bool, str]:
    """A connection ready for use, whether what is written there stays, and where a damaged file lies now."""
    if path is None:
        return open_database(MEMORY, _SCHEMA, version=VERSION), False, ""
    aside = ""
    for is_last in (False, True):
        try:
            return _open_file(path), True, aside
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if is_last or not is_damage(error):
                break  # cannot be opened or written: read what can be read, keep the rest in memory
            aside = set_aside(path)
        except OSError:
            break
    return copied_to_memory(path, _SCHEMA, version=VERSION), False, aside


def _open_file(path: str) -> sqlite3.Connection:
    database = open_database(path, _SCHEMA, version=VERSION, log=True)
    try:
        database.execute("PRAGMA synchronous=NORMAL")
        if not os.access(path, os.W_OK):
            raise sqlite3.OperationalError("read-only")
    except BaseException:
        database.close()
        raise
    return database


def _text(value: object) -> str:
    """A text of a row. Raises TypeError for what we never wrote there."""
    if not isinstance(value, str):
        raise TypeError(f"not a text: {type(value).__name__}")
    return value


def _below(path: str) -> tuple[str, str]:
    """The open interval of all paths below a directory, in SQLite's byte order."""
    return path.rstrip(os.sep) + os.sep, path.rstrip(os.sep) + chr(ord(os.sep) + 1)


def _batches(values: Iterable[str]) -> Iterator[list[str]]:
    rest = sorted(set(values))
    for start in range(0, len(rest), _BATCH):
        yield rest[start : start + _BATCH]
