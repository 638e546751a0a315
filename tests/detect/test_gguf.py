"""A GGUF header is walked with every count and length bounded."""

from __future__ import annotations

import struct

import pytest

from tests.detect.files import gguf, read_bytes
from wfdeps.detect.headers import Corrupt, Header, read_header
from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import Tensor

HEAD = b"GGUF" + struct.pack("<I", 3)


def test_shapes_come_in_torchs_order() -> None:
    read = read_bytes(gguf({"blk.0.attn_k.weight": (64, 32)}, {"general.architecture": "t5"}))
    assert isinstance(read, Header)
    assert read.tensors == {"blk.0.attn_k.weight": Tensor("F16", (64, 32), 4096)}
    assert read.metadata == {"general.architecture": "t5"}


def test_a_vocabulary_is_counted_not_kept() -> None:
    words = [f"word{number}" for number in range(20_000)]
    read = read_bytes(gguf({"a": (32,)}, {"tokenizer.ggml.tokens": words, "general.name": "x"}))
    assert isinstance(read, Header)
    assert read.metadata == {"tokenizer.ggml.tokens": "20000 values", "general.name": "x"}


def test_a_quant_is_named_as_its_file_type_says() -> None:
    # Q4_K is type 12: 144 bytes for 256 numbers.
    data = gguf({"double_blocks.0.img_attn.norm.key_norm.scale": (256,)},
                {"general.architecture": "flux", "general.file_type": 15}, kind=12)  # fmt: skip
    read = read_bytes(data)
    assert isinstance(read, Header)
    identity = identify(read)
    assert (identity.precision, identity.architectures, identity.folder) == (
        "Q4_K_M",
        ("flux",),
        "diffusion_models",
    )


@pytest.mark.parametrize(
    ("data", "clause"),
    [
        (HEAD + struct.pack("<QQ", 0, 1 << 60), "key-values"),
        (HEAD + struct.pack("<QQ", 1 << 60, 0), "tensors"),
        (HEAD + struct.pack("<QQ", 0, 1) + struct.pack("<Q", 1 << 62), "a name of"),
        (HEAD + struct.pack("<QQ", 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<IQ", 8, 1 << 62), "truncated"),
        (HEAD + struct.pack("<QQ", 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, 8, 1 << 62), "items"),
        (HEAD + struct.pack("<QQ", 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, 0, 1 << 62), "truncated"),
        (HEAD + struct.pack("<QQ", 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<I", 77), "unknown kind"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "version 9"),
        (gguf({"a": (1024,)})[:-64], "truncated"),
        (gguf({"a": (1024,)})[:40], "truncated"),
        (gguf({"a": (64,)}, kind=12), "does not fill its blocks"),
    ],
)  # fmt: skip
def test_a_count_that_lies_is_corrupt_at_once(data: bytes, clause: str) -> None:
    read = read_bytes(data)
    assert isinstance(read, Corrupt)
    assert clause in read.reason


def test_a_remote_directory_comes_in_two_reads() -> None:
    shapes = {f"blocks.{number}.self_attn.some.longer.name.weight": (32,) for number in range(2_000)}
    data = gguf({"head.modulation": (32,), **shapes}, {"general.architecture": "wan"})
    asked: list[int] = []

    def read(offset: int, length: int) -> bytes:
        asked.append(len(data[offset : offset + length]))
        return data[offset : offset + length]

    header = read_header(read, None, front_only=True)
    assert isinstance(header, Header)
    assert len(header.tensors) == 2_001
    assert len(asked) == 2
    assert sum(asked) <= header.header_bytes + 100_000
    assert identify(header).architectures == ("wan",)


def test_a_text_encoder_is_told_from_its_first_words_alone() -> None:
    said = {
        "general.architecture": "qwen3",
        "qwen3.embedding_length": 2560,
        "tokenizer.ggml.tokens": ["x" * 40] * 9_000,
    }
    data = gguf({"token_embd.weight": (32,)}, said)
    header = read_header(lambda offset, length: data[offset : offset + length], None, front_only=True)
    assert isinstance(header, Header)
    assert identify(header).architectures == ("qwen3-4b",)
