"""`wfdeps fix`: apply what `wfdeps check` proposes for files that are there under another name or in another folder."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from typing import Any

from wfdeps import disk
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import PARTLY_FAILED, READY, UNMET
from wfdeps.cli.options import add_library_options, add_reading_options, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.domain.plans import Link
from wfdeps.domain.resolutions import Finding, RefState
from wfdeps.domain.visible import visible
from wfdeps.errors import LibraryError, UsageError, WorkflowError
from wfdeps.jobs.users import all_readable
from wfdeps.library import LocalLibrary, as_local
from wfdeps.pipeline.survey import survey
from wfdeps.planning.fixes import NoFix, Rename, Respelling, link_for, rename_for, respelling, rewritten
from wfdeps.workflow.rewriting import rewrite_json, rewrite_png

EXAMPLE = "wfdeps fix workflow.json --link --apply"
_KINDS: dict[str, tuple[disk.LinkKind, ...]] = {
    "link": ("reflink", "hardlink", "symlink"),
    "copy": ("reflink", "copy"),
}


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


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = as_local(context.doors.library())
    if arguments.rewrite:
        return _rewrite(arguments, context, library)
    steps = [
        link_for(finding, library.folders(), library.separator)
        for finding in _not_offered(_needed(arguments, context, library))
    ]
    links = [step for step in steps if isinstance(step, Link)]
    for step in links:
        context.out(_said(step, arguments))
    failed = _carry_out(links, arguments, context, library) if arguments.apply else 0
    left = _tell_rest(steps, context)
    if not arguments.apply and links:
        context.err("nothing was done; --apply does it")
    if failed:
        return PARTLY_FAILED
    return READY if not left and (arguments.apply or not links) else UNMET


def _needed(arguments: argparse.Namespace, context: Context, library: LocalLibrary) -> Sequence[Finding]:
    """The refs that a run needs."""
    return survey(all_readable(read_all(workflow_files(arguments), context)), library).needed


def _not_offered(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Those that ComfyUI would not find."""
    return (finding for finding in findings if finding.state is not RefState.PRESENT)


def _said(step: Link, arguments: argparse.Namespace) -> str:
    target = os.path.join(step.target.root, *step.target.name.split("/"))
    return f"{arguments.how or 'link'}  {visible(step.file.path)}\n  to  {visible(target)}"


def _carry_out(
    links: list[Link], arguments: argparse.Namespace, context: Context, library: LocalLibrary
) -> int:
    """How many could not be done."""
    failed = 0
    for step in links:
        try:
            receipt = (
                library.move(step)
                if arguments.how == "move"
                else library.link(step, _KINDS[arguments.how or "link"])
            )
            context.err(f"done: {receipt.path}" if receipt.wrote else f"there already: {receipt.path}")
        except LibraryError as error:
            failed += 1
            context.err(f"failed: {error.message}")
    return failed


def _tell_rest(steps: Iterable[object], context: Context) -> int:
    rest = [step for step in steps if isinstance(step, NoFix)]
    for step in rest:
        context.err(f"left: {step.finding.ref.folder}/{step.finding.ref.name}: {step.reason}")
    return len(rest)


def _rewrite(arguments: argparse.Namespace, context: Context, library: LocalLibrary) -> int:
    if len(arguments.workflows) != 1:
        raise UsageError("--rewrite takes one workflow", hint="call it once for each")
    findings = _needed(arguments, context, library)
    steps = [rename_for(finding, library.separator) for finding in _not_offered(findings)]
    renames = [step for step in steps if isinstance(step, Rename)]
    data, changed = _rewritten_file(arguments.workflows[0], arguments.rewrite, respelling(findings, renames))
    done = [rename for rename in renames if rename.old in changed]
    for rename in done:
        context.out(f"rewrite  {visible(rename.old)}\n     to  {visible(rename.new)}")
    inside = [NoFix(rename.finding, _IN_A_TEXT) for rename in renames if rename not in done]
    left = _tell_rest([*steps, *inside], context)
    if not arguments.apply:
        context.err(f"nothing was written; --apply writes `{arguments.rewrite}`")
        return READY if not done and not left else UNMET
    disk.write_new(arguments.rewrite, data)
    context.err(f"{len(changed)} values rewritten in `{arguments.rewrite}`")
    return UNMET if left else READY


_IN_A_TEXT = "its name stands inside a text: --link gives the file that name"


def _rewritten_file(path: str, out: str, spelling: Respelling) -> tuple[bytes, tuple[str, ...]]:
    """The file with other values, and which were changed."""
    rewrite = rewrite_png if out.lower().endswith(".png") else rewrite_json
    changed: list[str] = []

    def change(document: Any) -> tuple[Any, int]:
        document, values = rewritten(document, spelling)
        changed.extend(values)
        return document, len(values)

    try:
        with open(path, "rb") as file:
            data, _ = rewrite(file.read(), change)
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {error.strerror or error}") from error
    except WorkflowError as error:
        raise UsageError(f"`{path}` cannot be rewritten: {error.message}", hint=error.hint) from error
    return data, tuple(changed)
