"""`wfdeps resolve`: which files bare names mean, without a workflow."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import exit_code_of_all
from wfdeps.cli.options import add_resolving_options
from wfdeps.cli.prompts import listed
from wfdeps.domain.resolutions import Ambiguous, Resolution, Resolved, Unresolved
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError
from wfdeps.jobs.bare_names import refs_of_names, resolve_names
from wfdeps.report.resolution_json import resolution_document
from wfdeps.report.wording import document_text

EXAMPLE = "wfdeps resolve add_detail.safetensors --folder loras --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="file names, AIRs or URLs; `-` reads them from standard input, one a line",
    )
    parser.add_argument(
        "--folder", metavar="KEY", help="the ComfyUI folder they belong in (`loras`, `checkpoints` …)"
    )
    parser.add_argument("--sha256", metavar="HEX", help="the hash of the one file that is named")
    parser.add_argument(
        "--base-model",
        metavar="NAME",
        action="append",
        default=[],
        help="what the rest is made for; repeatable",
    )
    parser.add_argument("--json", action="store_true", help="wfdeps/resolution/1 on standard output")
    add_resolving_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    names = list(_names(arguments.names))
    if not names:
        raise UsageError("no names on standard input", hint="one name a line")
    refs = refs_of_names(
        names,
        folder=arguments.folder or "",
        sha256=arguments.sha256 or "",
        base_models=arguments.base_model,
    )
    resolutions = resolve_names(refs, context.doors)
    if arguments.json:
        context.out(document_text(resolution_document(resolutions)))
    else:
        context.out("\n".join(_as_text(resolution, context) for resolution in resolutions))
    return exit_code_of_all(resolutions)


def _names(given: Sequence[str]) -> Iterator[str]:
    for name in given:
        if name == "-":
            lines = (line.strip("\r\n\ufeff") for line in sys.stdin)
            yield from (line for line in lines if line.strip())
        else:
            yield name


def _as_text(resolution: Resolution, context: Context) -> str:
    name = visible(resolution.ref.name)
    match resolution:
        case Resolved(choice=choice, chosen_by=chosen_by):
            candidate = choice.candidate
            why = "; ".join(str(piece) for piece in choice.evidence)
            where = candidate.air or candidate.url
            return (
                f"{name}: {candidate.title} ({candidate.file_name}), by {chosen_by.value}\n  {where}\n  {why}"
            )
        case Ambiguous(candidates=candidates, reason=reason):
            return f"{name}: ambiguous, {reason}\n{listed(candidates, context)}"
        case Unresolved(reason=reason, hint=hint):
            return f"{name}: {reason}" + (f"\n  hint: {hint}" if hint else "")
        case _:
            return f"{name}: present"
