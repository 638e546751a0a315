"""Reads the files `torch.save` writes: a zip of a pickle and raw storages, and the older stream of pickles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from wfdeps.detect.allowed import SAFE, UNSAFE, verdict
from wfdeps.detect.pickled import tensors_in
from wfdeps.detect.pickles import MAX_BYTES, BadPickleError, Unrolled, unroll
from wfdeps.detect.tensors import Corrupt, Header, Read
from wfdeps.detect.window import Window

ZIP_MAGIC: Final = b"PK\x03\x04"
LEGACY_MAGIC: Final = 0x1950A86A20F9469CFC6C
MAX_DIRECTORY: Final = 64_000_000
MAX_MEMBERS: Final = 500_000
MAX_PICKLES: Final = 64
FRONT: Final = 400_000
"""How much of a remote file is asked for: the opcodes of a Stable Diffusion checkpoint."""

_END: Final = b"PK\x05\x06"
_END64: Final = b"PK\x06\x06"
_ENTRY: Final = b"PK\x01\x02"
_PICKLED: Final = (".pkl", ".pickle", ".p")
_TORCHS_OWN: Final = re.compile(
    r"(?:^|/)(?:data/\d+|(?:data|constants)\.pkl|version|byteorder|\.format_version|\.storage_alignment"
    r"|\.data/serialization_id|code/.*|extra/.*)$"
)
"""What `torch.save` and `torch.jit.save` write into a zip. Source: files written by torch 1.6 to 2.13."""

_PART: Final = "only its beginning was read"


class Member(NamedTuple):
    """One file in the zip, as its directory says."""

    name: str
    method: int
    size: int
    packed: int
    offset: int
    """Of its local header."""


class _BadZipError(Exception):
    """A zip torch would not have written."""


def looks_like_pickle(head: bytes) -> bool:
    """Whether the first bytes open a pickle of protocol 2 to 5."""
    return len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5


def read_legacy(read: Read, size: int | None, head: bytes, *, front_only: bool = False) -> Header | Corrupt:
    """A raw pickle, or torch's format before 1.6: magic, version, system, object, keys, then the storages."""
    limit = min(size if size is not None else MAX_BYTES, MAX_BYTES)
    window = Window(read, 0, limit, head)
    window.expected = FRONT if front_only else 0
    try:
        first = unroll(window)
        if first.value != LEGACY_MAGIC:
            end = window.tell()
            more, doubt = ([], _PART) if front_only and end != size else _behind(window, size)
            return _header("pickle", [first, *more], first.value, end, size, doubt)
        streams = [first, *(unroll(window) for _ in range(4))]
    except BadPickleError as bad:
        return _only_front(size) if front_only else Corrupt(f"truncated or {bad}")
    return _header("pickle", streams, streams[3].value, window.tell(), size)


def begins_as_torch_wrote(read: Read, size: int, head: bytes) -> bool:
    """Whether the first pickle of a raw stream is the number that torch writes there and asks for.

    `torch.load` raises "Invalid magic number; corrupt file?" for any other (`torch/serialization.py`, `_legacy_load`).
    """
    try:
        return bool(unroll(Window(read, 0, min(size, MAX_BYTES), head)).value == LEGACY_MAGIC)
    except BadPickleError:
        return False


def _behind(window: Window, size: int | None) -> tuple[list[Unrolled], str]:
    """The pickles that stand behind the first, which who reads on would load, and what else there is to doubt."""
    streams: list[Unrolled] = []
    while size is not None and window.tell() < size:
        if len(streams) == MAX_PICKLES:
            return streams, "too many pickles stand behind each other"
        try:
            streams.append(unroll(window))
        except BadPickleError:
            return streams, "something else stands behind its end"
    return streams, ""


def read_zip(read: Read, size: int | None, head: bytes, *, front_only: bool = False) -> Header | Corrupt:
    """The tensors named by the zip's `data.pkl`, and a verdict over every pickle in it."""
    try:
        if front_only or size is None:
            return _from_front(read, size, head)
        return _from_directory(read, size)
    except _BadZipError as bad:
        return Corrupt(str(bad))
    except BadPickleError as bad:
        return Corrupt(f"truncated or {bad}")


def names_in_zip(read: Read, size: int) -> tuple[str, ...]:
    """The members a zip's directory names; empty where it has none that can be read."""
    try:
        return tuple(member.name for member in _directory(read, size))
    except _BadZipError:
        return ()


def _from_directory(read: Read, size: int) -> Header | Corrupt:
    members = _directory(read, size)
    pickled = [member for member in members if member.name.endswith(_PICKLED)]
    main = next((member for member in pickled if member.name.endswith("data.pkl")), None)
    if main is None:
        return Corrupt("a zip archive without torch's `data.pkl`: not a model")
    if len(pickled) > MAX_PICKLES:
        return Corrupt(f"a zip archive of {len(pickled)} pickles: not a model")
    streams = {member.name: _member_pickle(read, member, size) for member in pickled}
    format = (
        "torchscript"
        if any("/code/" in member.name or member.name.endswith("constants.pkl") for member in members)
        else "pickle"
    )
    strange = next((member.name for member in members if not _TORCHS_OWN.search(member.name)), "")
    header = _header(
        format,
        list(streams.values()),
        streams[main.name].value,
        main.offset + main.size,
        size,
        f"torch writes no `{strange[:80]}` into its zip" if strange else "",
    )
    if isinstance(header, Header) and len({member.name for member in members}) < len(members):
        return Corrupt("two members of its zip have one name")
    return header


