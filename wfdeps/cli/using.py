"""Which files of the library a set of workflows uses."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.reading import read_all
from wfdeps.domain.refs import ModelRef, UnreadableWorkflow
from wfdeps.library import LocalLibrary
from wfdeps.match.local import find_local


def users_of(
    arguments: argparse.Namespace, context: Context, library: LocalLibrary
) -> dict[str, tuple[str, ...]]:
    """Path of each used file → the workflows that name it, muted nodes included: what is muted may be wanted again."""
    users: dict[str, dict[str, None]] = {}
    pairs: list[tuple[str, ModelRef]] = []
    for reading in read_all(arguments, context):
        if isinstance(reading, UnreadableWorkflow):
            context.err(f"warning: {reading.message}")
        else:
            pairs += [(reading.path, ref) for ref in reading.refs]
    inventory = library.inventory([ref for _, ref in pairs])
    for workflow, ref in pairs:
        for file in find_local(ref, inventory).files:
            users.setdefault(file.path, {})[workflow] = None
    return {path: tuple(sorted(workflows)) for path, workflows in users.items()}
