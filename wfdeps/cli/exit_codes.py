"""What the exit code says to a script."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.errors import (
    FetchError,
    LibraryError,
    LockError,
    SourceError,
    UsageError,
    WfdepsError,
    WorkflowError,
)

if TYPE_CHECKING:
    from wfdeps.domain.resolutions import Resolution

READY = 0
UNMET = 1
USAGE = 2
UNDECIDED = 3
PARTLY_FAILED = 4
INTERRUPTED = 130

MEANINGS: dict[int, str] = {
    READY: "every required file is there (and matches, where its hash is known)",
    UNMET: "requirements unmet: missing, ambiguous, wrong hash, refused by policy, not what its node can load",
    USAGE: "usage error, no workflow, an unreadable or unrecognised one, bad config (ours or ComfyUI's)",
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


def exit_code_of_all(resolutions: Sequence[Resolution]) -> int:
    """0 when all are resolved or here, 3 when one could not be asked about, else 1."""
    from wfdeps.domain.findings import RefState
    from wfdeps.domain.resolutions import Present, Resolved, Unresolved  # not for `--help`

    if any(isinstance(one, Unresolved) and one.state is RefState.UNDECIDED for one in resolutions):
        return UNDECIDED
    return READY if all(isinstance(one, Resolved | Present) for one in resolutions) else UNMET
