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
    """What torch wrote before 1.6, and still takes: its number, version, system, a table with these bytes, no storages."""
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, {"w": content}, [])
    return b"".join(pickle.dumps(part, protocol=2) for part in parts)


def sound(name: str, content: bytes = b"weights") -> bytes:
    """Bytes that can be loaded under that name, holding these."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("safetensors", "sft"):
        return holding(content)
    if ending in ("ckpt", "pt", "pth", "bin", "pkl"):
        return pickled(content)
    return gguf({"w": (32,)}) if ending == "gguf" else content
