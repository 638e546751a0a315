"""What to ask next, for all refs together: ids, then hashes, URLs and names, each only of refs still open.

A pipeline keeps the answers and loops:

    answers = Answers()
    for round_ in ROUNDS:
        for source in sources:
            queries = open_queries(refs, answers, round_, policy)
            if queries:
                answers = answers.with_answers(source.find_all(queries))
    resolutions = [decide(ref, answers.of(ref), policy=policy) for ref in refs]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from wfdeps.domain.candidates import Answer, VerdictKind
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, Query, UrlQuery
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import ChosenBy, Resolved, Unresolved
from wfdeps.match.decide import decide
from wfdeps.match.policy import Auto, Policy
from wfdeps.match.queries import queries_for
from wfdeps.values import dataclass, field, replace


class Round(Enum):
    """Which questions are asked together; a later round is only for what the earlier left open."""

    ID = "id"
    HASH = "hash"
    URL = "URL"
    NAME = "name"


ROUNDS: Final = tuple(Round)
"""Strongest first: metadata that names a version names its hash as well, and one question will do."""

_ASKED: Final[dict[Round, type]] = {
    Round.ID: AirQuery,
    Round.HASH: HashQuery,
    Round.URL: UrlQuery,
    Round.NAME: NameQuery,
}

_SETTLING: Final = frozenset({ChosenBy.HASH, ChosenBy.ID, ChosenBy.URL})


@dataclass(frozen=True, slots=True)
class Answers:
    """What all sources have said so far; each query keeps every source's answer, in the order asked."""

    by_query: Mapping[Query, tuple[Answer, ...]] = field(default_factory=dict)

    def with_answers(self, more: Mapping[Query, Answer]) -> Answers:
        """These and those of one more source."""
        merged = dict(self.by_query)
        for query, answer in more.items():
            merged[query] = (*merged.get(query, ()), answer)
        return Answers(merged)

    def of(self, ref: ModelRef, *, base_models: tuple[str, ...] = ()) -> tuple[tuple[Query, Answer], ...]:
        """What was answered to this ref's queries, strongest first: what `decide` wants."""
        return tuple(
            (query, answer)
            for query in queries_for(ref, base_models=base_models)
            for answer in self.by_query.get(query, ())
        )


def open_queries(
    refs: Sequence[ModelRef], answers: Answers, round_: Round, policy: Policy | None = None
) -> tuple[Query, ...]:
    """What is still worth asking the next source in this round, each query once however many refs want it."""
    policy = policy or Policy()
    wanted: dict[Query, None] = {}
    for ref in refs:
        queries = [query for query in _of_round(ref, round_, policy) if not _is_found(answers, query)]
        if queries and not _is_settled(ref, answers, round_, policy):
            wanted.update(dict.fromkeys(queries))
    return tuple(wanted)


def _of_round(ref: ModelRef, round_: Round, policy: Policy) -> tuple[Query, ...]:
    queries = queries_for(ref, base_models=policy.base_models)
    return tuple(query for query in queries if isinstance(query, _ASKED[round_]))


def _is_found(answers: Answers, query: Query) -> bool:
    """Whether an earlier source has settled this query: names and notes never are by one answer alone."""
    if isinstance(query, NameQuery) or (isinstance(query, UrlQuery) and query.hint):
        return False
    return any(answer.verdict.kind is VerdictKind.FOUND for answer in answers.by_query.get(query, ()))


def _is_settled(ref: ModelRef, answers: Answers, round_: Round, policy: Policy) -> bool:
    known = answers.of(ref, base_models=policy.base_models)
    if not known:
        return False
    # A pickle whose name is exact is found, though a person still has to say yes; the best so far is not yet the best.
    auto = Auto.EXACT if policy.auto is Auto.BEST else policy.auto
    match decide(ref, known, policy=replace(policy, auto=auto, allow_pickle=True)):
        case Resolved(chosen_by=by):
            # By its exact name at the first source that has it: the next one is not asked for rivals.
            return by in _SETTLING or round_ is Round.NAME
        case Unresolved(candidates=candidates):
            return bool(candidates) and round_ is Round.NAME
        case _:
            return False
