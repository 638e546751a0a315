"""`wfdeps check`: whether workflows can run here. Offline unless `--online`; imports nothing heavy."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.cli.context import Context
from wfdeps.cli.options import (
    add_library_options,
    add_policy_option,
    add_reading_options,
    add_resolving_options,
    add_workflows,
    library_words,
)
from wfdeps.cli.output import SHOW_HASHES, add_report_options, exit_policy, formats_of, show_report
from wfdeps.cli.reading import read_all
from wfdeps.domain.reports import FileSystemTotal
from wfdeps.domain.resolutions import Finding, Resolution
from wfdeps.pipeline.lint import find_misfits
from wfdeps.pipeline.survey import Survey, survey
from wfdeps.report.build import build_report

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

        return watch(_check, arguments, context)
    return _check(arguments, context)


def _check(arguments: argparse.Namespace, context: Context) -> int:
    hashed = bool(formats_of(arguments) & SHOW_HASHES)
    readings = read_all(arguments, context, hashed=hashed)
    surveyed = survey(readings, context.doors.library(), context.doors.is_optional)
    resolutions = _resolutions(surveyed, arguments, context) if arguments.online else None
    findings = _allowed(surveyed.findings, context)
    lints = find_misfits(surveyed.workflows, surveyed.findings, resolutions or (), context.doors.library())
    report = build_report(
        surveyed.readings,
        findings,
        resolutions,
        lints=lints,
        file_systems=_file_systems(resolutions, context) if resolutions else (),
        warnings=context.doors.library().notices,
        policy=exit_policy(arguments, context.settings),
        place=library_words(arguments),
    )
    show_report(report, arguments, context, surveyed=surveyed, resolutions=resolutions or ())
    return report.exit_code


def _allowed(findings: tuple[Finding, ...], context: Context) -> tuple[Finding, ...]:
    """The findings, judged by the policy where there is one."""
    if not context.settings.policy_file:
        return findings
    from wfdeps.jobs.policy import judged_findings, policy_rules

    rules = policy_rules(context.settings.policy_file)
    return judged_findings(findings, rules) if rules else findings


def _file_systems(resolutions: tuple[Resolution, ...], context: Context) -> tuple[FileSystemTotal, ...]:
    """What would be fetched to each file system."""
    from wfdeps.plan.build import Layout, build_plan

    library = context.doors.library()
    return library.file_systems(build_plan(resolutions, Layout(library.folders(), library.separator)))


def _resolutions(surveyed: Survey, arguments: argparse.Namespace, context: Context) -> tuple[Resolution, ...]:
    from wfdeps.cli.resolving import resolve_for  # an offline check never pays for resolving

    return resolve_for(surveyed, context, ask=False)
