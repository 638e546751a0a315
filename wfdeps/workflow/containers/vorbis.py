"""FLAC and Ogg (Vorbis, Opus): Vorbis comments, `KEY=text`."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.workflow.containers.bytes_at import as_text, keyed, number
from wfdeps.workflow.limits import MAX_ENTRIES, MAX_JSON_BYTES

_HEADS = ((b"\x03vorbis", 7), (b"OpusTags", 8), (b"\x84", 4), (b"\x04", 4))
"""How the packet with the comments begins, and where they start in it: Vorbis, Opus, FLAC in Ogg."""


def flac_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Key and text of every comment of a FLAC file."""
    at = 4
    for _ in range(MAX_ENTRIES):
        if at + 4 > len(data):
            return
        head, length = data[at], number(data, at + 1, 3)
        if head & 0x7F == 4:
            yield from comments(data[at + 4 : at + 4 + length])
        at += 4 + length
        if head & 0x80:
            return


def ogg_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Key and text of every comment of an Ogg file: they stand in the second packet of a stream."""
    for packet in _packets(data):
        for head, start in _HEADS:
            if packet.startswith(head):
                yield from comments(packet[start:])
                break


def comments(data: bytes) -> Iterator[tuple[str, str]]:
    """Key and text of every comment in a comment block."""
    at = 4 + number(data, 0, 4, "little")
    for _ in range(min(number(data, at, 4, "little"), MAX_ENTRIES)):
        length = number(data, at + 4, 4, "little")
        if at + 8 + length > len(data):
            return
        key, _, text = as_text(data[at + 8 : at + 8 + length]).partition("=")
        yield keyed(text, key.lower())
        at += 4 + length


def _packets(data: bytes) -> Iterator[bytes]:
    """The first packets of every logical stream, put together from its pages."""
    parts: dict[int, bytearray] = {}
    done: dict[int, int] = {}
    at = 0
    for _ in range(MAX_ENTRIES):
        if data[at : at + 4] != b"OggS":
            return
        serial, count = number(data, at + 14, 4, "little"), number(data, at + 26, 1)
        sizes = data[at + 27 : at + 27 + count]
        at += 27 + count
        for size in sizes:
            if done.get(serial, 0) < 3 and len(parts.setdefault(serial, bytearray())) < MAX_JSON_BYTES:
                parts[serial] += data[at : at + size]
                if size < 255:
                    yield bytes(parts.pop(serial))
                    done[serial] = done.get(serial, 0) + 1
            at += size
        if len(done) and all(number_done >= 3 for number_done in done.values()):
            return
