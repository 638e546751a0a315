"""Where a ref, and what the sources answered, become a resolution.

Taken alone: what a hash or an id proves; a URL the workflow names; an exact name whose type and base model
agree and which nothing rivals, as far as its source was asked for rivals: what was only seen before is evidence.
All else is a person's choice. A pickle, early access, another base model or another hash is never taken silently,
whatever speaks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, assert_never

from wfdeps.domain.candidates import (
    Answer,
    Candidate,
    Caution,
    Evidence,
    RankedCandidate,
    Verdict,
    VerdictKind,
    Why,
)
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.findings import RefState
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import NameQuery, Query
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import Ambiguous, ChosenBy, Resolution, Resolved, Unresolved
from wfdeps.match.evidence import ANSWERS, has, rank
from wfdeps.match.policy import Auto, Policy
from wfdeps.match.search_terms import UNSEARCHABLE, says_nothing
from wfdeps.match.spelling import NOT_MODELS, spell
from wfdeps.values import replace

SHOWN: Final = 20
"""Candidates kept for a person; what is further down has nothing to say."""
WORTH_SHOWING: Final = 0.15

_EXACT: Final = (Why.NAME_EXACT, Why.NAME_BY_RULE)
_AGAINST: Final = (Why.TYPE_DIFFERS, Why.HASH_DIFFERS, Why.PAIR_DIFFERS)
_LOOKED: Final = frozenset(
    {VerdictKind.FOUND, VerdictKind.NO_SUCH, VerdictKind.EARLY_ACCESS, VerdictKind.DELETED}
)
"""Verdicts of a source that did look for what it was asked."""


def decide(
    ref: ModelRef, answers: Sequence[tuple[Query, Answer]], *, policy: Policy | None = None
) -> Resolution:
    """How this ref is settled: Resolved, Ambiguous with the best first, or Unresolved with the reason."""
    policy = policy or Policy()
    verdicts = verdicts_of(answers)
    ranked = ranked_candidates(ref, answers, policy)
    for rule in _RULES:
        taken = rule(ref, ranked, policy)
        if taken is None:
            continue
        chosen, chosen_by = taken
        if chosen.candidate.access.is_closed:
            return _not_to_be_had(ref, chosen, ranked, verdicts)
        grave = [caution for caution in chosen.cautions if caution.outweighs_proof]
        if chosen_by is not ChosenBy.USER and grave:
            reason = _caution_in_words(grave[0], chosen.candidate)
            return Ambiguous(ref, _first(chosen, ranked), reason, verdicts)
        return Resolved(ref, chosen, chosen_by, _rivals(chosen, ranked), verdicts)
    return _left_open(ref, ranked, verdicts)


def ranked_candidates(
    ref: ModelRef, answers: Sequence[tuple[Query, Answer]], policy: Policy
) -> tuple[RankedCandidate, ...]:
    """Every candidate once, best first; the same bytes at several places are one, the others its mirrors."""
    searched = _searched_by_name(answers)
    queries: dict[tuple[object, ...], list[Query]] = {}
    candidates: dict[tuple[object, ...], Candidate] = {}
    chosen: set[tuple[object, ...]] = set()
    confirmed: set[tuple[object, ...]] = set()
    # What a source says now is newer than what was seen of it before.
    for query, answer in sorted(answers, key=lambda pair: not pair[1].is_whole):
        for candidate in answer.candidates:
            if candidate.file_type == "Training Data" and answer.verdict.source != ANSWERS:
                continue  # the images a model was trained on: whatever it is called, no loader reads it
            key = _place(candidate)
            candidates.setdefault(key, candidate)
            queries.setdefault(key, []).append(query)
            if answer.verdict.source == ANSWERS:
                chosen.add(key)
            if answer.is_whole or candidate.source in searched:
                confirmed.add(key)
    ranked = [
        _chosen_before(option, answers)
        if key in chosen
        else option
        if key in confirmed
        else _only_seen(option)
        for key, candidate in candidates.items()
        for option in (rank(candidate, ref, queries[key], policy.base_models),)
    ]
    useful = [
        replace(option, cautions=cautions_of(option, policy))
        for option in ranked
        if option.confidence >= WORTH_SHOWING
    ]
    return _merge_same_bytes(sorted(useful, key=_order))


def _chosen_before(option: RankedCandidate, answers: Sequence[tuple[Query, Answer]]) -> RankedCandidate:
    detail = next(answer.verdict.detail for _, answer in answers if answer.verdict.source == ANSWERS)
    return replace(option, evidence=(Evidence(Why.CHOSEN_BEFORE, detail), *option.evidence), confidence=1.0)


def _searched_by_name(answers: Sequence[tuple[Query, Answer]]) -> set[str]:
    """The sources that were asked for this name, and did look."""
    return {
        answer.verdict.source
        for query, answer in answers
        if isinstance(query, NameQuery) and answer.is_whole and answer.verdict.kind in _LOOKED
    }


def _only_seen(option: RankedCandidate) -> RankedCandidate:
    doubt = Evidence(
        Why.RIVALS_UNKNOWN, f"seen before; {option.candidate.source} was not asked for others of this name"
    )
    return replace(option, evidence=(*option.evidence, doubt), confidence=round(option.confidence - 0.1, 3))


def verdicts_of(answers: Iterable[tuple[Query, Answer]]) -> tuple[Verdict, ...]:
    """The most telling verdict of each source, in the order they were asked."""
    by_source: dict[str, Verdict] = {}
    for _, answer in answers:
        verdict = answer.verdict
        known = by_source.get(verdict.source)
        if known is None or _TELLING[verdict.kind] < _TELLING[known.kind]:
            by_source[verdict.source] = verdict
    return tuple(by_source.values())


_TELLING: Final[dict[VerdictKind, int]] = {
    kind: order
    for order, kind in enumerate(
        (
            VerdictKind.FOUND,
            VerdictKind.EARLY_ACCESS,
            VerdictKind.GATED,
            VerdictKind.DELETED,
            VerdictKind.REFUSED,
            VerdictKind.RATE_LIMITED,
            VerdictKind.UNREACHABLE,
            VerdictKind.NO_SUCH,
        )
    )
}

_Found = tuple[RankedCandidate, ChosenBy] | None


def _by_choice(ref: ModelRef, ranked: Sequence[RankedCandidate], policy: Policy) -> _Found:
    chosen = _only([option for option in ranked if has(option.evidence, Why.CHOSEN_BEFORE)])
    return (chosen, ChosenBy.USER) if chosen else None


def _by_hash(ref: ModelRef, ranked: Sequence[RankedCandidate], policy: Policy) -> _Found:
    proven = [option for option in ranked if has(option.evidence, Why.SAME_HASH)]
    alone = _only(proven) or _only([option for option in proven if has(option.evidence, *_EXACT)])
    return (alone, ChosenBy.HASH) if alone else None


def _by_id(ref: ModelRef, ranked: Sequence[RankedCandidate], policy: Policy) -> _Found:
    named = [
        option
        for option in ranked
        if has(option.evidence, Why.SAME_ID) and not has(option.evidence, *_AGAINST)
    ]
    chosen = _file_of_version(ref, named)
    return (chosen, ChosenBy.ID) if chosen else None


def _by_url(ref: ModelRef, ranked: Sequence[RankedCandidate], policy: Policy) -> _Found:
    if policy.auto is Auto.HASH:
        return None
    linked = [
        option
        for option in ranked
        if has(option.evidence, Why.SAME_URL) and not has(option.evidence, *_AGAINST)
    ]
    chosen = _file_of_version(ref, linked)
    return (chosen, ChosenBy.URL) if chosen else None


def _by_name(ref: ModelRef, ranked: Sequence[RankedCandidate], policy: Policy) -> _Found:
    if policy.auto is Auto.HASH or says_nothing(ref.name):
        return None
    exact = [
        option for option in ranked if has(option.evidence, *_EXACT) and not has(option.evidence, *_AGAINST)
    ]
    fitting = [option for option in exact if has(option.evidence, Why.BASE_AGREES)]
    chosen = _only(fitting or exact) or _of_claimed_precision(fitting or exact)
    if chosen is None or not has(chosen.evidence, Why.TYPE_AGREES):
        return None
    return None if has(chosen.evidence, Why.RIVALS_UNKNOWN) else (chosen, ChosenBy.NAME)


def _by_best(ref: ModelRef, ranked: Sequence[RankedCandidate], policy: Policy) -> _Found:
    if policy.auto is not Auto.BEST or says_nothing(ref.name):
        return None
    fair = [option for option in ranked if not option.cautions]
    return (fair[0], ChosenBy.POLICY) if fair else None


_RULES: Final[tuple[Callable[[ModelRef, Sequence[RankedCandidate], Policy], _Found], ...]] = (
    _by_hash,
    _by_choice,
    _by_id,
    _by_url,
    _by_name,
    _by_best,
)


def _file_of_version(ref: ModelRef, files: Sequence[RankedCandidate]) -> RankedCandidate | None:
    """The one file meant, where a version or page was named: by name, type and precision, else the main one."""
    models = [option for option in files if not _is_extra(option.candidate) or has(option.evidence, *_EXACT)]
    versions = {option.candidate.version_id for option in models}
    if len(versions) > 1:
        return None
    exact = [option for option in models if has(option.evidence, *_EXACT)]
    if exact:
        return _only(exact) or _of_claimed_precision(exact)
    typed = [option for option in models if has(option.evidence, Why.TYPE_AGREES)] or models
    return (
        _only(typed)
        or _of_claimed_precision(typed)
        or _only([option for option in typed if option.candidate.is_primary])
    )


def _of_claimed_precision(files: Sequence[RankedCandidate]) -> RankedCandidate | None:
    return _only([option for option in files if has(option.evidence, Why.PRECISION_AGREES)])


def _is_extra(candidate: Candidate) -> bool:
    """A file that comes with a model and is none: its training data, its config, an archive."""
    return (
        candidate.file_type in ("Training Data", "Archive", "Config")
        or spell(candidate.file_name).ending in NOT_MODELS
    )


def cautions_of(ranked: RankedCandidate, policy: Policy) -> tuple[Caution, ...]:
    """Every reason why this candidate is not taken without asking, the gravest first."""
    candidate, evidence = ranked.candidate, ranked.evidence
    holds = {
        Caution.HASH_DIFFERS: has(evidence, Why.HASH_DIFFERS),
        Caution.BOUGHT: candidate.access.if_bought,
        Caution.SCANNER: bool(candidate.unsafe),
        Caution.PICKLE: spell(candidate.file_name).is_pickle and not policy.allow_pickle,
        Caution.BASE_DIFFERS: has(evidence, Why.BASE_DIFFERS),
        Caution.CLOSED: candidate.access.is_closed,
        Caution.TYPE_DIFFERS: has(evidence, Why.TYPE_DIFFERS),
        Caution.PAIR_DIFFERS: has(evidence, Why.PAIR_DIFFERS),
        Caution.NOT_A_MODEL: _is_extra(candidate),
    }
    return tuple(caution for caution in Caution if holds[caution])


def _caution_in_words(caution: Caution, candidate: Candidate) -> str:
    """Why it is asked about, for a person."""
    match caution:
        case Caution.HASH_DIFFERS:
            return "the workflow names another hash"
        case Caution.BOUGHT:
            return f"{candidate.access.words}: only for those who bought it"
        case Caution.SCANNER:
            return f"a scanner warns: {candidate.unsafe}"
        case Caution.PICKLE:
            return "a pickle can run code when it is loaded"
        case Caution.BASE_DIFFERS:
            return f"made for another base model ({candidate.base_model})"
        case Caution.CLOSED:
            return f"it cannot be downloaded: {candidate.access.words}"
        case Caution.TYPE_DIFFERS:
            return "it is of another type"
        case Caution.PAIR_DIFFERS:
            return "it is the other half of a pair"
        case Caution.NOT_A_MODEL:
            return "it comes with a model and is none"
        case _:
            assert_never(caution)


def _not_to_be_had(
    ref: ModelRef, chosen: RankedCandidate, ranked: Sequence[RankedCandidate], verdicts: tuple[Verdict, ...]
) -> Unresolved:
    """We know which file it is, and nobody may have it now."""
    access = chosen.candidate.access
    return Unresolved(
        ref,
        access.ref_state,
        f"{chosen.candidate.title}: {access.words}",
        hint=f"{access.hint}; see {chosen.candidate.page or chosen.candidate.url}",
        verdicts=verdicts,
        candidates=_first(chosen, ranked),
    )


def _left_open(ref: ModelRef, ranked: Sequence[RankedCandidate], verdicts: tuple[Verdict, ...]) -> Resolution:
    if ranked:
        return Ambiguous(ref, tuple(ranked[:SHOWN]), _why_open(ref, ranked), verdicts)
    silent = [verdict for verdict in verdicts if verdict.kind in _NOT_HEARD]
    if silent:
        reason = "; ".join(f"{verdict.source}: {verdict.detail or verdict.kind}" for verdict in silent)
        return Unresolved(ref, RefState.UNDECIDED, reason, verdicts=verdicts)
    gated = next((verdict for verdict in verdicts if verdict.kind is VerdictKind.GATED), None)
    if gated:
        return Unresolved(ref, RefState.GATED, f"{gated.source}: {gated.detail}", verdicts=verdicts)
    return Unresolved(ref, RefState.UNRESOLVED, _not_found(ref, verdicts), _WOULD_HELP, verdicts)


_NOT_HEARD: Final = (VerdictKind.UNREACHABLE, VerdictKind.RATE_LIMITED)
"""Whether it has the file, nobody knows: no network, not from this region, too many questions."""
_WOULD_HELP: Final = "a hash, a URL or an AIR would settle it: `wfdeps choose`"


def _not_found(ref: ModelRef, verdicts: Sequence[Verdict]) -> str:
    deleted = next((verdict for verdict in verdicts if verdict.kind is VerdictKind.DELETED), None)
    if deleted:
        return f"{deleted.source}: {deleted.detail or 'deleted'}"
    details = [
        verdict for verdict in verdicts if verdict.detail and not verdict.detail.startswith(UNSEARCHABLE)
    ]
    if not details and (unsearchable := says_nothing(ref.name)):
        return f"{UNSEARCHABLE}: {unsearchable}"
    sources = ", ".join(map(_in_words, verdicts))
    return f"not found ({sources})" if sources else "no source could be asked"


def _in_words(verdict: Verdict) -> str:
    return f"{verdict.source}: {verdict.detail}" if verdict.detail else verdict.source


def _why_open(ref: ModelRef, ranked: Sequence[RankedCandidate]) -> str:
    exact = [
        option for option in ranked if has(option.evidence, *_EXACT) and not has(option.evidence, *_AGAINST)
    ]
    named = [option for option in ranked if has(option.evidence, Why.SAME_ID, Why.SAME_URL)]
    if not exact and len(named) > 1:
        return "what the workflow names has several files, and none of this name"
    if has(ranked[0].evidence, Why.NUMBER_AS_NAME):
        return "its name is the number of this version at Civitai, which proves nothing"
    if unsearchable := says_nothing(ref.name):
        return f"the name proves nothing: {unsearchable}"
    if len(exact) > 1:
        versions = {option.candidate.version_id for option in exact}
        return (
            "one version has several files of this name"
            if len(versions) == 1
            else "several files have this name"
        )
    if exact and ref.model_type is ModelType.UNKNOWN and not ref.folders:
        return "the name is exact, but no type was asked for"
    if exact and has(exact[0].evidence, Why.RIVALS_UNKNOWN):
        return f"the name is exact, but {exact[0].candidate.source} was not asked whether others bear it"
    if exact:
        return (
            "the name is exact, but nothing says it is of this type"
            if not exact[0].candidate.source_type
            else ("only the name speaks for it")
        )
    if has(ranked[0].evidence, Why.HASH_DIFFERS):
        return "the workflow names another hash: the file was replaced, or it is another one"
    if has(ranked[0].evidence, Why.TYPE_DIFFERS):
        return (
            "the name agrees, the type does not"
            if has(ranked[0].evidence, *_EXACT)
            else "no file of this type"
        )
    return "no file has exactly this name"


def _only(files: Sequence[RankedCandidate]) -> RankedCandidate | None:
    return files[0] if len(files) == 1 else None


def _first(chosen: RankedCandidate, ranked: Sequence[RankedCandidate]) -> tuple[RankedCandidate, ...]:
    return (chosen, *(option for option in ranked if option is not chosen))[:SHOWN]


def _rivals(chosen: RankedCandidate, ranked: Sequence[RankedCandidate]) -> tuple[RankedCandidate, ...]:
    return tuple(option for option in ranked if option is not chosen)[:5]


def _order(option: RankedCandidate) -> tuple[object, ...]:
    """Best first; popularity and the rest only break ties, so the order never depends on who answered first."""
    candidate = option.candidate
    return (
        -option.confidence,
        not candidate.is_primary,
        -(candidate.downloads or 0),
        candidate.source,
        candidate.file_name,
        candidate.version_id or 0,
        candidate.file_id or 0,
        candidate.url,
    )


def _place(candidate: Candidate) -> tuple[object, ...]:
    if candidate.file_id is not None:
        return (candidate.source, candidate.file_id)
    return (candidate.source, candidate.url, candidate.file_name)


def _merge_same_bytes(ranked: Sequence[RankedCandidate]) -> tuple[RankedCandidate, ...]:
    """`ranked` is best first: of equal bytes the best stays and gets the others' URLs."""
    kept: dict[object, RankedCandidate] = {}
    for option in ranked:
        sha256 = find_digest(option.candidate.digests, Algorithm.SHA256)
        key: object = sha256 or _place(option.candidate)
        best = kept.get(key)
        kept[key] = option if best is None else _with_mirror(best, option.candidate)
    return tuple(kept.values())


def _with_mirror(best: RankedCandidate, other: Candidate) -> RankedCandidate:
    candidate = best.candidate
    if not other.access.is_open or other.url == candidate.url or other.url in candidate.mirrors:
        return best
    return replace(
        best, candidate=replace(candidate, mirrors=(*candidate.mirrors, other.url, *other.mirrors))
    )
