"""`wfdeps check`: whether workflows can run here. Offline unless `--online`; imports nothing heavy."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.options import add_library_options, add_reading_options, add_resolving_options, add_workflows
from wfdeps.cli.output import add_report_options, exit_policy, show_report
from wfdeps.cli.reading import read_all
from wfdeps.domain.resolutions import Resolution
from wfdeps.pipeline.lint import find_misfits
from wfdeps.pipeline.survey import Survey, survey
from wfdeps.report.build import build_report

EXAMPLE = "wfdeps check --comfyui ~/ComfyUI workflow.png && runpodctl create pod …"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_workflows(parser)
    parser.add_argument(
        "--online",
        action="store_true",
        help="also say how each missing file would be resolved, its size, and whether it can be downloaded from here",
    )
    add_reading_options(parser)
    add_library_options(parser)
    add_resolving_options(parser)
    add_report_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    surveyed = survey(read_all(arguments, context), context.doors.library())
    resolutions = _resolutions(surveyed, arguments, context) if arguments.online else None
    lints = find_misfits(surveyed.workflows, surveyed.findings, resolutions or (), context.doors.library())
    report = build_report(
        surveyed.readings,
        surveyed.findings,
        resolutions,
        lints=lints,
        warnings=context.doors.library().notices,
        policy=exit_policy(arguments, context.settings),
    )
    show_report(report, arguments, context, surveyed=surveyed, resolutions=resolutions or ())
    return report.exit_code


def _resolutions(surveyed: Survey, arguments: argparse.Namespace, context: Context) -> tuple[Resolution, ...]:
    from wfdeps.cli.resolving import resolve_for  # an offline check never pays for resolving

    return resolve_for(surveyed, arguments, context, ask=False)
