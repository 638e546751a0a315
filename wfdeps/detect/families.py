"""Families of base models: what Civitai's words mean, and which parts go together (`families.json`).

| table | row |
|---|---|
| `base_models` | Civitai's word → architecture, ecosystem, and size where one architecture has several |
| `close` | relation, dependent's architecture, base's, level, why: not made for each other, and yet it runs |
| `vae`, `text_encoders` | architecture, or `architecture:size` → the parts that fit |
"""

from __future__ import annotations

import json
import pkgutil
from functools import cache
from typing import Any, Final

from wfdeps.detect.tensors import Header
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """What one of Civitai's base models is."""

    architecture: str
    ecosystem: str
    size: str = ""
    """`14B`, `5B` … where an architecture has sizes that do not mix."""


def family_of(base_model: str) -> Family | None:
    """What Civitai's word means; None for one that has no local architecture, or that nobody lists."""
    row = _tables()["base_models"].get(base_model.strip())
    return Family(*row) if row else None


def close_call(relation: str, dependent: str, base: str) -> tuple[str, str] | None:
    """Level and reason where two architectures differ and still work somehow."""
    for kind, mine, theirs, level, why in _tables()["close"]:
        if (kind, mine, theirs) == (relation, dependent, base):
            return level, why
    return None


def parts_for(part: str, architecture: str, size: str = "") -> frozenset[str]:
    """The autoencoders (`vae`) or encoders (`text_encoders`) that fit; empty where nobody knows."""
    table = _tables()[part]
    return frozenset(table.get(f"{architecture}:{size}") or table.get(architecture) or ())


_WIDTHS: Final[dict[str, tuple[tuple[str, int], dict[int, str]]]] = {
    "wan": (("head.modulation", 2), {5120: "14B", 3072: "5B", 1536: "1.3B"}),
    "flux2": (("double_stream_modulation_img.lin.weight", 1), {6144: "32B", 4096: "9B", 3072: "4B"}),
}
"""A key whose length is the hidden size, and which size that is."""


def size_of(architecture: str, header: Header | None) -> str:
    """Which size of its architecture a base model is, told from its hidden size; empty where it has one only."""
    if architecture not in _WIDTHS or header is None:
        return ""
    (ending, dimension), sizes = _WIDTHS[architecture]
    for name, tensor in header.tensors.items():
        if name.endswith(ending) and tensor.shape and len(tensor.shape) > dimension:
            return sizes.get(tensor.shape[dimension], "")
    return ""


@cache
def _tables() -> dict[str, Any]:
    return dict(json.loads(pkgutil.get_data("wfdeps.detect", "families.json") or b"{}"))
