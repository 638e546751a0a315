"""The queue hands out what can begin: small files always, large ones while there is a place among the large ones."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

from hypothesis import given
from hypothesis import strategies as st

from tests.faults.server import FaultServer, body_sha256
from tests.fetch.fetching import download, fetch
from wfdeps.domain.outcomes import Fetched, FetchStarted
from wfdeps.fetch.executor import LARGE_AT_ONCE
from wfdeps.fetch.queue import LARGE, Job, JobQueue, jobs_of


def job(size: int | None) -> Job:
    return Job([], [], size)


def queue_of(*jobs: Job, places: int = 1) -> JobQueue:
    return JobQueue(jobs, places, Event())


def test_small_files_go_first_then_unknown_ones_then_the_largest(tmp_path: Path) -> None:
    sizes = (LARGE + 1, None, 5, 3 * LARGE, 3)
    items = [
        download(tmp_path, f"https://a.example/{number}", size=size) for number, size in enumerate(sizes)
    ]
    assert [ordered.size for ordered in jobs_of(items, None)] == [3, 5, None, 3 * LARGE, LARGE + 1]


def test_the_same_bytes_are_one_job_with_a_slot_for_each(tmp_path: Path) -> None:
    sha256 = "ab" * 32
    items = [download(tmp_path, "https://a.example/f", name=name, sha256=sha256) for name in ("a", "b")]
    (only,) = jobs_of(items, None)
    assert only.downloads == items
    assert len({slot.part for slot in only.slots}) == only.unsettled == 2


def test_a_large_file_without_a_place_is_passed_over_and_comes_when_one_is_free() -> None:
    first, second, small = job(LARGE + 1), job(LARGE + 1), job(1)
    queue = queue_of(first, second, small)
    assert queue.take() is first
    assert len(queue) == 1
    assert queue.take() is small
    taken: list[Job | None] = []
    waiting = Thread(target=lambda: taken.append(queue.take()))
    waiting.start()
    waiting.join(0.15)
    assert waiting.is_alive()
    queue.release_place(first)
    waiting.join(10)
    assert taken == [second]


def test_a_job_that_proves_large_needs_a_place_from_then_on() -> None:
    large, unknown = job(LARGE + 1), job(None)
    queue = queue_of(large, unknown)
    assert (queue.take(), queue.take()) == (large, unknown)
    assert queue.gives_place(unknown, LARGE)
    assert not queue.gives_place(unknown, LARGE + 1)
    queue.put_back(unknown)
    assert len(queue) == 0
    queue.release_place(large)
    assert len(queue) == 1
    assert queue.take() is unknown and unknown.holds_large_place


def test_a_place_is_taken_once_and_given_back_once() -> None:
    large, other = job(LARGE + 1), job(LARGE + 1)
    queue = queue_of(large, other)
    queue.take()
    assert queue.gives_place(large, 2 * LARGE)
    queue.release_place(large)
    queue.release_place(large)
    assert queue.take() is other
    assert not queue.gives_place(large, 2 * LARGE)


def test_put_back_waits_behind_all_others_and_holds_no_place() -> None:
    first, second = job(LARGE + 1), job(LARGE + 1)
    queue = queue_of(first, second)
    queue.take()
    queue.put_back(first)
    assert not first.holds_large_place
    assert queue.take() is second


def test_nothing_is_handed_out_once_stopped_or_empty() -> None:
    stop = Event()
    queue = JobQueue([job(1)], 1, stop)
    assert queue.has_others()
    stop.set()
    assert queue.take() is None
    assert queue_of().take() is None


@given(st.lists(st.one_of(st.none(), st.integers(0, 4 * LARGE)), max_size=12), st.integers(1, 4))
def test_every_job_is_handed_out_once_and_never_too_many_large_ones(
    sizes: list[int | None], places: int
) -> None:
    jobs = [job(size) for size in sizes]
    queue, taken, large = JobQueue(jobs, places, Event()), [], []
    while len(queue):
        taken.append(queue.take())
        large += [held for held in taken[-1:] if held is not None and held.holds_large_place]
        assert len(large) <= places
        if len(large) == places:
            queue.release_place(large.pop())
    assert sorted(map(id, taken)) == sorted(map(id, jobs))


def test_files_of_unknown_size_that_prove_large_wait_for_their_turn(
    server: FaultServer, tmp_path: Path
) -> None:
    size = LARGE + 1000
    items = [
        download(
            tmp_path, server.url(f"/{seed}", size=size, seed=seed, speed=10 << 20), name=f"{seed}.bin",
            sha256=body_sha256(seed, size),
        )
        for seed in range(1, 7)
    ]  # fmt: skip
    running, most = set[str](), 0
    told = fetch(*items)
    assert all(isinstance(final, Fetched) for final in told.finals)
    for event in told.events:
        if isinstance(event, FetchStarted):
            running.add(event.download.target.name)
        elif isinstance(event, Fetched):
            running.discard(event.download.target.name)
        most = max(most, len(running))
    assert most == LARGE_AT_ONCE
