"""The hashes of one file as Civitai's API writes them: upper-case hex, by the algorithm's name."""

from __future__ import annotations

from wfdeps.disk.hashing import hash_file
from wfdeps.domain.digests import Algorithm

NAMES = {
    Algorithm.AUTOV1: "AutoV1",
    Algorithm.AUTOV2: "AutoV2",
    Algorithm.SHA256: "SHA256",
    Algorithm.CRC32: "CRC32",
    Algorithm.AUTOV3: "AutoV3",
}


def digest_file(path: str) -> dict[str, str]:
    """All hashes the standard library can compute, reading the file once: without BLAKE3. Raises LibraryError."""
    found = {digest.algorithm: digest.value.upper() for digest in hash_file(path, NAMES)}
    return {name: found[algorithm] for algorithm, name in NAMES.items() if algorithm in found}
