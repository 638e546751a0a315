"""Refs, findings, resolutions, steps and outcomes → one item a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.candidates import AccessState, RankedCandidate
from wfdeps.domain.outcomes import Failed, Outcome, Placed
from wfdeps.domain.plans import Blocked, Download, Keep, Link, Step, Target
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.reports import ReportItem
from wfdeps.domain.resolutions import (
    Ambiguous,
    Finding,
    Present,
    RefState,
    Resolution,
    Resolved,
    Unresolved,
)
from wfdeps.report.next_steps import advice_for
from wfdeps.values import dataclass, replace

if TYPE_CHECKING:
    from typing import NoReturn, TypeVar

    from wfdeps.domain.files import LocalFile

    _T = TypeVar("_T")

_STATUS_ORDER = tuple(RefStatus)

_NOT_RUN: dict[RefStatus, RefState] = {
    RefStatus.INACTIVE: RefState.INACTIVE,
    RefStatus.UNREACHABLE: RefState.UNREACHABLE,
    RefStatus.AUTO_DOWNLOAD: RefState.AUTO_DOWNLOAD,
    RefStatus.PLACEHOLDER: RefState.PLACEHOLDER,
    RefStatus.INERT: RefState.INERT,
}
"""The state of a ref no run needs, unless the file is there."""

_CLOSED: dict[AccessState, RefState] = {
    AccessState.OPEN: RefState.RESOLVED,
    AccessState.TOKEN: RefState.GATED,
    AccessState.EARLY_ACCESS: RefState.EARLY_ACCESS,
    AccessState.DISABLED: RefState.UNRESOLVED,
    AccessState.ARCHIVED: RefState.UNRESOLVED,
    AccessState.DELETED: RefState.UNRESOLVED,
    AccessState.BLOCKED: RefState.REFUSED,
}
"""How a ref stands whose file is known, by whether it can be had from here."""

_FAILED_KIND = {"gated": RefState.GATED, "early_access": RefState.EARLY_ACCESS}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What each stage said, found again by ref."""

    findings: dict[tuple[str, str], list[tuple[ModelRef, Finding]]]
    resolutions: dict[tuple[str, str], list[tuple[ModelRef, Resolution]]]
    steps: dict[tuple[str, str], list[tuple[ModelRef, Step]]]
    outcomes: dict[tuple[str, str], list[tuple[ModelRef, Outcome]]]


def gather(
    findings: Iterable[Finding],
    resolutions: Iterable[Resolution],
    steps: Iterable[Step],
    outcomes: Iterable[Outcome],
) -> Knowledge:
    """What each stage said, by the ref it said it of (merged or not)."""
    knowledge = Knowledge({}, {}, {}, {})
    for finding in findings:
        knowledge.findings.setdefault(_key(finding.ref), []).append((finding.ref, finding))
    for resolution in resolutions:
        knowledge.resolutions.setdefault(_key(resolution.ref), []).append((resolution.ref, resolution))
    for step in steps:
        for ref in _refs_of(step):
            knowledge.steps.setdefault(_key(ref), []).append((ref, step))
    for outcome in outcomes:
        for ref in _refs_of(outcome):
            knowledge.outcomes.setdefault(_key(ref), []).append((ref, outcome))
    return knowledge


def build_item(
    ref: ModelRef, knowledge: Knowledge, needed_by: tuple[str, ...] = (), place: str = ""
) -> ReportItem:
    """One item: the last stage that spoke of the ref has the last word on its state."""
    item = replace(_from_finding(ref, _of(ref, knowledge.findings)), needed_by=needed_by)
    item = _with_resolution(item, _of(ref, knowledge.resolutions))
    item = _with_step(item, _of(ref, knowledge.steps))
    item = _with_outcome(item, _of(ref, knowledge.outcomes))
    if ref.status in _NOT_RUN and item.state is not RefState.PRESENT:
        item = replace(item, state=_NOT_RUN[ref.status], detail=ref.why or item.detail)
    return _with_advice(item, place)


def _from_finding(ref: ModelRef, finding: Finding | None) -> ReportItem:
    if finding is None:
        return ReportItem(ref, RefState.UNDECIDED, "the model folders were not looked at")
    item = ReportItem(ref, finding.state, detail=finding.detail, found=finding.files)
    if finding.state is RefState.PRESENT and finding.files:
        return replace(item, size=finding.files[0].size, path=finding.files[0].path)
    return item


