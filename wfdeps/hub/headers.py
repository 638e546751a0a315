"""The header of a safetensors file: its tensors and its metadata."""

from __future__ import annotations

import json
from typing import Any

_LONGEST = 64 << 20


class HeaderError(ValueError):
    """Not a safetensors file, or one whose header cannot be read."""


def read_tensors(path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Tensor name → `{"dtype", "shape"}`, and the `__metadata__`. Raises HeaderError or OSError."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= _LONGEST:
            raise HeaderError("not a safetensors file")
        try:
            header = json.loads(file.read(length))
        except ValueError as error:
            raise HeaderError("the header is not JSON") from error
    if not isinstance(header, dict):
        raise HeaderError("the header is no object")
    metadata = header.pop("__metadata__", {})
    return {name: {"dtype": row["dtype"], "shape": row["shape"]} for name, row in header.items()}, metadata
