"""The hash that follows a file: what an earlier run claims is vouched for only by that run's own marks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.server import body
from wfdeps.fetch.ledger import Ledger
from wfdeps.fetch.trail import STEP, Trail

SIZE = 3 * STEP
ALTERED = STEP + (4 << 20)


@pytest.fixture
def altered(tmp_path: Path) -> Iterator[int]:
    """A part whose earlier run marked its end; one byte was altered since."""
    path = tmp_path / "a.part"
    content = bytearray(body(1, 0, SIZE))
    content[ALTERED] ^= 1
    path.write_bytes(content)
    handle = os.open(path, os.O_RDWR)
    yield handle
    os.close(handle)


def trail_over(handle: int, written: int) -> tuple[Trail, Ledger]:
    ledger = Ledger(SIZE)
    ledger.written.add(0, written)
    return Trail(handle, ledger, {SIZE: hashlib.sha256(body(1, 0, SIZE)).hexdigest()}), ledger


def test_a_run_that_ends_before_it_checked_a_claim_vouches_for_nothing_of_it(altered: int) -> None:
    trail, _ = trail_over(altered, ALTERED + STEP // 2)
    assert trail.finish() == ""
    trail.close()
    assert trail.marks.keys() == {SIZE}


def test_between_two_marks_of_an_earlier_run_all_is_fetched_again_when_the_second_is_wrong(
    altered: int,
) -> None:
    trail, ledger = trail_over(altered, SIZE)
    assert trail.finish() == ""
    assert ledger.written.total == 0
