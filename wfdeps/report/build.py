"""Readings, findings, resolutions, steps and outcomes → one report with one item a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.domain.merging import merge_refs
from wfdeps.domain.refs import NEEDED, ModelRef, Notice, RefStatus, UnreadableWorkflow, WorkflowRefs
from wfdeps.domain.reports import (
    CheckReport,
    ExitPolicy,
    FileSystemTotal,
    ReportItem,
    WorkflowVerdict,
)
from wfdeps.report.judging import exit_code, verdict_of, verdict_of_all
from wfdeps.report.states import advice_for
from wfdeps.report.totals import bytes_to_fetch, floors, present, required, total
from wfdeps.values import dataclass, replace

if TYPE_CHECKING:
    from typing import TypeVar

    from wfdeps.domain.findings import Finding
    from wfdeps.domain.nodes import Absent
    from wfdeps.domain.outcomes import Outcome
    from wfdeps.domain.plans import Plan, Step
    from wfdeps.domain.resolutions import Resolution

    _T = TypeVar("_T")


_LINT_ORDER = tuple(LintLevel)
_Place = tuple[str, str]


def build_report(
    workflows: Sequence[WorkflowRefs | UnreadableWorkflow],
    findings: Sequence[Finding],
    resolutions: Sequence[Resolution] | None = None,
    plan: Plan | None = None,
    outcomes: Sequence[Outcome] | None = None,
    *,
    after: Sequence[Finding] = (),
    lints: Sequence[Lint] = (),
    room: Sequence[str] = (),
    file_systems: Sequence[FileSystemTotal] = (),
    warnings: Sequence[Notice] = (),
    absent: Absent | None = None,
    policy: ExitPolicy | None = None,
    place: str = "",
) -> CheckReport:
    """The report on these workflows, as far as the stages got: None for a stage that did not run.

    Findings, resolutions, steps and outcomes may speak of a workflow's own refs or of merged ones. A required
    ref nobody spoke of is `undecided`. `after`: what is found in the model folders once there are outcomes; it has the
    last word on what is there. `place`: the options that named the model folders, for commands to paste.
    """
    knowledge = gather(findings, resolutions or (), plan.steps if plan else (), outcomes or (), after)
    refs = merge_refs(
        ref for workflow in workflows if isinstance(workflow, WorkflowRefs) for ref in workflow.refs
    )
    needed_by = _needed_by(workflows)
    items = {
        ref.key: build_item(ref, knowledge, needed_by.get(ref.key, ()), place)
        for ref in sorted(refs, key=lambda ref: ref.key)
    }
    attempted = outcomes is not None
    refused = absent.refused if absent else ()
    rows = tuple(
        _judge(workflow, items, lints, warnings, refused, attempted=attempted) for workflow in workflows
    )
    verdict = verdict_of(
        items.values(), lints=lints, warnings=warnings, refused=bool(refused), attempted=attempted
    )
    return CheckReport(
        verdict=verdict_of_all(verdict, rows),
        exit_code=exit_code(
            items.values(),
            rows,
            lints=lints,
            room=room,
            warnings=warnings,
            absent=absent,
            policy=policy or ExitPolicy(),
            attempted=attempted,
        ),
        totals=total(tuple(items.values()), outcomes or (), file_systems),
        workflows=rows,
        items=tuple(items.values()),
        lints=tuple(sorted(lints, key=lambda lint: (_LINT_ORDER.index(lint.level), lint.code, lint.names))),
        room=tuple(room),
        warnings=tuple(warnings),
        nodes=absent.nodes if absent else (),
        inputs=absent.inputs if absent else (),
    )


def _needed_by(workflows: Iterable[WorkflowRefs | UnreadableWorkflow]) -> dict[_Place, tuple[str, ...]]:
    """Which workflows a file is required in, in the order they were given."""
    workflows_of: dict[_Place, dict[str, None]] = {}
    for workflow in workflows:
        if isinstance(workflow, WorkflowRefs):
            for ref in workflow.refs:
                if ref.status in NEEDED:
                    workflows_of.setdefault(ref.key, {})[workflow.path] = None
    return {place: tuple(paths) for place, paths in workflows_of.items()}


def _judge(
    workflow: WorkflowRefs | UnreadableWorkflow,
    items: Mapping[_Place, ReportItem],
    lints: Iterable[Lint],
    warnings: Iterable[Notice],
    refused: Collection[str],
    *,
    attempted: bool,
) -> WorkflowVerdict | UnreadableWorkflow:
    """One workflow by its own needs: what another one needs does not count here."""
    if isinstance(workflow, UnreadableWorkflow):
        return workflow
    places = dict.fromkeys(ref.key for ref in workflow.refs if ref.status in NEEDED)
    needed = required(items[place] for place in places)
    return WorkflowVerdict(
        path=workflow.path,
        format=workflow.format,
        container=workflow.container,
        sha256=workflow.sha256,
        verdict=verdict_of(
            needed,
            lints=[lint for lint in lints if any(site.workflow == workflow.path for site in lint.sites)],
            warnings=warnings,
            refused=workflow.path in refused,
            attempted=attempted,
        ),
        required=len(needed),
        present=len(present(needed)),
        bytes_to_fetch=bytes_to_fetch(needed),
        warnings=workflow.warnings,
        weights=floors(needed),
    )


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
    after: dict[tuple[str, str], list[tuple[ModelRef, Finding]]]


def gather(
    findings: Iterable[Finding],
    resolutions: Iterable[Resolution],
    steps: Iterable[Step],
    outcomes: Iterable[Outcome],
    after: Iterable[Finding] = (),
) -> Knowledge:
    """What each stage said, by the ref it said it of (merged or not)."""
    knowledge = Knowledge({}, {}, {}, {}, {})
    for finding in findings:
        knowledge.findings.setdefault(finding.ref.key, []).append((finding.ref, finding))
    for finding in after:
        knowledge.after.setdefault(finding.ref.key, []).append((finding.ref, finding))
    for resolution in resolutions:
        knowledge.resolutions.setdefault(resolution.ref.key, []).append((resolution.ref, resolution))
    for step in steps:
        for ref in _refs_of(step):
            knowledge.steps.setdefault(ref.key, []).append((ref, step))
    for outcome in outcomes:
        for ref in _refs_of(outcome):
            knowledge.outcomes.setdefault(ref.key, []).append((ref, outcome))
    return knowledge


def build_item(
    ref: ModelRef, knowledge: Knowledge, needed_by: tuple[str, ...] = (), place: str = ""
) -> ReportItem:
    """One item: the last stage that spoke of the ref has the last word on its state."""
    finding = _of(ref, knowledge.findings)
    resolution = _of(ref, knowledge.resolutions)
    item = replace(_item_of(ref, _latest_finding(finding, resolution)), needed_by=needed_by)
    step = _of(ref, knowledge.steps)
    outcome = _of(ref, knowledge.outcomes)
    if resolution or step or outcome:
        from wfdeps.report.stages import with_stages  # an offline check ends with the findings

        item = with_stages(item, resolution, step, outcome)
    if found := _of(ref, knowledge.after):
        from wfdeps.report.stages import as_found_after  # only what changed something has one

        item, finding = as_found_after(item, found), found
    if ref.status in _NOT_RUN and item.state is not RefState.PRESENT:
        item = replace(item, state=_NOT_RUN[ref.status], detail=ref.why or item.detail)
    return _with_advice(item, place, told_online=finding is None or finding.state is not item.state)


def _latest_finding(finding: Finding | None, resolution: Resolution | None) -> Finding | None:
    """What resolving found out about the model folders, else what the survey did."""
    if resolution is None:
        return finding
    from wfdeps.domain.resolutions import Present  # an offline check resolves nothing

    return resolution.finding if isinstance(resolution, Present) else finding


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


def _of(ref: ModelRef, by_key: dict[tuple[str, str], list[tuple[ModelRef, _T]]]) -> _T | None:
    """What a stage said of this ref; where it spoke of several that were merged into this one, of the most needed."""
    about = by_key.get(ref.key, ())
    exact = next((value for other, value in about if other == ref), None)
    if exact is not None or not about:
        return exact
    return min(about, key=lambda row: _STATUS_ORDER.index(row[0].status))[1]


def _refs_of(step: Step | Outcome) -> Sequence[ModelRef]:
    from wfdeps.report.stages import refs_of  # a check has neither

    return refs_of(step)
