"""What a real ComfyUI 0.33 accepts at its loaders is ready to check, and what it refuses is not."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest

from tests.benchmarks.accuracy_accepts import MISRECORDED, differences_of

TREES = range(0, 70, 5)
"""Every fifth of the 70 recorded trees; `tests/benchmarks/accuracy_accepts.py` goes through all."""


@pytest.mark.parametrize("number", TREES)
def test_check_says_of_each_name_what_comfyui_said(number: int, shared: Path) -> None:
    with gzip.open(shared / "data" / "comfyui_033" / "accepts.json.gz") as file:
        recorded = json.load(file)
    blobs = [base64.b64decode(text) for text in recorded["blobs"]]
    tree = recorded["trees"][number]
    assert len(tree["cases"]) > 20
    wrong = [found for found in differences_of(tree, blobs) if found.kind != "stricter"]
    assert wrong == []


def test_a_single_record_is_left_out() -> None:
    assert len(MISRECORDED) == 1
