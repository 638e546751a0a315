"""A safetensors header is believed only where its offsets cover the file exactly."""

from __future__ import annotations

import json
import struct

import pytest

from tests.detect.files import read_bytes, safetensors, with_header
from wfdeps.detect.headers import Corrupt, Header
from wfdeps.detect.tensors import Tensor

GOOD = {"a": {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]}}


def reason(data: bytes) -> str:
    read = read_bytes(data)
    assert isinstance(read, Corrupt)
    return read.reason


def of(entries: object, body: int = 12) -> bytes:
    return with_header(json.dumps(entries).encode(), bytes(body))


def test_a_whole_file_gives_its_tensors_and_its_own_words() -> None:
    data = safetensors({"a.weight": (2, 3), "b": ()}, metadata={"format": "pt"})
    read = read_bytes(data)
    assert isinstance(read, Header)
    assert read.tensors == {"a.weight": Tensor("F16", (2, 3), 12), "b": Tensor("F16", (), 2)}
    assert (read.format, read.metadata, read.size) == ("safetensors", {"format": "pt"}, len(data))
    assert read.header_bytes == len(data) - 14


def test_order_in_the_header_is_free() -> None:
    entries = {
        "b": {"dtype": "U8", "shape": [4], "data_offsets": [8, 12]},
        "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
    }
    assert isinstance(read_bytes(of(entries)), Header)


def test_a_file_without_tensors_is_whole() -> None:
    assert isinstance(read_bytes(of({"__metadata__": {}}, 0)), Header)


@pytest.mark.parametrize(
    ("data", "clause"),
    [
        (of(GOOD)[:-1], "truncated: "),
        (of(GOOD)[:30], "truncated: its header alone"),
        (of(GOOD) + b"x", "1 bytes too many"),
        (struct.pack("<Q", 1 << 63) + b"{" + bytes(99), "the format allows"),
        (struct.pack("<Q", 100_000_001) + b"{" + bytes(99), "the format allows"),
        (struct.pack("<Q", 20) + json.dumps(GOOD).encode() + bytes(12), "no JSON"),
        (of([1]), "no model format"),
        (of({"a": 1}), "unreadable entry"),
        (of({"a": {"dtype": "F16", "shape": [2, 3]}}), "unreadable entry"),
        (of({"a": {**GOOD["a"], "shape": [2, -3]}}), "impossible entry"),
        (of({"a": {**GOOD["a"], "shape": [2.0, 3]}}), "impossible entry"),
        (of({"a": {**GOOD["a"], "data_offsets": [12, 0]}}), "impossible entry"),
        (of({"a": {**GOOD["a"], "shape": [1] * 65}}), "impossible entry"),
        (of({"a": {**GOOD["a"], "shape": [2, 4]}}), "does not fit its bytes"),
        (of({**GOOD, "b": {**GOOD["a"], "data_offsets": [6, 18]}}, 18), "overlap"),
        (of({**GOOD, "b": {**GOOD["a"], "data_offsets": [16, 28]}}, 28), "a hole of 4 bytes"),
        (of({"__metadata__": [1], **GOOD}), "its metadata"),
        (with_header(b'{"a":' * 500_000 + b"1" + b"}" * 500_000), "no JSON"),
        (with_header(b"{" + b"[" * 100_000), "no JSON"),
        (with_header(b'{"a":{},' * 600_000), "more than"),
    ],
)  # fmt: skip
def test_a_header_that_lies_is_corrupt_and_says_how(data: bytes, clause: str) -> None:
    assert clause in reason(data)


def test_of_two_entries_of_one_name_the_last_counts_as_it_does_for_serde() -> None:
    entry, moved = (json.dumps({**GOOD["a"], "data_offsets": [at, at + 12]}).encode() for at in (0, 12))
    assert isinstance(read_bytes(with_header(b'{"a":' + entry + b',"a":' + entry + b"}", bytes(12))), Header)
    assert "a hole of 12 bytes" in reason(with_header(b'{"a":' + entry + b',"a":' + moved + b"}", bytes(24)))


def test_a_dtype_nobody_knows_yet_is_taken_at_its_offsets() -> None:
    entries = {"a": {"dtype": "F3_NEW", "shape": [32], "data_offsets": [0, 12]}}
    assert isinstance(read_bytes(of(entries)), Header)
    assert "does not fit" in reason(of({"a": {"dtype": "F3_NEW", "shape": [5], "data_offsets": [0, 12]}}))
    assert "does not fit" in reason(of({"a": {"dtype": "F1:", "shape": [6], "data_offsets": [0, 12]}}))


def test_half_bytes_count_as_half() -> None:
    assert isinstance(read_bytes(of({"a": {"dtype": "F4", "shape": [24], "data_offsets": [0, 12]}})), Header)


def test_a_header_longer_than_the_first_read_takes_one_more() -> None:
    data = safetensors({f"tensor.{number:06}": (1,) for number in range(3_000)})
    asked: list[tuple[int, int]] = []

    def read(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    from wfdeps.detect.headers import read_header

    header = read_header(read, None, front_only=True)
    assert isinstance(header, Header)
    assert len(header.tensors) == 3_000
    assert len(asked) == 2
    assert sum(length for _, length in asked) <= header.header_bytes + 100_000
