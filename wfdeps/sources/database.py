"""One SQLite file of ours: opened when first needed, rebuilt when it is damaged or of another version."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from threading import RLock
from typing import Any

WAIT = 10.0
"""Seconds to wait for another process that is writing."""


class Database:
    """A small store. What is in it can be had again, so a file that cannot be read is put aside, not mourned."""

    def __init__(self, path: str, schema: str, *, version: int) -> None:
        self._path = path
        self._schema = schema
        self._version = version
        self._connection: sqlite3.Connection | None = None
        self._lock = RLock()

    @property
    def path(self) -> str:
        return self._path

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock:
            return self._open().execute(statement, _storable(values)).fetchall()

    def run(self, statement: str, values: Iterable[Sequence[Any]]) -> int:
        """One statement for each row of values, in one transaction; how many rows it touched."""
        with self._lock, self._open() as connection:
            return connection.executemany(statement, map(_storable, values)).rowcount

    def close(self) -> None:
        """Close the file. The object may be used again afterwards."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = self._opened()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                os.replace(self._path, f"{self._path}.damaged")
                self._connection = self._opened()
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        if self._path != ":memory:":
            os.makedirs(os.path.dirname(os.path.abspath(self._path)), exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=WAIT, check_same_thread=False)
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != self._version:
                self._rebuild(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _rebuild(self, connection: sqlite3.Connection) -> None:
        with connection:
            tables = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            for (table,) in tables.fetchall():
                connection.execute(f'DROP TABLE IF EXISTS "{table}"')
        connection.executescript(self._schema)
        connection.execute(f"PRAGMA user_version = {self._version}")
        connection.commit()


def _storable(values: Sequence[Any]) -> tuple[Any, ...]:
    """The same, half a surrogate pair spelled out: JSON may say one, and SQLite takes none."""
    return tuple(
        value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for value in values
    )
