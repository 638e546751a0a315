"""The judge follows the reader of each format: what `safetensors` refuses is broken, what it takes is sound."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detect.files import gguf, state_dict_pickle, torch_zip
from tests.detect.files import safetensors as made
from wfdeps.detect.judge import judge
from wfdeps.domain.judgement import SOUND, Judgement


def told(data: bytes, name: str = "x.safetensors") -> Judgement:
    return judge(lambda offset, length: data[offset : offset + length], len(data), name)


def headed(header: object, body: int = 0) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(body)


def entry(start: int, end: int, dtype: str = "F32", shape: list[int] | None = None) -> dict[str, Any]:
    return {
        "dtype": dtype,
        "shape": [(end - start) // 4] if shape is None else shape,
        "data_offsets": [start, end],
    }


ONE = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
FILES: dict[str, bytes] = {
    "no tensors": headed({}),
    "an empty header": struct.pack("<Q", 0),
    "metadata only": headed({"__metadata__": {"a": "b"}}),
    "metadata with a number": headed({"__metadata__": {"a": 1}}),
    "metadata with a table": headed({"__metadata__": {"a": {"b": "c"}}}),
    "metadata null": headed({"__metadata__": None}),
    "metadata twice": headed(b'{"__metadata__":{"a":"b"},"__metadata__":{"a":"c"}}'),
    "a key of metadata twice": headed(b'{"__metadata__":{"a":"b","a":"c"}}'),
    "padded with spaces": headed(ONE + b"      ", 4),
    "padded with line breaks": headed(ONE + b"\n\n", 4),
    "padded with zeros": headed(ONE + b"\0\0", 4),
    "spaces in front": headed(b"  " + ONE, 4),
    "a dtype nobody knows": headed({"a": entry(0, 4, "X99", [1])}, 4),
    "a dtype in small letters": headed({"a": entry(0, 4, "f32", [1])}, 4),
    "F4": headed({"a": entry(0, 1, "F4", [2])}, 1),
    "half a byte": headed({"a": entry(0, 1, "F4", [1])}, 1),
    "F8_E8M0": headed({"a": entry(0, 1, "F8_E8M0", [1])}, 1),
    "F6": headed({"a": entry(0, 3, "F6_E2M3", [4])}, 3),
    "C64": headed({"a": entry(0, 8, "C64", [1])}, 8),
    "I4": headed({"a": entry(0, 1, "I4", [2])}, 1),
    "a tensor of no numbers first": headed({"a": entry(0, 0, shape=[0]), "b": entry(0, 4)}, 4),
    "a tensor of no numbers between": headed({"b": entry(0, 4), "z": entry(4, 4, shape=[0, 5]), "c": entry(4, 8)}, 8),
    "a tensor of no numbers inside another": headed({"b": entry(0, 8), "z": entry(4, 4, shape=[0])}, 8),
    "a tensor of no numbers far off": headed({"b": entry(0, 8), "z": entry(99, 99, shape=[0])}, 8),
    "a scalar": headed({"a": entry(0, 4, shape=[])}, 4),
    "an overlap": headed({"a": entry(0, 4), "b": entry(0, 4)}, 4),
    "a hole": headed({"a": entry(0, 4), "b": entry(8, 12)}, 12),
    "a byte too many": headed(ONE, 5),
    "a byte too few": headed(ONE, 3),
    "cut in its header": headed(ONE, 4)[:20],
    "one name twice": headed(b'{"a":' + json.dumps(entry(0, 4)).encode() + b',"a":' + json.dumps(entry(4, 8)).encode() + b"}", 8),
    "a further field": headed({"a": {**entry(0, 4), "x": 1}}, 4),
    "a missing field": headed({"a": {"dtype": "F32", "shape": [1]}}, 4),
    "no number": headed(ONE[:-1] + b',"b":NaN}', 4),
    "no UTF-8": headed(ONE.replace(b'"a"', b'"\xff"'), 4),
    "half a character": headed(ONE.replace(b'"a"', b'"\\ud800"'), 4),
    "a whole character in two halves": headed(ONE.replace(b'"a"', b'"\\ud83d\\ude00"'), 4),
    "a control character": headed(ONE.replace(b'"a"', b'"a\nb"'), 4),
    "a byte order mark": headed(b"\xef\xbb\xbf" + ONE, 4),
    "offsets with a point": headed(ONE.replace(b"0,4", b"0,4.0"), 4),
    "a negative shape": headed({"a": entry(0, 4, shape=[-1])}, 4),
    "three offsets": headed(ONE.replace(b"0,4", b"0,4,4"), 4),
    "a name of no letters": headed(ONE.replace(b'"a"', b'""'), 4),
    "a list": headed([]),
    "null": headed({"a": None}),
    "a damaged word": headed(ONE.replace(b"shape", b"shXpe"), 4),
    "text": b"Entry not found",
    "0xFF": b"\xff" * 400,
    "one byte": b"a",
    "nothing": b"",
    "gguf": gguf({"a": (32,)}),
    "a pickle": b"\x80\x02}q\0.",
    "a zip": torch_zip(state_dict_pickle({"a": (1,)})),
}  # fmt: skip


def takes(data: bytes, folder: Path) -> tuple[bool, str]:
    """Whether the safetensors library opens these bytes, and what it says if not."""
    safe_open = pytest.importorskip("safetensors", reason="safetensors and numpy are not installed").safe_open
    pytest.importorskip("numpy")
    path = folder / "x.safetensors"
    path.write_bytes(data)
    try:
        with safe_open(str(path), "numpy") as file:
            file.keys()
    except Exception as error:  # its error is of a class of its own
        return False, str(error)
    return True, ""


@pytest.mark.parametrize("kind", FILES)
def test_the_judge_agrees_with_the_safetensors_library(kind: str, tmp_path: Path) -> None:
    judgement, (taken, says) = told(FILES[kind]), takes(FILES[kind], tmp_path)
    assert (judgement.trouble == "") == taken, says
    if kind != "half a byte":  # a shape that fits no bytes has a sentence of its own
        assert judgement.comfyui[:40] == says[:40]


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 200), value=st.integers(0, 255))
def test_a_changed_byte_is_judged_as_the_library_does(at: int, value: int, tmp_path_factory: Any) -> None:
    data = bytearray(made({"a.weight": (2, 3), "b": (4,)}, metadata={"format": "pt"}))
    data[at % (len(data) - 20)] = value
    taken, says = takes(bytes(data), tmp_path_factory.getbasetemp())
    assert (told(bytes(data)).trouble == "") == taken, says


@given(
    data=st.binary(max_size=600),
    name=st.sampled_from(["a.safetensors", "a.gguf", "a.ckpt", "a.bin", "a.engine", "a"]),
)
def test_no_bytes_make_it_raise(data: bytes, name: str) -> None:
    assert isinstance(told(data, name), Judgement)


@pytest.mark.parametrize(
    ("name", "data", "folder", "counts"),
    [
        ("a.bin", b"\x01\x02\x03\x04" * 99, "checkpoints", True),
        ("a.bin", b"\x01\x02\x03\x04" * 99, "ncnn", False),
        ("a.bin", b"cat\ndog\n", "words", False),
        ("a.pth", b"\x01\x02\x03\x04" * 99, "sams", False),
        ("a.pth", b"<html>log in</html>", "sams", True),
        ("a.bin", b"\x89PNG\r\n\x1a\n", "ncnn", True),
        ("a.safetensors", b"\x01\x02\x03\x04" * 99, "sams", True),
        ("a.engine", b"\x01\x02\x03\x04" * 99, "tensorrt", False),
        ("a.engine", b"Entry not found", "tensorrt", True),
        ("a.onnx", b"\x08\x07\x12\x07pytorch", "onnx", False),
        ("a.onnx", b"log in first", "onnx", True),
    ],
)
def test_a_packs_own_formats_are_not_judged(name: str, data: bytes, folder: str, counts: bool) -> None:
    assert told(data, name).counts_in(folder) == counts


def test_a_pickle_longer_than_we_read_is_not_judged() -> None:
    """Some packs' models are one pickle of arrays, hundreds of megabytes long."""
    front = b"\x80\x04B" + struct.pack("<I", 100_000_000)

    def read(offset: int, length: int) -> bytes:
        return (front[offset : offset + length] + bytes(length))[: max(0, min(length, 100_000_008 - offset))]

    assert judge(read, 100_000_008, "a.pkl") == SOUND
    assert "truncated" in judge(read, 1_000, "a.pkl").trouble


def test_a_zip_says_which_model_it_holds(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("read me.txt", b"x")
        file.writestr("in/style.safetensors", b"x")
    judgement = told(path.read_bytes())
    assert judgement.trouble == "a zip archive that holds `in/style.safetensors`"
    assert "unpack it" in judgement.hint


def test_what_loads_is_sound_under_each_name() -> None:
    zipped = torch_zip(state_dict_pickle({"a": (1,)}))
    assert (
        told(made({"a": (4,)}), "A.SFT")
        == told(gguf({"a": (32,)}), "a.gguf")
        == told(zipped, "a.pt")
        == SOUND
    )
