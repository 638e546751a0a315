"""Opens every SQLite file of ours: its folder made, waiting for other processes, with the tables of one version.

A damaged file is set aside under a name with its date, so that what it holds can still be looked for, and begun anew.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

WAIT = 10.0
"""Seconds to wait for another process that is writing."""
MEMORY = ":memory:"


class OtherVersionError(Exception):
    """The file was written by another version of wfdeps, and holds what cannot be had again."""


def open_database(
    path: str,
    schema: str,
    *,
    version: int,
    precious: bool = False,
    log: bool = False,
    any_thread: bool = False,
) -> sqlite3.Connection:
    """A connection with these tables, in autocommit: a transaction is begun by hand.

    The tables of another version are dropped, unless they are `precious`. `log`: with a write-ahead log, so that readers
    never wait for a writer. `any_thread`: the caller keeps threads apart. Raises OSError, sqlite3.Error, OtherVersionError.
    """
    if path != MEMORY:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        _refuse_pipes(path)
    database = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=not any_thread)
    try:
        if version_of(database) != version:
            _make(database, schema, version, precious=precious, log=log and path != MEMORY)
    except BaseException:
        database.close()
        raise
    return database


def open_read_only(path: str) -> sqlite3.Connection:
    """A connection to a file that is there, which it never makes or changes. Raises sqlite3.Error."""
    _refuse_pipes(path)
    return sqlite3.connect(_address(path, "mode=ro"), timeout=WAIT, uri=True)


def copied_to_memory(path: str, schema: str, *, version: int) -> sqlite3.Connection:
    """What the file at `path` holds, in memory; empty tables where it cannot be read or is of another version.

    It is opened as one that nobody changes, which works on a read-only medium too, where a log cannot be kept.
    """
    memory = sqlite3.connect(MEMORY, isolation_level=None)
    with suppress(sqlite3.Error, OSError):
        _refuse_pipes(path)
        source = sqlite3.connect(_address(path, "mode=ro&immutable=1"), uri=True)
        try:
            source.backup(memory)
        finally:
            source.close()
        if version_of(memory) == version:
            return memory
    memory.close()
    return open_database(MEMORY, schema, version=version)


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """What is written within is there whole, or not at all. Waits for another writer first; raises sqlite3.Error."""
    database.execute("BEGIN IMMEDIATE")
    with database:  # commits, or rolls back
        yield database


def is_damage(error: Exception) -> bool:
    """Whether an error means that the file holds what SQLite, or we, cannot have written.

    A file that is locked, full, read-only or out of reach is not damaged. A value that cannot be read is: SQLite keeps no
    checksums, and a flipped bit in a row shows in nothing else; nor do we write a row twice where it may stand once.
    A damaged name in SQLite's own message is a UnicodeDecodeError.
    """
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    if isinstance(error, sqlite3.DatabaseError):
        code = getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_CORRUPT
        return code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 0xFF not in _NO_DAMAGE
    return isinstance(error, ValueError | TypeError | LookupError | OverflowError)


_NO_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_PROTOCOL,
    }
)  # fmt: skip


def set_aside(path: str, *, keep_all: bool = False) -> str:
    """Give a damaged file, and its log, a name with the date; that name, or empty where it cannot be renamed.

    Of what can be had again only the last is kept, unless `keep_all`.
    """
    if path == MEMORY:
        return ""
    aside = f"{path}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
    number = 1
    while os.path.lexists(aside):
        number += 1
        aside = f"{aside.partition('.damaged-')[0]}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{number}"
    earlier = [] if keep_all else damaged_copies(path)
    try:
        os.replace(path, aside)
    except OSError:
        return ""
    for ending in ("-wal", "-shm"):
        with suppress(OSError):
            os.replace(path + ending, aside + ending)
    for copy in earlier:
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(copy + ending)
    return aside


def damaged_copies(path: str) -> list[str]:
    """The files that were set aside from this path, the oldest first."""
    folder, start = os.path.dirname(os.path.abspath(path)), f"{os.path.basename(path)}.damaged-"
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(
        os.path.join(folder, name)
        for name in names
        if name.startswith(start) and not name.endswith(("-wal", "-shm"))
    )


def _refuse_pipes(path: str) -> None:
    """Raise sqlite3.OperationalError for a pipe, a socket or a device, from which SQLite would wait to read."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise sqlite3.OperationalError(f"`{path}` is no file but a pipe, a socket or a device")


def version_of(database: sqlite3.Connection) -> int:
    """The version of the tables; 0 for a new file."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def _make(database: sqlite3.Connection, schema: str, version: int, *, precious: bool, log: bool) -> None:
    """The tables of this version, empty."""
    if log:
        _keep_log(database)
    database.execute("BEGIN EXCLUSIVE")
    try:
        now = version_of(database)
        if now != version:  # another process may have been quicker, and have written already
            if precious and now:
                raise OtherVersionError
            tables = database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            for (name,) in tables.fetchall():
                database.execute(f'DROP TABLE IF EXISTS "{name}"')
            for statement in filter(str.strip, schema.split(";")):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {version}")
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _keep_log(database: sqlite3.Connection) -> None:
    """The database has a write-ahead log. SQLite does not wait for others to change that, so we do, a second at most."""
    for pause in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4):
        with suppress(sqlite3.OperationalError):
            database.execute("PRAGMA journal_mode=WAL").fetchone()
            return
        time.sleep(pause)
    database.execute("PRAGMA journal_mode=WAL").fetchone()


def _address(path: str, options: str) -> str:
    from urllib.parse import quote

    return f"file:{quote(os.path.abspath(path))}?{options}"
