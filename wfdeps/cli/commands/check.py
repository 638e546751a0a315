"""`wfdeps check`: whether workflows can run here. Offline unless `--online`; imports nothing heavy."""

from __future__ import annotations

from functools import partial

from wfdeps import TYPE_CHECKING
from wfdeps.cli.context import Context
from wfdeps.cli.options import (
    add_library_options,
    add_policy_option,
    add_reading_options,
    add_resolving_options,
    add_workflows,
    workflow_files,
)
from wfdeps.cli.output import add_report_options, report_wishes, show_report
from wfdeps.cli.reading import read_all
from wfdeps.jobs.check import check, check_online

if TYPE_CHECKING:
    import argparse

EXAMPLE = "wfdeps check --comfyui ~/ComfyUI workflow.png && runpodctl create pod …"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_workflows(parser)
    parser.add_argument(
        "--online",
        action="store_true",
        help="also say how each missing file would be resolved, its size, and whether it can be downloaded from here",
    )
    parser.add_argument(
        "--watch", action="store_true", help="check again whenever a workflow or a model folder changes"
    )
    add_policy_option(parser)
    add_reading_options(parser)
    add_library_options(parser)
    add_resolving_options(parser)
    add_report_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.watch:
        from wfdeps.cli.watching import watch

        return watch(partial(_check, arguments), arguments.workflows, context)
    return _check(arguments, context)


def _check(arguments: argparse.Namespace, context: Context) -> int:
    wishes = report_wishes(arguments)
    readings = read_all(workflow_files(arguments), context, hashed=wishes.needs_hashes)
    if arguments.online:
        checked = check_online(readings, context.doors, context.reporter, place=wishes.place)
    else:
        checked = check(readings, context.doors, place=wishes.place)
    show_report(checked.report, wishes, context, surveyed=checked.surveyed, resolutions=checked.resolutions)
    return checked.report.exit_code
