"""Each boundary that SECURITY.md names is guarded by a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / ".github" / "SECURITY.md").read_text(encoding="utf-8")
ROWS = [
    line
    for line in PAGE.partition("## Boundaries")[2].partition("\n## ")[0].splitlines()
    if line.startswith("| ")
][1:]


def test_the_page_has_boundaries() -> None:
    assert len(ROWS) >= 15


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_a_boundary_names_a_test_that_is_there(row: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
    assert named
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")
