"""`wfdeps answers`: what was chosen before, and forgetting it."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from datetime import UTC, datetime

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError
from wfdeps.pipeline.locking import forget_choices
from wfdeps.sources.answers import AnswerBook, Choice
from wfdeps.wiring.answers import open_answers

EXAMPLE = "wfdeps answers forget add_detail.safetensors"
SCHEMA = "wfdeps/answers/1"
LOCK = "wfdeps.lock"
"""What it says by a person's word is forgotten with the answers."""


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
    with ExitStack() as exits:
        book = open_answers(context.settings, exits)
        return (
            _forget(book, arguments, context)
            if arguments.does == "forget"
            else _list(book, arguments, context)
        )


def _list(book: AnswerBook, arguments: argparse.Namespace, context: Context) -> int:
    choices = book.choices()
    if arguments.json:
        document = {"schema": SCHEMA, "answers": [_fields(choice) for choice in choices]}
        context.out(json.dumps(document, ensure_ascii=False, indent=1))
    elif choices:
        context.out("\n".join(map(_line, choices)))
    else:
        context.err("no answers yet")
    return READY


def _forget(book: AnswerBook, arguments: argparse.Namespace, context: Context) -> int:
    which = arguments.which
    if bool(which) is arguments.all:
        raise UsageError(
            "say which answer to forget", hint="a number of `wfdeps answers list`, a file name, or --all"
        )
    if arguments.all:
        count = book.forget()
    elif which.isdecimal():
        count = book.forget(number=int(which))
    else:
        count = forget_choices(LOCK, which) + book.forget(name=which)  # all or nothing: a lock may be refused
    context.err(f"{count} forgotten")
    return READY if count or arguments.all else UNMET


def _line(choice: Choice) -> str:
    chosen = choice.candidate
    what = f"{chosen.title} ({chosen.air or chosen.url})" if chosen else "optional: the run may go without it"
    day = datetime.fromtimestamp(choice.answered, UTC).strftime("%Y-%m-%d")
    return visible(f"{choice.number:>4}  {day}  {choice.name}  →  {what}  [{choice.scope}]")


def _fields(choice: Choice) -> dict[str, object]:
    chosen = choice.candidate
    return {
        "number": choice.number,
        "name": choice.name,
        "model_type": choice.model_type.value,
        "scope": choice.scope,
        "said": choice.answered,
        "air": str(chosen.air) if chosen and chosen.air else None,
        "url": chosen.url if chosen else None,
        "title": chosen.title if chosen else None,
        "optional": chosen is None,
    }
