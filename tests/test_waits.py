"""How long is waited: exact figures, so that a changed number or sign is seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Event, Thread

import pytest

from wfdeps.http.waits import LONGEST_WAIT, Backoff, HostGate, retry_after

TEN_YEARS = 10 * 365 * 86_400.0


@pytest.mark.parametrize(
    ("attempt", "least", "most"),
    [(1, 0.25, 0.5), (2, 0.5, 1.0), (3, 1.0, 2.0), (6, 8.0, 16.0), (7, 15.0, 30.0), (20, 15.0, 30.0)],
)
def test_a_wait_is_between_half_its_ceiling_and_its_ceiling(attempt: int, least: float, most: float) -> None:
    assert Backoff().delay(attempt, lambda: 0.0) == least
    assert Backoff().delay(attempt, lambda: 0.5) == (least + most) / 2
    assert Backoff().delay(attempt, lambda: 1.0) == most


def test_a_wait_is_drawn_by_chance_where_nobody_says_how() -> None:
    drawn = {Backoff().delay(7) for _ in range(50)}
    assert len(drawn) > 1
    assert all(15.0 <= delay <= 30.0 for delay in drawn)


def test_the_waits_of_a_run_cannot_be_changed_in_it() -> None:
    with pytest.raises(AttributeError):
        Backoff().first = 9.0  # type: ignore[misc]
    assert not hasattr(Backoff(), "__dict__")


def test_the_usual_waits() -> None:
    assert (Backoff().first, Backoff().most, Backoff().attempts, LONGEST_WAIT) == (0.5, 30.0, 5, 120.0)


DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
WAITS: tuple[tuple[dict[str, str], float | None], ...] = (
    ({}, None),
    ({"retry-after": ""}, None),
    ({"retry-after": "  "}, None),
    ({"retry-after": "0"}, 0.0),
    ({"retry-after": " 7 "}, 7.0),
    ({"retry-after": "1.5"}, 1.5),
    ({"retry-after": "1.5.2"}, None),
    ({"retry-after": "²"}, None),
    ({"retry-after": "-3"}, None),
    ({"retry-after": "soon"}, None),
    ({"retry-after": "9" * 400}, TEN_YEARS),
    ({"retry-after": str(int(TEN_YEARS))}, TEN_YEARS),
    ({"retry-after": str(int(TEN_YEARS) - 1)}, TEN_YEARS - 1),
    ({"retry-after": DATE, "date": "Wed, 21 Oct 2015 07:27:00 GMT"}, 60.0),
    ({"retry-after": DATE, "date": "Wed, 21 Oct 2015 07:27:00 -0000"}, 60.0),
    ({"retry-after": DATE, "date": "Wed, 21 Oct 2015 08:27:00 +0100"}, 60.0),
    ({"retry-after": DATE, "date": DATE}, 0.0),
    ({"retry-after": DATE, "date": "Wed, 21 Oct 2015 07:29:00 GMT"}, 0.0),
    ({"retry-after": DATE}, 0.0),
    ({"retry-after": "Wed, 99 Oct 2015 07:28:00 GMT", "date": DATE}, None),
)


@pytest.mark.parametrize(("headers", "seconds"), WAITS, ids=[str(row) for row, _ in WAITS])
def test_what_a_reply_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize("date", [{}, {"date": "nonsense"}])
def test_a_date_is_measured_by_our_clock_only_where_the_reply_has_none(date: dict[str, str]) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    waited = retry_after({"retry-after": later, **date})
    assert waited is not None and 290 < waited <= 300


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> HostGate:
    return HostGate(8, clock.time, clock.sleep)


def inside(gate: HostGate, count: int) -> ExitStack:
    """So many slots, held."""
    held = ExitStack()
    for _ in range(count):
        assert held.enter_context(gate.slot())
    return held


def test_a_gate_begins_with_its_most(gate: HostGate) -> None:
    assert gate.limit == 8


@pytest.mark.parametrize(
    ("active", "limit"), [(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (6, 3), (7, 3), (8, 4)]
)
def test_a_complaint_leaves_half_of_those_inside(gate: HostGate, active: int, limit: int) -> None:
    with inside(gate, active):
        gate.complain(0.0)
        assert gate.limit == limit


def test_a_second_complaint_halves_the_limit_and_one_is_the_least(gate: HostGate) -> None:
    with inside(gate, 8):
        seen = []
        for _ in range(5):
            gate.complain(0.0)
            seen.append(gate.limit)
    assert seen == [4, 2, 1, 1, 1]


def test_the_limit_grows_by_one_in_as_many_successes(gate: HostGate) -> None:
    with inside(gate, 4):
        gate.complain(0.0)
    seen = []
    for _ in range(60):
        gate.thank()
        seen.append(gate.limit)
    # A little more than as many, since each success counts by the limit it met.
    assert [seen.count(limit) for limit in range(2, 8)] == [2, 3, 5, 5, 6, 8]
    assert max(seen) == seen[-1] == 8


def test_after_a_complaint_nobody_enters_before_the_pause_is_over(gate: HostGate, clock: Clock) -> None:
    gate.complain(3.0)
    with gate.slot() as entered:
        assert entered is True
    assert clock.slept == [3.0]
    with gate.slot():
        pass
    assert clock.slept == [3.0]


def test_nobody_waits_at_a_host_that_never_complained(clock: Clock) -> None:
    clock.now = 0.0
    with inside(HostGate(1, clock.time, clock.sleep), 1):
        assert clock.slept == []


def test_the_longest_pause_counts_and_is_measured_from_its_complaint(gate: HostGate, clock: Clock) -> None:
    gate.complain(3.0)
    clock.now += 1.0
    gate.complain(1.0)
    with gate.slot():
        pass
    assert clock.slept == [2.0]
    gate.complain(1.0)
    gate.complain(4.0)
    with gate.slot():
        pass
    assert clock.slept == [2.0, 4.0]


def test_a_pause_is_slept_in_slices_where_it_may_be_stopped(gate: HostGate, clock: Clock) -> None:
    gate.complain(0.5)
    with gate.slot(lambda: False) as entered:
        assert entered is True
    assert clock.slept == [0.2, 0.2, 0.1]


def test_a_pause_ends_as_soon_as_it_is_stopped_and_gives_no_slot(gate: HostGate, clock: Clock) -> None:
    gate.complain(60.0)
    answers: Iterator[bool] = iter([False, True])
    with gate.slot(lambda: next(answers)) as entered:
        assert entered is False
    assert clock.slept == [0.2]
    clock.now += 60.0
    with inside(gate, 1), gate.slot(lambda: True) as entered:
        assert entered is False


def test_a_full_gate_is_waited_for_until_one_leaves(clock: Clock) -> None:
    gate = HostGate(2, clock.time, clock.sleep)
    held, came = inside(gate, 2), Event()

    def enter() -> None:
        with gate.slot():
            came.set()

    waiting = Thread(target=enter)
    waiting.start()
    assert not came.wait(0.25)
    held.close()
    assert came.wait(10)
    waiting.join(10)
    with inside(gate, 2), gate.slot(lambda: True) as entered:
        assert entered is False


def test_a_slot_is_given_back_when_its_holder_fails(gate: HostGate) -> None:
    for _ in range(3 * 8):
        with pytest.raises(OSError, match="broken"), gate.slot():
            raise OSError("broken")
    with inside(gate, 8):
        pass


def test_who_was_not_let_in_gives_no_slot_back(gate: HostGate) -> None:
    with inside(gate, 8):
        with gate.slot(lambda: True) as entered:
            assert entered is False
        with gate.slot(lambda: True) as entered:
            assert entered is False
