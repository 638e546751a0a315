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

    from wfdeps.cli.output import ReportWishes
    from wfdeps.jobs.reading import WorkflowFiles

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
    check_once = partial(_check, workflow_files(arguments), report_wishes(arguments), online=arguments.online)
    if arguments.watch:
        from wfdeps.cli.watching import watch

        return watch(check_once, arguments.workflows, context)
    return check_once(context)


def _check(files: WorkflowFiles, wishes: ReportWishes, context: Context, *, online: bool) -> int:
    readings = read_all(files, context, hashed=wishes.needs_hashes)
    if online:
        checked = check_online(readings, context.doors, context.reporter, place=wishes.place)
    else:
        checked = check(readings, context.doors, place=wishes.place)
    show_report(checked.report, wishes, context, surveyed=checked.surveyed, resolutions=checked.resolutions)
    return checked.report.exit_code
