"""What every source needs: HTTP as far as sources use it, answers and their verdicts, and asking hash by hash."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from wfdeps.domain.access import AccessState
from wfdeps.domain.candidates import Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.queries import HashQuery, Query
from wfdeps.errors import (
    AuthRequiredError,
    NotFoundError,
    RateLimitError,
    RegionBlockedError,
    SourceError,
    UnsafeRedirectError,
)
from wfdeps.match.spelling import spell


class JsonHttp(Protocol):
    """One API call, tried again where that helps, its answer decoded. `wfdeps.http.Http` fits; raises SourceError."""

    def json(
        self, method: str, url: str, *, params: dict[str, object] | None = None, body: object = None
    ) -> Any: ...


class RangedHttp(Protocol):
    """A few bytes of a file: enough to know that it is there and may be had. Raises SourceError."""

    def ranged(self, url: str, offset: int, length: int) -> bytes: ...


def answer_with(source: str, candidates: Sequence[Candidate], detail: str = "") -> Answer:
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
    """The verdict an error stands for; UNREACHABLE for all that says nothing of the file."""
    match error:
        case NotFoundError():
            return VerdictKind.NO_SUCH
        case RateLimitError():
            return VerdictKind.RATE_LIMITED
        case AuthRequiredError():
            return VerdictKind.GATED
        case UnsafeRedirectError():
            return VerdictKind.REFUSED
        case _:
            return VerdictKind.UNREACHABLE


def stops_the_rest(error: SourceError) -> bool:
    """Whether the next question to the same host would end in the same way: nobody home, wait, not from here."""
    if isinstance(error, (RateLimitError, RegionBlockedError)):
        return True
    return getattr(error, "final", False) or (
        kind_of_error(error) is VerdictKind.UNREACHABLE and error.status is None
    )


def answers_by_sha256(
    source: str, queries: Iterable[Query], look_up: Callable[[Digest], Sequence[Candidate]]
) -> dict[Query, Answer]:
    """An answer to each SHA-256 among the queries, one after the other; other queries are left out.

    `look_up` returns the candidates of one hash, or raises SourceError. After a fault that stops the rest nobody is
    asked any more, and the remaining answers carry that fault.
    """
    answers: dict[Query, Answer] = {}
    stopped: SourceError | None = None
    for query in queries:
        if not isinstance(query, HashQuery) or query.digest.algorithm is not Algorithm.SHA256:
            continue
        if stopped is not None:
            answers[query] = failed(source, stopped)
            continue
        try:
            answers[query] = answer_with(source, look_up(query.digest))
        except NotFoundError:
            answers[query] = no_such(source)
        except SourceError as error:
            stopped = error if stops_the_rest(error) else None
            answers[query] = failed(source, error)
    return answers


def answer_key(name: str) -> str:
    """What a remembered answer is found by: the name without its folders, in lower case."""
    return spell(name).base.casefold()


def _kind_of(candidates: Sequence[Candidate]) -> VerdictKind:
    states = {candidate.access.state for candidate in candidates}
    if states == {AccessState.EARLY_ACCESS}:
        return VerdictKind.EARLY_ACCESS
    if states == {AccessState.DELETED}:
        return VerdictKind.DELETED
    return VerdictKind.FOUND
