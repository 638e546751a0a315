"""Workflow files read for a command, and what the person is told of those that were left out."""

from __future__ import annotations

import sys

from wfdeps import TYPE_CHECKING
from wfdeps.jobs.reading import read_files

if TYPE_CHECKING:
    from wfdeps.cli.context import Context
    from wfdeps.jobs.reading import WorkflowFiles
    from wfdeps.workflow.read import Reading


def read_all(files: WorkflowFiles, context: Context, *, hashed: bool = True) -> tuple[Reading, ...]:
    """Every workflow of these files, as `jobs.reading.read_files` returns them; `-` is this process's own input."""
    read = read_files(files, context.doors, standard_input=_standard_input, hashed=hashed)
    if read.left_out:
        from wfdeps.report.wording import count_text

        if context.settings.verbosity > 0:
            for reading in read.left_out:
                context.err(f"left out {reading.path}: {reading.message}")
        context.err(
            f"note: left out {count_text(len(read.left_out), 'file')} without a workflow"
            + ("" if context.settings.verbosity else " (-v names them)")
        )
    return read.readings


def _standard_input(at_most: int) -> bytes:
    return sys.stdin.buffer.read(at_most)
