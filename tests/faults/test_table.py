"""The table of faults is whole, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

from tests.faults.local import HARNESSES
from tests.faults.table import FAULTS

TESTS = Path(__file__).parents[1]


def test_all_104_faults_are_in_the_table() -> None:
    assert {int(re.sub(r"\D", "", fault.number)) for fault in FAULTS} == set(range(1, 105))
    assert {fault.harness for fault in FAULTS if fault.harness} == set(HARNESSES)


def test_every_fault_is_served_made_tested_or_argued() -> None:
    for fault in FAULTS:
        assert sum(map(bool, (fault.path, fault.harness, fault.tests, fault.argued))) == 1, fault.number


def test_every_test_it_names_exists() -> None:
    for fault in FAULTS:
        for name in fault.tests:
            path, _, test = name.partition("::")
            wanted = test.partition("[")[0]
            assert wanted in (TESTS / path).read_text(encoding="utf-8"), name
