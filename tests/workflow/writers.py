"""Writes each container as its real writers do: ComfyUI's nodes, ffmpeg, PIL's EXIF, A1111."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

Texts = Mapping[str, str]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + pixels + chunk(b"IEND", b"")


def png_text(texts: Texts) -> bytes:
    return png(*(chunk(b"tEXt", key.encode() + b"\0" + text.encode()) for key, text in texts.items()))


def png_ztxt(texts: Texts) -> bytes:
    return png(
        *(
            chunk(b"zTXt", key.encode() + b"\0\0" + zlib.compress(text.encode()))
            for key, text in texts.items()
        )
    )


def png_itxt(texts: Texts) -> bytes:
    return png(*(chunk(b"iTXt", key.encode() + b"\0\0\0\0\0" + text.encode()) for key, text in texts.items()))


def png_itxt_packed(texts: Texts) -> bytes:
    return png(
        *(
            chunk(b"iTXt", key.encode() + b"\0\1\0en\0\0" + zlib.compress(text.encode()))
            for key, text in texts.items()
        )
    )


def apng_comf(texts: Texts) -> bytes:
    """The animated PNG writer puts its own chunk after the pixels."""
    whole = png()
    extra = b"".join(chunk(b"comf", key.encode() + b"\0" + text.encode()) for key, text in texts.items())
    return whole[:-12] + extra + whole[-12:]


def png_exif(texts: Texts) -> bytes:
    return png(chunk(b"eXIf", exif_block(texts)))


def exif_block(texts: Texts, order: str = "<") -> bytes:
    """A TIFF block with `key:text` in Make, Model, ImageDescription …, as ComfyUI's WebP writer does."""
    tags = [0x010F, 0x0110, 0x010E, 0x010D]
    entries = sorted(zip(tags, texts.items(), strict=False))
    at = 8 + 2 + 12 * len(entries) + 4
    directory, values = struct.pack(order + "H", len(entries)), b""
    for tag, (key, text) in entries:
        value = f"{key}:{text}".encode() + b"\0"
        directory += struct.pack(order + "HHII", tag, 2, len(value), at + len(values))
        values += value
    return (
        (b"II*\0" if order == "<" else b"MM\0*")
        + struct.pack(order + "I", 8)
        + directory
        + b"\0\0\0\0"
        + values
    )


def user_comment_block(text: str) -> bytes:
    """EXIF with a UserComment in its own directory, in UTF-16 as A1111 and Civitai write it."""
    value = b"UNICODE\0" + text.encode("utf-16-be")
    first = struct.pack(">H", 1) + struct.pack(">HHII", 0x8769, 4, 1, 26) + b"\0\0\0\0"
    second = struct.pack(">H", 1) + struct.pack(">HHII", 0x9286, 7, len(value), 44) + b"\0\0\0\0"
    return b"MM\0*" + struct.pack(">I", 8) + first + second + value


def webp(texts: Texts) -> bytes:
    return riff(b"EXIF", exif_block(texts))


def webp_xmp(texts: Texts) -> bytes:
    escaped = json.dumps(dict(texts)).replace("&", "&amp;").replace('"', "&quot;")
    return riff(b"XMP ", f"<x:xmpmeta><rdf:Description>{escaped}</rdf:Description></x:xmpmeta>".encode())


def riff(name: bytes, body: bytes) -> bytes:
    padded = body + b"\0" * (len(body) & 1)
    inside = (
        b"WEBP" + b"VP8 " + struct.pack("<I", 3) + b"abc\0" + name + struct.pack("<I", len(body)) + padded
    )
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def jpeg(texts: Texts) -> bytes:
    return jpeg_segments(b"Exif\0\0" + exif_block(texts, ">"))


def jpeg_segments(*bodies: bytes) -> bytes:
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body for body in bodies)
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"JF" + segments + b"\xff\xda\0\2\xff\xd9"


