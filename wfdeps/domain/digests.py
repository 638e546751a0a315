"""The six hashes the field uses, as Civitai computes them.

| algorithm | hex digits | of what |
|---|---|---|
| sha256, blake3 | 64 | the whole file |
| autov2 | 10 | the first ten of the SHA-256 |
| autov3 | 12 | SHA-256 of a safetensors file after its header, the first twelve |
| autov1 | 8 | SHA-256 of 64 KiB at offset 1 MiB, the first eight; 521 files share one: never proof |
| crc32 | 8 | the whole file, bytes reversed (.NET's order) |

Source: civitai/model-scanner `HashTask.cs`, civitai/civitai `model-file-scan.service.ts`.
"""

from __future__ import annotations

from enum import StrEnum

from wfdeps.values import dataclass


class Algorithm(StrEnum):
    """Which hash; the order is from strongest to weakest."""

    SHA256 = "sha256"
    BLAKE3 = "blake3"
    AUTOV3 = "autov3"
    AUTOV2 = "autov2"
    AUTOV1 = "autov1"
    CRC32 = "crc32"


LENGTHS: dict[Algorithm, int] = {
    Algorithm.SHA256: 64,
    Algorithm.BLAKE3: 64,
    Algorithm.AUTOV3: 12,
    Algorithm.AUTOV2: 10,
    Algorithm.AUTOV1: 8,
    Algorithm.CRC32: 8,
}

_STRENGTH = {algorithm: rank for rank, algorithm in enumerate(Algorithm)}
_HEX = frozenset("0123456789abcdef")

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The hash of nothing. Old trainers wrote it into LoRA headers, and it matches an unrelated model."""


@dataclass(frozen=True, slots=True)
class Digest:
    """One hash of one file: lower-case hex."""

    algorithm: Algorithm
    value: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read `sha256:ab12…`, or a bare hash told by its length (64 → SHA-256, 12 → AutoV3, 10 → AutoV2).

        Raises ValueError for anything else: eight digits may be AutoV1 or CRC32, so they need their name.
        """
        name, colon, value = text.strip().partition(":")
        if not colon:
            name, value = _BY_LENGTH.get(len(name), ""), name
        try:
            algorithm = Algorithm(name.strip().lower().replace("-", ""))
        except ValueError:
            raise ValueError(f"not a hash: `{text}`") from None
        return cls.of(algorithm, value)

    @classmethod
    def of(cls, algorithm: Algorithm, value: str) -> Digest:
        """A digest from its parts, checked and folded; an AutoV3 of 64 digits is cut to twelve."""
        value = value.strip().lower().removeprefix("0x")
        if algorithm is Algorithm.AUTOV3 and len(value) == 64:
            value = value[:12]
        if len(value) != LENGTHS[algorithm] or not _HEX.issuperset(value):
            raise ValueError(f"not a {algorithm} hash: `{value}`")
        return cls(algorithm, value)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"

    @property
    def strength(self) -> int:
        """0 is the strongest."""
        return _STRENGTH[self.algorithm]

    @property
    def proves_identity(self) -> bool:
        """Whether equality means the same weights (AutoV1 and CRC32 never do, nor the hash of nothing)."""
        return self.algorithm not in (Algorithm.AUTOV1, Algorithm.CRC32) and not EMPTY_SHA256.startswith(
            self.value
        )

    def agrees(self, other: Digest) -> bool | None:
        """True or False where the two can be compared (AutoV2 is a prefix of SHA-256), None where not."""
        if self.algorithm is other.algorithm:
            return self.value == other.value
        pair = {self.algorithm: self.value, other.algorithm: other.value}
        if pair.keys() == {Algorithm.SHA256, Algorithm.AUTOV2}:
            return pair[Algorithm.SHA256].startswith(pair[Algorithm.AUTOV2])
        return None


_BY_LENGTH = {64: "sha256", 12: "autov3", 10: "autov2"}


def find_digest(digests: tuple[Digest, ...], algorithm: Algorithm) -> Digest | None:
    """The one of that algorithm, if it is among them."""
    return next((digest for digest in digests if digest.algorithm is algorithm), None)


def agreement(mine: tuple[Digest, ...], theirs: tuple[Digest, ...]) -> bool | None:
    """Whether two sets of hashes mean the same file: by the strongest that can be compared; None if none can.

    Weak hashes (AutoV1, CRC32) can deny, never affirm.
    """
    verdicts = sorted(
        (max(a.strength, b.strength), a.proves_identity and b.proves_identity, same)
        for a in mine
        for b in theirs
        if (same := a.agrees(b)) is not None
    )
    for _, proves, same in verdicts:
        if not same:
            return False
        if proves:
            return True
    return None
