"""Workflow files from the line a person typed: files, folders, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
from wfdeps.errors import UsageError
from wfdeps.values import replace
from wfdeps.workflow.containers.sniff import CONTAINER_ENDINGS
from wfdeps.workflow.read import ReadOptions, read_workflow

if TYPE_CHECKING:
    import argparse
    from typing import Any

    from wfdeps.cli.context import Context

MAX_FILE = 512 * 2**20
"""Bytes of one file that are read at most: 512 MiB, more than any image or clip a workflow came in."""

WORKFLOW_ENDINGS = (*CONTAINER_ENDINGS, ".zip")
"""What a folder is searched for."""

Reading = WorkflowRefs | UnreadableWorkflow


def read_all(arguments: argparse.Namespace, context: Context, *, hashed: bool = True) -> tuple[Reading, ...]:
    """Every workflow of the files and folders on the line, in its order; one that cannot be read is a value too.

    In a folder, files that hold something else than a workflow are left out: nobody claimed they had one. A JSON file
    that is none is not such a file: a workflow that was cut must not go unseen. `hashed`: with the SHA-256 of each.
    """
    options = replace(reading_options(arguments, context), hashed=hashed)
    readings: list[Reading] = []
    left_out = 0
    for path, claimed in _expanded(arguments.workflows):
        found = tuple(_read(path, options))
        if claimed or isinstance(found[0], WorkflowRefs) or _is_broken_json(path):
            readings.extend(found)
        else:
            left_out += 1
            if context.settings.verbosity > 0:
                context.err(f"left out {path}: {found[0].message}")
    if left_out:
        from wfdeps.report.sizes import count_text

        context.err(
            f"note: left out {count_text(left_out, 'file')} without a workflow"
            + ("" if context.settings.verbosity else " (-v names them)")
        )
    return tuple(readings)


def _is_broken_json(path: str) -> bool:
    if not path.lower().endswith(".json"):
        return False
    from json import loads

    try:
        loads(_bytes_of(path) or b"")
    except (OSError, ValueError, RecursionError):
        return True
    return False


def reading_options(arguments: argparse.Namespace, context: Context) -> ReadOptions:
    """How workflows are to be read: from the flags and the config file. Raises ConfigError, UsageError, SourceError."""
    rows = context.settings.nodes
    own = _own_rows(rows) if rows else {}
    if not arguments.object_info:
        return ReadOptions(include_inactive=arguments.include_inactive, rows=own)
    from wfdeps.cli.object_info import load_object_info  # few know a running ComfyUI

    info, lists = load_object_info(arguments.object_info, context)
    return ReadOptions(arguments.include_inactive, rows=own, object_info=info, model_lists=lists)


def _own_rows(table: Mapping[str, Any]) -> Mapping[str, Any]:
    from wfdeps.workflow.node_rows import own_rows  # few have rows of their own

    return own_rows(table)


def _read(path: str, options: ReadOptions) -> Iterable[Reading]:
    try:
        data = _bytes_of(path)
    except OSError as error:
        return (UnreadableWorkflow(path, f"cannot read `{path}`: {error.strerror or error}"),)
    if data is None:
        return (UnreadableWorkflow(path, f"`{path}` is larger than {MAX_FILE // 2**20} MiB"),)
    return read_workflow(data, path, options=options)


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
