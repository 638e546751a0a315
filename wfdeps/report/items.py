"""Refs, findings, resolutions, steps and outcomes → one item a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.reports import ReportItem
from wfdeps.domain.resolutions import Present, Resolution
from wfdeps.report.next_steps import advice_for
from wfdeps.values import dataclass, replace

if TYPE_CHECKING:
    from typing import TypeVar

    from wfdeps.domain.outcomes import Outcome
    from wfdeps.domain.plans import Step

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
    finding = _of(ref, knowledge.findings)
    resolution = _of(ref, knowledge.resolutions)
    latest = resolution.finding if isinstance(resolution, Present) else finding
    item = replace(_item_of(ref, latest), needed_by=needed_by)
    step = _of(ref, knowledge.steps)
    outcome = _of(ref, knowledge.outcomes)
    if resolution or step or outcome:
        from wfdeps.report.stages import with_stages  # an offline check ends with the findings

        item = with_stages(item, resolution, step, outcome)
    if ref.status in _NOT_RUN and item.state is not RefState.PRESENT:
        item = replace(item, state=_NOT_RUN[ref.status], detail=ref.why or item.detail)
    return _with_advice(item, place, told_online=finding is None or finding.state is not item.state)


def _item_of(ref: ModelRef, finding: Finding | None) -> ReportItem:
    """The item as the model folders alone tell it."""
    if finding is None:
        return ReportItem(ref, RefState.UNDECIDED, "the model folders were not looked at")
    item = ReportItem(
        ref,
        finding.state,
        detail=finding.detail,
        found=finding.files,
        respell=finding.respell,
        unlisted=finding.unlisted,
    )
    if finding.state is RefState.PRESENT and finding.files:
        return replace(item, size=finding.files[0].size, path=finding.files[0].path)
    return item


def _with_advice(item: ReportItem, place: str, *, told_online: bool) -> ReportItem:
    sites = (site.workflow for site in item.ref.sites)
    workflow = next(iter((*item.needed_by, *sites)), "")
    elsewhere = item.state is RefState.PRESENT_ELSEWHERE
    advice = advice_for(
        item.ref, item.state, workflow, item.found, item.candidates, place,
        respell=elsewhere and item.respell, unlisted=elsewhere and item.unlisted, told_online=elsewhere and told_online,
    )  # fmt: skip
    return replace(item, hint=item.hint or advice.hint, next=advice.command)


def _key(ref: ModelRef) -> tuple[str, str]:
    return ref.folder, ref.name


def _of(ref: ModelRef, said: dict[tuple[str, str], list[tuple[ModelRef, _T]]]) -> _T | None:
    """What a stage said of this ref; where it spoke of several that were merged into this one, of the most needed."""
    about = said.get(_key(ref), ())
    exact = next((value for other, value in about if other == ref), None)
    if exact is not None or not about:
        return exact
    return min(about, key=lambda row: _STATUS_ORDER.index(row[0].status))[1]


def _refs_of(one: Step | Outcome) -> Sequence[ModelRef]:
    from wfdeps.report.stages import refs_of  # a check has neither

    return refs_of(one)
