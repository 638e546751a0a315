"""What cannot be a model is told from a handful of bytes."""

from __future__ import annotations

import pytest

from tests.detect.files import gguf, read_bytes, safetensors, state_dict_pickle, torch_zip
from wfdeps.detect.headers import Corrupt
from wfdeps.detect.trouble import quick_trouble

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize(
    ("head", "size", "trouble"),
    [
        (b"", 0, "empty"),
        (LFS, len(LFS), "lfs pointer"),
        (b"<!DOCTYPE html><html>", 21, "html page"),
        (b"\xef\xbb\xbf\n <html lang=en>", 40, "html page"),
        (b'<?xml version="1.0"?><Error>', 28, "html page"),
        (b'{"error":"Unauthorized"}', 24, "error message"),
        (bytes(512), 10_000, "zero bytes"),
        (safetensors({"a": (4,)})[:40], 40, "truncated: its header alone is 61 bytes, the file 40"),
    ],
)
def test_trouble_is_named(head: bytes, size: int, trouble: str) -> None:
    assert quick_trouble(head, size) == trouble
    assert read_bytes(head + bytes(size - len(head))) == Corrupt(trouble)


@pytest.mark.parametrize(
    "data", [safetensors({"a": (4,)}), gguf({"a": (32,)}), torch_zip(state_dict_pickle({"a": (1,)}))]
)
def test_nothing_speaks_against_a_whole_file(data: bytes) -> None:
    assert quick_trouble(data[:512], len(data)) == ""


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n" + bytes(100), b"MZ" + bytes(100), b"just some text that is no model at all", b"[1, 2]",
             b'{"nodes": [], "links": []}', b"Rar!\x1a\x07" + bytes(50)]
)  # fmt: skip
def test_another_kind_of_file_is_no_model(data: bytes) -> None:
    assert isinstance(read_bytes(data, "model.safetensors"), Corrupt)
