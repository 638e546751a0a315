"""Any SQLite file of ours may be damaged anywhere: the run goes on, what was there is kept aside, nothing ends in a traceback."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.match.making import answer, file, ref
from wfdeps.disk.database import damaged_copies
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import NameQuery
from wfdeps.domain.refs import ModelRef
from wfdeps.errors import ConfigError
from wfdeps.hub.shelf import Shelf
from wfdeps.library import open_library
from wfdeps.library.install import Roots
from wfdeps.sources.answers import AnswerBook, AnswerScope
from wfdeps.sources.cached import AnswerCache
from wfdeps.sources.name_index import NameIndex

TIMES = 200
"""Damages of each kind of file: 1,000 in all."""
NAMES = [f"model{number}.safetensors" for number in range(60)]
QUERIES = [NameQuery(name, (ModelType.LORA,)) for name in NAMES[:10]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree") / "models"
    for number, name in enumerate(NAMES):
        place = folder / "loras" / f"set{number % 6}"
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"x" * number)
    return folder


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder in which flushing to the disk costs nothing, where there is such a place."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


def library(path: Path, models: Path) -> object:
    """What a check asks of the index. Where damage was met, all is read anew, and every name must be found.

    A page that is exchanged for another sound one loses rows without a word: only a full check of the file would tell.
    """
    opened = open_library(Roots(models=str(models)), index_path=str(path))
    try:
        found = opened.inventory([a_ref(name) for name in NAMES])
        listed = opened.listing("loras")
        for one in list(opened.files())[:5]:
            opened.digest(one)
        if damaged_copies(str(path)):
            assert {code.code for code in opened.notices} >= {"index_damaged"} or len(listed) == len(NAMES)
            assert len(opened.listing("loras")) == len(NAMES)
        return found
    finally:
        opened.close()


def answers(path: Path, models: Path) -> object:
    book = AnswerBook(str(path), project="/p")
    try:
        for name in NAMES[:2]:
            book.save(a_ref(name), file(name), AnswerScope.ALWAYS)
        return book.choices(), book.is_optional(a_ref(NAMES[0])), book.find_all(QUERIES)
    finally:
        book.close()


def cache(path: Path, models: Path) -> object:
    store = AnswerCache(str(path))
    try:
        store.put("s", dict.fromkeys(QUERIES, answer(file("x"))), 1.0)
        return store.get("s", QUERIES, 2.0), store.forget(0.5)
    finally:
        store.close()


def names(path: Path, models: Path) -> object:
    index = NameIndex(str(path))
    try:
        index.learn([file(name) for name in NAMES[:40]])
        index.remember_whole(1.0)
        return index.count(), index.seen(), list(index.candidates()), index.find_all(QUERIES), index.wholes()
    finally:
        index.close()


def hub(path: Path, models: Path) -> object:
    found = Shelf(str(models), index=str(path)).files()
    assert len(found) == len(NAMES)
    return found


KINDS = (library, answers, cache, names, hub)


def a_ref(name: str) -> ModelRef:
    return ref(name, ModelType.LORA)


def damage(data: bytearray, chance: random.Random) -> None:
    """Pages of noise, zeros or the wrong page; flipped bytes; an end that is missing."""
    pages = max(1, len(data) // 4096)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(pages) * 4096
        match chance.randrange(5):
            case 0:
                data[at : at + 4096] = chance.randbytes(len(data[at : at + 4096]))
            case 1:
                data[at : at + 4096] = bytes(len(data[at : at + 4096]))
            case 2:
                other = chance.randrange(pages) * 4096
                data[at : at + 4096] = data[other : other + len(data[at : at + 4096])]
            case 3:
                for _ in range(chance.randint(1, 50)):
                    data[chance.randrange(len(data))] = chance.randrange(256)
            case 4:
                del data[chance.randrange(100, len(data) + 1) :]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_file_damaged_anywhere_stops_no_run_and_is_kept_aside(
    kind: Callable[[Path, Path], object], models: Path, in_memory: Path
) -> None:
    tmp_path = in_memory
    sound = tmp_path / "sound.sqlite"
    kind(sound, models)
    with sqlite3.connect(sound) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = sound.read_bytes()
    set_aside = 0
    for seed in range(TIMES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        path = folder / "x.sqlite"
        data = bytearray(whole)
        damage(data, random.Random(seed))
        path.write_bytes(data)
        for _ in range(3):  # an answer that cannot be kept is said, once, and then the new file holds
            try:
                kind(path, models)
                break
            except ConfigError as error:
                assert kind is answers, error.message
        else:
            forget_unreadable(path)
            kind(path, models)
        copies = damaged_copies(str(path))
        set_aside += bool(copies)
        for copy in copies:
            assert path.exists()
            if len(copies) == 1 and kind is answers:
                assert Path(copy).stat().st_size > 0
        kind(path, models)
        shutil.rmtree(folder)
    assert set_aside > TIMES // 10


def forget_unreadable(path: Path) -> None:
    """As a person does who is told that an answer cannot be read."""
    book = AnswerBook(str(path))
    for _ in range(len(NAMES)):
        try:
            book.choices()
            break
        except ConfigError as error:
            number = int(error.message.split()[1])
            book.forget(number=number)
    book.close()
