"""More connections while they pay, fewer when the server complains; the bytes are the same."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.faults.server import FaultServer, body_sha256
from tests.fetch.fetching import download, fetch
from wfdeps.domain.outcomes import Fetched
from wfdeps.fetch.ledger import LEAST_SPLIT, PIECE, Ledger
from wfdeps.fetch.pace import REST, TICK, Pace

pytestmark = pytest.mark.usefixtures("way")

SIZE = 80 << 20
SLOW = 30 << 20
MESSAGE = 1000
"""A refusal is shorter than that."""


def test_a_capped_server_is_asked_on_several_connections(server: FaultServer, tmp_path: Path) -> None:
    told = fetch(download(tmp_path, server.url(size=SIZE, speed=SLOW), sha256=body_sha256(1, SIZE)))
    assert isinstance(told.final, Fetched)
    assert len(server.log) > 2
    assert sum(request.sent for request in server.log) < 1.5 * SIZE


def test_one_connection_where_one_is_allowed(server: FaultServer, tmp_path: Path) -> None:
    told = fetch(download(tmp_path, server.url(size=SIZE), sha256=body_sha256(1, SIZE)), connections=1)
    assert isinstance(told.final, Fetched)
    assert len(server.log) == 1


def test_a_server_that_allows_one_connection_gives_the_whole_file_over_it(
    server: FaultServer, tmp_path: Path
) -> None:
    url = server.url(size=SIZE, speed=SLOW * 2, cap=1)
    told = fetch(download(tmp_path, url, sha256=body_sha256(1, SIZE)))
    assert isinstance(told.final, Fetched)
    assert [request.sent for request in server.log if request.sent > MESSAGE] == [SIZE]


def test_a_claim_grows_over_what_is_free_and_never_over_anothers() -> None:
    ledger = Ledger(10 * PIECE)
    first = ledger.claim()
    assert first is not None
    second, third = ledger.claim(PIECE), ledger.claim(PIECE)
    assert second is not None and third is not None
    ledger.extend(first, 10 * PIECE)
    assert first.stop == second.start
    ledger.release(second)
    ledger.extend(first, 10 * PIECE)
    assert first.stop == third.start
    ledger.release(third)
    ledger.extend(first, 7 * PIECE)
    assert first.stop == 7 * PIECE


def test_cuts_on_many_connections_are_mended(server: FaultServer, tmp_path: Path) -> None:
    url = server.url(size=SIZE, speed=SLOW, cut=5_000_000, times=3)
    assert isinstance(fetch(download(tmp_path, url, sha256=body_sha256(1, SIZE))).final, Fetched)


def test_claims_never_overlap_and_cover_everything() -> None:
    ledger = Ledger(10 * PIECE)
    first = ledger.claim()
    assert first is not None
    others = [claim for _ in range(5) if (claim := ledger.claim(PIECE)) is not None]
    spans = sorted((claim.position, claim.stop or 0) for claim in (first, *others))
    assert all(stop <= start for (_, stop), (start, _) in pairwise(spans))
    for claim in (first, *others):
        with ledger.changed:
            ledger.wrote(claim, claim.left or 0, None)
        ledger.release(claim)
    while (claim := ledger.claim(PIECE)) is not None:
        with ledger.changed:
            ledger.wrote(claim, claim.left or 0, None)
        ledger.release(claim)
    assert ledger.is_complete


def test_the_last_bytes_of_a_slow_connection_are_not_split() -> None:
    ledger = Ledger(LEAST_SPLIT)
    assert ledger.claim() is not None
    assert ledger.claim(PIECE) is None


def test_the_pace_grows_while_it_pays_and_rests_when_it_does_not() -> None:
    now = [0.0]
    pace, done, history = Pace(8, lambda: now[0]), 0.0, []
    for _ in range(11):
        history.append(pace.look(int(done)))
        now[0] += TICK
        done += TICK * 20e6 * min(pace.wanted, 4)  # four connections fill the line
    assert history == [1, 4, 8, 8, 8, 8, 8, 8, 4, 4, 4]
    now[0] += REST
    assert pace.look(int(done)) == 4


def test_bytes_that_come_in_bursts_are_judged_over_several_of_them() -> None:
    now, pace, done = 0.0, Pace(8, lambda: now), 0.0
    for tick in range(20):
        pace.look(int(done))
        now += TICK
        done += (
            TICK * 20e6 * pace.wanted * (3 if tick % 3 == 0 else 0)
        )  # as a limit on the rate hands them out
    assert pace.wanted == 8


def test_connections_are_judged_once_their_bytes_come() -> None:
    now = [0.0]
    pace, done = Pace(8, lambda: now[0]), 0.0
    for _ in range(6):  # half a second of handshakes, in which one connection brings everything
        pace.look(int(done), 1)
        now[0] += TICK
        done += TICK * 20e6
    assert pace.wanted == 4
    pace.look(int(done), 1)
    now[0] += TICK
    done += TICK * 80e6
    pace.look(int(done), 4)
    assert pace.wanted == 8


def test_a_fast_line_keeps_its_one_connection() -> None:
    now = [0.0]
    pace = Pace(8, lambda: now[0])
    for _ in range(5):
        pace.look(int(now[0] * 1e9))
        now[0] += TICK
    assert pace.wanted == 1


def test_a_complaint_halves_the_connections_for_good() -> None:
    now = [0.0]
    pace = Pace(8, lambda: now[0])
    for _ in range(4):
        pace.look(int(now[0] * pace.wanted * 1e7))
        now[0] += TICK
    before = pace.wanted
    pace.complain()
    assert pace.wanted == before // 2
