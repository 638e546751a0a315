"""Whatever the bytes are, a reader answers with a header or with a reason, soon, and reads no more than it must."""

from __future__ import annotations

import json
import struct
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.detect.files import (
    gguf,
    memoised_pickle,
    onnx,
    read_bytes,
    safetensors,
    state_dict_pickle,
    torch_legacy,
    torch_zip,
    with_header,
)
from wfdeps.detect.headers import Corrupt, Header, read_header
from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import Tensor

SHAPES = {
    "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
    "img_in.weight": (32, 64),
    "x.lora_up.weight": (4, 4),
}
INDEX = json.dumps({"metadata": {"total_size": 1}, "weight_map": {"a.weight": "m-1.safetensors"}}).encode()
SEEDS = {
    "safetensors": safetensors(SHAPES, metadata={"ss_tag_frequency": '{"1_a": {"b": 2}}'}),
    "gguf": gguf(SHAPES, {"general.architecture": "flux", "general.file_type": 1, "tokens": ["a", "b"] * 20}),
    "zip": torch_zip(state_dict_pickle(SHAPES)),
    "memoised": torch_zip(memoised_pickle(SHAPES)),
    "legacy": torch_legacy(state_dict_pickle(SHAPES)),
    "onnx": onnx(),
    "index": INDEX,
}
BOUND = 5.0
"""Seconds; a hang takes forever, a busy machine does not."""


def answer(data: bytes, *, front_only: bool = False) -> None:
    """Read and identify, both of which must come back."""
    began = time.monotonic()
    read = read_bytes(data, "x.safetensors", front_only=front_only)
    assert isinstance(read, Header | Corrupt)
    if isinstance(read, Header):
        assert len(identify(read, "x.safetensors").architectures) <= 4
    else:
        assert read.reason
    assert time.monotonic() - began < BOUND


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real file with bytes changed, cut out, doubled or cut off."""
    data = bytearray(SEEDS[draw(st.sampled_from(sorted(SEEDS)))])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data) - 1)) if data else 0
        match draw(st.sampled_from(["change", "cut", "double", "end", "huge"])):
            case "change":
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "cut":
                del data[at : at + draw(st.integers(1, 16))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 32))]
            case "end":
                del data[at:]
            case "huge":
                data[at : at + 8] = struct.pack(
                    "<Q", draw(st.sampled_from([0, 1 << 31, 1 << 62, (1 << 64) - 1]))
                )
    return bytes(data)


@given(damaged(), st.booleans())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_file_gives_a_header_or_a_reason(data: bytes, front_only: bool) -> None:
    answer(data, front_only=front_only)


@given(
    st.sampled_from([b"", b"GGUF\x03\0\0\0", b"PK\x03\x04", b"\x80\x02", b"{", b"\x08\x07\x12"]),
    st.binary(max_size=400),
)
@settings(max_examples=200, deadline=None)
def test_noise_behind_any_signature_gives_a_header_or_a_reason(start: bytes, noise: bytes) -> None:
    answer(start + noise)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
entries = st.fixed_dictionaries(
    {"dtype": st.sampled_from(["F16", "F32", "XX", 3]), "shape": st.lists(st.integers(-2, 1 << 70), max_size=4),
     "data_offsets": st.lists(st.integers(-5, 200), min_size=1, max_size=3)}
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=30), entries | json_values, max_size=6), st.integers(0, 200))
@settings(max_examples=200, deadline=None)
def test_any_json_behind_a_length_gives_a_header_or_a_reason(header: object, body: int) -> None:
    answer(with_header(json.dumps(header).encode(), bytes(body)))


opcodes = st.lists(
    st.sampled_from([bytes([code]) for code in range(256)])
    | st.sampled_from(
        [
            b"cos\nsystem\n",
            b"X\x01\0\0\0a",
            b"K\x05",
            b"q\x00",
            b"h\x00",
            b"ctorch._utils\n_rebuild_tensor_v2\n",
        ]
    ),
    max_size=60,
)


@given(opcodes)
@settings(max_examples=300, deadline=None)
def test_any_opcodes_give_a_header_or_a_reason(codes: list[bytes]) -> None:
    answer(torch_zip(b"".join(codes)))
    answer(b"\x80\x02" + b"".join(codes) + b".")


names = st.text(st.sampled_from("abc.\n0_^$*") | st.characters(), max_size=40)


@given(
    st.dictionaries(names, st.none() | st.lists(st.integers(0, 1 << 40), max_size=5).map(tuple), max_size=12)
)
@settings(max_examples=200, deadline=None)
def test_any_names_and_shapes_are_identified(shapes: dict[str, tuple[int, ...] | None]) -> None:
    identity = identify(
        Header("safetensors", {name: Tensor("F16", shape, 0) for name, shape in shapes.items()})
    )
    assert len(identity.architectures) <= 4
    assert identity.reasons


@pytest.mark.parametrize(
    "name", ["a" * 3_000_000, "motion_modules." * 100_000, "lora_unet_" * 100_000 + ".lora_up.weight"]
)
def test_a_name_of_megabytes_takes_no_longer(name: str) -> None:
    answer(safetensors({name: (1,), "b": (2,)}))


def test_a_reader_never_asks_for_more_than_its_caps() -> None:
    """A server of endless bytes: nothing that a header says makes a reader take more than the format allows."""
    for head in (
        struct.pack("<Q", 99_999_999) + b'{"a":',
        b"GGUF" + struct.pack("<IQQ", 3, 9, 9),
        b"\x80\x02",
        b"PK\x03\x04",
        b'{"x":',
    ):
        asked = 0

        def read(offset: int, length: int, head: bytes = head) -> bytes:
            nonlocal asked
            asked += length
            return (head[offset:] + bytes(length))[:length]

        assert isinstance(read_header(read, None, front_only=True), Header | Corrupt)
        assert asked <= 100_200_000
