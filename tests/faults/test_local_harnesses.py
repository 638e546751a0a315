"""Every fault the machine can make, made to `wfdeps download`: the same harnesses the matrix uses for others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform.startswith("linux"):
    from tests.faults.local import HARNESSES, NOT_TRIED, SAFE, wfdeps
else:
    pytest.skip("the harnesses need Linux", allow_module_level=True)


@pytest.mark.parametrize("number", HARNESSES)
def test_a_local_fault_leaves_nothing_wrong(number: str, tmp_path: Path) -> None:
    came = HARNESSES[number](wfdeps, tmp_path)
    if came == NOT_TRIED:
        pytest.skip(came)
    assert came == SAFE
