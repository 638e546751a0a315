"""`wfdeps inspect`: what a file is, by its own header; a remote one without downloading it."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import PARTLY_FAILED, READY, UNDECIDED, UNMET, USAGE, exit_code_of
from wfdeps.domain.identity import Inspection
from wfdeps.errors import WfdepsError
from wfdeps.jobs.inspect import inspect_target

EXAMPLE = "wfdeps inspect models/loras/*.safetensors --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", metavar="FILE|URL|AIR", help="a model file here, its address, or `urn:air:…@123`"
    )
    parser.add_argument("--json", action="store_true", help="as wfdeps/inspect/1")
    parser.add_argument("--no-hash", action="store_true", help="read headers only, compute no digests")


def run(arguments: argparse.Namespace, context: Context) -> int:
    doors, hashes = context.doors, not arguments.no_hash
    inspected = [inspect_target(target, doors, hashes=hashes) for target in arguments.files]
    context.out(_text([inspection for inspection, _ in inspected], context, as_json=arguments.json))
    return max((_code(inspection, error) for inspection, error in inspected), key=_WORST_LAST.index)


_WORST_LAST = (READY, UNMET, PARTLY_FAILED, UNDECIDED, USAGE)


def _code(inspection: Inspection, error: WfdepsError | None) -> int:
    """A damaged file is `unmet`; what could not be looked at keeps its own code."""
    if error is not None:
        return exit_code_of(error)
    return UNMET if inspection.error else READY


def _text(inspections: list[Inspection], context: Context, *, as_json: bool) -> str:
    if as_json:
        from wfdeps.report import inspect_json

        return inspect_json.render(inspections)
    from wfdeps.report import inspect_text
    from wfdeps.report.wording import View

    return inspect_text.render(inspections, View(color=context.colors(context.stdout)))
