"""The first stage: what the workflows need, and how each ref stands against the library. No network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.merging import merge_refs
from wfdeps.domain.refs import STAND_IN, ModelRef, Notice, RefStatus, UnreadableWorkflow, WorkflowRefs
from wfdeps.match.local import find_local
from wfdeps.match.local_first import is_name_alone
from wfdeps.pipeline.comparing import A_MOMENT, read_for_hashes, with_uncompared_noted
from wfdeps.values import dataclass, replace
from wfdeps.workflow.names import has_model_ending

if TYPE_CHECKING:
    from wfdeps.domain.files import Inventory
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
    readings = tuple(map(_with_stand_ins_needed, readings))
    refs = merge_refs(
        ref for reading in readings if isinstance(reading, WorkflowRefs) for ref in reading.refs
    )
    looked_for = [ref for ref in refs if ref.status not in _NOT_LOOKED_FOR]
    inventory = library.inventory(looked_for)
    found = _findings_of(looked_for, inventory)
    if read := read_for_hashes(found.values(), library, at_most=read_at_most):
        inventory = inventory.knowing(read)
        found = _findings_of(looked_for, inventory)
    return Survey(
        readings,
        tuple(
            _as_marked(with_uncompared_noted(found[ref]), is_optional) if ref in found else _as_status(ref)
            for ref in refs
        ),
    )


def with_bare_words_noted(surveyed: Survey) -> Survey:
    """The survey; a workflow is warned of a file whose name any model may have, where only its URL tells which is meant."""
    unproven = {finding.ref.key for finding in surveyed.findings if is_name_alone(finding)}
    if not unproven:
        return surveyed
    readings = tuple(
        replace(reading, warnings=(*reading.warnings, *_unproven(reading, unproven)))
        if isinstance(reading, WorkflowRefs)
        else reading
        for reading in surveyed.readings
    )
    return replace(surveyed, readings=readings)


def _unproven(reading: WorkflowRefs, keys: set[tuple[str, str]]) -> Iterator[Notice]:
    for ref in reading.refs:
        if ref.key in keys and ref.urls:
            yield Notice(
                "generic_name",
                f"`{ref.name}` is here, but that name proves nothing: --online compares it with {ref.urls[0]}",
            )


def _with_stand_ins_needed(
    reading: WorkflowRefs | UnreadableWorkflow,
) -> WorkflowRefs | UnreadableWorkflow:
    """The reading; `your_model.safetensors` is a file like any other in it: there if it is there, else missing."""
    if not isinstance(reading, WorkflowRefs) or not any(map(_is_file_name, reading.refs)):
        return reading
    return replace(
        reading,
        refs=tuple(
            replace(ref, status=RefStatus.REQUIRED) if _is_file_name(ref) else ref for ref in reading.refs
        ),
    )


def _is_file_name(ref: ModelRef) -> bool:
    return ref.status is RefStatus.PLACEHOLDER and ref.why == STAND_IN and has_model_ending(ref.name)


# A ref that is no file here: its status is its state.
_NOT_LOOKED_FOR = {
    RefStatus.AUTO_DOWNLOAD: RefState.AUTO_DOWNLOAD,
    RefStatus.INACTIVE: RefState.INACTIVE,
    RefStatus.UNREACHABLE: RefState.UNREACHABLE,
    RefStatus.INERT: RefState.INERT,
}


def _findings_of(refs: Iterable[ModelRef], inventory: Inventory) -> dict[ModelRef, Finding]:
    """How each ref stands; a word that is no file's name is an unfilled slot, unless something is called so."""
    found = {ref: find_local(ref, inventory) for ref in refs}
    for ref, finding in found.items():
        if ref.status is RefStatus.PLACEHOLDER and finding.state is not RefState.PRESENT:
            found[ref] = Finding(ref, RefState.PLACEHOLDER, detail=ref.why)
    return found


_NOT_AT_HAND = frozenset({RefState.MISSING, RefState.PRESENT_ELSEWHERE, RefState.WRONG_FOLDER})


def _as_marked(finding: Finding, is_optional: Callable[[ModelRef], bool]) -> Finding:
    if finding.state in _NOT_AT_HAND and is_optional(finding.ref):
        return replace(finding, state=RefState.OPTIONAL, detail=OPTIONAL)
    return finding


def _as_status(ref: ModelRef) -> Finding:
    return Finding(ref, _NOT_LOOKED_FOR[ref.status], detail=ref.why)
