"""Reads a safetensors header: eight bytes of length, JSON, and offsets that must cover the rest exactly.

The checks are those of the safetensors crate (`tensor.rs`, `Metadata::validate`), whose refusal is what
ComfyUI would show: no overlap, no hole, shapes that fit their bytes, an end that is the file's end.
"""

from __future__ import annotations

import json
import re
from math import prod
from typing import Any, Final

from wfdeps.detect.tensors import BITS, Corrupt, Header, Read, Tensor
from wfdeps.detect.trouble import MAX_HEADER

FIRST_READ: Final = 100_000
"""97 % of headers are shorter (huggingface_hub 2.4.0): one request suffices."""

MAX_TENSORS: Final = 500_000
MAX_DIMENSIONS: Final = 64
MAX_ELEMENTS: Final = 1 << 63
_DTYPE: Final = re.compile(r"[A-Z]{1,4}\d+(_\w{1,12})?")


def looks_like_safetensors(head: bytes) -> bool:
    """Whether the first bytes are a length and an opening brace."""
    return len(head) >= 9 and head[8:9] == b"{"


def read_safetensors(read: Read, size: int | None, head: bytes) -> Header | Corrupt:
    """The header, from the file's first bytes and at most one more read."""
    length = int.from_bytes(head[:8], "little")
    if length > MAX_HEADER:
        return Corrupt(f"says its header is {length} bytes; the format allows {MAX_HEADER}")
    if size is not None and 8 + length > size:
        return Corrupt(f"truncated: its header alone is {length} bytes, the file {size}")
    text = head[8 : 8 + length]
    if len(text) < length:
        text += read(8 + len(text), length - len(text))
    if len(text) < length:
        return Corrupt(f"truncated: its header alone is {length} bytes, {len(text)} are there")
    return _from_text(text, size)


def _from_text(text: bytes, size: int | None) -> Header | Corrupt:
    # A brace for each tensor: counted before parsing, so that a bomb costs no memory.
    if text.count(b"{") > MAX_TENSORS or text.count(b"[") > 2 * MAX_TENSORS:
        return Corrupt(f"names more than {MAX_TENSORS} tensors")
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        return Corrupt("its header is no JSON: damaged, or it lies about its length")
    if not isinstance(entries, dict):
        return Corrupt("its header is no JSON object")
    metadata = entries.pop("__metadata__", None) or {}
    if not isinstance(metadata, dict):
        return Corrupt("its metadata is no JSON object")
    if text.count(b'"__metadata__"') > 1 and _has_metadata_twice(text):
        return Corrupt("it has two sets of metadata")
    spans: list[tuple[int, int]] = []
    tensors: dict[str, Tensor] = {}
    for name, entry in entries.items():
        tensor = _tensor(entry)
        if isinstance(tensor, str):
            return Corrupt(f"{tensor} in tensor `{name[:80]}`")
        tensors[name] = tensor
        spans.append(tuple(entry["data_offsets"]))
    said = {
        str(key): value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()
    }
    header = Header("safetensors", tensors, said, 8 + len(text), size)
    fault = _cover_fault(spans, size, 8 + len(text)) or _words_fault(text, entries, metadata)
    return Corrupt(fault, header) if fault else header


def _tensor(entry: Any) -> Tensor | str:
    """The tensor; a text says what is wrong with its entry."""
    try:
        dtype, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        count = prod(shape) if len(shape) <= MAX_DIMENSIONS else -1
        nbytes = end - start
        # Floats and booleans count as numbers in Python, not here; every sum of whole numbers is an int.
        whole = type(count) is type(start) is type(end) is int and type(dtype) is str
        if not (whole and 0 <= start <= end and 0 <= count < MAX_ELEMENTS and min(shape, default=0) >= 0):
            return "an impossible entry"
    except (TypeError, KeyError, ValueError):
        return "an unreadable entry"
    if count * BITS.get(dtype, 0) != nbytes * 8 and not _may_be_new(dtype, count, nbytes):
        return "a shape that does not fit its bytes"
    return Tensor(dtype, shape, nbytes)


def _may_be_new(dtype: str, count: int, nbytes: int) -> bool:
    """Whether this is a dtype that safetensors may have learned since: a word like theirs, whole bits a number."""
    known = dtype in BITS or not _DTYPE.fullmatch(dtype)
    return not known and (nbytes * 8 % count == 0 if count else nbytes == 0)


def _cover_fault(spans: list[tuple[int, int]], size: int | None, header_bytes: int) -> str:
    """Why the spans do not cover the file from the header's end to its own; empty when they do."""
    at = 0
    for start, end in sorted(spans):
        if start < at:
            return f"tensors overlap at byte {start}"
        if start > at:
            return f"a hole of {start - at} bytes at {at}"
        at = end
    if size is not None and header_bytes + at > size:
        return f"truncated: {header_bytes + at} bytes promised, {size} there"
    if size is not None and header_bytes + at < size:
        return f"{size - header_bytes - at} bytes too many after its last tensor"
    return ""


def _words_fault(text: bytes, entries: dict[str, Any], metadata: dict[str, Any]) -> str:
    """What serde, which reads the header for safetensors, refuses though Python's JSON takes it."""
    if not all(isinstance(value, str) for value in metadata.values()):
        return "its metadata holds something else than text"
    if b"\\ud" in text.lower() and not all(map(_is_text, (*entries, *metadata, *metadata.values()))):
        return "half a character in its header"
    return ""


def _is_text(word: str) -> bool:
    """Whether it has no half of a surrogate pair."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _has_metadata_twice(text: bytes) -> bool:
    """Whether the outermost object has the key `__metadata__` more than once."""
    count = 0

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal count
        count = sum(key == "__metadata__" for key, _ in items)  # the outermost object is closed last
        return dict(items)

    json.loads(text, object_pairs_hook=pairs)
    return count > 1
