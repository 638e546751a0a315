"""What happened: fetch events while it runs, receipts and outcomes at its end."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

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


class FailureKind(StrEnum):
    """Why a download did not end in a placed file."""

    GATED = "gated"
    """401 or 403: a token, a login or accepted terms are missing."""
    EARLY_ACCESS = "early_access"
    """Civitai's 403 `Early Access`: the version has to be bought, most until a date."""
    DISABLED = "disabled"
    """Civitai's 401 for a file whose creator switched downloads off: no token helps."""
    RATE_LIMITED = "rate_limited"
    NETWORK = "network"
    """No answer, a cut connection, 5xx, a page in the file's place."""
    BLOCKED = "blocked"
    """451: not available in this region."""
    MISSING = "missing"
    """404 or 410."""
    REFUSED = "refused"
    """A redirect that is not followed."""
    DIGEST = "digest"
    """The bytes came whole and have another hash."""
    LENGTH = "length"
    NOT_THE_FILE = "not_the_file"
    """A web page, a Git LFS pointer, a cut file."""
    MISFIT = "misfit"
    """The file is of another type than the loader takes."""
    DISK = "disk"
    """No room left."""
    PLACEMENT = "placement"
    """The file came and could not be put in its place."""
    INTERRUPTED = "interrupted"
    BUG = "bug"
    FAILED = "failed"
    """Anything else."""

    @property
    def is_undecided(self) -> bool:
        """Whether the failure says nothing about the file: the same command may succeed later, or with a token."""
        match self:
            case (
                FailureKind.GATED
                | FailureKind.EARLY_ACCESS
                | FailureKind.RATE_LIMITED
                | FailureKind.NETWORK
                | FailureKind.BLOCKED
            ):
                return True
            case (
                FailureKind.DISABLED
                | FailureKind.MISSING
                | FailureKind.REFUSED
                | FailureKind.DIGEST
                | FailureKind.LENGTH
                | FailureKind.NOT_THE_FILE
                | FailureKind.MISFIT
                | FailureKind.DISK
                | FailureKind.PLACEMENT
                | FailureKind.INTERRUPTED
                | FailureKind.BUG
                | FailureKind.FAILED
            ):
                return False
            case _:
                assert_never(self)

    @property
    def needs_access(self) -> bool:
        """Whether a token, a login or a purchase is what is missing."""
        return self in (FailureKind.GATED, FailureKind.EARLY_ACCESS)


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """No bytes to place; what is in staging, if anything, can be resumed."""

    download: Download
    reason: str
    hint: str = ""
    kind: FailureKind = FailureKind.FAILED


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
    kind: FailureKind = FailureKind.FAILED


Outcome = Keep | Link | Blocked | Placed | Failed
