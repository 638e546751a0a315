"""Workflow files, read: those named, those in folders, and what comes in by standard input."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from wfdeps import TYPE_CHECKING
from wfdeps.disk.filesystem import whole_file
from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
from wfdeps.errors import UsageError, WfdepsError, os_error_words
from wfdeps.values import dataclass, replace
from wfdeps.workflow.containers.sniff import CONTAINER_ENDINGS
from wfdeps.workflow.limits import MAX_FILE_BYTES
from wfdeps.workflow.loaders import default_table
from wfdeps.workflow.read import Reading, ReadOptions, read_workflow

if TYPE_CHECKING:
    from typing import Any

    from wfdeps.wiring.doors import Doors

WORKFLOW_ENDINGS = (*CONTAINER_ENDINGS, ".zip")
"""What a folder is searched for."""


@dataclass(frozen=True, slots=True)
class WorkflowFiles:
    """Which files are to be read, and how."""

    paths: tuple[str, ...]
    """Files, folders, or `-` for standard input."""
    include_inactive: bool = False
    """Muted and bypassed nodes count as required."""
    object_info: str | None = None
    """A saved `/object_info`, or the address of a running ComfyUI."""
    with_packs: bool = False
    """The loaders of the custom packs that are installed here are known, by their sources."""


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """What was read, in the order of the paths."""

    readings: tuple[Reading, ...]
    left_out: tuple[UnreadableWorkflow, ...]
    """Files of a folder that hold no workflow."""


def read_files(
    files: WorkflowFiles,
    doors: Doors,
    *,
    standard_input: Callable[[int], bytes] = lambda at_most: b"",
    hashed: bool = True,
) -> ReadFiles:
    """Every workflow of these files; one that cannot be read is a value too. Raises as `read_options` does.

    In a folder, files that hold something else than a workflow are left out: nobody claimed they had one. A JSON file
    that is none is not such a file: a workflow that was cut must not go unseen. Raises UsageError for a folder without
    any workflow. `standard_input` returns at most so many bytes of it; `hashed`: with the SHA-256 of each file.
    """
    options = replace(read_options(files, doors), hashed=hashed)
    readings: list[Reading] = []
    left_out: list[UnreadableWorkflow] = []
    for path in files.paths:
        if path == "-":
            readings.extend(_read(path, standard_input(MAX_FILE_BYTES + 1), options))
        elif os.path.isdir(path):
            of_folder = _read_folder(path, options)
            readings.extend(of_folder.readings)
            left_out.extend(of_folder.left_out)
        else:
            readings.extend(read_file(path, options))
    return ReadFiles(tuple(readings), tuple(left_out))


def _read_folder(folder: str, options: ReadOptions) -> ReadFiles:
    """The workflows below a folder. Raises UsageError where there is none: nothing was checked is not "all is ready"."""
    readings: list[Reading] = []
    left_out: list[UnreadableWorkflow] = []
    for path in sorted(_files_below(folder)):
        if os.path.exists(path) and not os.path.isfile(path):  # reading a pipe could wait for ever
            left_out.append(
                UnreadableWorkflow(path, f"`{path}` is no file but a folder, a pipe, a socket or a device")
            )
            continue
        results = read_file(path, options)
        if any(isinstance(result, WorkflowRefs) for result in results) or _is_broken_json(path):
            readings.extend(results)
        else:
            left_out.extend(result for result in results[:1] if isinstance(result, UnreadableWorkflow))
    if readings:
        return ReadFiles(tuple(readings), tuple(left_out))
    if not left_out:
        raise UsageError(f"no workflow files in `{folder}`", hint="name a workflow file, or a folder of them")
    first = left_out[0]
    name = f"`{os.path.relpath(first.path, folder)}`"
    more = f"{name} holds" if len(left_out) == 1 else f"{name} and {len(left_out) - 1} more hold"
    raise UsageError(
        f"no workflow in `{folder}`: {more} none",
        hint=first.hint or "name a workflow file, or a folder of them",
    )


def read_options(files: WorkflowFiles, doors: Doors) -> ReadOptions:
    """How these files are to be read. Raises ConfigError, UsageError, SourceError for tables that cannot be."""
    options = ReadOptions(include_inactive=files.include_inactive)
    if doors.settings.nodes:
        from wfdeps.workflow.node_rows import own_rows  # few have rows of their own

        options = replace(options, rows=own_rows(doors.settings.nodes))
    if files.object_info:
        from wfdeps.jobs.object_info import load_object_info  # few know a running ComfyUI

        info, lists = load_object_info(files.object_info, doors)
        options = replace(options, object_info=info, model_lists=lists)
    elif files.with_packs and (rows := _rows_of_packs(doors)):
        options = replace(options, rows={**rows, **options.rows})
    return options


def _rows_of_packs(doors: Doors) -> dict[str, Any]:
    """Rows for the loaders of installed packs that our own table does not have."""
    try:
        library = doors.library_if_any()
        installed = library.installed() if library else None
    except WfdepsError:
        return {}  # the command says it when it asks for the library
    if installed is None:
        return {}
    table = default_table()
    return {
        node_class: row
        for pack in installed.packs
        for node_class, row in pack.rows.items()
        if table.raw(node_class) is None and node_class not in table.known
    }


def read_file(path: str, options: ReadOptions) -> tuple[Reading, ...]:
    """What each workflow in this file references, or why it cannot be read: at least one result."""
    try:
        data = whole_file(path, MAX_FILE_BYTES) if os.path.isfile(path) else _piped(path)
    except OSError as error:
        return (UnreadableWorkflow(path, f"cannot read `{path}`: {os_error_words(error)}"),)
    return _read(path, data, options)


def _read(path: str, data: bytes, options: ReadOptions) -> tuple[Reading, ...]:
    if len(data) > MAX_FILE_BYTES:
        return (UnreadableWorkflow(path, f"`{path}` is larger than {MAX_FILE_BYTES // 2**20} MiB"),)
    return read_workflow(data, path, options=options)


def _piped(path: str) -> bytes:
    """What comes through a pipe that the person named, as `<(command)` of a shell is; one byte too many ends it."""
    body = bytearray()
    with open(path, "rb", buffering=0) as file:
        while len(body) <= MAX_FILE_BYTES and (some := file.read(1 << 20)):
            body += some
    return bytes(body)


def _is_broken_json(path: str) -> bool:
    if not (path.lower().endswith(".json") and os.path.isfile(path)):
        return False
    from json import loads

    try:
        loads(whole_file(path, MAX_FILE_BYTES))
    except (OSError, ValueError, RecursionError):
        return True
    return False


def _files_below(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(parent, name) for name in names if name.lower().endswith(WORKFLOW_ENDINGS))
