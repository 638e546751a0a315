"""`wfdeps auth check`: which tokens are there, and whether they open their doors."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNDECIDED, UNMET
from wfdeps.domain.listings import TokenState
from wfdeps.jobs.auth import check_tokens
from wfdeps.report.listings_json import render_tokens

EXAMPLE = "wfdeps auth check"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    does = parser.add_subparsers(dest="does", metavar="ACTION", required=True)
    check = does.add_parser("check", help="ask each place whose token it is")
    check.add_argument("--json", action="store_true", help="wfdeps/auth/1 on standard output")


def run(arguments: argparse.Namespace, context: Context) -> int:
    checks = check_tokens(context.doors)
    if arguments.json:
        context.out(render_tokens(checks))
    else:
        context.out(
            "\n".join(f"{check.site:<12} {check.url:<28} {check.state}: {check.detail}" for check in checks)
        )
    states = {check.state for check in checks}
    if TokenState.REFUSED in states:
        return UNMET
    return UNDECIDED if TokenState.UNREACHABLE in states else READY
