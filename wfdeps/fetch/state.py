"""What is remembered of a half-done file: which bytes are proven, of which object. JSON beside the part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wfdeps.values import dataclass, field

VERSION = 1
MOST_MARKS = 128


@dataclass(frozen=True, slots=True)
class Validator:
    """How a server tells one version of an object from another: what `If-Range` may carry."""

    etag: str = ""
    """Strong ones only: a weak one promises no equal bytes."""
    last_modified: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Validator:
        """The one in a reply's headers."""
        etag = headers.get("etag", "").strip()
        strong = etag if etag.startswith('"') and etag.endswith('"') and len(etag) > 2 else ""
        return cls(strong, headers.get("last-modified", "").strip())

    @property
    def if_range(self) -> str:
        """The value for If-Range; empty where there is none."""
        return self.etag or self.last_modified

    def contradicts(self, other: Validator) -> bool:
        """Whether the two certainly mean different bytes."""
        if self.etag and other.etag:
            return self.etag != other.etag
        return bool(self.last_modified and other.last_modified) and self.last_modified != other.last_modified


@dataclass(frozen=True, slots=True)
class State:
    """What is on disk and synced. Read back from a file it is a claim, to be proven by hashing."""

    url_key: str
    """SHA-256 of the URL without its secrets: whose validator this is."""
    size: int | None
    validator: Validator = field(default_factory=Validator)
    marks: Mapping[int, str] = field(default_factory=dict)
    """Offset → SHA-256 of all bytes before it."""
    pieces: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Start → stop and CRC-32 of further bytes."""

    @property
    def frontier(self) -> int:
        return max(self.marks, default=0)

    def to_json(self) -> bytes:
        """As it is written."""
        document = {
            "version": VERSION,
            "url_key": self.url_key,
            "size": self.size,
            "etag": self.validator.etag,
            "last_modified": self.validator.last_modified,
            "marks": sorted(_thinned(self.marks).items()),
            "pieces": [[start, stop, crc] for start, (stop, crc) in sorted(self.pieces.items())],
        }
        return json.dumps(document, separators=(",", ":")).encode()

    @classmethod
    def parse(cls, data: bytes) -> State | None:
        """The state in a file; None where it is empty, cut, of another version or makes no sense."""
        try:
            return cls._read(json.loads(data))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    @classmethod
    def _read(cls, document: Any) -> State | None:
        if document["version"] != VERSION:
            return None
        size = document["size"]
        marks = {_count(offset): str(digest) for offset, digest in document["marks"]}
        pieces = {_count(start): (_count(stop), _count(crc)) for start, stop, crc in document["pieces"]}
        if size is not None and max([0, *marks, *(stop for stop, _ in pieces.values())]) > _count(size):
            return None
        validator = Validator(str(document["etag"]), str(document["last_modified"]))
        return cls(str(document["url_key"]), size, validator, marks, pieces)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not a count")
    return value


def _thinned(marks: Mapping[int, str]) -> dict[int, str]:
    """Few enough to write often: the last ones all, the earlier ones evenly."""
    offsets = sorted(marks)
    while len(offsets) > MOST_MARKS:
        half = len(offsets) // 2
        offsets = offsets[:half:2] + offsets[half:]
    return {offset: marks[offset] for offset in offsets}
