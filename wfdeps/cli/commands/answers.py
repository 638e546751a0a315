"""`wfdeps answers`: what was chosen before, and forgetting it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.domain.listings import RememberedAnswer
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError
from wfdeps.jobs.answers import forget_answers, list_answers
from wfdeps.report.listings_json import render_answers

EXAMPLE = "wfdeps answers forget add_detail.safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    does = parser.add_subparsers(dest="does", metavar="ACTION", required=True)
    listing = does.add_parser("list", help="all answers, oldest first")
    listing.add_argument("--json", action="store_true", help="wfdeps/answers/1 on standard output")
    forget = does.add_parser("forget", help="drop answers")
    forget.add_argument(
        "which",
        nargs="?",
        metavar="NUMBER|NAME",
        help="one of the list; or all of a file name, in ./wfdeps.lock too",
    )
    forget.add_argument("--all", action="store_true", help="every answer")


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.does == "forget":
        return _forget(arguments.which, context, everything=arguments.all)
    return _list(context, as_json=arguments.json)


def _list(context: Context, *, as_json: bool) -> int:
    answers = list_answers(context.doors)
    if as_json:
        context.out(render_answers(answers))
    elif answers:
        context.out("\n".join(map(_line, answers)))
    else:
        context.err("no answers yet")
    return READY


def _forget(which: str | None, context: Context, *, everything: bool) -> int:
    if bool(which) is everything:
        raise UsageError(
            "say which answer to forget", hint="a number of `wfdeps answers list`, a file name, or --all"
        )
    count = forget_answers(context.doors, None if everything else which)
    context.err(f"{count} forgotten")
    return READY if count or everything else UNMET


def _line(answer: RememberedAnswer) -> str:
    chosen = answer.candidate
    what = f"{chosen.title} ({chosen.air or chosen.url})" if chosen else "optional: the run may go without it"
    day = datetime.fromtimestamp(answer.answered, UTC).strftime("%Y-%m-%d")
    return visible(f"{answer.number:>4}  {day}  {answer.name}  →  {what}  [{answer.scope}]")
