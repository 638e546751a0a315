"""Knows an ONNX file by its signature: a protobuf whose first fields are a version and a producer."""

from __future__ import annotations

from typing import Final

from wfdeps.detect.tensors import Header

_IR_VERSION: Final = 0x08
_NEXT_FIELDS: Final = frozenset({0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42})
"""Tags 2 to 8 of ModelProto: producer, its version, domain, model version, doc, graph, opset."""

_TEXTS: Final = {2: "producer", 3: "producer_version", 4: "domain", 6: "doc"}
LONGEST_TEXT: Final = 200


def looks_like_onnx(head: bytes) -> bool:
    """Whether the first bytes are ModelProto's `ir_version` and another of its fields."""
    return len(head) > 2 and head[0] == _IR_VERSION and 1 <= head[1] <= 20 and head[2] in _NEXT_FIELDS


def read_onnx(head: bytes, size: int | None) -> Header:
    """A header without tensors: who made it. Its graph is not read."""
    metadata = {"ir_version": str(head[1])}
    at = 2
    while (
        at + 1 < len(head) and (field := head[at] >> 3) in _TEXTS and head[at] & 7 == 2 and head[at + 1] < 128
    ):
        text = head[at + 2 : at + 2 + head[at + 1]]
        metadata[_TEXTS[field]] = text.decode("utf-8", "replace")[:LONGEST_TEXT]
        at += 2 + head[at + 1]
    return Header("onnx", {}, metadata, at, size)
