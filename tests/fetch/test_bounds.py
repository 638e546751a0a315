"""A body that does not end: the announced size, the known size and the free space bound it, with and without a hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.server import FaultServer, body_sha256
from tests.fetch.fetching import QUICK, download, fetch
from wfdeps.domain.outcomes import Fetched
from wfdeps.domain.plans import Download
from wfdeps.fetch.intake import SLACK
from wfdeps.values import replace

pytestmark = pytest.mark.usefixtures("way")

ENDLESS = 96 << 20
"""Far more than any bound here; nothing says that it will come."""
SMALL = 200_000


def of_about(item: Download, size: int) -> Download:
    """The download, its size known only roughly, as a list of models tells it."""
    return replace(item, size=size, candidate=replace(item.candidate, size=size, size_is_exact=False))


def left_in(folder: Path) -> int:
    """Bytes of everything that stands in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "sha256", [None, "ab" * 32, body_sha256(1, SMALL)], ids=["no hash", "other", "right"]
)
def test_more_than_the_exact_size_stops_at_once(
    sha256: str | None, server: FaultServer, tmp_path: Path
) -> None:
    told = fetch(
        download(tmp_path, server.url(size=ENDLESS, chunked=1, ignore_range=1), size=SMALL, sha256=sha256)
    )
    assert told.kind == "length"
    assert max(request.sent for request in server.log) < 32 << 20
    assert left_in(tmp_path) == 0


def test_one_byte_more_than_the_exact_size_is_too_much_whatever_the_hash(
    server: FaultServer, tmp_path: Path
) -> None:
    url = server.url(size=SMALL + 1, chunked=1, ignore_range=1)
    assert fetch(download(tmp_path, url, size=SMALL, sha256=body_sha256(1, SMALL))).kind == "length"


@pytest.mark.parametrize("sha256", [None, "ab" * 32], ids=["no hash", "a hash"])
def test_much_more_than_an_estimate_stops(sha256: str | None, server: FaultServer, tmp_path: Path) -> None:
    item = download(tmp_path, server.url(size=ENDLESS, chunked=1, ignore_range=1), sha256=sha256)
    assert fetch(of_about(item, SMALL)).kind == "length"
    assert max(request.sent for request in server.log) < SLACK + (32 << 20)
    assert left_in(tmp_path) == 0


def test_an_estimate_may_be_off(server: FaultServer, tmp_path: Path) -> None:
    item = download(tmp_path, server.url(size=SLACK, chunked=1, ignore_range=1))
    assert isinstance(fetch(of_about(item, SMALL)).final, Fetched)


def test_a_body_of_unknown_length_leaves_room_on_the_disk(server: FaultServer, tmp_path: Path) -> None:
    limits = replace(QUICK, kept_free=1 << 62)
    item = download(tmp_path, server.url(size=ENDLESS, chunked=1, ignore_range=1), sha256="ab" * 32)
    assert fetch(item, limits=limits).kind == "disk"
    announced = download(tmp_path, server.url(size=SMALL), name="b.bin", sha256=body_sha256(1, SMALL))
    assert isinstance(fetch(announced, limits=limits).final, Fetched)


def test_more_than_the_reply_announces_is_not_placed_unless_a_hash_proves_what_was_announced(
    server: FaultServer, tmp_path: Path
) -> None:
    url = server.url(size=SMALL, chunked=1, overrun=ENDLESS)
    assert fetch(download(tmp_path, url)).kind == "length"
    proven = download(tmp_path, url, name="b.bin", sha256=body_sha256(1, SMALL))
    assert isinstance(fetch(proven).final, Fetched)
    assert max(request.sent for request in server.log) < 32 << 20


@pytest.mark.parametrize("length", [SMALL - 1, SMALL + 1])
def test_a_body_of_another_length_than_said_is_not_placed(
    length: int, server: FaultServer, tmp_path: Path
) -> None:
    """The server's own words say SMALL; what it sends is a byte more, or less."""
    options = {"size": length, "total": SMALL, "chunked": 1, "most": length}
    told = fetch(download(tmp_path, server.url(**options), size=SMALL))
    assert not isinstance(told.final, Fetched)


@pytest.mark.parametrize("sha256", [None, body_sha256(1, SMALL)], ids=["no hash", "a hash"])
def test_stacked_encodings_are_refused(sha256: str | None, server: FaultServer, tmp_path: Path) -> None:
    told = fetch(download(tmp_path, server.url(size=SMALL, gzip="gzip, gzip"), sha256=sha256))
    assert not isinstance(told.final, Fetched)
    assert "gzip, gzip" in told.final.reason
    assert len(server.log) <= 2
