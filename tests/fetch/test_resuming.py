"""Across runs: what is proven is kept, what is not is fetched again, and nobody is believed."""

from __future__ import annotations

import json
import os
import shutil
import time
import zlib
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.server import FaultServer, body, body_sha256
from tests.fetch.fetching import QUICK, Told, client, download, fetch, quick_fetcher, stop_after
from wfdeps.domain.outcomes import Fetched, FetchFailed, FetchProgressed
from wfdeps.domain.plans import Download
from wfdeps.fetch.ledger import Spans
from wfdeps.fetch.limits import Limits
from wfdeps.fetch.staging import key_of, slot_for
from wfdeps.fetch.state import MOST_MARKS, State, Validator
from wfdeps.http import Backoff

pytestmark = pytest.mark.usefixtures("way")

SIZE = 40 << 20
CUT = 33 << 20
SHA = body_sha256(1, SIZE)


def broken_off(server: FaultServer, item: Download) -> None:
    """A first run that ends in the middle; the server behaves afterwards."""
    limits = type(QUICK)(stall=1, slow_for=1, backoff=Backoff(0.01, 0.01, attempts=1))
    told = fetch(item, limits=limits, connections=1)
    assert isinstance(told.final, FetchFailed)
    assert slot_for(item).read_state() is not None
    server.log.clear()


def item_of(server: FaultServer, root: Path, sha256: str | None = SHA, **options: object) -> Download:
    return download(root, server.url(size=SIZE, cut=CUT, times=1, **options), sha256=sha256)


def first_asked(server: FaultServer) -> int:
    return int(server.log[0].headers["range"].removeprefix("bytes=").partition("-")[0])


def test_a_second_run_continues_where_the_first_was_cut(server: FaultServer, tmp_path: Path) -> None:
    item = item_of(server, tmp_path)
    broken_off(server, item)
    assert fetch(item).sha256 == SHA
    assert first_asked(server) == CUT
    assert server.log[0].headers["if-range"] == f'"1-{SIZE}"'


def test_a_page_in_place_of_the_rest_takes_nothing_of_what_came(server: FaultServer, tmp_path: Path) -> None:
    def item(**now: object) -> Download:
        return download(tmp_path, server.url(size=SIZE, **{"X-Amz-World": urlencode(now)}), sha256=SHA)

    broken_off(server, item(cut=CUT))
    assert isinstance(fetch(item(html=1)).final, FetchFailed)
    assert fetch(item(html=1, times=2)).sha256 == SHA
    assert {request.headers["range"] for request in server.log} == {f"bytes={CUT}-"}


def test_without_a_hash_a_strong_validator_is_enough_to_continue(server: FaultServer, tmp_path: Path) -> None:
    item = item_of(server, tmp_path, sha256=None)
    broken_off(server, item)
    assert fetch(item).sha256 == SHA
    assert first_asked(server) == CUT


def test_without_hash_and_validator_it_begins_again(server: FaultServer, tmp_path: Path) -> None:
    item = item_of(server, tmp_path, sha256=None, novalidator=1)
    broken_off(server, item)
    assert fetch(item).sha256 == SHA
    assert first_asked(server) == 0


def test_an_object_that_changed_between_the_runs_is_fetched_anew(server: FaultServer, tmp_path: Path) -> None:
    old = item_of(server, tmp_path, sha256=None)
    broken_off(server, old)
    slot = slot_for(old)
    state = slot.read_state()
    assert state is not None
    slot.write_state(State(state.url_key, SIZE, Validator('"another"'), state.marks))
    assert fetch(old).sha256 == SHA


@pytest.mark.parametrize("options", [{}, {"bare416": 1}], ids=["told", "untold"])
def test_a_shrunken_object_is_fetched_anew(
    options: dict[str, object], server: FaultServer, tmp_path: Path
) -> None:
    small = 20 << 20
    item = item_of(server, tmp_path, sha256=None, then_size=small, etag="same", **options)
    broken_off(server, item)
    assert fetch(item).sha256 == body_sha256(1, small)


@pytest.mark.parametrize("place", [5, 17 << 20, (33 << 20) - 1])
def test_a_byte_altered_in_the_part_is_found_and_only_its_piece_fetched_again(
    place: int, server: FaultServer, tmp_path: Path
) -> None:
    item = item_of(server, tmp_path)
    broken_off(server, item)
    with open(slot_for(item).part, "r+b") as part:
        part.seek(place)
        byte = part.read(1)
        part.seek(place)
        part.write(bytes([byte[0] ^ 1]))
    assert fetch(item).sha256 == SHA
    assert sum(request.sent for request in server.log) <= (SIZE - CUT) + (17 << 20)


