"""`wfdeps embed`: what a lock knows, written into the workflow, so that the next person needs no search."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import add_reading_options, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.disk import writing
from wfdeps.errors import UsageError
from wfdeps.jobs.embed import embed_workflow
from wfdeps.jobs.sync import lock_at
from wfdeps.report.wording import count_text

EXAMPLE = "wfdeps embed workflow.json -o shared.json"
_IMAGES = (".png", ".webp")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workflows", nargs=1, metavar="WORKFLOW", help="a workflow file")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        required=True,
        help="a new .json, or a new .png or .webp from an image",
    )
    parser.add_argument("--lock", metavar="LOCK", default="wfdeps.lock", help="default: wfdeps.lock")
    parser.add_argument(
        "--all",
        action="store_true",
        help="also what was chosen by its name or URL, not only by hash or a person",
    )
    parser.add_argument(
        "--partial", action="store_true", help="exit with 0 though not every required file is embedded"
    )
    add_reading_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    (path,), out = arguments.workflows, arguments.output
    if path == "-":
        raise UsageError("embed takes a file, not standard input")
    made = embed_workflow(
        path,
        read_all(workflow_files(arguments), context),
        lock_at(arguments.lock),
        everything=arguments.all,
        as_image=out.lower().endswith(_IMAGES),
    )
    writing.write_new(out, made.data)
    context.err(f"embedded {count_text(len(made.models), 'file')} in {out}")
    for model in made.models:
        if not model.is_offered:
            context.err(
                f"note: {model.directory}/{model.name}: the frontend shows its URL and offers no download"
            )
    for omission in made.left_out:
        context.err(f"not embedded: {omission.what}: {omission.reason}")
    return UNMET if made.left_out and not arguments.partial else READY
