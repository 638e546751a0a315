"""The second stage: every needed ref settled, by the library, by the sources in order, or by a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from wfdeps.domain.candidates import LOCAL, Answer, RankedCandidate
from wfdeps.domain.digests import Algorithm, agreement, find_digest
from wfdeps.domain.files import LocalFile
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.identity import Identity
from wfdeps.domain.locks import Lock
from wfdeps.domain.queries import HashQuery
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import (
    Ambiguous,
    ChosenBy,
    MarkedOptional,
    Present,
    Resolution,
    Resolved,
    Unresolved,
)
from wfdeps.domain.urls import path_of
from wfdeps.errors import LibraryError
from wfdeps.match.decide import decide
from wfdeps.match.family import BASES, WorkflowBases
from wfdeps.match.local import find_local
from wfdeps.match.local_first import is_name_alone, library_answers
from wfdeps.match.pairs import in_pair, pair_key
from wfdeps.match.policy import Policy
from wfdeps.match.questions import distinct_questions, question_for
from wfdeps.match.rounds import ROUNDS, Answers, Round, open_queries
from wfdeps.pipeline.lookalikes import read_lookalikes
from wfdeps.pipeline.survey import OPTIONAL
from wfdeps.ports import Chooser, Library, Reporter, Source
from wfdeps.values import dataclass, replace

_IN_THE_WAY = (RefState.CORRUPT, RefState.WRONG_HASH)
_NOT_ASKED = (*_IN_THE_WAY, RefState.OPTIONAL)


@dataclass(frozen=True, slots=True)
class ResolvingDoors:
    """The doors that resolving needs."""

    sources: Sequence[Source]
    chooser: Chooser
    reporter: Reporter


def resolve(
    findings: Iterable[Finding], library: Library, helpers: ResolvingDoors, policy: Policy
) -> tuple[Resolution, ...]:
    """One resolution a finding, in their order. Ambiguous ones are put to the chooser; the rest is rules.

    A file whose hash a source has told is looked for in the library once more: it may lie there under another name,
    and those of its length that were never read are read for that.
    """
    findings = tuple(findings)
    wanted = [one.ref for one in findings if not library_answers(one) and one.state not in _NOT_ASKED]
    named_alone = [one.ref for one in findings if is_name_alone(one)]
    answers = ask(wanted, helpers, policy)
    by_url = ask(named_alone, helpers, policy, (Round.URL,)) if named_alone else answers
    decisions = _Decisions(answers, tuple(_bases_here(findings, library)) if wanted else (), policy)
    settled = decisions.settled({ref: decide(ref, answers.of(ref), policy=policy) for ref in wanted})
    settled = _after_questions(settled, decisions, helpers.chooser)
    resolutions = tuple(
        _from_own_file(settled[finding.ref], library)
        if finding.ref in settled
        else _compared(finding, by_url, library)
        if is_name_alone(finding)
        else _without_asking(finding)
        for finding in findings
    )
    found = _found_by_hash(resolutions, library)
    if read := read_lookalikes(found, library, helpers.reporter):
        return _found_by_hash(found, library, read)
    return found


def _compared(finding: Finding, answers: Answers, library: Library) -> Resolution:
    """A file that has a name of no meaning, held against what its URL leads to: by size, and by hash if that is equal."""
    meant = next(
        (candidate for _, answer in answers.of(finding.ref) for candidate in answer.candidates), None
    )
    file = finding.files[0]
    if meant is None:
        return _without_asking(
            replace(finding, detail="its name proves nothing, and its URL could not be asked")
        )
    is_other = meant.size is not None and meant.size_is_exact and meant.size != file.size
    if not is_other and meant.digests:
        with suppress(LibraryError):  # that it cannot be read is said elsewhere
            file = library.digest(file)
        is_other = agreement(meant.digests, file.digests) is False
    if not is_other:
        return _without_asking(replace(finding, files=(file, *finding.files[1:])))
    return _without_asking(
        replace(finding, state=RefState.WRONG_HASH, detail=f"another file than {meant.url}, of the same name")
    )


def _without_asking(finding: Finding) -> Resolution:
    """The library has it, or need not, or has something else in its place, which we do not overwrite."""
    if finding.state is RefState.OPTIONAL:
        return Unresolved(finding.ref, finding.state, finding.detail)
    if finding.state not in _IN_THE_WAY:
        return Present(finding.ref, finding)
    hint = f"move or delete `{finding.files[0].path}`, then run this again: what we did not write is not overwritten"
    return Unresolved(finding.ref, finding.state, finding.detail or "another file stands in its place", hint)


def _found_by_hash(
    resolutions: tuple[Resolution, ...], library: Library, read: tuple[LocalFile, ...] = ()
) -> tuple[Resolution, ...]:
    """These resolutions; a remote file whose bytes the library holds, or one of `read` has, is taken from there."""
    refs = {one.ref: _with_digests(one) for one in resolutions if isinstance(one, Resolved)}
    inventory = library.inventory(tuple(refs.values())).knowing(read)
    return tuple(
        _from_library(one, find_local(refs[one.ref], inventory)) if isinstance(one, Resolved) else one
        for one in resolutions
    )


def _with_digests(resolved: Resolved) -> ModelRef:
    digests = (*resolved.ref.digests, *resolved.choice.candidate.digests)
    return replace(resolved.ref, digests=tuple(dict.fromkeys(digests)))


def _from_library(resolved: Resolved, finding: Finding) -> Resolution:
    first = finding.files[0] if finding.files else None
    if first is None or not agreement(resolved.choice.candidate.digests, first.digests):
        return resolved
    return Present(resolved.ref, replace(finding, ref=resolved.ref), resolved.choice)


def ask(
    refs: Sequence[ModelRef], helpers: ResolvingDoors, policy: Policy, rounds: Iterable[Round] = ROUNDS
) -> Answers:
    """What the sources say of these refs, the strongest questions first and each only of those left open."""
    answers = Answers()
    for round_ in rounds:
        if queries := open_queries(refs, answers, round_, policy):
            helpers.reporter.stage("resolve", f"{len(queries)} by {round_.value}")
        for source in helpers.sources:
            queries = open_queries(refs, answers, round_, policy)
            if queries:
                answers = answers.with_answers(source.find_all(queries))
        if round_ is Round.NAME:
            answers = _with_later_answers(refs, answers, helpers.sources, policy)
    return answers


def _with_later_answers(
    refs: Sequence[ModelRef], answers: Answers, sources: Sequence[Source], policy: Policy
) -> Answers:
    """With what a memory has learned meanwhile: one search may have told what another was looking for.

    Asked are those who had nothing to say before; without it, the same run twice would find more.
    """
    names = [
        query
        for query in open_queries(refs, answers, Round.NAME, policy)
        if not any(answer.candidates for answer in answers.by_query.get(query, ()))
    ]
    for source in sources:
        silent = [query for query in names if not _has_spoken(source, answers.by_query.get(query, ()))]
        if silent:
            answers = answers.with_answers(source.find_all(silent))
    return answers


def _has_spoken(source: Source, told: Iterable[Answer]) -> bool:
    return any(answer.verdict.source == source.name for answer in told)


def with_origins(
    resolutions: Iterable[Resolution],
    library: Library,
    helpers: ResolvingDoors,
    policy: Policy,
    *,
    previous: Lock | None,
) -> tuple[Resolution, ...]:
    """These resolutions, with every present file's SHA-256 known and, where a source knows that hash, its origin.

    A lock wants both: the hash to repeat the file, the origin to find it elsewhere. Files whose hash the index
    does not know are read; of those in the previous lock nobody is asked.
    """
    resolutions = tuple(_hashed(one, library) if isinstance(one, Present) else one for one in resolutions)
    locked = {entry.sha256 for entry in previous.entries if entry.sources} if previous else set()
    here = (one for one in resolutions if isinstance(one, Present))
    refs = [_by_hash(one) for one in here if _sha256_of(one) not in locked]
    answers = ask(refs, helpers, policy, (Round.HASH,))
    return tuple(
        _with_origin(one, answers, policy) if isinstance(one, Present) else one for one in resolutions
    )


@dataclass(frozen=True, slots=True)
class _Decisions:
    """What the decisions of one run rest on."""

    answers: Answers
    here: tuple[tuple[ModelRef, Identity], ...]
    """The bases that the library has."""
    policy: Policy

    def family(self, settled: Mapping[ModelRef, Resolution]) -> WorkflowBases:
        """What the workflows are made for, as far as these and the library tell."""
        return WorkflowBases.of(settled.values(), self.here)

    def settled(self, alone: Mapping[ModelRef, Resolution]) -> dict[ModelRef, Resolution]:
        """Each decided again in the company of the others."""
        family = self.family(alone)
        return {ref: self.in_company(ref, family) for ref in alone}

    def in_company(self, ref: ModelRef, family: WorkflowBases) -> Resolution:
        """The ref decided again, now that it is known what the rest of its workflow is made for."""
        policy = replace(self.policy, base_models=family.around(ref))
        return decide(ref, self.answers.of(ref), policy=policy)


def _bases_here(findings: Iterable[Finding], library: Library) -> Iterator[tuple[ModelRef, Identity]]:
    for finding in findings:
        if library_answers(finding) and finding.files and finding.ref.model_type in BASES:
            with suppress(LibraryError):  # that it cannot be read is said elsewhere
                yield finding.ref, library.identity(finding.files[0])


def _after_questions(
    settled: Mapping[ModelRef, Resolution], decisions: _Decisions, chooser: Chooser
) -> dict[ModelRef, Resolution]:
    """These resolutions, after the open ones were put to a person: one question a file, those of a pair together.

    What they say tells more of what the rest is made for, so each question is decided anew before it is put.
    """
    settled = dict(settled)
    files = distinct_questions(one for one in settled.values() if isinstance(one, Ambiguous))
    family, heard = decisions.family(settled), False
    for left, same in zip(reversed(range(len(files))), files, strict=True):
        if heard:
            family = decisions.family(settled)
            settled |= {one.ref: decisions.in_company(one.ref, family) for one in same}
        still = tuple(now for one in same if isinstance(now := settled[one.ref], Ambiguous))
        if still:
            question = _in_context(question_for(still), settled.values(), family)
            chosen = chooser.choose(question, left=left)
            heard = heard or chosen is not None
            settled |= {one.ref: _as_chosen(one, chosen) for one in still}
    return settled


def _in_context(question: Ambiguous, settled: Iterable[Resolution], family: WorkflowBases) -> Ambiguous:
    """The question with what its workflow is made for, and with what the other of its pair is."""
    ref = question.ref
    base_models = ref.base_models or family.around(ref)
    question = replace(question, ref=replace(ref, base_models=base_models))
    pair = pair_key(ref.name)
    others = (one for one in settled if isinstance(one, Resolved) and pair and pair_key(one.ref.name) == pair)
    taken = next((one.choice.candidate for one in others if one.ref.folder == ref.folder), None)
    return in_pair(question, taken) if taken else question


def _as_chosen(question: Ambiguous, chosen: RankedCandidate | MarkedOptional | None) -> Resolution:
    match chosen:
        case None:
            return question
        case MarkedOptional():
            return Unresolved(
                question.ref, RefState.OPTIONAL, OPTIONAL, "", question.verdicts, question.candidates
            )
        case RankedCandidate():
            rivals = tuple(
                rival for rival in question.candidates if rival.candidate.url != chosen.candidate.url
            )
            return Resolved(question.ref, chosen, ChosenBy.USER, rivals, question.verdicts)


def _from_own_file(resolution: Resolution, library: Library) -> Resolution:
    """A file that the person named on their own disk, as one the library has elsewhere: given a second name, not fetched."""
    if not isinstance(resolution, Resolved) or resolution.choice.candidate.source != LOCAL:
        return resolution
    ref, candidate = resolution.ref, resolution.choice.candidate
    try:
        file = library.digest(library.file_at(path_of(candidate.url)))
    except LibraryError as error:
        return Unresolved(ref, RefState.UNRESOLVED, f"the file you chose: {error.message}", _CHOOSE_AGAIN)
    if agreement(candidate.digests, file.digests) is False:
        reason = f"`{file.path}` is no longer the file you chose: its bytes are others"
        return Unresolved(ref, RefState.UNRESOLVED, reason, _CHOOSE_AGAIN)
    return Present(ref, Finding(ref, RefState.PRESENT_ELSEWHERE, (file,)), resolution.choice)


_CHOOSE_AGAIN = "`wfdeps choose NAME PATH` names another; `wfdeps answers forget NAME` has it asked again"


def _hashed(present: Present, library: Library) -> Present:
    first, *others = present.finding.files
    finding = replace(present.finding, files=(library.digest(first), *others))
    return replace(present, finding=finding)


def _sha256_of(present: Present) -> str | None:
    digest = find_digest(present.finding.files[0].digests, Algorithm.SHA256)
    return digest.value if digest else None


def _by_hash(present: Present) -> ModelRef:
    """The ref as it would be if the workflow named the hash of the file that is there, and nothing else."""
    ref, file = present.ref, present.finding.files[0]
    return replace(ref, digests=file.digests, urls=(), hints=(), air=None, version_id=None)


def _with_origin(present: Present, answers: Answers, policy: Policy) -> Present:
    ref = _by_hash(present)
    known = [(query, answer) for query, answer in answers.of(ref) if isinstance(query, HashQuery)]
    resolution = decide(ref, known, policy=policy)
    if isinstance(resolution, Resolved) and resolution.chosen_by is ChosenBy.HASH:
        return replace(present, origin=resolution.choice)
    return present
