"""Every SQLite file of ours is opened alike: made where it is missing, begun anew for another version, never half written."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from wfdeps.disk.database import (
    OtherVersionError,
    copied_to_memory,
    open_database,
    open_read_only,
    transaction,
    version_of,
)

SCHEMA = "CREATE TABLE words (word TEXT)"


def test_a_missing_file_is_made_with_its_folder_and_tables(tmp_path: Path) -> None:
    path = str(tmp_path / "deep" / "x.sqlite")
    for expected in ([], [("a",)]):
        database = open_database(path, SCHEMA, version=3)
        assert (version_of(database), database.execute("SELECT * FROM words").fetchall()) == (3, expected)
        database.execute("INSERT INTO words VALUES ('a')")
        database.close()


def test_tables_of_another_version_are_dropped_unless_they_are_precious(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite")
    database = open_database(path, SCHEMA, version=1)
    database.execute("INSERT INTO words VALUES ('a')")
    database.close()
    with pytest.raises(OtherVersionError):
        open_database(path, SCHEMA, version=2, precious=True)
    kept = open_read_only(path)
    assert kept.execute("SELECT * FROM words").fetchall() == [("a",)]
    kept.close()
    database = open_database(path, "CREATE TABLE others (word TEXT)", version=2)
    assert [name for (name,) in database.execute("SELECT name FROM sqlite_master")] == ["others"]
    database.close()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "x.sqlite"), SCHEMA, version=1)
    with pytest.raises(ZeroDivisionError), transaction(database):
        database.execute("INSERT INTO words VALUES ('a')")
        raise ZeroDivisionError
    assert database.execute("SELECT * FROM words").fetchall() == []
    with transaction(database):
        database.execute("INSERT INTO words VALUES ('b')")
    assert database.execute("SELECT * FROM words").fetchall() == [("b",)]
    database.close()


def test_what_is_only_read_is_neither_made_nor_changed(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.Error):
        open_read_only(str(tmp_path / "none.sqlite"))
    assert not (tmp_path / "none.sqlite").exists()
    path = str(tmp_path / "x.sqlite")
    open_database(path, SCHEMA, version=1).close()
    database = open_read_only(path)
    with pytest.raises(sqlite3.OperationalError):
        database.execute("INSERT INTO words VALUES ('a')")
    database.close()


def test_a_file_that_cannot_be_read_gives_empty_tables_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"no database at all" * 99)
    for version in (1, 2):
        database = copied_to_memory(str(path), SCHEMA, version=version)
        assert (version_of(database), database.execute("SELECT * FROM words").fetchall()) == (version, [])
        database.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite")
    os.mkfifo(path)
    for opened in (lambda: open_database(path, SCHEMA, version=1), lambda: open_read_only(path)):
        with pytest.raises(sqlite3.OperationalError, match="no file but a pipe"):
            opened()
    memory = copied_to_memory(path, SCHEMA, version=1)
    assert memory.execute("SELECT * FROM words").fetchall() == []
    memory.close()