def test_a_piece_that_the_hash_has_half_passed_is_kept_whole(server: FaultServer, tmp_path: Path) -> None:
    """While the hash is behind, bytes are told by their pieces: one that begins before the last mark counts too."""
    item = item_of(server, tmp_path)
    broken_off(server, item)
    slot = slot_for(item)
    state = slot.read_state()
    assert state is not None
    mark, start, stop = 16 << 20, 12 << 20, 24 << 20
    with open(slot.part, "rb") as part:
        part.seek(start)
        checksum = zlib.crc32(part.read(stop - start))
    marks = {mark: state.marks[mark]}
    slot.write_state(State(state.url_key, SIZE, state.validator, marks, {start: (stop, checksum)}))
    assert fetch(item).sha256 == SHA
    assert first_asked(server) == stop


def test_a_kill_while_every_connection_is_within_a_piece_takes_little(
    server: FaultServer, tmp_path: Path
) -> None:
    size, sha256 = 100 << 20, body_sha256(1, 100 << 20)
    url = server.url(size=size, speed=10 << 20)
    item, later = (download(tmp_path / name, url, sha256=sha256) for name in ("before", "after"))
    running, killed = slot_for(item), slot_for(later)
    os.makedirs(killed.folder)
    with client() as http:
        events = quick_fetcher(http).fetch_all([item])
        for event in events:
            if isinstance(event, FetchProgressed) and event.done > 64 << 20:
                done = event.done
                for path, copy in ((running.state, killed.state), (running.part, killed.part)):
                    shutil.copy(path, copy)  # what stands on the disk when the process is killed now
                break
        events.close()  # type: ignore[attr-defined]
    told = fetch(later)
    assert told.sha256 == sha256
    assert isinstance(told.final, Fetched)
    assert told.final.reused > done - (48 << 20)


@pytest.mark.parametrize("length", [0, 1, 10 << 20, 32 << 20])
def test_a_part_cut_behind_its_state_is_mended(length: int, server: FaultServer, tmp_path: Path) -> None:
    item = item_of(server, tmp_path)
    broken_off(server, item)
    os.truncate(slot_for(item).part, length)
    assert fetch(item).sha256 == SHA


def test_bytes_beyond_the_state_are_not_believed(server: FaultServer, tmp_path: Path) -> None:
    item = item_of(server, tmp_path)
    broken_off(server, item)
    with open(slot_for(item).part, "ab") as part:
        part.write(b"rubbish" * 10_000_000)
    assert fetch(item).sha256 == SHA


BROKEN_STATES = {
    "empty": b"",
    "half": b'{"version":1,"url_key":"ab',
    "newer": b'{"version":99}',
    "no object": b"[1,2]",
    "nonsense": b'{"version":1,"url_key":"x","size":-5,"etag":"","last_modified":"","marks":[[1,2]],"pieces":[]}',
    "marks beyond the end": json.dumps(
        {
            "version": 1,
            "url_key": "x",
            "size": 10,
            "etag": "",
            "last_modified": "",
            "marks": [[99, "a"]],
            "pieces": [],
        }
    ).encode(),
}


@pytest.mark.parametrize("text", BROKEN_STATES.values(), ids=BROKEN_STATES.keys())
def test_a_state_that_makes_no_sense_is_ignored(text: bytes, server: FaultServer, tmp_path: Path) -> None:
    item = item_of(server, tmp_path)
    broken_off(server, item)
    Path(slot_for(item).state).write_bytes(text)
    assert fetch(item).sha256 == SHA
    assert first_asked(server) == 0


def test_a_complete_part_is_hashed_and_handed_on_without_a_request(
    server: FaultServer, tmp_path: Path
) -> None:
    item = item_of(server, tmp_path)
    broken_off(server, item)
    assert fetch(item).sha256 == SHA
    server.log.clear()
    assert fetch(item).sha256 == SHA
    assert server.log == []


