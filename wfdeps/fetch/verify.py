"""Whether the bytes in staging are the file that was asked for, by the strongest hash anybody knows of it."""

from __future__ import annotations

import hashlib
import os

from wfdeps.detect.judge import judge
from wfdeps.disk.hashing import hash_handle
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.errors import DigestMismatchError, NotTheFileError


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


def check_header(handle: int, size: int, name: str, folder_key: str) -> None:
    """A file nobody knows a hash of must at least be loadable under its name. Raises NotTheFileError."""
    judgement = judge(lambda offset, length: os.pread(handle, length, offset), size, name)
    if judgement.counts_in(folder_key):
        raise NotTheFileError(
            f"not a usable {name.rpartition('.')[2]} file: {judgement.trouble}", hint=judgement.hint or None
        )


def sha256_of(path: str) -> str:
    """The SHA-256 of a file, read once."""
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _computed(algorithm: Algorithm, sha256: str, handle: int, size: int) -> str | None:
    """The file's digest; None where it has none, or it cannot be computed here."""
    if algorithm is Algorithm.SHA256:
        return sha256
    if algorithm is Algorithm.AUTOV2:
        return sha256[:10]
    return next((digest.value for digest in hash_handle(handle, size, (algorithm,))), None)
