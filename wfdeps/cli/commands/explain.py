"""`wfdeps explain`: ComfyUI's own error → what is missing, where it should be, how to get it."""

from __future__ import annotations

import argparse
import sys

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_library_options, add_reading_options, library_words, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.errors import UsageError, os_error_words
from wfdeps.jobs.explain import explain_errors
from wfdeps.jobs.reading import read_options
from wfdeps.report.explanation import render_json, render_text
from wfdeps.report.wording import View

EXAMPLE = "wfdeps explain error.json --workflow workflow.json --comfyui ~/ComfyUI"

MAX_BYTES = 64 * 2**20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "error",
        metavar="ERROR",
        help="the answer to POST /prompt, an execution error or a piece of log, in a file; - for standard input",
    )
    parser.add_argument(
        "--workflow",
        dest="workflows",
        action="append",
        default=[],
        metavar="WORKFLOW",
        help="the workflow that was refused: its own hashes and URLs help",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document, wfdeps/explain/1")
    add_reading_options(parser)
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    text = _read(arguments.error)
    library = context.doors.library_if_any()
    files = workflow_files(arguments)
    options = read_options(files, context.doors)
    explanations = explain_errors(
        text, library, read_all(files, context), options, place=library_words(arguments)
    )
    if not explanations:
        raise UsageError(
            f"no ComfyUI error in `{arguments.error}`",
            hint="save the body of the refused POST /prompt, or the lines of ComfyUI's log",
        )
    if library is None:
        context.err("note: no model folders are named or found; what is here is not looked at")
    if arguments.json:
        context.out(render_json(explanations))
    else:
        context.out(render_text(explanations, View(color=context.colors(context.stdout))))
    return READY


def _read(path: str) -> str:
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {os_error_words(error)}") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"`{path}` is larger than {MAX_BYTES // 2**20} MiB")
    return data.decode("utf-8-sig", "replace")