def _with_resolution(item: ReportItem, resolution: Resolution | None) -> ReportItem:
    match resolution:
        case None:
            return item
        case Present(finding=finding, origin=origin):
            present = replace(_from_finding(item.ref, finding), needed_by=item.needed_by)
            return replace(present, chosen=origin, candidates=(origin,)) if origin else present
        case Resolved(choice=choice, chosen_by=chosen_by, rivals=rivals, verdicts=verdicts):
            access = choice.candidate.access
            return replace(
                item,
                state=_found_remotely(item.state, _CLOSED[access.state]),
                detail=item.detail or _access_detail(choice),
                candidates=(choice, *(rival for rival in rivals if rival != choice)),
                chosen=choice,
                chosen_by=chosen_by,
                verdicts=verdicts,
                size=choice.candidate.size,
                access=access,
            )
        case Ambiguous(candidates=candidates, reason=reason, verdicts=verdicts):
            return replace(
                item,
                state=_found_remotely(item.state, RefState.AMBIGUOUS),
                detail=reason,
                candidates=candidates,
                verdicts=verdicts,
            )
        case Unresolved(state=state, reason=reason, hint=hint, verdicts=verdicts):
            return replace(
                item, state=_found_remotely(item.state, state), detail=reason, hint=hint, verdicts=verdicts
            )
        case _:
            raise _unexpected(resolution)


def _found_remotely(local: RefState, remote: RefState) -> RefState:
    """What the library says is worse than missing stays said: it is what a person has to mend."""
    return remote if local in (RefState.MISSING, RefState.UNDECIDED) else local


def _access_detail(choice: RankedCandidate) -> str:
    access = choice.candidate.access
    if access.is_open:
        return ""
    until = f" until {access.until}" if access.until else ""
    return access.detail or f"{access.state.replace('_', ' ')}{until}"


def _with_step(item: ReportItem, step: Step | None) -> ReportItem:
    match step:
        case None:
            return item
        case Keep(file=file):
            return _at(item, file)
        case Link(file=file, target=target):
            return replace(item, path=_path(target), size=file.size)
        case Download(target=target, size=size):
            return replace(item, path=_path(target), size=size if size is not None else item.size)
        case Blocked(state=state, reason=reason, hint=hint):
            return replace(item, state=state, detail=reason or item.detail, hint=hint or item.hint)
        case _:
            raise _unexpected(step)


def _with_outcome(item: ReportItem, outcome: Outcome | None) -> ReportItem:
    match outcome:
        case None | Blocked():
            return _with_step(item, outcome)
        case Keep(file=file):
            return replace(_at(item, file), state=RefState.PRESENT, detail="")
        case Link(file=file, target=target):
            return replace(
                item,
                state=RefState.PRESENT,
                detail=f"linked to {file.path}",
                path=_path(target),
                size=file.size,
            )
        case Placed(receipt=receipt, verified_by=verified_by):
            return replace(
                item,
                state=RefState.PRESENT,
                detail="" if receipt.wrote else "the same bytes were there already",
                path=receipt.path,
                size=receipt.size,
                verified_by=verified_by,
            )
        case Failed(reason=reason, hint=hint, kind=kind):
            return replace(item, state=_FAILED_KIND.get(kind, RefState.FAILED), detail=reason, hint=hint)
        case _:
            raise _unexpected(outcome)


def _with_advice(item: ReportItem, place: str) -> ReportItem:
    sites = (site.workflow for site in item.ref.sites)
    workflow = next(iter((*item.needed_by, *sites)), "")
    advice = advice_for(item.ref, item.state, workflow, item.found, item.candidates, place)
    return replace(item, hint=item.hint or advice.hint, next=advice.command)


def _at(item: ReportItem, file: LocalFile) -> ReportItem:
    return replace(item, path=file.path, size=file.size)


def _path(target: Target) -> str:
    separator = "" if target.root.endswith(("/", "\\")) else "/"
    return f"{target.root}{separator}{target.name}"


def _key(ref: ModelRef) -> tuple[str, str]:
    return ref.folder, ref.name


def _of(ref: ModelRef, said: dict[tuple[str, str], list[tuple[ModelRef, _T]]]) -> _T | None:
    """What a stage said of this ref; where it spoke of several that were merged into this one, of the most needed."""
    about = said.get(_key(ref), ())
    exact = next((value for other, value in about if other == ref), None)
    if exact is not None or not about:
        return exact
    return min(about, key=lambda row: _STATUS_ORDER.index(row[0].status))[1]


def _refs_of(step: Step | Outcome) -> Sequence[ModelRef]:
    match step:
        case Keep(ref=ref) | Link(ref=ref) | Blocked(ref=ref):
            return (ref,)
        case (
            Download(refs=refs) | Placed(download=Download(refs=refs)) | Failed(download=Download(refs=refs))
        ):
            return refs
        case _:
            raise _unexpected(step)


def _unexpected(value: NoReturn) -> AssertionError:
    """As `typing.assert_never`, whose import costs more than a report."""
    return AssertionError(f"nobody expected {value!r}")
