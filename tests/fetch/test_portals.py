"""A network that answers for every host with its own page: nothing is placed, and soon nobody is asked any more."""

from __future__ import annotations

from pathlib import Path

from tests.faults.server import FaultServer, body_sha256
from tests.fetch.fetching import download, fetch
from wfdeps.domain.outcomes import Fetched, FetchFailed
from wfdeps.domain.plans import Download

SIZE = 1000


def items(server: FaultServer, root: Path, **options: object) -> list[Download]:
    """Of two hosts in turn; both names lead here."""
    found = []
    for number in range(12):
        url = server.url(f"/{number}.bin", size=SIZE, **options)
        if number % 2:
            url = url.replace("127.0.0.1", "localhost")
        found.append(download(root, url, name=f"{number}.bin", sha256=body_sha256(1, SIZE + number)))
    return found


def test_when_every_host_answers_with_a_page_the_rest_is_not_asked(
    server: FaultServer, tmp_path: Path
) -> None:
    told = fetch(*items(server, tmp_path, html=1), jobs=1)
    assert all(isinstance(final, FetchFailed) for final in told.finals)
    unasked = [
        final for final in told.finals if isinstance(final, FetchFailed) and "not asked" in final.reason
    ]
    assert len(unasked) == 10
    assert {final.kind for final in unasked} == {"network"}
    assert all("this network wants a login" in final.hint for final in unasked)
    assert len({request.path for request in server.log}) == 2


def test_pages_of_two_hosts_are_their_own_where_a_third_sends_files(
    server: FaultServer, tmp_path: Path
) -> None:
    good = download(tmp_path, server.url("/good.bin", size=10), name="good.bin", sha256=body_sha256(1, 10))
    told = fetch(good, *items(server, tmp_path, html=1), jobs=1)
    assert sum(isinstance(final, Fetched) for final in told.finals) == 1
    assert not any(isinstance(final, FetchFailed) and "not asked" in final.reason for final in told.finals)