def test_stopping_keeps_what_came(server: FaultServer, tmp_path: Path) -> None:
    item = download(tmp_path, server.url(size=SIZE, speed=20 << 20), sha256=SHA)
    with client() as http:
        events = quick_fetcher(http, connections=1).fetch_all([item])
        stop_after(events, 4)
    state = slot_for(item).read_state()
    assert state is not None
    assert 0 < state.frontier < SIZE
    server.log.clear()
    assert fetch(item).sha256 == SHA
    assert first_asked(server) >= state.frontier


def test_stopping_does_not_wait_for_a_silent_server(server: FaultServer, tmp_path: Path) -> None:
    item = download(tmp_path, server.url(size=1_000_000, stall=262_144), sha256=SHA)
    with client() as http:
        events = quick_fetcher(http, Limits(stall=60)).fetch_all([item])
        next(events)
        begun = time.monotonic()
        events.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 4


def test_a_planted_link_is_not_written_through(server: FaultServer, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    item = download(tmp_path / "models", server.url(size=1000), sha256=body_sha256(1, 1000))
    slot = slot_for(item)
    os.makedirs(slot.folder)
    os.symlink(victim, slot.part)
    assert fetch(item).kind == "failed"
    assert victim.read_bytes() == b"precious"


def test_state_and_part_tell_nobody_else_anything(server: FaultServer, tmp_path: Path) -> None:
    item = download(tmp_path, server.url(size=SIZE, cut=CUT, times=1, token="s3cret"), sha256=SHA)
    broken_off(server, item)
    slot = slot_for(item)
    assert "s3cret" not in Path(slot.state).read_text() + repr(Told(()))
    assert os.stat(slot.part).st_mode & 0o077 == 0
    assert os.stat(slot.state).st_mode & 0o077 == 0


def test_the_key_of_a_download_does_not_change_with_its_signature(tmp_path: Path) -> None:
    one = download(tmp_path, "https://x.org/a.bin?X-Amz-Signature=1&id=5")
    two = download(tmp_path, "https://x.org/a.bin?X-Amz-Signature=2&id=5")
    assert key_of(one) == key_of(two)


ranges = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair)))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), ranges), max_size=12))
def test_spans_are_sets_of_bytes(steps: list[tuple[bool, tuple[int, int]]]) -> None:
    spans, model = Spans(), set[int]()
    for adds, (start, stop) in steps:
        if adds:
            spans.add(start, stop)
            model |= set(range(start, stop))
        else:
            spans.remove(start, stop)
            model -= set(range(start, stop))
    assert {byte for start, stop in spans for byte in range(start, stop)} == model
    assert spans.total == len(model)
    assert {byte for start, stop in spans.gaps(60) for byte in range(start, stop)} == set(range(60)) - model


@settings(max_examples=40)
@given(
    st.dictionaries(st.integers(0, 1000), st.text("0123456789abcdef", min_size=4, max_size=4), max_size=8),
    st.one_of(st.none(), st.integers(1000, 2000)),
    st.text(max_size=5),
)
def test_a_state_reads_back_as_it_was_written(marks: dict[int, str], size: int | None, etag: str) -> None:
    state = State("key", size, Validator(etag, "then"), marks, {1: (2, 3)} if size else {})
    assert State.parse(state.to_json()) == state


def test_a_state_stays_small_for_a_huge_file() -> None:
    marks = {number << 24: "ab" for number in range(6400)}
    written = State.parse(State("key", 6400 << 24, Validator(), marks).to_json())
    assert written is not None
    assert len(written.marks) <= MOST_MARKS
    assert written.frontier == 6399 << 24


@pytest.mark.parametrize("event", ["fetched"])
def test_final_events_are_exactly_one_each(event: str, server: FaultServer, tmp_path: Path) -> None:
    items = [download(tmp_path, server.url(f"/{n}.bin", size=1000 + n), name=f"{n}.bin") for n in range(20)]
    told = fetch(*items)
    assert sorted(final.download.label for final in told.finals) == sorted(item.label for item in items)
    assert all(isinstance(final, Fetched) for final in told.finals)


def test_a_file_another_process_placed_since_the_plan_is_not_fetched_again(
    server: FaultServer, tmp_path: Path
) -> None:
    item = download(tmp_path, server.url(size=1000), sha256=body_sha256(1, 1000))
    (tmp_path / "model.bin").write_bytes(body(1, 0, 1000))
    assert fetch(item).sha256 == body_sha256(1, 1000)
    assert server.log == []
