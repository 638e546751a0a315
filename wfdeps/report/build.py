"""What every stage said → one CheckReport."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.domain.merging import merge_refs
from wfdeps.domain.refs import ModelRef, Notice, RefStatus, UnreadableWorkflow, WorkflowRefs
from wfdeps.domain.reports import (
    CheckReport,
    ExitPolicy,
    FileSystemTotal,
    ReportItem,
    ReportVerdict,
    WorkflowVerdict,
)
from wfdeps.report.items import build_item, gather
from wfdeps.report.judging import exit_code, verdict_of
from wfdeps.report.totals import bytes_to_fetch, present, required, total
from wfdeps.report.weights import floors

if TYPE_CHECKING:
    from wfdeps.domain.findings import Finding
    from wfdeps.domain.outcomes import Outcome
    from wfdeps.domain.plans import Plan
    from wfdeps.domain.resolutions import Resolution

_LINT_ORDER = tuple(LintLevel)
_Place = tuple[str, str]


def build_report(
    workflows: Sequence[WorkflowRefs | UnreadableWorkflow],
    findings: Sequence[Finding],
    resolutions: Sequence[Resolution] | None = None,
    plan: Plan | None = None,
    outcomes: Sequence[Outcome] | None = None,
    *,
    lints: Sequence[Lint] = (),
    room: Sequence[str] = (),
    file_systems: Sequence[FileSystemTotal] = (),
    warnings: Sequence[Notice] = (),
    policy: ExitPolicy | None = None,
    place: str = "",
) -> CheckReport:
    """The report on these workflows, as far as the stages got: None for a stage that did not run.

    Findings, resolutions, steps and outcomes may speak of a workflow's own refs or of merged ones. A required
    ref nobody spoke of is `undecided`. `place`: the options that named the model folders, for commands to paste.
    """
    knowledge = gather(findings, resolutions or (), plan.steps if plan else (), outcomes or ())
    refs = merge_refs(
        ref for workflow in workflows if isinstance(workflow, WorkflowRefs) for ref in workflow.refs
    )
    needed_by = _needed_by(workflows)
    items = {
        _place(ref): build_item(ref, knowledge, needed_by.get(_place(ref), ()), place)
        for ref in sorted(refs, key=_place)
    }
    attempted = outcomes is not None
    rows = tuple(_judge(workflow, items, attempted=attempted) for workflow in workflows)
    return CheckReport(
        verdict=_verdict(items.values(), rows, attempted=attempted),
        exit_code=exit_code(
            items.values(),
            rows,
            lints=lints,
            room=room,
            warnings=warnings,
            policy=policy or ExitPolicy(),
            attempted=attempted,
        ),
        totals=total(tuple(items.values()), outcomes or (), file_systems),
        workflows=rows,
        items=tuple(items.values()),
        lints=tuple(sorted(lints, key=lambda lint: (_LINT_ORDER.index(lint.level), lint.code, lint.names))),
        room=tuple(room),
        warnings=tuple(warnings),
    )


def _verdict(
    items: Iterable[ReportItem], rows: Iterable[WorkflowVerdict | UnreadableWorkflow], *, attempted: bool
) -> ReportVerdict:
    """The word for all; what could not be read may need anything, so nothing is ready with it."""
    verdict = verdict_of(items, attempted=attempted)
    unread = any(isinstance(row, UnreadableWorkflow) for row in rows)
    return ReportVerdict.UNDECIDED if unread and verdict is ReportVerdict.READY else verdict


def _needed_by(workflows: Iterable[WorkflowRefs | UnreadableWorkflow]) -> dict[_Place, tuple[str, ...]]:
    """Which workflows a file is required in, in the order they were given."""
    found: dict[_Place, dict[str, None]] = {}
    for workflow in workflows:
        if isinstance(workflow, WorkflowRefs):
            for ref in workflow.refs:
                if ref.status is RefStatus.REQUIRED:
                    found.setdefault(_place(ref), {})[workflow.path] = None
    return {place: tuple(paths) for place, paths in found.items()}


def _judge(
    workflow: WorkflowRefs | UnreadableWorkflow, items: Mapping[_Place, ReportItem], *, attempted: bool
) -> WorkflowVerdict | UnreadableWorkflow:
    """One workflow by its own needs: what another one needs does not count here."""
    if isinstance(workflow, UnreadableWorkflow):
        return workflow
    places = dict.fromkeys(_place(ref) for ref in workflow.refs if ref.status is RefStatus.REQUIRED)
    needed = required(items[place] for place in places)
    return WorkflowVerdict(
        path=workflow.path,
        format=workflow.format,
        container=workflow.container,
        sha256=workflow.sha256,
        verdict=verdict_of(needed, attempted=attempted),
        required=len(needed),
        present=len(present(needed)),
        bytes_to_fetch=bytes_to_fetch(needed),
        warnings=workflow.warnings,
        weights=floors(needed),
    )


def _place(ref: ModelRef) -> _Place:
    return ref.folder, ref.name
