"""Whether the bytes in staging are the file that was asked for, by the strongest hash anybody knows of it."""

from __future__ import annotations

import hashlib
import os
import zlib
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Any

from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.folders import PICKLE_ENDINGS, WEIGHTS_ENDINGS
from wfdeps.errors import DigestMismatchError, NotTheFileError

_BLOCK = 1 << 20
_CHECKED_ENDINGS = (".safetensors", ".sft", ".gguf")
"""Formats whose header says how long the file must be."""

_TORCH = PICKLE_ENDINGS - {".bin"}

Digester = Callable[[int, int], str | None]


def verified_by(known: tuple[Digest, ...], sha256: str, handle: int, size: int) -> str:
    """The strongest known hash, which agrees; `unverified` where none is known or can be computed here.

    Raises DigestMismatchError for the first that does not agree, strongest first.
    """
    for digest in sorted(known, key=lambda digest: digest.strength):
        actual = _computed(digest.algorithm, sha256, handle, size)
        if actual is None:
            continue
        if actual != digest.value:
            raise DigestMismatchError(digest.algorithm, digest.value, actual)
        return str(digest.algorithm)
    return "unverified"


def text_trouble(head: bytes, name: str) -> str:
    """`text` where a file that is to hold weights begins like a document; else empty.

    Torch's formats begin with a zip's or a pickle's first bytes; a `.bin` may hold anything but a document.
    """
    ending = os.path.splitext(name.lower())[1]
    if ending not in WEIGHTS_ENDINGS or not _is_text(head):
        return ""
    return "text" if ending in _TORCH or head.lstrip()[:1] in (b"{", b"[", b"<") else ""


def _is_text(head: bytes) -> bool:
    try:
        text = getincrementaldecoder("utf-8")().decode(head)  # its last letter may be cut
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\t\r\n\ufeff" for letter in text)


def check_header(handle: int, size: int, name: str) -> None:
    """A file nobody knows a hash of must at least be whole by its own header. Raises NotTheFileError."""
    if not name.lower().endswith(_CHECKED_ENDINGS):
        return
    from wfdeps.detect.headers import Corrupt, read_header  # 20 ms: readers of every format

    header = read_header(lambda offset, length: os.pread(handle, length, offset), size, name)
    if isinstance(header, Corrupt):
        raise NotTheFileError(f"not a usable {name.rpartition('.')[2]} file: {header.reason}")


def sha256_of(path: str) -> str:
    """The SHA-256 of a file, read once."""
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _computed(algorithm: Algorithm, sha256: str, handle: int, size: int) -> str | None:
    if algorithm is Algorithm.SHA256:
        return sha256
    if algorithm is Algorithm.AUTOV2:
        return sha256[:10]
    return _DIGESTERS[algorithm](handle, size)


def _blake3(handle: int, size: int) -> str | None:
    try:
        import blake3  # an extra: not everybody has it
    except ModuleNotFoundError:
        return None
    return str(_fed(blake3.blake3(), handle, 0, size).hexdigest())


def _autov3(handle: int, size: int) -> str | None:
    header = 8 + int.from_bytes(os.pread(handle, 8, 0), "little")
    return str(_fed(hashlib.sha256(), handle, header, size).hexdigest()[:12]) if header < size else None


def _autov1(handle: int, size: int) -> str | None:
    return hashlib.sha256(os.pread(handle, 0x10000, 0x100000)).hexdigest()[:8]


def _crc32(handle: int, size: int) -> str | None:
    crc, offset = 0, 0
    while data := os.pread(handle, _BLOCK, offset):
        crc, offset = zlib.crc32(data, crc), offset + len(data)
    return crc.to_bytes(4, "little").hex()  # .NET's order


def _fed(hasher: Any, handle: int, offset: int, size: int) -> Any:
    while offset < size and (data := os.pread(handle, min(_BLOCK, size - offset), offset)):
        hasher.update(data)
        offset += len(data)
    return hasher


_DIGESTERS: dict[Algorithm, Digester] = {
    Algorithm.BLAKE3: _blake3,
    Algorithm.AUTOV3: _autov3,
    Algorithm.AUTOV1: _autov1,
    Algorithm.CRC32: _crc32,
}
