"""PNG and APNG: text chunks `tEXt`, `iTXt`, `zTXt`, ComfyUI's own `comf`, and `eXIf`."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from wfdeps.errors import WorkflowError
from wfdeps.workflow.containers import exif
from wfdeps.workflow.containers.bytes_at import as_text
from wfdeps.workflow.limits import MAX_ENTRIES, MAX_INFLATED_BYTES, Budget

_LONGEST = 2 * MAX_INFLATED_BYTES
"""Bytes of one chunk that are looked at: what is longer unpacks to too much, or is too long as it stands."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of every chunk that may hold text, and the name of the last; stops quietly where the file is cut."""
    at = len(SIGNATURE)
    for _ in range(MAX_ENTRIES):
        if at + 8 > len(data):
            return
        length = int.from_bytes(data[at : at + 4], "big")
        name = data[at + 4 : at + 8]
        if name in _TEXTS or name == b"eXIf":
            yield name, data[at + 8 : at + 8 + min(length, _LONGEST)]
        if name == b"IEND":
            return
        at += 12 + length


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Keyword and text of every text chunk, in the file's order."""
    for name, body in chunks(data):
        if name in (b"tEXt", b"comf"):
            keyword, _, text = body.partition(b"\0")
            yield _keyword(keyword), as_text(text)
        elif name == b"zTXt":
            keyword, _, rest = body.partition(b"\0")
            yield _keyword(keyword), as_text(_inflated(rest[1:]))
        elif name == b"iTXt":
            keyword, _, rest = body.partition(b"\0")
            packed, text = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
            yield _keyword(keyword), as_text(_inflated(text) if packed else text)
        elif name == b"eXIf":
            yield from exif.texts(body)


def with_texts(data: bytes, change: Callable[[str, str], str]) -> bytes:
    """Returns the file with each text replaced by what `change(keyword, text)` returns; every other byte is kept.

    A changed text is to be ASCII, as ComfyUI's are. EXIF stays untouched. Raises WorkflowError for a file that holds more
    text than is read of any.
    """
    budget = Budget()
    out, at = bytearray(data[: len(SIGNATURE)]), len(SIGNATURE)
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        changed = _changed(name, body, change, budget) if name in _TEXTS else body
        if changed == body:
            out += data[at : at + 12 + length]
        else:
            crc = zlib.crc32(name + changed)
            out += len(changed).to_bytes(4, "big") + name + changed + crc.to_bytes(4, "big")
        at += 12 + length
        if name == b"IEND":
            break
    return bytes(out + data[at:])


_TEXTS = frozenset({b"tEXt", b"comf", b"zTXt", b"iTXt"})


def _changed(name: bytes, body: bytes, change: Callable[[str, str], str], budget: Budget) -> bytes:
    """The body of a text chunk with its text changed, packed as it was packed."""
    keyword, _, rest = body.partition(b"\0")
    head, packed = b"", name == b"zTXt"
    if packed:
        head, rest = rest[:1], rest[1:]
    elif name == b"iTXt":
        packed = rest[:1] == b"\1"
        language, _, translated = rest[2:].partition(b"\0")
        word, _, text = translated.partition(b"\0")
        head, rest = rest[:2] + language + b"\0" + word + b"\0", text
    old = as_text(_inflated(rest) if packed else rest)
    if len(old) > MAX_INFLATED_BYTES or not budget.take_text(len(old)):
        raise WorkflowError(f"this PNG holds {budget.reached or 'a text too large to be a workflow'}")
    new = change(_keyword(keyword), old)
    if new == old:
        return body
    raw = new.encode("ascii")
    return keyword + b"\0" + head + (zlib.compress(raw) if packed else raw)


def _keyword(raw: bytes) -> str:
    return raw.decode("latin-1").strip().lower()


def _inflated(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise WorkflowError("a compressed text in this PNG is damaged") from error
    if unpacker.unconsumed_tail:
        raise WorkflowError(
            f"a compressed text in this PNG unpacks to more than {MAX_INFLATED_BYTES:,} bytes"
        )
    return text
