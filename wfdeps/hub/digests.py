"""The hashes of one file as Civitai writes them: upper-case hex, by the algorithm's name."""

from __future__ import annotations

import hashlib
import os
import zlib

CHUNK = 1 << 20
_AUTOV1_OFFSET, _AUTOV1_LENGTH, _AUTOV1_SMALLEST = 0x100000, 0x10000, 0x200000


def digest_file(path: str) -> dict[str, str]:
    """All hashes the standard library can compute, reading the file once.

    AutoV1 is absent below 2 MiB and AutoV3 where there is no safetensors header; BLAKE3 needs its package.
    Raises OSError.
    """
    whole, body, checksum, old = hashlib.sha256(), hashlib.sha256(), 0, b""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        header_end = _header_end(file.read(8), size)
        file.seek(0)
        position = 0
        while chunk := file.read(CHUNK):
            whole.update(chunk)
            checksum = zlib.crc32(chunk, checksum)
            if header_end is not None:
                body.update(chunk[max(0, header_end - position) :])
            if position == _AUTOV1_OFFSET and size >= _AUTOV1_SMALLEST:
                old = chunk[:_AUTOV1_LENGTH]
            position += len(chunk)
    sha256 = whole.hexdigest().upper()
    hashes = {"AutoV1": hashlib.sha256(old).hexdigest()[:8].upper()} if old else {}
    hashes |= {"AutoV2": sha256[:10], "SHA256": sha256}
    # Civitai's scanner hands out .NET's CRC32, whose bytes are in the other order than zlib's.
    hashes["CRC32"] = checksum.to_bytes(4, "little").hex().upper()
    if header_end is not None:
        hashes["AutoV3"] = body.hexdigest()[:12].upper()
    return hashes


def _header_end(prefix: bytes, size: int) -> int | None:
    length = int.from_bytes(prefix, "little") if len(prefix) == 8 else size
    return 8 + length if 2 <= length <= size - 8 else None
