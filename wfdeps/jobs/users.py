"""Which files of the library a set of workflows uses."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.domain.refs import ModelRef, UnreadableWorkflow, WorkflowRefs
from wfdeps.errors import WorkflowError
from wfdeps.library import LocalLibrary
from wfdeps.match.local import find_local
from wfdeps.workflow.read import Reading


def all_readable(readings: Sequence[Reading]) -> tuple[WorkflowRefs, ...]:
    """The readings themselves. Raises WorkflowError for the first workflow that could not be read."""
    for reading in readings:
        if isinstance(reading, UnreadableWorkflow):
            name = f"`{reading.path}`"
            message = reading.message if name in reading.message else f"{name}: {reading.message}"
            raise WorkflowError(message, hint=reading.hint)
    return tuple(reading for reading in readings if isinstance(reading, WorkflowRefs))


def users_of_files(readings: Sequence[Reading], library: LocalLibrary) -> dict[str, tuple[str, ...]]:
    """Path of each used file → the workflows that name it, muted nodes included: what is muted may be wanted again.

    Raises WorkflowError for one that cannot be read: what it uses must not look unused.
    """
    users: dict[str, dict[str, None]] = {}
    pairs: list[tuple[str, ModelRef]] = []
    for reading in all_readable(readings):
        pairs += [(reading.path, ref) for ref in reading.refs]
    inventory = library.inventory([ref for _, ref in pairs])
    for workflow, ref in pairs:
        for file in find_local(ref, inventory).files:
            users.setdefault(file.path, {})[workflow] = None
    return {path: tuple(sorted(workflows)) for path, workflows in users.items()}
