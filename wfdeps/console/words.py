"""Events as sentences."""

from __future__ import annotations

from typing import assert_never

from wfdeps.domain.outcomes import (
    Fetched,
    FetchEvent,
    FetchFailed,
    FetchProgressed,
    FetchRetrying,
    FetchStarted,
)
from wfdeps.domain.plans import Download
from wfdeps.report.wording import size_text

UNWRITABLE = (OSError, ValueError)
"""What writing raises where the terminal is gone, or cannot spell a name."""


def line_of(event: FetchEvent) -> str:
    """An event as a sentence."""
    name = event.download.label
    match event:
        case FetchStarted(size=size, resumed_at=resumed):
            length = size_text(size) if size is not None else "size unknown"
            return f"{name}: {length}" + (f", resumed at {size_text(resumed)}" if resumed else "")
        case FetchProgressed(done=done):
            return f"{name}: {size_text(done)} so far"
        case FetchRetrying(reason=reason, delay=delay):
            return f"{name}: {reason}; trying again" + (f" in {delay:.1f} s" if delay >= 0.1 else "")
        case Fetched(size=size, verified_by=by):
            proof = "unverified: no hash of it is known" if by == "unverified" else f"verified by {by}"
            return f"{name}: {size_text(size)}, {proof}"
        case FetchFailed(reason=reason, hint=hint):
            return f"{name}: failed: {reason}" + (f"\n  hint: {hint}" if hint else "")
        case _:
            assert_never(event)


def stopped_line(download: Download, done: int, size: int | None) -> str:
    """What is said of a file that was still coming when all was stopped."""
    whole = f" of {size_text(size)}" if size is not None else ""
    return f"{download.label}: stopped at {size_text(done)}{whole}"
