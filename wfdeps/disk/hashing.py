"""Digests of a file, every algorithm asked for from one reading: the one place where each is computed.

Sources: civitai/model-scanner `HashTask.cs` (AutoV1: SHA-256 of 64 KiB at 1 MiB, none of a file below 2 MiB; the hex
digits of SHA-256), kohya-ss/sd-scripts `addnet_hash_safetensors` (AutoV3: SHA-256 of what follows a safetensors
header), A1111 `modules/hashes.py` and `modules/sd_models.py`.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.errors import LibraryError, os_error_words

BLOCK = 1 << 20
_AUTOV1_START = 0x100000
_AUTOV1_LENGTH = 0x10000
AUTOV1_SMALLEST = 0x200000
"""Bytes a file needs to have an AutoV1."""


class _Hash(Protocol):
    def update(self, data: memoryview) -> object: ...


def hash_file(path: str, algorithms: Iterable[Algorithm]) -> tuple[Digest, ...]:
    """The file's digests, strongest first, in one reading. Raises LibraryError where it cannot be read.

    Left out: AutoV1 of a file below 2 MiB, AutoV3 of what is no safetensors file, BLAKE3 without the package `blake3`.
    """
    try:
        with open(path, "rb", buffering=0) as file:
            return hash_handle(file.fileno(), os.fstat(file.fileno()).st_size, algorithms)
    except OSError as error:
        raise LibraryError(f"cannot read `{path}`: {os_error_words(error)}") from error


def hash_handle(handle: int, size: int, algorithms: Iterable[Algorithm]) -> tuple[Digest, ...]:
    """The digests of an open file, from its beginning; its position afterwards is not defined. Raises OSError."""
    wanted = frozenset(algorithms)
    os.lseek(handle, 0, os.SEEK_SET)
    readers = _readers(wanted, _header_end(os.read(handle, 9), size), size)
    if readers:
        feeds = [feed for feed, _ in readers.values()]
        for offset, block in _blocks(handle, size if wanted - {Algorithm.AUTOV1} else AUTOV1_SMALLEST):
            for feed in feeds:
                feed(block, offset)
    found = [
        Digest.of(algorithm, result()) for algorithm, (_, result) in readers.items() if algorithm in wanted
    ]
    return tuple(sorted(found, key=lambda digest: digest.strength))


def _blocks(handle: int, end: int) -> Iterator[tuple[int, memoryview]]:
    """(offset, bytes) from the file's beginning up to `end`, in one buffer that is filled anew each time."""
    os.lseek(handle, 0, os.SEEK_SET)
    buffer = memoryview(bytearray(BLOCK))
    with os.fdopen(os.dup(handle), "rb", buffering=0) as file:
        offset = 0
        while offset < end and (length := file.readinto(buffer)):
            yield offset, buffer[:length]
            offset += length


Feed = Callable[[memoryview, int], None]
"""Takes a block and its offset in the file."""


def _readers(
    wanted: frozenset[Algorithm], header_end: int, size: int
) -> dict[Algorithm, tuple[Feed, Callable[[], str]]]:
    import hashlib  # 5 ms: a check that hashes nothing does without

    readers: dict[Algorithm, tuple[Feed, Callable[[], str]]] = {}
    if wanted & {Algorithm.SHA256, Algorithm.AUTOV2}:
        whole = hashlib.sha256()
        readers[Algorithm.SHA256] = _window(whole, 0, size), whole.hexdigest
        # The same reading: the second is the first ten digits of the first.
        readers[Algorithm.AUTOV2] = _nothing, lambda: whole.hexdigest()[:10]
    if Algorithm.AUTOV3 in wanted and header_end:
        weights = hashlib.sha256()
        readers[Algorithm.AUTOV3] = _window(weights, header_end, size), lambda: weights.hexdigest()[:12]
    if Algorithm.AUTOV1 in wanted and size >= AUTOV1_SMALLEST:
        piece = hashlib.sha256()
        feed = _window(piece, _AUTOV1_START, _AUTOV1_START + _AUTOV1_LENGTH)
        readers[Algorithm.AUTOV1] = feed, lambda: piece.hexdigest()[:8]
    if Algorithm.BLAKE3 in wanted and (blake := _blake3()) is not None:
        readers[Algorithm.BLAKE3] = _window(blake, 0, size), blake.hexdigest  # type: ignore[attr-defined]
    if Algorithm.CRC32 in wanted:
        crc = _Crc()
        readers[Algorithm.CRC32] = _window(crc, 0, size), crc.hexdigest
    return readers


def _window(target: _Hash, start: int, end: int) -> Feed:
    """Feeds only the bytes from `start` up to `end` of the file."""

    def feed(block: memoryview, offset: int) -> None:
        piece = block[max(0, start - offset) : max(0, end - offset)]
        if piece:
            target.update(piece)

    return feed


def _nothing(block: memoryview, offset: int) -> None:
    """For a digest that another one already holds."""


class _Crc:
    """CRC-32 as .NET writes it: the bytes of the number reversed."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: memoryview) -> None:
        self._value = zlib.crc32(data, self._value)

    def hexdigest(self) -> str:
        return self._value.to_bytes(4, "little").hex()


def _header_end(head: bytes, size: int) -> int:
    """Where the weights of a safetensors file begin; 0 for another file."""
    end = 8 + int.from_bytes(head[:8], "little")
    return end if len(head) == 9 and head[8:] == b"{" and end <= size else 0


def _blake3() -> _Hash | None:
    try:
        from blake3 import blake3
    except ImportError:
        return None
    hasher: _Hash = blake3()
    return hasher
