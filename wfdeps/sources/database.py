"""One SQLite file of ours: opened when first needed, begun anew when it is of another version, unless it is precious."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from threading import RLock
from typing import Any, TypeVar

from wfdeps.disk.database import MEMORY, OtherVersionError, is_damage, open_database, set_aside, transaction
from wfdeps.domain.visible import encodable
from wfdeps.errors import ConfigError, os_error_words

_T = TypeVar("_T")


class DamagedValueError(ValueError):
    """A row holds what was never written there: SQLite keeps no checksums."""


class Database:
    """A small store, shared by processes and threads.

    What a cache holds can be had again: where its file cannot be used it works in memory for this run, and a damaged
    one is set aside. What is `precious` (a person's answers) cannot: every fault is a ConfigError, and each damaged file is
    kept.
    """

    def __init__(self, path: str, schema: str, *, version: int, precious: bool = False) -> None:
        self._path = path
        self._schema = schema
        self._version = version
        self._precious = precious
        self._connection: sqlite3.Connection | None = None
        self._lock = RLock()

    @property
    def path(self) -> str:
        return self._path

    def rows(
        self, statement: str, values: Sequence[Any] = (), types: Sequence[type] = ()
    ) -> list[tuple[Any, ...]]:
        """All rows of a query. Nothing is written to look into what is not there.

        `types`: what its columns hold, or None; a file in which one holds something else is damaged.
        """
        if self._precious and self._path != MEMORY and not os.path.exists(self._path):
            return []

        def read(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            rows = connection.execute(statement, _storable(values)).fetchall()
            for row in rows:
                for value, kind in zip(row, types, strict=False):
                    if value is not None and not isinstance(value, kind):
                        raise DamagedValueError(f"{type(value).__name__} where {kind.__name__} was kept")
            return rows

        return self._tried(read)

    def run(self, statement: str, values: Iterable[Sequence[Any]]) -> int:
        """One statement for each row of values, in one transaction; how many rows it touched."""
        storable = [_storable(row) for row in values]

        def write(connection: sqlite3.Connection) -> int:
            with transaction(connection):
                return connection.executemany(statement, storable).rowcount

        return self._tried(write)

    def close(self) -> None:
        """Close the file. The object may be used again afterwards."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _tried(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._lock:
            try:
                return act(self._open())
            except (OSError, sqlite3.DatabaseError, DamagedValueError, UnicodeDecodeError) as error:
                if isinstance(error, sqlite3.ProgrammingError):
                    raise
                self._give_up(error)
                return act(self._open())

    def _give_up(self, error: Exception) -> None:
        """Another store in the place of one that cannot be used. Raises ConfigError where there is no other."""
        self.close()
        damaged = is_damage(error)
        aside = set_aside(self._path, keep_all=self._precious) if damaged else ""
        if self._precious:
            cause = os_error_words(error) if isinstance(error, OSError) else error
            what = f"it was damaged, and lies as `{aside}` now; the next run begins anew" if aside else cause
            raise ConfigError(
                f"your answers cannot be read or kept in `{self._path}`: {what}",
                hint="`WFDEPS_STATE_DIR` names another folder to keep it in",
            ) from error
        if not damaged or os.path.exists(self._path):
            self._path = MEMORY

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._opened()
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        try:
            return open_database(
                self._path, self._schema, version=self._version, precious=self._precious, any_thread=True
            )
        except OtherVersionError as error:
            raise ConfigError(
                f"`{self._path}` was written by another version of wfdeps",
                hint="use that version, or name another folder with `WFDEPS_STATE_DIR`",
            ) from error


def _storable(values: Sequence[Any]) -> tuple[Any, ...]:
    """The values as SQLite takes them: text that has no UTF-8 is written another way."""
    return tuple(encodable(value) if isinstance(value, str) else value for value in values)
