"""The Range header, for any header and any file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfdeps.hub.serving import Part, UnsatisfiableError, read_range


@given(
    header=st.text(max_size=30) | st.from_regex(r"bytes=\d{0,12}-\d{0,12}", fullmatch=True),
    size=st.integers(0, 2**40),
)
@settings(max_examples=300, deadline=None)
def test_a_part_lies_inside_the_file_and_is_never_empty(header: str, size: int) -> None:
    try:
        part = read_range(header, size)
    except UnsatisfiableError:
        return
    assert part is None or 0 <= part.start < part.end <= size


@given(start=st.integers(0, 999), length=st.integers(1, 1000))
def test_what_is_asked_for_is_what_is_meant(start: int, length: int) -> None:
    assert read_range(f"bytes={start}-{start + length - 1}", 1000) == Part(start, min(start + length, 1000))


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        (None, None),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-4", None),
        ("items=0-1", None),
        ("bytes=0-1,3-4", None),
    ],
)
def test_what_is_no_single_range_means_the_whole(header: str | None, meant: None) -> None:
    assert read_range(header, 100) is meant


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_what_lies_outside_is_impossible(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        read_range(header, 100)
