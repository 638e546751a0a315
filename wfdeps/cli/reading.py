"""Workflow files from the line a person typed: files, folders, standard input."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator

from wfdeps.cli.context import Context
from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
from wfdeps.errors import UsageError
from wfdeps.workflow.read import ReadOptions, read_workflow

MAX_FILE = 512 * 2**20
"""Bytes of one file that are read at most: 512 MiB, more than any image or clip a workflow came in."""

WORKFLOW_ENDINGS = (
    ".json", ".png", ".apng", ".webp", ".jpg", ".jpeg", ".avif", ".mp4", ".mov", ".m4v", ".webm", ".mkv", ".flac",
    ".ogg", ".opus", ".mp3", ".glb", ".svg", ".latent", ".zip",
)  # fmt: skip
"""What a folder is searched for; a file named by itself may have any name."""

Reading = WorkflowRefs | UnreadableWorkflow


def read_all(arguments: argparse.Namespace, context: Context) -> tuple[Reading, ...]:
    """Every workflow of the files and folders on the line, in its order; one that cannot be read is a value too.

    In a folder, files without a workflow are left out: nobody claimed they had one.
    """
    options = reading_options(arguments, context)
    return tuple(
        reading
        for path, claimed in _expanded(arguments.workflows)
        for reading in _read(path, claimed, options)
    )


def reading_options(arguments: argparse.Namespace, context: Context) -> ReadOptions:
    """How workflows are to be read: from the flags and the config file."""
    return ReadOptions(include_inactive=arguments.include_inactive)


def _read(path: str, claimed: bool, options: ReadOptions) -> Iterable[Reading]:
    try:
        data = _bytes_of(path)
    except OSError as error:
        return (UnreadableWorkflow(path, f"cannot read `{path}`: {error.strerror or error}"),)
    if data is None:
        return (UnreadableWorkflow(path, f"`{path}` is larger than {MAX_FILE // 2**20} MiB"),)
    readings = read_workflow(data, path, options=options)
    return readings if claimed else tuple(one for one in readings if isinstance(one, WorkflowRefs))


def _bytes_of(path: str) -> bytes | None:
    if path == "-":
        data = sys.stdin.buffer.read(MAX_FILE + 1)
    else:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    return data if len(data) <= MAX_FILE else None


def _expanded(words: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each file, and whether the person named it itself."""
    for word in words:
        if word != "-" and os.path.isdir(word):
            found = sorted(_files_below(word))
            if not found:
                raise UsageError(
                    f"no workflow files in `{word}`", hint="name a workflow file, or a folder of them"
                )
            yield from ((path, False) for path in found)
        else:
            yield word, True


def _files_below(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(parent, name) for name in names if name.lower().endswith(WORKFLOW_ENDINGS))
