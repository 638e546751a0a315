"""`wfdeps catalogue`: the name index, which knows files that no search finds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.errors import UsageError, os_error_words
from wfdeps.jobs.catalogue import build_index, export_rows, import_rows
from wfdeps.report.wording import count_text
from wfdeps.sources.civitai.walk import PAUSE, Step
from wfdeps.sources.name_index import WHOLE_FOR, NameIndex
from wfdeps.wiring.sources import open_index

EXAMPLE = "wfdeps catalogue build --types loras checkpoints --since 2026-01-01"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    does = parser.add_subparsers(dest="does", metavar="ACTION", required=True)
    load = does.add_parser("import", help="learn the rows of a catalogue file (JSON lines, one a file)")
    load.add_argument("file", metavar="FILE", help="or - for standard input")
    load.add_argument(
        "--whole",
        action="store_true",
        help="the file is all there is: its names need no search (for 30 days)",
    )
    build = does.add_parser(
        "build", help="walk through the whole catalogue of Civitai, politely; can be interrupted"
    )
    build.add_argument(
        "--types",
        nargs="+",
        metavar="TYPE",
        default=[],
        help="folders or Civitai's words: loras Checkpoint …",
    )
    build.add_argument("--since", metavar="DATE", type=_date, help="stop at what is older (2026-01-31)")
    build.add_argument(
        "--pause", type=float, default=PAUSE, metavar="SECONDS", help="between two pages (default: 1)"
    )
    does.add_parser("stats", help="how many files are known, by type")
    does.add_parser("export", help="all rows, as JSON lines on standard output")


def run(arguments: argparse.Namespace, context: Context) -> int:
    with ExitStack() as exits:
        index = open_index(context.settings, exits)
        match arguments.does:
            case "import":
                _import(index, arguments.file, context, whole=arguments.whole)
            case "build":
                steps = build_index(
                    index,
                    context.doors,
                    types=arguments.types,
                    since=arguments.since or "",
                    pause=arguments.pause,
                )
                _show_steps(steps, context)
            case "stats":
                context.out(_stats(index))
            case _:
                for line in export_rows(index):
                    context.out(line)
    return READY


def _import(index: NameIndex, path: str, context: Context, *, whole: bool) -> None:
    with ExitStack() as exits:
        lines: Iterable[str] = sys.stdin
        if path != "-":
            try:
                lines = exits.enter_context(open(path, encoding="utf-8-sig"))
            except OSError as error:
                raise UsageError(f"cannot read `{path}`: {os_error_words(error)}") from error
        learned = import_rows(lines, index, context.doors, label=path, whole=whole)
    context.err(f"{count_text(learned, 'file')} learned")


def _show_steps(steps: Iterable[Step], context: Context) -> None:
    models = files = 0
    for step in steps:
        models += step.models
        files += step.files
        seen = f"{count_text(models, 'model')}, {count_text(files, 'file')}"
        context.err(f"{seen}, back to {step.oldest[:10] or 'an unknown day'}")


def _date(text: str) -> str:
    """The moment as the site writes its own, which are compared as texts: UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a date: `{text}` (2026-01-31)") from None
    return (moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment).isoformat()


def _stats(index: NameIndex) -> str:
    counts = index.count()
    lines = [f"{count:>9,}  {model_type.replace('_', ' ')}" for model_type, count in counts.items()]
    oldest, newest = index.seen()
    seen = f"  told between {_day(oldest)} and {_day(newest)}" if oldest and newest else ""
    return "\n".join([*lines, f"{sum(counts.values()):>9,}  in all{seen}", *_how_whole(index)])


def _how_whole(index: NameIndex) -> list[str]:
    """Whether its word is the last, or the search's is wanted too."""
    wholes = index.wholes()
    if not wholes:
        return ["not a whole catalogue: names are searched for as well (`wfdeps catalogue build`)"]
    days = round(WHOLE_FOR / 86400)
    return [
        f"{type_ or 'every type'}: whole as of {_day(at)}, its names need no search for {days} days"
        for type_, at in wholes.items()
    ]


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
