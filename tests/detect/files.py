"""Builds model files, byte by byte, as trainers write them: safetensors, GGUF, torch's zip and its older stream."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence

from wfdeps.detect.headers import Corrupt, Header, read_header
from wfdeps.detect.tensors import BITS, elements

Shapes = Mapping[str, Sequence[int]]


def read_bytes(data: bytes, name: str = "", *, front_only: bool = False) -> Header | Corrupt:
    """What the readers make of these bytes."""
    return read_header(
        lambda offset, length: data[offset : offset + length], len(data), name, front_only=front_only
    )


def safetensors(
    shapes: Shapes, *, dtype: str = "F16", metadata: Mapping[str, str] | None = None, body: bool = True
) -> bytes:
    """A safetensors file of zeros."""
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name, shape in shapes.items():
        end = at + elements(tuple(shape)) * BITS[dtype] // 8
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    return with_header(json.dumps(header).encode(), bytes(at if body else 0))


def with_header(text: bytes, body: bytes = b"") -> bytes:
    """Any text behind its length, and a body."""
    return struct.pack("<Q", len(text)) + text + body


def gguf(
    shapes: Shapes,
    metadata: Mapping[str, str | int | list[str]] | None = None,
    *,
    kind: int = 1,
    width: int = 2,
) -> bytes:
    """A GGUF file of zeros, version 3, every tensor of one type."""
    said = dict(metadata or {})
    out = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(said))
    for key, value in said.items():
        out += _gguf_text(key) + _gguf_value(value)
    at = 0
    for name, shape in shapes.items():
        out += (
            _gguf_text(name)
            + struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
            + struct.pack("<IQ", kind, at)
        )
        at += -(-elements(tuple(shape)) * width // 32) * 32
    return out + bytes(-len(out) % 32) + bytes(at)


def _gguf_text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _gguf_value(value: str | int | list[str]) -> bytes:
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _gguf_text(value)
    return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_gguf_text, value))


def text(value: str) -> bytes:
    """BINUNICODE."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    """BININT."""
    return b"J" + struct.pack("<i", value)


def global_(module: str, name: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{name}\n".encode()


def shape_tuple(shape: Iterable[int]) -> bytes:
    return b"(" + b"".join(map(number, shape)) + b"t"


def tensor_pickle(index: int, shape: Sequence[int], storage: str = "HalfStorage") -> bytes:
    """A tensor as torch pickles it: `_rebuild_tensor_v2` over a storage that lies elsewhere."""
    storage_id = (
        b"("
        + text("storage")
        + global_("torch", storage)
        + text(str(index))
        + text("cpu")
        + number(1)
        + b"tQ"
    )
    hooks = global_("collections", "OrderedDict") + b")R"
    arguments = (
        b"("
        + storage_id
        + number(0)
        + shape_tuple(shape)
        + shape_tuple([1] * len(shape))
        + b"\x89"
        + hooks
        + b"t"
    )
    return global_("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"


def table_pickle(entries: Mapping[str | int, bytes]) -> bytes:
    """A dict whose values are pickled already."""
    keys = ((text(key) if isinstance(key, str) else number(key)) + value for key, value in entries.items())
    return b"}(" + b"".join(keys) + b"u"


def state_dict_pickle(shapes: Shapes, storage: str = "HalfStorage") -> bytes:
    return table_pickle(
        {name: tensor_pickle(index, shape, storage) for index, (name, shape) in enumerate(shapes.items())}
    )


def memoised_pickle(shapes: Shapes, storage: str = "FloatStorage") -> bytes:
    """A state dict as `torch.save` writes it: every object put in the memo, every second mention taken from it."""
    memo: dict[object, int] = {}

    def kept(what: object, opcodes: bytes) -> bytes:
        if what in memo:
            at = memo[what]
            return b"h" + bytes([at]) if at < 256 else b"j" + struct.pack("<I", at)
        at = memo[what] = len(memo)
        return opcodes + (b"q" + bytes([at]) if at < 256 else b"r" + struct.pack("<I", at))

    def whole(value: int) -> bytes:
        return (
            b"K" + bytes([value])
            if value < 256
            else b"M" + struct.pack("<H", value)
            if value < 65_536
            else number(value)
        )

    def tuple_(*parts: bytes) -> bytes:
        short = {1: b"\x85", 2: b"\x86", 3: b"\x87"}.get(len(parts))
        body = b"".join(parts)
        return kept(object(), body + short if short else b"(" + body + b"t")

    table = global_("collections", "OrderedDict")
    out = kept("dict", kept("OrderedDict", table) + b")R") + b"("
    for index, (name, shape) in enumerate(shapes.items()):
        out += (
            kept(("key", name), text(name))
            + kept("rebuild", global_("torch._utils", "_rebuild_tensor_v2"))
            + b"("
        )
        place = [kept("storage", text("storage")), kept("class", global_("torch", storage)),
                 kept(("index", index), text(str(index))), kept("cpu", text("cpu")), whole(elements(tuple(shape)))]  # fmt: skip
        strides = [elements(tuple(shape[at + 1 :])) for at in range(len(shape))]
        arguments = [tuple_(*place) + b"Q", whole(0), tuple_(*map(whole, shape)), tuple_(*map(whole, strides)), b"\x89",
                     kept(object(), kept("OrderedDict", table) + b")R")]  # fmt: skip
        out += b"".join(arguments) + kept(object(), b"t") + kept(object(), b"R")
    return out + b"u"


def pickle(body: bytes) -> bytes:
    """One whole pickle of protocol 2."""
    return b"\x80\x02" + body + b"."


def torch_zip(body: bytes, *, extra: Mapping[str, bytes] | None = None, root: str = "archive") -> bytes:
    """What `torch.save` writes since 1.6."""
    members = {
        f"{root}/data.pkl": pickle(body),
        f"{root}/version": b"3\n",
        f"{root}/data/0": bytes(64),
        **(extra or {}),
    }
    return stored_zip(members)


def stored_zip(members: Mapping[str, bytes]) -> bytes:
    """A zip without compression."""
    out, directory = b"", b""
    for name, data in members.items():
        fields = struct.pack("<HHHHIIIHH", 0, 0, 0, 0, zlib.crc32(data), len(data), len(data), len(name), 0)
        directory += b"PK\x01\x02" + struct.pack("<HH", 20, 20) + fields[:-4]
        directory += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, len(out)) + name.encode()
        out += b"PK\x03\x04" + struct.pack("<H", 20) + fields + name.encode() + data
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(out), 0)
    return out + directory + b"PK\x05\x06" + end


def torch_legacy(body: bytes) -> bytes:
    """What `torch.save` wrote before 1.6."""
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    return magic + pickle(b"M\xe9\x03") + pickle(b"}") + pickle(body) + pickle(b"]") + bytes(64)


def onnx(producer: str = "pytorch") -> bytes:
    """The front of an ONNX file."""
    return b"\x08\x07\x12" + bytes([len(producer)]) + producer.encode() + b"\x3a\x10" + bytes(64)
