"""A store that cannot be used: a cache does without, answers of a person are never lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from wfdeps.errors import ConfigError
from wfdeps.sources.database import Database

SCHEMA = "CREATE TABLE notes (word TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;"


def database(path: Path, *, precious: bool = False) -> Database:
    return Database(str(path), SCHEMA, version=1, precious=precious)


def keep(store: Database, *words: str) -> None:
    store.run("INSERT OR REPLACE INTO notes VALUES (?, ?)", [(word, "x" * 3000) for word in words])


def words_in(store: Database) -> list[str]:
    return [word for (word,) in store.rows("SELECT word FROM notes ORDER BY word")]


def no_folder(home: Path) -> Path:
    (home / "file").write_text("not a folder")
    return home / "file" / "notes.sqlite"


def a_folder(home: Path) -> Path:
    (home / "notes.sqlite").mkdir()
    return home / "notes.sqlite"


def damaged(home: Path) -> Path:
    """Sound at its head, ruined below: it opens, and falls over when it is read."""
    path = home / "notes.sqlite"
    store = database(path)
    keep(store, *map(str, range(50)))
    store.close()
    data = bytearray(path.read_bytes())
    for page in range(4096, len(data), 4096):
        data[page : page + 4000] = b"\xee" * 4000
    path.write_bytes(data)
    return path


PLACES = [no_folder, a_folder, damaged]


@pytest.mark.parametrize("place", PLACES)
def test_a_cache_that_cannot_be_used_holds_for_this_run(
    place: Callable[[Path], Path], tmp_path: Path
) -> None:
    store = database(place(tmp_path))
    keep(store, "a")
    assert words_in(store) == ["a"]


def test_a_damaged_cache_is_put_aside_and_begun_anew(tmp_path: Path) -> None:
    path = damaged(tmp_path)
    keep(database(path), "a")
    assert words_in(database(path)) == ["a"]
    assert len(list(tmp_path.glob("notes.sqlite.damaged-*"))) == 1


@pytest.mark.parametrize("place", PLACES)
def test_what_is_precious_is_not_kept_in_silence_where_it_would_be_lost(
    place: Callable[[Path], Path], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"notes\.sqlite") as caught:
        keep(database(place(tmp_path), precious=True), "a")
    assert "WFDEPS_STATE_DIR" in (caught.value.hint or "")


def test_looking_into_what_is_not_there_makes_no_file(tmp_path: Path) -> None:
    assert words_in(database(tmp_path / "new" / "notes.sqlite", precious=True)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_only_can_be_read_is_read(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    keep(database(path), "a")
    path.chmod(0o444)
    assert words_in(database(path, precious=True)) == ["a"]


def test_half_a_surrogate_pair_is_stored_as_it_is_spelled(tmp_path: Path) -> None:
    store = database(tmp_path / "notes.sqlite")
    keep(store, "a\ud83d")
    assert store.rows("SELECT body FROM notes WHERE word = ?", ("a\ud83d",))


@pytest.mark.parametrize("precious", [False, True])
def test_of_many_who_come_first_at_once_each_is_remembered(tmp_path: Path, precious: bool) -> None:
    """As ten workers do that start with an empty state."""
    for turn in range(10):
        path, gate = tmp_path / f"{turn}.sqlite", Barrier(8)

        def come(word: str, path: Path = path, gate: Barrier = gate) -> None:
            gate.wait()
            keep(database(path, precious=precious), word)

        with ThreadPoolExecutor(8) as workers:
            list(workers.map(come, "abcdefgh"))
        assert words_in(database(path)) == list("abcdefgh")


def test_answers_of_another_version_are_never_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    keep(Database(str(path), SCHEMA, version=2, precious=True), "a")
    with pytest.raises(ConfigError, match="written by another version of wfdeps"):
        words_in(database(path, precious=True))
    assert words_in(Database(str(path), SCHEMA, version=2)) == ["a"]
