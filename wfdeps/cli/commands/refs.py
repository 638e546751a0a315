"""`wfdeps refs`: what a workflow references. Touches no disk beyond the files named, and no network."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, USAGE
from wfdeps.cli.options import add_reading_options, add_workflows, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.domain.refs import UnreadableWorkflow
from wfdeps.workflow.read import Reading

if TYPE_CHECKING:
    import argparse

EXAMPLE = "wfdeps refs workflow.json --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_workflows(parser)
    parser.add_argument("--json", action="store_true", help="the same as --format json")
    parser.add_argument("--format", choices=("text", "json", "ndjson"), default="text", help="default: text")
    add_reading_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    form = "json" if arguments.json else arguments.format
    readings = read_all(workflow_files(arguments), context, hashed=form != "text")
    context.out(_text(readings, form, context))
    unreadable = any(isinstance(reading, UnreadableWorkflow) for reading in readings)
    return USAGE if unreadable else READY


def _text(readings: tuple[Reading, ...], form: str, context: Context) -> str:
    if form == "text":
        from wfdeps.report import refs_text
        from wfdeps.report.wording import View

        return refs_text.render(readings, View(color=context.colors(context.stdout)))
    from wfdeps.report import refs_json

    return refs_json.render(readings) if form == "json" else refs_json.render_lines(readings)
