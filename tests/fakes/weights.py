"""The smallest files that the judge of files calls sound, with any content."""

from __future__ import annotations

import json
import pickle
import struct

from tests.detect.files import gguf


def holding(content: bytes, *, promised: int = 0) -> bytes:
    """A safetensors file of one tensor, whose bytes these are; `promised`: how many it says follow, where more do."""
    length = promised or len(content)
    entry = {"dtype": "U8", "shape": [length], "data_offsets": [0, length]}
    header = json.dumps({"w": entry}).encode()
    return struct.pack("<Q", len(header)) + header + content


def pickled(content: bytes = b"weights") -> bytes:
    """A pickle that torch's loader would take: a table with these bytes."""
    return pickle.dumps({"w": content}, protocol=2)


def sound(name: str, content: bytes = b"weights") -> bytes:
    """Bytes that can be loaded under that name, holding these."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("safetensors", "sft"):
        return holding(content)
    if ending in ("ckpt", "pt", "pth", "bin", "pkl"):
        return pickled(content)
    return gguf({"w": (32,)}) if ending == "gguf" else content
