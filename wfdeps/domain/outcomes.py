"""What happened: fetch events while it runs, receipts and outcomes at its end."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.domain.plans import Blocked, Download, Keep, Link
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.digests import Digest


@dataclass(frozen=True, slots=True)
class FetchStarted:
    """A transfer began. `resumed_at` bytes were there already; `size` is what the server said, if it did."""

    download: Download
    size: int | None
    resumed_at: int = 0


@dataclass(frozen=True, slots=True)
class FetchProgressed:
    """`done` bytes of this file are in staging."""

    download: Download
    done: int


@dataclass(frozen=True, slots=True)
class FetchRetrying:
    """Something went wrong that is worth another try, in `delay` seconds."""

    download: Download
    reason: str
    delay: float


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes are complete and synced in staging, and agree with every hash that was known."""

    download: Download
    staged: str
    size: int
    digests: tuple[Digest, ...]
    """Computed here; always holds the SHA-256."""
    verified_by: str
    """`sha256`, a weaker hash's name, or `unverified` where no hash was known."""
    url: str = ""
    """The one that gave the bytes, without secrets."""
    reused: int = 0
    """Bytes that were here before this run, and did not come again."""


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """No bytes to place; what is in staging, if anything, can be resumed."""

    download: Download
    reason: str
    hint: str = ""
    kind: str = "failed"
    """`failed`, `gated`, `early_access`, `digest`, `disk`, `interrupted` …"""


UNDECIDED_KINDS = frozenset({"gated", "early_access", "rate_limited", "network", "blocked"})
"""Failures that say nothing of the file: login, rate limit, network."""


FetchEvent = FetchStarted | FetchProgressed | FetchRetrying | Fetched | FetchFailed


@dataclass(frozen=True, slots=True)
class Receipt:
    """A file was placed, or stood there already with the same bytes."""

    path: str
    """Absolute."""
    sha256: str
    size: int
    wrote: bool
    """False when the same bytes stood there before."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A download that ended well."""

    download: Download
    receipt: Receipt
    verified_by: str
    reused: int = 0
    """Bytes that an earlier run, or another process, had fetched."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A download that did not, or a file that could not be placed."""

    download: Download
    reason: str
    hint: str = ""
    kind: str = "failed"


Outcome = Keep | Link | Blocked | Placed | Failed
