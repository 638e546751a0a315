"""The first stage: what the workflows need, and how each ref stands against the library. No network."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.merging import merge_refs
from wfdeps.domain.refs import ModelRef, RefStatus, UnreadableWorkflow, WorkflowRefs
from wfdeps.match.local import find_local
from wfdeps.pipeline.comparing import A_MOMENT, read_for_hashes, with_uncompared_noted
from wfdeps.values import dataclass, replace

if TYPE_CHECKING:
    from wfdeps.ports import Library


OPTIONAL = "marked optional: the run may go without it"


@dataclass(frozen=True, slots=True)
class Survey:
    """What was read, and one finding for each distinct ref of all workflows."""

    readings: tuple[WorkflowRefs | UnreadableWorkflow, ...]
    findings: tuple[Finding, ...]

    @property
    def workflows(self) -> tuple[WorkflowRefs, ...]:
        return tuple(reading for reading in self.readings if isinstance(reading, WorkflowRefs))

    @property
    def needed(self) -> tuple[Finding, ...]:
        """Those of the refs that a run of the workflows requires."""
        return tuple(finding for finding in self.findings if finding.ref.status is RefStatus.REQUIRED)


def survey(
    readings: Iterable[WorkflowRefs | UnreadableWorkflow],
    library: Library,
    is_optional: Callable[[ModelRef], bool] = lambda ref: False,
    *,
    read_at_most: int = A_MOMENT,
) -> Survey:
    """How every ref of these workflows stands. Raises LibraryError where no model folder can be read.

    `is_optional` says what a person marked so; it is asked of missing files only. `read_at_most` bytes of files whose
    hash a workflow tells are read for it, where they never were.
    """
    readings = tuple(readings)
    refs = merge_refs(
        ref for reading in readings if isinstance(reading, WorkflowRefs) for ref in reading.refs
    )
    looked_for = [ref for ref in refs if ref.status not in _NOT_LOOKED_FOR]
    inventory = library.inventory(looked_for)
    found = {ref: find_local(ref, inventory) for ref in looked_for}
    if read := read_for_hashes(found.values(), library, at_most=read_at_most):
        inventory = inventory.knowing(read)
        found = {ref: find_local(ref, inventory) for ref in looked_for}
    return Survey(
        readings,
        tuple(
            _as_marked(with_uncompared_noted(found[ref]), is_optional) if ref in found else _as_status(ref)
            for ref in refs
        ),
    )


# A ref that is no file here: its status is its state.
_NOT_LOOKED_FOR = {
    RefStatus.AUTO_DOWNLOAD: RefState.AUTO_DOWNLOAD,
    RefStatus.INACTIVE: RefState.INACTIVE,
    RefStatus.UNREACHABLE: RefState.UNREACHABLE,
    RefStatus.PLACEHOLDER: RefState.PLACEHOLDER,
    RefStatus.INERT: RefState.INERT,
}


_NOT_AT_HAND = frozenset({RefState.MISSING, RefState.PRESENT_ELSEWHERE, RefState.WRONG_FOLDER})


def _as_marked(finding: Finding, is_optional: Callable[[ModelRef], bool]) -> Finding:
    if finding.state in _NOT_AT_HAND and is_optional(finding.ref):
        return replace(finding, state=RefState.OPTIONAL, detail=OPTIONAL)
    return finding


def _as_status(ref: ModelRef) -> Finding:
    return Finding(ref, _NOT_LOOKED_FOR[ref.status], detail=ref.why)
