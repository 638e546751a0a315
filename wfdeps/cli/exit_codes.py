"""What the exit code says to a script."""

from __future__ import annotations

from wfdeps.errors import (
    FetchError,
    LibraryError,
    LockError,
    SourceError,
    UsageError,
    WfdepsError,
    WorkflowError,
)

READY = 0
UNMET = 1
USAGE = 2
UNDECIDED = 3
PARTLY_FAILED = 4
INTERRUPTED = 130

MEANINGS: dict[int, str] = {
    READY: "every required file is there (and matches, where its hash is known)",
    UNMET: "requirements unmet: missing, ambiguous, wrong hash, refused by policy",
    USAGE: "usage error, unreadable or unrecognised workflow, bad config",
    UNDECIDED: "could not decide: network, login, rate limit",
    PARTLY_FAILED: "some downloads or placements failed, the rest is done; a rerun resumes",
    INTERRUPTED: "interrupted, state saved",
}

_OF_ERROR: tuple[tuple[type[WfdepsError], int], ...] = (
    (UsageError, USAGE),
    (WorkflowError, USAGE),
    (LockError, USAGE),
    (SourceError, UNDECIDED),
    (FetchError, PARTLY_FAILED),
    (LibraryError, PARTLY_FAILED),
)


def exit_code_of(error: WfdepsError) -> int:
    """The code for an error that stopped a command; 1 for one no row names."""
    return next((code for kind, code in _OF_ERROR if isinstance(error, kind)), UNMET)
