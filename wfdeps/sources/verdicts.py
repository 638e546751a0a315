"""Errors of the network as verdicts: what a report keeps of them."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.domain.candidates import AccessState, Answer, Candidate, Verdict, VerdictKind
from wfdeps.errors import (
    AuthRequiredError,
    NotFoundError,
    RateLimitError,
    RegionBlockedError,
    SourceError,
    UnexpectedPayloadError,
    UnsafeRedirectError,
)


def found(source: str, candidates: Sequence[Candidate], detail: str = "") -> Answer:
    """An answer with candidates, or `no such` where there are none."""
    if not candidates:
        return no_such(source, detail)
    return Answer(tuple(candidates), Verdict(source, _kind_of(candidates), detail))


def no_such(source: str, detail: str = "") -> Answer:
    """Not here, as far as this source says."""
    return Answer((), Verdict(source, VerdictKind.NO_SUCH, detail))


def failed(source: str, error: SourceError) -> Answer:
    """No candidates, and why the source did not help."""
    return Answer((), Verdict(source, kind_of_error(error), error.message))


def kind_of_error(error: SourceError) -> VerdictKind:
    """The verdict an error stands for."""
    match error:
        case NotFoundError():
            return VerdictKind.NO_SUCH
        case RateLimitError():
            return VerdictKind.RATE_LIMITED
        case AuthRequiredError():
            return VerdictKind.GATED
        case UnsafeRedirectError():
            return VerdictKind.REFUSED
        case RegionBlockedError():
            return VerdictKind.UNREACHABLE
        case UnexpectedPayloadError():
            return VerdictKind.UNREACHABLE
        case _:
            return VerdictKind.UNREACHABLE


def stops_the_rest(error: SourceError) -> bool:
    """Whether the next question to the same host would end the same way: nobody home, wait, not from here."""
    if isinstance(error, (RateLimitError, RegionBlockedError)):
        return True
    return getattr(error, "final", False) or (
        kind_of_error(error) is VerdictKind.UNREACHABLE and error.status is None
    )


def _kind_of(candidates: Sequence[Candidate]) -> VerdictKind:
    states = {candidate.access.state for candidate in candidates}
    if states == {AccessState.EARLY_ACCESS}:
        return VerdictKind.EARLY_ACCESS
    if states == {AccessState.DELETED}:
        return VerdictKind.DELETED
    return VerdictKind.FOUND
