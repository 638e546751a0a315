"""Which container a file is, by its first bytes, and the texts in it."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.values import NamedTuple

CONTAINER_ENDINGS = (
    ".json", ".png", ".apng", ".webp", ".jpg", ".jpeg", ".avif", ".mp4", ".mov", ".m4v", ".webm", ".mkv", ".flac",
    ".ogg", ".opus", ".mp3", ".glb", ".svg", ".latent",
)  # fmt: skip
"""Names by which a folder or an archive is searched for workflows; a file named by itself may have any name."""

Texts = Iterator[tuple[str, object]]


class Container(NamedTuple):
    """A file's form and its texts."""

    name: str
    """`png`, `webp` …"""
    texts: Texts
    """Key and text (or value), in the file's order."""


def open_container(data: bytes) -> Container | None:
    """The container a file is; None for plain text (JSON, or the text of an image's parameters).

    Each parser is imported when its kind of file is met: a JSON workflow pays for none.
    """
    first = data[:1]
    if first in b'{[ \t\r\n"':
        return None
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        from wfdeps.workflow.containers import png

        return Container("png", png.texts(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        from wfdeps.workflow.containers import webp

        return Container("webp", webp.texts(data))
    if data.startswith(b"\xff\xd8\xff"):
        from wfdeps.workflow.containers import jpeg

        return Container("jpeg", jpeg.texts(data))
    if data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        from wfdeps.workflow.containers import isobmff

        return Container(_brand(data), isobmff.texts(data))
    if data.startswith(b"\x1aE\xdf\xa3"):
        from wfdeps.workflow.containers import matroska

        return Container("webm" if b"webm" in data[:64] else "mkv", matroska.texts(data))
    return _audio(data) or _other(data)


def _brand(data: bytes) -> str:
    brand = data[8:12]
    if data[4:8] == b"ftyp" and brand in (b"avif", b"avis", b"mif1", b"heic", b"heix"):
        return "avif" if brand.startswith(b"avi") else "heif"
    return "mov" if brand == b"qt  " else "mp4"


def _audio(data: bytes) -> Container | None:
    if data.startswith((b"fLaC", b"OggS")):
        from wfdeps.workflow.containers import vorbis

        if data.startswith(b"fLaC"):
            return Container("flac", vorbis.flac_texts(data))
        return Container("ogg", vorbis.ogg_texts(data))
    if data.startswith(b"ID3"):
        from wfdeps.workflow.containers import id3

        return Container("mp3", id3.texts(data))
    return None


def _other(data: bytes) -> Container | None:
    if data.startswith(b"glTF"):
        from wfdeps.workflow.containers import json_heads

        return Container("glb", json_heads.glb_texts(data))
    if data[:5] in (b"<?xml", b"<svg ", b"<svg>") or b"<svg" in data[:1024]:
        from wfdeps.workflow.containers import markup

        return Container("svg", markup.svg_texts(data))
    if data[8:9] == b"{":
        from wfdeps.workflow.containers import json_heads

        if json_heads.is_safetensors(data):
            return Container("safetensors", json_heads.safetensors_texts(data))
    return None