def box(name: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I", len(body) + 8) + name + body


def mp4(texts: Texts) -> bytes:
    """ffmpeg with `-movflags use_metadata_tags`: `keys` and `ilst` in `moov/udta/meta`, the pictures before."""
    keys = b"".join(struct.pack(">I", len(key) + 8) + b"mdta" + key.encode() for key in texts)
    items = b"".join(
        struct.pack(">I", len(text.encode()) + 24)
        + struct.pack(">I", index)
        + box(b"data", struct.pack(">II", 1, 0), text.encode())
        for index, text in enumerate(texts.values(), 1)
    )
    meta = box(
        b"meta",
        b"\0\0\0\0",
        box(b"hdlr", b"\0" * 25),
        box(b"keys", struct.pack(">II", 0, len(texts)), keys),
        box(b"ilst", items),
    )
    return (
        box(b"ftyp", b"isom\0\0\2\0")
        + box(b"mdat", b"pixels")
        + box(b"moov", box(b"mvhd", b"\0" * 100), box(b"udta", meta))
    )


def mov(texts: Texts) -> bytes:
    return mp4(texts).replace(b"isom", b"qt  ", 1)


def avif(texts: Texts) -> bytes:
    payload = b"\0\0\0\0" + exif_block(texts)
    infe = box(b"infe", b"\2\0\0\0", struct.pack(">HH", 1, 0), b"Exif", b"\0")
    iinf = box(b"iinf", b"\0\0\0\0", struct.pack(">H", 1), infe)

    def whole(at: int) -> bytes:
        iloc = box(b"iloc", b"\0\0\0\0", b"\x44\0", struct.pack(">HHHHII", 1, 1, 0, 1, at, len(payload)))
        return box(b"ftyp", b"avif\0\0\0\0mif1") + box(
            b"meta", b"\0\0\0\0", box(b"hdlr", b"\0" * 25), iinf, iloc
        )

    return whole(len(whole(0)) + 8) + box(b"mdat", payload)


def element(name: int, body: bytes) -> bytes:
    width = (name.bit_length() + 7) // 8
    return name.to_bytes(width, "big") + (len(body) | 1 << 56).to_bytes(8, "big") + body


def webm(texts: Texts) -> bytes:
    simple = b"".join(
        element(0x67C8, element(0x45A3, key.upper().encode()) + element(0x4487, text.encode()))
        for key, text in texts.items()
    )
    tags = element(0x1254C367, element(0x7373, element(0x63C0, b"") + simple))
    segment = element(0x18538067, element(0x1549A966, b"info") + tags)
    return element(0x1A45DFA3, element(0x4282, b"webm")) + segment


def vorbis_comment(texts: Texts) -> bytes:
    vendor = b"Lavf"
    comments = [f"{key}={text}".encode() for key, text in texts.items()]
    listed = b"".join(struct.pack("<I", len(one)) + one for one in comments)
    return struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(comments)) + listed


def flac(texts: Texts) -> bytes:
    comment = vorbis_comment(texts)
    return b"fLaC" + b"\0\0\0\x22" + b"\0" * 34 + b"\x84" + len(comment).to_bytes(3, "big") + comment


def opus(texts: Texts) -> bytes:
    return ogg_pages(b"OpusHead" + b"\0" * 11, b"OpusTags" + vorbis_comment(texts))


def ogg(texts: Texts) -> bytes:
    return ogg_pages(b"\x01vorbis" + b"\0" * 23, b"\x03vorbis" + vorbis_comment(texts) + b"\1")


def ogg_pages(*packets: bytes) -> bytes:
    """Each packet on pages of its own, of at most 255 segments, as long ones are split."""
    pages = b""
    for packet in packets:
        sizes = [255] * (len(packet) // 255) + [len(packet) % 255]
        at = 0
        for first in range(0, len(sizes), 255):
            part = sizes[first : first + 255]
            body = packet[at : at + sum(part)]
            at += len(body)
            pages += (
                b"OggS\0\0"
                + b"\0" * 8
                + struct.pack("<III", 7, 0, 0)
                + bytes([len(part)])
                + bytes(part)
                + body
            )
    return pages


def mp3(texts: Texts) -> bytes:
    frames = b""
    for key, text in texts.items():
        body = b"\3" + key.encode() + b"\0" + text.encode() + b"\0"
        frames += b"TXXX" + synchsafe(len(body)) + b"\0\0" + body
    return b"ID3\4\0\0" + synchsafe(len(frames) + 10) + frames + b"\0" * 10 + b"\xff\xfb\x90\0"


def synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def glb(texts: Texts) -> bytes:
    document = json.dumps({"asset": {"version": "2.0", "extras": dict(texts)}}).encode()
    document += b" " * (-len(document) % 4)
    return (
        b"glTF"
        + struct.pack("<II", 2, 20 + len(document))
        + struct.pack("<I", len(document))
        + b"JSON"
        + document
    )


def svg(texts: Texts) -> bytes:
    inside = json.dumps({key: json.loads(text) for key, text in texts.items()})
    return f'<?xml version="1.0"?>\n<svg xmlns="x"><metadata><![CDATA[{inside}]]></metadata><path d="M{{0}}"/></svg>'.encode()


def safetensors(texts: Texts) -> bytes:
    header = json.dumps(
        {"__metadata__": dict(texts), "x": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}}
    ).encode()
    return struct.pack("<Q", len(header)) + header + b"\0\0"


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return buffer.getvalue()


WRITERS: dict[str, tuple[str, Callable[[Texts], bytes]]] = {
    "png tEXt": ("png", png_text),
    "png zTXt": ("png", png_ztxt),
    "png iTXt": ("png", png_itxt),
    "png iTXt packed": ("png", png_itxt_packed),
    "apng comf": ("png", apng_comf),
    "png eXIf": ("png", png_exif),
    "webp exif": ("webp", webp),
    "webp xmp": ("webp", webp_xmp),
    "jpeg exif": ("jpeg", jpeg),
    "mp4": ("mp4", mp4),
    "mov": ("mov", mov),
    "avif": ("avif", avif),
    "webm": ("webm", webm),
    "flac": ("flac", flac),
    "opus": ("ogg", opus),
    "ogg": ("ogg", ogg),
    "mp3": ("mp3", mp3),
    "glb": ("glb", glb),
    "svg": ("svg", svg),
    "safetensors": ("safetensors", safetensors),
}
"""Name → the container as `refs` calls it, and its writer."""
