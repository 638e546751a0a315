"""`wfdeps fix`: apply what `wfdeps check` proposes for files that are there under another name or in another folder."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import PARTLY_FAILED, READY, UNMET
from wfdeps.cli.options import add_library_options, add_making_option, add_reading_options, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.disk import writing
from wfdeps.domain.plans import Link
from wfdeps.domain.visible import visible
from wfdeps.errors import LibraryError, UsageError
from wfdeps.jobs.fix import FixBy, carry_out_links, not_cured, planned_links, rewrite_workflow
from wfdeps.jobs.reading import WorkflowFiles
from wfdeps.planning.fixes import NoFix

EXAMPLE = "wfdeps fix workflow.json --link --apply"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workflows", nargs="+", metavar="WORKFLOW", help="a workflow file")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--link",
        dest="how",
        action="store_const",
        const="link",
        help="a second name for the same bytes (default)",
    )
    how.add_argument("--copy", dest="how", action="store_const", const="copy", help="a copy")
    how.add_argument(
        "--move",
        dest="how",
        action="store_const",
        const="move",
        help="the file moves; other workflows may miss it",
    )
    how.add_argument(
        "--rewrite",
        metavar="OUT",
        help="a copy of the workflow with the names this ComfyUI offers: a .json, or a .png from a .png",
    )
    parser.add_argument("--apply", action="store_true", help="do it (default: say what would be done)")
    add_reading_options(parser)
    add_library_options(parser)
    add_making_option(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    files = workflow_files(arguments)
    if arguments.rewrite:
        return _rewrite(files, arguments.rewrite, context, apply=arguments.apply)
    return _link(files, FixBy(arguments.how or FixBy.LINK), context, apply=arguments.apply)


def _link(files: WorkflowFiles, how: FixBy, context: Context, *, apply: bool) -> int:
    readings = read_all(files, context)
    links, left = planned_links(readings, context.doors)
    for link in links:
        context.out(_step(link, how))
    failed = _carry_out(links, how, context) if apply else 0
    if apply and links:
        left = (*left, *not_cured(links, readings, context.doors))
    _show_left(left, context)
    if not apply and links:
        context.err("nothing was done; --apply does it")
    if failed:
        return PARTLY_FAILED
    return READY if not left and (apply or not links) else UNMET


def _step(link: Link, how: FixBy) -> str:
    return f"{how}  {visible(link.file.path)}\n  to  {visible(link.target.path)}"


def _carry_out(links: Sequence[Link], how: FixBy, context: Context) -> int:
    """How many could not be done."""
    failed = 0
    for outcome in carry_out_links(links, context.doors, how):
        if isinstance(outcome, LibraryError):
            failed += 1
            context.err(f"failed: {outcome.message}")
        else:
            context.err(f"done: {outcome.path}" if outcome.wrote else f"there already: {outcome.path}")
    return failed


def _show_left(left: Sequence[NoFix], context: Context) -> None:
    for step in left:
        context.err(f"left: {step.finding.ref.folder}/{step.finding.ref.name}: {step.reason}")


def _rewrite(files: WorkflowFiles, out: str, context: Context, *, apply: bool) -> int:
    if len(files.paths) != 1:
        raise UsageError("--rewrite takes one workflow", hint="call it once for each")
    as_png = out.lower().endswith(".png")
    rewrite = rewrite_workflow(files.paths[0], read_all(files, context), context.doors, as_png=as_png)
    for rename in rewrite.renames:
        context.out(f"rewrite  {visible(rename.old)}\n     to  {visible(rename.new)}")
    _show_left(rewrite.left, context)
    if not apply:
        context.err(f"nothing was written; --apply writes `{out}`")
        return UNMET if rewrite.renames or rewrite.left else READY
    writing.write_new(out, rewrite.data)
    context.err(f"{rewrite.values} values rewritten in `{out}`")
    return UNMET if rewrite.left else READY
