"""What is remembered holds only while it is true; a damaged, locked or read-only memory is never an error."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.fakes.weights import sound
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.files import LocalFile, folded_stem
from wfdeps.domain.findings import RefState
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.errors import LibraryError
from wfdeps.library import Roots, open_library
from wfdeps.library.digesting import digests_of
from wfdeps.library.index import Index, Listing, stamp_of
from wfdeps.library.scan import outermost, refresh
from wfdeps.match.local import find_local

OLD = 10**18 + 7
"""Long ago, with a fraction of a second: a file system with fine clocks."""


def make(path: str | None) -> Index:
    return Index(path, stem_of=folded_stem)


def put(path: Path, data: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound(path.name) if data is None else data)
    return path


def names(index: Index, top: Path) -> list[str]:
    return [os.path.relpath(os.path.join(folder, name), top) for folder, name in index.files_below(str(top))]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return make(str(tmp_path / "index.sqlite"))


# ── scanning


def test_a_second_look_reads_only_what_changed(tmp_path: Path, index: Index) -> None:
    top = tmp_path / "models"
    for folder in "abc":
        put(top / folder / "x.pt")
        os.utime(top / folder, ns=(OLD, OLD))
    os.utime(top, ns=(OLD, OLD))
    refresh(index, [str(top)])
    # A name slipped in behind the index's back, with the directory's stamp as remembered, stays unseen …
    known = index.directories(str(top))
    index.update([Listing(str(top / "a"), known[str(top / "a")].stamp, OLD * 2, ("fake.pt",))], ())
    refresh(index, [str(top)])
    assert names(index, top) == ["a/fake.pt", "b/x.pt", "c/x.pt"]
    # … until the directory itself changes.
    put(top / "a" / "y.pt")
    refresh(index, [str(top)])
    assert names(index, top) == ["a/x.pt", "a/y.pt", "b/x.pt", "c/x.pt"]


def test_folders_that_come_go_move_or_turn_into_files_are_followed(tmp_path: Path, index: Index) -> None:
    top = tmp_path / "models"
    put(top / "a" / "deep" / "x.pt")
    refresh(index, [str(top)])
    (top / "a").rename(top / "b")
    refresh(index, [str(top)])
    assert names(index, top) == ["b/deep/x.pt"]
    (top / "b" / "deep" / "x.pt").unlink()
    (top / "b" / "deep").rmdir()
    put(top / "b" / "deep")
    refresh(index, [str(top)])
    assert names(index, top) == ["b/deep"]
    (top / "b" / "deep").unlink()
    (top / "b").rmdir()
    refresh(index, [str(top)])
    assert names(index, top) == []
    top.rmdir()
    refresh(index, [str(top)])
    assert index.directories(str(top)) == {}


def test_a_link_that_now_leads_elsewhere_is_read_anew(tmp_path: Path, index: Index) -> None:
    top = tmp_path / "models"
    put(tmp_path / "one" / "x.pt")
    put(tmp_path / "two" / "y.pt")
    top.mkdir()
    (top / "link").symlink_to(tmp_path / "one")
    refresh(index, [str(top)])
    (top / "link").unlink()
    (top / "link").symlink_to(tmp_path / "two")
    refresh(index, [str(top)])
    assert names(index, top) == ["link/y.pt"]


def test_links_in_a_circle_end_and_their_names_are_still_known(tmp_path: Path) -> None:
    loras = tmp_path / "models" / "loras"
    put(loras / "sub" / "x.pt")
    (loras / "sub" / "back").symlink_to(loras)
    library = open_library(Roots(models=str(tmp_path / "models")), index_path=None)
    listed = set(library.listing("loras"))
    names = [f"sub/{'back/sub/' * times}x.pt" for times in range(41)]
    # Under load Linux counts some links of a path twice: the first dozen are sure, the last chance.
    assert set(names[:13]) <= listed <= set(names)
    for name in ("sub/x.pt", "sub/back/sub/x.pt", "sub/back/sub/back/sub/x.pt"):
        ref = ModelRef(name, ModelType.LORA, ("loras",), RefStatus.REQUIRED, ())
        assert find_local(ref, library.inventory([ref])).state is RefState.PRESENT, name
    ref = ModelRef("back/sub/x.pt", ModelType.LORA, ("loras",), RefStatus.REQUIRED, ())
    assert find_local(ref, library.inventory([ref])).state is RefState.PRESENT_ELSEWHERE
    library.close()


def test_links_that_cross_each_other_end_too(tmp_path: Path, index: Index) -> None:
    top = tmp_path / "models"
    for name in "abcd":
        put(top / name / f"{name}.pt")
    for name in "abcd":
        for other in "abcd":
            if name != other:
                (top / name / f"to-{other}").symlink_to(top / other)
    refresh(index, [str(top)])
    assert 0 < len(names(index, top)) < 200


def test_a_top_below_another_is_walked_once_unless_git_hides_it(tmp_path: Path) -> None:
    tops = ["/m", "/m/loras", "/m/.git/loras", "/models", "/m/loras"]
    assert outermost(tops) == ("/m", "/m/.git/loras", "/models")


def test_a_closed_folder_is_skipped_as_comfyui_does(tmp_path: Path, index: Index) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    put(tmp_path / "m" / "closed" / "x.pt")
    put(tmp_path / "m" / "open.pt")
    (tmp_path / "m" / "closed").chmod(0)
    refresh(index, [str(tmp_path / "m")])
    (tmp_path / "m" / "closed").chmod(0o700)
    assert names(index, tmp_path / "m") == ["open.pt"]


# ── facts


def test_facts_hold_for_the_file_that_was_looked_at_and_no_other(tmp_path: Path, index: Index) -> None:
    path = put(tmp_path / "x.pt")
    os.utime(path, ns=(OLD, OLD))
    index.remember(str(path), os.stat(path), {"sha256": "ab" * 32})
    assert index.facts(str(path), os.stat(path)) == {"sha256": "ab" * 32}
    path.write_bytes(b"weightz")
    os.utime(path, ns=(OLD, OLD))
    assert index.facts(str(path), os.stat(path)) == {}, "same size and copied times, other bytes"


def test_a_stamp_as_young_as_the_clocks_tick_is_not_believed(tmp_path: Path, index: Index) -> None:
    path = put(tmp_path / "x.pt")
    found = os.stat(path)
    index.remember(str(path), found, {"sha256": "ab" * 32}, known_ns=found.st_mtime_ns + 1_000_000)
    assert index.facts(str(path), found) == {}
    index.remember(str(path), found, {"sha256": "ab" * 32}, known_ns=found.st_mtime_ns + 3_000_000_000)
    assert index.facts(str(path), found)


def test_a_file_system_that_counts_in_seconds_is_given_two(tmp_path: Path, index: Index) -> None:
    path = put(tmp_path / "x.pt")
    whole = 10**18
    os.utime(path, ns=(whole, whole))
    index.remember(str(path), os.stat(path), {"a": "b"}, known_ns=whole + 1_000_000_000)
    assert index.facts(str(path), os.stat(path)) == {}
    index.remember(str(path), os.stat(path), {"a": "b"}, known_ns=whole + 3_000_000_000)
    assert index.facts(str(path), os.stat(path)) == {"a": "b"}


def test_new_facts_join_those_that_hold_and_replace_those_that_do_not(tmp_path: Path, index: Index) -> None:
    path = put(tmp_path / "x.pt")
    os.utime(path, ns=(OLD, OLD))
    index.remember(str(path), os.stat(path), {"sha256": "one"})
    index.remember(str(path), os.stat(path), {"trouble": ""})
    assert index.facts(str(path), os.stat(path)) == {"sha256": "one", "trouble": ""}
    path.write_bytes(b"longer now")
    os.utime(path, ns=(OLD, OLD))
    index.remember(str(path), os.stat(path), {"trouble": "empty"})
    assert index.facts(str(path), os.stat(path)) == {"trouble": "empty"}


# ── keeping


@pytest.mark.parametrize("damage", [b"", b"not a database", b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_damaged_index_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    path = put(tmp_path / "index.sqlite", damage)
    put(tmp_path / "m" / "x.pt")
    index = make(str(path))
    refresh(index, [str(tmp_path / "m")])
    assert names(index, tmp_path / "m") == ["x.pt"]
    assert index.is_kept
    index.close()


def test_an_index_of_another_version_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    make(str(path)).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    index = make(str(path))
    assert index.directories("/") == {}
    index.close()


def test_without_a_place_for_the_index_it_is_kept_in_memory(tmp_path: Path) -> None:
    put(tmp_path / "m" / "x.pt")
    put(tmp_path / "file")
    for place in (None, str(tmp_path / "file" / "index.sqlite"), "/proc/index.sqlite"):
        index = make(place)
        refresh(index, [str(tmp_path / "m")])
        assert names(index, tmp_path / "m") == ["x.pt"]
        assert not index.is_kept
        index.close()


def test_a_locked_index_is_read_and_what_is_new_stays_in_memory(tmp_path: Path) -> None:
    path = str(tmp_path / "index.sqlite")
    put(tmp_path / "m" / "x.pt")
    index = make(path)
    refresh(index, [str(tmp_path / "m")])
    index.close()
    put(tmp_path / "m" / "y.pt")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    index = make(path)
    index._db.execute("PRAGMA busy_timeout = 50")
    refresh(index, [str(tmp_path / "m")])
    assert names(index, tmp_path / "m") == ["x.pt", "y.pt"]
    assert not index.is_kept
    other.execute("ROLLBACK")
    other.close()
    index.close()


def test_many_processes_may_scan_the_same_library_at_once(tmp_path: Path) -> None:
    for number in range(200):
        put(tmp_path / "m" / "loras" / str(number % 7) / f"{number}.pt")
    code = (
        "import sys\nfrom wfdeps.library import Roots, open_library\n"
        "library = open_library(Roots(models=sys.argv[1]), index_path=sys.argv[2])\n"
        "print(len(library.listing('loras')))\n"
    )
    line = [sys.executable, "-c", code, str(tmp_path / "m"), str(tmp_path / "index.sqlite")]
    running = [
        subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)
    ]
    answers = [process.communicate() for process in running]
    assert [out.strip() for out, _ in answers] == ["200"] * 6, answers
    with sqlite3.connect(tmp_path / "index.sqlite") as db:
        assert db.execute("SELECT count(*) FROM files").fetchone() == (200,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_threads_of_one_process_each_with_their_own_index_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = put(tmp_path / "x.pt")
    os.utime(path, ns=(OLD, OLD))
    failures: list[Exception] = []

    def write(number: int) -> None:
        try:
            index = make(str(tmp_path / "index.sqlite"))
            for turn in range(20):
                index.remember(str(path), os.stat(path), {f"fact{number}": str(turn)})
            index.close()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    index = make(str(tmp_path / "index.sqlite"))
    assert index.facts(str(path), os.stat(path)) == {f"fact{number}": "19" for number in range(4)}
    index.close()


def test_a_stamp_changes_with_size_time_and_inode(tmp_path: Path) -> None:
    first, second = put(tmp_path / "a"), put(tmp_path / "b")
    for path in (first, second):
        os.utime(path, ns=(OLD, OLD))
    assert stamp_of(os.stat(first)) != stamp_of(os.stat(second))


def test_a_second_name_that_comes_and_goes_is_no_change_of_the_bytes(tmp_path: Path, index: Index) -> None:
    """Processes that share a folder link a placed file back into their staging, and let go of it."""
    path = tmp_path / "a.safetensors"
    path.write_bytes(bytes(40 << 20))
    done = threading.Event()

    def rename_about() -> None:
        while not done.is_set():
            os.link(path, tmp_path / "second")
            os.unlink(tmp_path / "second")

    other = threading.Thread(target=rename_about)
    other.start()
    try:
        file = digests_of(LocalFile(str(path), "loras", path.name, 1), (Algorithm.SHA256,), index)
    finally:
        done.set()
        other.join()
    assert file.digests == (Digest(Algorithm.SHA256, hashlib.sha256(bytes(40 << 20)).hexdigest()),)
    assert index.facts(str(path), os.stat(path)) == {}


def test_bytes_that_change_while_they_are_read_have_no_digest(tmp_path: Path, index: Index) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(bytes(40 << 20))
    done = threading.Event()

    def write_on() -> None:
        with path.open("ab", buffering=0) as file:
            while not done.is_set():
                file.write(b"x")

    other = threading.Thread(target=write_on)
    other.start()
    try:
        with pytest.raises(LibraryError, match="changes while it is read"):
            digests_of(LocalFile(str(path), "loras", path.name, 1), (Algorithm.SHA256,), index)
    finally:
        done.set()
        other.join()
