"""A disk that fills up in the middle: what came is kept, nothing stands under the final name, the next run continues."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.local import mounted_disk
from tests.faults.server import FaultServer, body_sha256
from tests.fetch.fetching import client, download, fetch, quick_fetcher
from wfdeps.domain.outcomes import Fetched, FetchFailed, FetchProgressed
from wfdeps.fetch.staging import reserve

SIZE = 30 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """48 MiB of memory with a file system on it."""
    with mounted_disk(tmp_path, "size=48m") as disk:
        if disk is None:
            pytest.skip("needs the right to mount")
        yield disk


def test_it_is_refused_before_the_first_byte_when_there_is_no_room(
    server: FaultServer, small_disk: Path
) -> None:
    told = fetch(download(small_disk, server.url(size=60 << 20)))
    assert told.kind == "disk"
    assert sum(request.sent for request in server.log) < 16 << 20


def test_what_came_is_kept_when_another_fills_the_disk(server: FaultServer, small_disk: Path) -> None:
    sha256 = body_sha256(1, SIZE)
    item = download(small_disk, server.url(size=SIZE, chunked=1), sha256=sha256)  # nobody says how long it is
    filler = small_disk / "filler"
    filler.write_bytes(bytes(30 << 20))
    told = fetch(item)
    assert isinstance(told.final, FetchFailed)
    assert told.kind == "disk"
    assert "no room" in told.final.reason
    assert not (small_disk / "model.bin").exists()
    filler.unlink()
    assert isinstance(fetch(item).final, Fetched)


def test_of_what_came_to_a_disk_that_filled_up_most_is_not_fetched_again(
    server: FaultServer, small_disk: Path
) -> None:
    """The note of what is proven needs room too: the last bytes that came make it."""
    size = 80 << 20
    subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
    item = download(small_disk, server.url(size=size), sha256=body_sha256(1, size), size=size)
    filler = small_disk / "filler"
    with client() as http:
        for event in quick_fetcher(http, limit_rate=25 << 20).fetch_all([item]):
            if isinstance(event, FetchProgressed) and event.done > 40 << 20 and not filler.exists():
                fill(filler)
    assert isinstance(event, FetchFailed)
    assert event.kind == "disk"
    filler.unlink()
    again = fetch(item).final
    assert isinstance(again, Fetched)
    assert again.reused >= 32 << 20


def fill(path: Path) -> None:
    """Not a byte is free any more."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_a_read_only_disk_is_named(server: FaultServer, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    told = fetch(download(small_disk, server.url(size=1000)))
    assert isinstance(told.final, FetchFailed)
    assert told.final.reason.endswith("is on a read-only file system")
    assert server.log == []


def test_where_room_cannot_be_set_aside_the_file_comes_all_the_same(
    server: FaultServer, small_disk: Path
) -> None:
    """On a disk in memory it is not tried; a descriptor that takes none refuses, and nobody hears of it."""
    told = fetch(download(small_disk, server.url(size=12 << 20), sha256=body_sha256(1, 12 << 20)))
    assert isinstance(told.final, Fetched)
    with open("/dev/full", "wb") as unable:
        reserve(unable.fileno(), str(small_disk.parent), 1 << 20)
