"""Opens every SQLite file of ours: its folder made, waiting for other processes, with the tables of one version."""

from __future__ import annotations

import os
import sqlite3
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
    return sqlite3.connect(_address(path, "mode=ro"), timeout=WAIT, uri=True)


def copied_to_memory(path: str, schema: str, *, version: int) -> sqlite3.Connection:
    """What the file at `path` holds, in memory; empty tables where it cannot be read or is of another version.

    It is opened as one that nobody changes, which works on a read-only medium too, where a log cannot be kept.
    """
    memory = sqlite3.connect(MEMORY, isolation_level=None)
    with suppress(sqlite3.Error, OSError):
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


def remove_database(path: str) -> None:
    """The file and its log are gone. Raises OSError."""
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.unlink(path + ending)


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
