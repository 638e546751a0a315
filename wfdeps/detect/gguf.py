"""Reads a GGUF header: key-values and tensor infos, every count and length bounded before it is believed.

Source of the layout: ggml-org/ggml `docs/gguf.md` and gguf 0.19.0 `constants.py` (versions 2 and 3).
"""

from __future__ import annotations

import struct
from typing import Final, Literal

from wfdeps.detect.tensors import Corrupt, Header, Read, Tensor, elements
from wfdeps.detect.window import RanOutError, Window

MAGIC: Final = b"GGUF"
MAX_BYTES: Final = 100_000_000
MAX_TENSORS: Final = 500_000
MAX_PAIRS: Final = 100_000
MAX_ITEMS: Final = 2_000_000
LONGEST_NAME: Final = 65_535
LONGEST_KEPT: Final = 4_096
SHORT_ARRAY: Final = 16

_SCALARS: Final[dict[int, str]] = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_STRING: Final = 8
_ARRAY: Final = 9

TYPES: Final[dict[int, tuple[str, int, int]]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18),
}  # fmt: skip
"""ggml's tensor types: word, numbers in a block, bytes of a block."""


class _OddError(Exception):
    """Something in the header cannot be."""


def read_gguf(read: Read, size: int | None, head: bytes, *, front_only: bool = False) -> Header | Corrupt:
    """The header. With `front_only`, as much of it as the door gives."""
    limit = min(size if size is not None else MAX_BYTES, MAX_BYTES)
    walk = _Walk(Window(read, 0, limit, head))
    try:
        walk.run()
    except _OddError as odd:
        return Corrupt(str(odd))
    except RanOutError:
        if not (front_only and walk.metadata):
            return Corrupt("truncated inside its header, or a count in it lies")
    header = Header("gguf", walk.tensors, walk.metadata, walk.window.tell(), size)
    if size is not None and walk.end > size:
        return Corrupt(f"truncated: {walk.end} bytes promised, {size} there", header)
    return header


class _Walk:
    """One walk through a header; holds what was found so far."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.tensors: dict[str, Tensor] = {}
        self.metadata: dict[str, str] = {}
        self.end = 0
        self._order = "<"
        self._items = 0

    def run(self) -> None:
        if self.window.take(4) != MAGIC:
            raise _OddError("no GGUF magic")
        version = self._number("I")
        if version > 0xFFFF:
            self._order = ">"
            version = int.from_bytes(struct.pack("<I", version), "big")
        if version not in (2, 3):
            raise _OddError(f"GGUF version {version} is not known")
        count, pairs = self._number("Q"), self._number("Q")
        if count > MAX_TENSORS or pairs > MAX_PAIRS:
            raise _OddError(f"says it has {count} tensors and {pairs} key-values")
        for _ in range(pairs):
            key = self._text(LONGEST_NAME)
            self.metadata[key] = self._value(self._number("I"), depth=0)
        spans = self._infos(count)
        self._measure(spans)

    def _infos(self, count: int) -> list[tuple[int, int, str]]:
        spans = []
        began = self.window.tell()
        for index in range(count):
            if index == 32:  # so that the rest comes in one read: what these took, for all that are left
                here = self.window.tell()
                self.window.expected = here + (here - began) * (count - index) // index + 16_384
            name = self._text(LONGEST_NAME)
            if name in self.tensors:
                raise _OddError(f"two tensors are named `{name[:80]}`")
            tensor = self._info(name)
            self.tensors[name] = tensor
            spans.append((self._number("Q"), tensor.nbytes, name))
        return spans

    def _info(self, name: str) -> Tensor:
        dimensions = self._number("I")
        if dimensions > 8:
            raise _OddError(f"tensor `{name[:80]}` has {dimensions} dimensions")
        shape = tuple(self._number("Q") for _ in range(dimensions))[::-1]
        if any(length >= 1 << 48 for length in shape):
            raise _OddError(f"tensor `{name[:80]}` is impossibly long")
        word, block, width = TYPES.get(kind := self._number("I"), (f"type {kind}", 1, 0))
        if shape and shape[-1] % block:
            raise _OddError(f"tensor `{name[:80]}` does not fill its blocks")
        return Tensor(word, self._original_shape(name) or shape, elements(shape) // block * width)

    def _original_shape(self, name: str) -> tuple[int, ...] | None:
        """The shape before GGUF's four dimensions forced another. Source: city96/ComfyUI-GGUF loader.py."""
        said = self.metadata.get(f"comfy.gguf.orig_shape.{name}", "")
        parts = said.split(",")
        return tuple(map(int, parts)) if said and all(part.isdecimal() for part in parts) else None

    def _measure(self, spans: list[tuple[int, int, str]]) -> None:
        said = self.metadata.get("general.alignment", "32")
        alignment = int(said) if said.isdecimal() and 0 < int(said) <= 65_536 else 32
        start = -(-self.window.tell() // alignment) * alignment
        at = 0
        for offset, nbytes, name in sorted(spans):
            if offset < at:
                raise _OddError(f"tensors overlap at `{name[:80]}`")
            at = offset + nbytes
        self.end = start + at if spans else self.window.tell()

    def _number(self, code: str) -> int:
        (number,) = struct.unpack(self._order + code, self.window.take(struct.calcsize(code)))
        return int(number)

    def _text(self, longest: int) -> str:
        length = self._number("Q")
        if length > longest:
            raise _OddError(f"a name of {length} bytes")
        return self.window.take(length).decode("utf-8", "replace")

    def _value(self, kind: int, depth: int) -> str:
        if kind in _SCALARS:
            code = self._order + _SCALARS[kind]
            (value,) = struct.unpack(code, self.window.take(struct.calcsize(code)))
            return str(value)
        if kind == _STRING:
            length = self._number("Q")
            kept = self.window.take(min(length, LONGEST_KEPT)).decode("utf-8", "replace")
            self.window.skip(max(0, length - LONGEST_KEPT))
            return kept
        if kind == _ARRAY and depth < 4:
            return self._array(depth)
        raise _OddError(f"a value of unknown kind {kind}")

    def _array(self, depth: int) -> str:
        kind, count = self._number("I"), self._number("Q")
        if kind in _SCALARS and count > SHORT_ARRAY:
            self.window.skip(count * struct.calcsize(_SCALARS[kind]))
            return f"{count} values"
        self._items += count
        if self._items > MAX_ITEMS:
            raise _OddError(f"arrays of more than {MAX_ITEMS} items")
        if count <= SHORT_ARRAY:
            return ",".join([self._value(kind, depth + 1) for _ in range(count)])
        if kind == _STRING:  # a vocabulary: a quarter of a million words nobody asks for
            order: Literal["little", "big"] = "little" if self._order == "<" else "big"
            for _ in range(count):
                self.window.skip(int.from_bytes(self.window.take(8), order))
        else:
            for _ in range(count):
                self._value(kind, depth + 1)
        return f"{count} values"
