"""Which files of the library a set of workflows uses."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from wfdeps.disk.filesystem import inode_of, inside
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
    """Path of each used file of the library → the workflows that use it, muted nodes included: what is muted may be
    wanted again.

    A file is used under all of its names: the target of a link that a workflow names, a hard link of it, and what lies
    in a folder that is a model. Raises WorkflowError for one that cannot be read: what it uses must not look unused.
    """
    users: dict[str, dict[str, None]] = {}
    pairs: list[tuple[str, ModelRef]] = []
    for reading in all_readable(readings):
        pairs += [(reading.path, ref) for ref in reading.refs]
    inventory = library.inventory([ref for _, ref in pairs])
    for workflow, ref in pairs:
        for file in find_local(ref, inventory).files:
            users.setdefault(file.path, {})[workflow] = None
    return {path: tuple(sorted(workflows)) for path, workflows in _under_all_names(users, library).items()}


def _under_all_names(users: Mapping[str, Iterable[str]], library: LocalLibrary) -> dict[str, set[str]]:
    """The users of each file of the library, by whichever of its names they use it."""
    by_inode: dict[tuple[int, int], set[str]] = {}
    folders: list[tuple[str, Iterable[str]]] = []
    for path, workflows in users.items():
        if os.path.isdir(path):
            folders.append((path, workflows))
        elif inode := inode_of(path):
            by_inode.setdefault(inode, set()).update(workflows)
    found: dict[str, set[str]] = {}
    for file in library.files():
        inode = inode_of(file.path)
        names = set(users.get(file.path, ())) | (by_inode.get(inode, set()) if inode else set())
        for folder, workflows in folders:
            if inside(folder, file.path):
                names.update(workflows)
        if names:
            found[file.path] = names
    return found
