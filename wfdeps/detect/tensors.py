"""What every reader hands on: the directory of a model file, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Final, NamedTuple

from wfdeps.values import dataclass, field

Read = Callable[[int, int], bytes]
"""The door: `read(offset, length)` gives that many bytes, fewer at the end of the file."""


class Tensor(NamedTuple):
    """One tensor as the header describes it."""

    dtype: str
    """As safetensors spells it (`F16`, `BF16`, `F8_E4M3` …) or GGUF (`Q4_K` …); empty where unknown."""
    shape: tuple[int, ...] | None
    """In torch's order; None where the format does not say (a sharded index)."""
    nbytes: int


@dataclass(frozen=True, slots=True)
class Header:
    """The directory of a model file."""

    format: str
    """`safetensors`, `gguf`, `pickle`, `onnx`, `torchscript` or `index` (a sharded safetensors)."""
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What the file says of itself: a claim."""
    header_bytes: int = 0
    """How much of the file's front the directory takes."""
    size: int | None = None
    """Of the whole file, where it is known."""
    code: tuple[str, ...] = ()
    """Every `module.name` a pickle would import, sorted."""
    safety: str = "safe"
    """`safe`, or `unsafe or unknown: …`."""
    shards: tuple[str, ...] = ()
    """The files a sharded index names."""
    missing: tuple[str, ...] = ()
    """Those of them that do not lie beside it, where somebody looked."""


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Not a model file, or a damaged one, and why."""

    reason: str
    header: Header | None = None
    """What a damaged file still says of itself, where its directory could be read (a cut download)."""


BITS: Final[dict[str, int]] = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
"""Bits an element takes. Source: safetensors 0.8.0 `tensor.rs`, `Dtype::bitsize`."""


def elements(shape: tuple[int, ...]) -> int:
    """How many numbers a tensor of this shape holds."""
    return prod(shape)
