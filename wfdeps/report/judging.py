"""From states to one word and one exit code.

A definite lack outranks a failed download, and that outranks an undecided one: the code says what would
still be wrong after the trouble has passed. What ComfyUI would stop at when it starts, or when it loads a file that is
there, is never ready. See decision 0701.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import RefState
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.domain.refs import STOPS_COMFYUI, Notice, UnreadableWorkflow
from wfdeps.domain.reports import ExitPolicy, FailOn, ReportItem, ReportVerdict, WorkflowVerdict

if TYPE_CHECKING:
    from wfdeps.domain.nodes import Absent

TROUBLE: dict[RefState, FailOn | None] = {
    RefState.PRESENT: None,
    RefState.PRESENT_ELSEWHERE: FailOn.MISSING,
    RefState.WRONG_FOLDER: FailOn.MISSING,
    RefState.WRONG_HASH: FailOn.HASH,
    RefState.CORRUPT: FailOn.HASH,
    RefState.MISSING: FailOn.MISSING,
    RefState.RESOLVED: FailOn.MISSING,
    RefState.AMBIGUOUS: FailOn.AMBIGUOUS,
    RefState.UNRESOLVED: FailOn.MISSING,
    RefState.OPTIONAL: None,
    RefState.GATED: FailOn.MISSING,
    RefState.EARLY_ACCESS: FailOn.MISSING,
    RefState.UNAVAILABLE: FailOn.MISSING,
    RefState.REFUSED: FailOn.POLICY,
    RefState.UNDECIDED: FailOn.UNDECIDED,
    RefState.FAILED: FailOn.FAILED,
    RefState.INVISIBLE: FailOn.MISSING,
    RefState.AUTO_DOWNLOAD: FailOn.RUNTIME,
    RefState.PLACEHOLDER: FailOn.MISSING,
    RefState.INACTIVE: None,
    RefState.UNREACHABLE: None,
    RefState.INERT: None,
}
"""What each state counts as."""

_VERDICT: tuple[tuple[FailOn, ReportVerdict], ...] = (
    (FailOn.MISSING, ReportVerdict.MISSING),
    (FailOn.HASH, ReportVerdict.MISSING),
    (FailOn.POLICY, ReportVerdict.MISSING),
    (FailOn.LOAD, ReportVerdict.BROKEN),
    (FailOn.AMBIGUOUS, ReportVerdict.AMBIGUOUS),
    (FailOn.FAILED, ReportVerdict.FAILED),
    (FailOn.UNDECIDED, ReportVerdict.UNDECIDED),
)
"""The first row that applies is the word."""

_LINT = {LintLevel.ERROR: FailOn.LINT_ERROR, LintLevel.WARNING: FailOn.LINT_WARNING}
_LATER = {FailOn.FAILED: 4, FailOn.UNDECIDED: 3}
_UNMET, _UNREADABLE = 1, 2


def trouble_of(state: RefState, *, attempted: bool) -> FailOn | None:
    """What a state counts as. Once a download was attempted, a closed door is undecided: a login may open it."""
    if attempted and state is RefState.GATED:
        return FailOn.UNDECIDED
    return TROUBLE[state]


def verdict_of(
    items: Iterable[ReportItem],
    *,
    lints: Iterable[Lint],
    warnings: Iterable[Notice],
    refused: bool,
    attempted: bool,
) -> ReportVerdict:
    """One word for a set of items. `refused`: ComfyUI itself says that a node or an input file is not there."""
    troubles = {trouble_of(item.state, attempted=attempted) for item in items}
    if refused:
        troubles.add(FailOn.MISSING)
    if any(lint.stops for lint in lints) or not starts(warnings):
        troubles.add(FailOn.LOAD)
    return next((word for trouble, word in _VERDICT if trouble in troubles), ReportVerdict.READY)


def verdict_of_all(
    verdict: ReportVerdict, workflows: Sequence[WorkflowVerdict | UnreadableWorkflow]
) -> ReportVerdict:
    """The word for all workflows, given that for all their files: where one was not read, or there is none, nothing is ready."""
    whole = workflows and not any(isinstance(workflow, UnreadableWorkflow) for workflow in workflows)
    return verdict if whole or verdict is not ReportVerdict.READY else ReportVerdict.UNDECIDED


def starts(warnings: Iterable[Notice]) -> bool:
    """Whether ComfyUI starts with the configuration that is here."""
    return not any(notice.code == STOPS_COMFYUI for notice in warnings)


def lint_troubles(lint: Lint) -> set[FailOn]:
    """What a remark counts as."""
    level = _LINT.get(lint.level)
    return ({level} if level else set()) | ({FailOn.LOAD} if lint.stops else set())


def absent_troubles(absent: Absent) -> set[FailOn]:
    """What absent nodes and inputs count as; what ComfyUI itself says is not there is missing as a model is."""
    troubles: set[FailOn] = set()
    if any(node.judged for node in absent.nodes):
        troubles.add(FailOn.NODE)
    if absent.inputs:
        troubles.add(FailOn.INPUT)
    if absent.refused:
        troubles.add(FailOn.MISSING)
    return troubles


def exit_code(
    items: Iterable[ReportItem],
    workflows: Sequence[WorkflowVerdict | UnreadableWorkflow],
    *,
    lints: Iterable[Lint],
    room: Sequence[str],
    warnings: Sequence[Notice],
    absent: Absent | None,
    policy: ExitPolicy,
    attempted: bool,
) -> int:
    """0 ready, 1 unmet, 2 unreadable or bad config, 3 could not decide, 4 some downloads failed.

    2 is: no workflow, one that cannot be read, or a configuration with which ComfyUI does not start.
    """
    unread = any(isinstance(workflow, UnreadableWorkflow) for workflow in workflows)
    if not workflows or unread or not starts(warnings):
        return _UNREADABLE
    if policy.exit_zero:
        return 0
    troubles = {trouble_of(item.state, attempted=attempted) for item in items}
    troubles = troubles.union(*map(lint_troubles, lints))
    if absent:
        troubles |= absent_troubles(absent)
    if room:
        troubles.add(FailOn.ROOM)
    if warnings or any(isinstance(workflow, WorkflowVerdict) and workflow.warnings for workflow in workflows):
        troubles.add(FailOn.WARNING)
    counted = troubles & policy.counted
    if counted - _LATER.keys():
        return _UNMET
    return max((_LATER[trouble] for trouble in counted if trouble is not None), default=0)
