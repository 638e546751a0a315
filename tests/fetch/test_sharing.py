"""Several runs, one file: fetched once, whatever names, folders and trees want it."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event, Thread

from tests.faults.server import FaultServer, body, body_sha256
from tests.fetch.fetching import Told, client, download, fetch, quick_fetcher
from wfdeps.domain.outcomes import Fetched, FetchRetrying
from wfdeps.domain.plans import Download
from wfdeps.fetch.staging import Slot, open_part
from wfdeps.library.store import Store

SIZE = 1000
SHA = body_sha256(1, SIZE)


class Waiting:
    """Another run, in a thread, that has come to wait for the first."""

    def __init__(self, item: Download, **options: object) -> None:
        self.waits = Event()
        self._item, self._options = item, options
        self._thread = Thread(target=self._run)
        self._thread.start()
        assert self.waits.wait(10)

    def _run(self) -> None:
        events = []
        with client() as http:
            for event in quick_fetcher(http, **self._options).fetch_all([self._item]):
                events.append(event)
                if isinstance(event, FetchRetrying):
                    self.waits.set()
                if isinstance(event, Fetched):  # the staged file is the caller's until it asks on
                    self.content = Path(event.staged).read_bytes()
        self.told = Told(tuple(events))

    def ended(self) -> Told:
        self._thread.join(30)
        return self.told


def test_the_same_bytes_under_another_name_are_not_fetched_again(server: FaultServer, tmp_path: Path) -> None:
    first = download(tmp_path, server.url(size=SIZE), name="a.bin", sha256=SHA)
    with client() as http:
        events = quick_fetcher(http).fetch_all([first])
        fetched = next(event for event in events if isinstance(event, Fetched))
        other = Waiting(download(tmp_path, server.url(size=SIZE), name="sub/b.bin", sha256=SHA))
        os.rename(fetched.staged, tmp_path / "a.bin")
        assert list(events) == []
    assert isinstance(other.ended().final, Fetched)
    assert other.content == body(1, 0, SIZE)
    assert len(server.log) == 1


def test_trees_that_share_a_store_wait_for_one_download(server: FaultServer, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    shared = {"staging": str(tmp_path / "store" / ".wfdeps-part"), "kept": store.path_if_kept}
    first = download(tmp_path / "one", server.url(size=SIZE), sha256=SHA)
    with client() as http:
        events = quick_fetcher(http, **shared).fetch_all([first])
        fetched = next(event for event in events if isinstance(event, Fetched))
        other = Waiting(download(tmp_path / "two", server.url(size=SIZE), sha256=SHA), **shared)
        store.adopt(fetched.staged, SHA)
        assert list(events) == []
    assert isinstance(other.ended().final, Fetched)
    assert other.content == body(1, 0, SIZE)
    assert len(server.log) == 1


def test_a_kept_file_that_was_damaged_is_fetched_all_the_same(server: FaultServer, tmp_path: Path) -> None:
    damaged = tmp_path / "kept"
    damaged.write_bytes(bytes(SIZE))
    told = fetch(download(tmp_path, server.url(size=SIZE), sha256=SHA), kept=lambda sha256: str(damaged))
    assert told.sha256 == SHA
    assert damaged.read_bytes() == bytes(SIZE)


def test_a_part_that_has_a_second_name_is_never_written_into(server: FaultServer, tmp_path: Path) -> None:
    """A run killed while it placed its part may leave it so; the second name is somebody's file by then."""
    item = download(tmp_path, server.url(size=SIZE), sha256=SHA)
    theirs = tmp_path / "theirs.bin"
    theirs.write_bytes(b"precious")
    (tmp_path / ".wfdeps-part").mkdir()
    os.link(theirs, tmp_path / ".wfdeps-part" / f"{SHA}.part")
    assert fetch(item).sha256 == SHA
    assert theirs.read_bytes() == b"precious"


def test_a_part_of_ours_alone_is_taken_up(tmp_path: Path) -> None:
    slot = Slot(str(tmp_path), "key")
    Path(slot.part).write_bytes(b"half")
    handle = open_part(slot)
    assert os.fstat(handle).st_size == 4
    os.close(handle)
