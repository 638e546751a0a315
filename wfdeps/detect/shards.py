"""Reads a sharded model's `*.safetensors.index.json`: names of tensors and of the files that hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from wfdeps.detect.safetensors import MAX_TENSORS
from wfdeps.detect.tensors import Corrupt, Header, Read, Tensor
from wfdeps.values import replace

MAX_BYTES: Final = 50_000_000


def read_index(read: Read, size: int | None, head: bytes) -> Header | Corrupt:
    """The index as a header whose shapes nobody knows; Corrupt for any other JSON."""
    if size is not None and size > MAX_BYTES:
        return Corrupt("JSON, not a model")
    text = head
    while len(text) < MAX_BYTES and (more := read(len(text), 1_000_000)):
        text += more
    if text.count(b"{") > 1_000:  # an index has three: nothing deep or wide is parsed
        return Corrupt("JSON, not a model")
    if text.count(b'":') > MAX_TENSORS:
        return Corrupt(f"names more than {MAX_TENSORS} tensors")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return Corrupt("damaged JSON, not a model")
    names = document.get("weight_map") if isinstance(document, dict) else None
    if not isinstance(names, dict) or not names or not all(isinstance(file, str) for file in names.values()):
        return Corrupt("JSON, not a model")
    said = document.get("metadata")
    metadata = {key: str(value)[:200] for key, value in said.items()} if isinstance(said, dict) else {}
    tensors = {name: Tensor("", None, 0) for name in names}
    return Header("index", tensors, metadata, len(text), size, shards=tuple(sorted(set(names.values()))))


def merged(index: Header, parts: Mapping[str, Header]) -> Header:
    """The index with shapes and dtypes, from the headers of the files it names."""
    found: dict[str, Tensor] = {}
    for name in index.shards:
        found |= parts[name].tensors if name in parts else {}
    tensors = {name: found.get(name, tensor) for name, tensor in index.tensors.items()}
    return replace(index, tensors=tensors)