def _from_front(read: Read, size: int | None, head: bytes) -> Header | Corrupt:
    """What the first member shows, where the directory at the end is out of reach; never called safe."""
    name, method, start = _local(head, 0)
    if not name.endswith("data.pkl") or method != 0:
        return _only_front(size)
    window = Window(read, start, MAX_BYTES, head[start:])
    window.expected = FRONT
    try:
        stream = unroll(window)
    except BadPickleError:
        return _only_front(size)
    header = _header("pickle", [stream], stream.value, window.tell(), size)
    safety = header.safety if header.safety != SAFE else f"{UNSAFE}: {_PART}"
    return Header("pickle", header.tensors, {}, window.tell(), size, header.code, safety)


def _only_front(size: int | None) -> Header:
    """A torch file of which too little was seen to say more."""
    return Header("pickle", {}, size=size, safety=f"{UNSAFE}: {_PART}")


def _header(
    format: str, streams: list[Unrolled], value: Any, header_bytes: int, size: int | None, doubt: str = ""
) -> Header:
    names = frozenset().union(*(stream.names for stream in streams))
    safety = verdict(names)
    if doubt and safety == SAFE:
        safety = f"{UNSAFE}: {doubt}"
    if format == "torchscript":
        safety = f"{UNSAFE}: TorchScript is a program"
    return Header(format, tensors_in(value), _words(value), header_bytes, size, tuple(sorted(names)), safety)


def _words(value: Any) -> dict[str, str]:
    """Short texts and numbers beside the tensors (`name`, `sd_checkpoint_name`, `step`)."""
    table = value if isinstance(value, dict) else {}
    words = {}
    for key, word in islice(table.items(), 1_000):
        if isinstance(key, str) and (
            isinstance(word, str | float) or (isinstance(word, int) and abs(word) < 1 << 63)
        ):
            words[str(key)[:200]] = str(word)[:200]
    return words


def _member_pickle(read: Read, member: Member, size: int) -> Unrolled:
    if member.method != 0:
        raise _BadZipError("a compressed pickle in its zip: torch writes none")
    if member.size > MAX_BYTES:
        raise _BadZipError(f"a pickle of {member.size} bytes in its zip")
    local = read(member.offset, 30 + 2 * 65_535)
    name, method, start = _local(local, 0)
    if name != member.name or method != member.method:
        raise _BadZipError("its zip says one thing in its directory and another before a member")
    begin = member.offset + start
    if begin + member.size > size:
        raise _BadZipError("truncated: a member reaches past the end")
    return unroll(Window(read, begin, begin + member.size, local[start : start + member.size]))


def _local(head: bytes, at: int) -> tuple[str, int, int]:
    """Name, method and where the bytes begin, of a member's local header."""
    if head[at : at + 4] != ZIP_MAGIC or len(head) < at + 30:
        raise _BadZipError("truncated: a member of its zip is missing")
    length, extra = _word(head, at + 26), _word(head, at + 28)
    start = at + 30 + length + extra
    return head[at + 30 : at + 30 + length].decode("utf-8", "replace"), _word(head, at + 8), start


def _directory(read: Read, size: int) -> list[Member]:
    tail_at = max(0, size - 65_557)
    tail = read(tail_at, size - tail_at)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise _BadZipError("truncated: its zip has no directory")
    count, length, start = _word(tail, at + 10), _long(tail, at + 12), _long(tail, at + 16)
    if count == 0xFFFF or start == 0xFFFFFFFF or length == 0xFFFFFFFF:
        count, length, start = _directory64(read, tail, at, tail_at)
    if count > MAX_MEMBERS or length > MAX_DIRECTORY or start + length > size:
        raise _BadZipError("its zip's directory lies about its size")
    return list(_members(read(start, length), count))


def _directory64(read: Read, tail: bytes, at: int, tail_at: int) -> tuple[int, int, int]:
    if at < 20 or tail[at - 20 : at - 16] != b"PK\x06\x07":
        raise _BadZipError("its zip's directory lies about its size")
    record = read(_quad(tail, at - 12), 56)
    if len(record) < 56 or record[:4] != _END64:
        raise _BadZipError("its zip's directory lies about its size")
    return _quad(record, 32), _quad(record, 40), _quad(record, 48)


def _members(text: bytes, count: int) -> Iterator[Member]:
    at = 0
    for _ in range(count):
        if text[at : at + 4] != _ENTRY or len(text) < at + 46:
            raise _BadZipError("its zip's directory is damaged")
        names, extra, comment = _word(text, at + 28), _word(text, at + 30), _word(text, at + 32)
        name = text[at + 46 : at + 46 + names].decode("utf-8", "replace")
        packed, size, offset = _long(text, at + 20), _long(text, at + 24), _long(text, at + 42)
        size, packed, offset = _zip64(text[at + 46 + names : at + 46 + names + extra], size, packed, offset)
        yield Member(name, _word(text, at + 10), size, packed, offset)
        at += 46 + names + extra + comment


def _zip64(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The three numbers with those that did not fit taken from the zip64 field."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = _word(extra, at), _word(extra, at + 2)
        if kind == 1:
            rest = [_quad(extra, place) for place in range(at + 4, min(at + 4 + length, len(extra)) - 7, 8)]
            values = []
            for value in (size, packed, offset):
                values.append(rest.pop(0) if value == 0xFFFFFFFF and rest else value)
            return values[0], values[1], values[2]
        at += 4 + length
    return size, packed, offset


def _word(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 2], "little")


def _long(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 4], "little")


def _quad(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 8], "little")
