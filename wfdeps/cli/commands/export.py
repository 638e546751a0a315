"""`wfdeps export`: a lock in another tool's format."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.errors import UsageError
from wfdeps.jobs.export import export_lock, write_export
from wfdeps.jobs.sync import lock_at
from wfdeps.report.wording import count_text
from wfdeps.wiring.exports import format_named, format_names

EXAMPLE = "wfdeps export wfdeps.lock --to dockerfile -o Dockerfile"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lock", nargs="?", default="wfdeps.lock", metavar="LOCK", help="default: wfdeps.lock")
    parser.add_argument("--to", metavar="FORMAT", help="what to write; `--list` shows them all")
    parser.add_argument("--list", action="store_true", help="show every format with its options, and end")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write it here, and what belongs to it beside it (default: stdout)",
    )
    parser.add_argument(
        "--with",
        dest="options",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an option of the format; repeatable",
    )
    parser.add_argument("--spec-version", metavar="1.6|1.7", help="the same as --with spec-version=…")
    parser.add_argument(
        "--partial", action="store_true", help="exit with 0 though the format cannot carry every file"
    )
    parser.add_argument("--force", action="store_true", help="replace files that belong to the export")


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.list:
        context.out("\n".join(_described(name) for name in format_names()))
        return READY
    if not arguments.to:
        raise UsageError("--to says which format", hint=f"one of {', '.join(format_names())}")
    made = export_lock(
        lock_at(arguments.lock), arguments.to, _options(arguments.options, arguments.spec_version)
    )
    if arguments.output:
        for path in write_export(made, arguments.output, replace=arguments.force):
            context.err(f"wrote {path}")
    else:
        context.out(made.files[0].text)
        if others := ", ".join(file.name for file in made.files[1:]):
            context.err(f"note: with -o FILE, {others} is written beside it")
    for note in made.notes:
        context.err(f"note: {note}")
    for omission in made.left_out:
        context.err(f"not carried: {omission.what}: {omission.reason}")
    if made.left_out:
        context.err(
            f"{count_text(len(made.left_out), 'file')} of the lock not carried; `wfdeps sync` fetches all"
        )
    return UNMET if made.left_out and not arguments.partial else READY


def _options(pairs: Sequence[str], spec_version: str | None) -> dict[str, str]:
    options = {}
    for text in pairs:
        name, sign, value = text.partition("=")
        if not sign:
            raise UsageError(f"`{text}` is no option of a format", hint="--with NAME=VALUE")
        options[name] = value
    if spec_version:
        options["spec-version"] = spec_version
    return options


def _described(name: str) -> str:
    try:
        form = format_named(name)
    except UsageError as error:  # a plug-in that cannot be loaded
        return f"{name}: {error.message}"
    settings = "".join(
        f"\n    --with {key}=…  {setting.meaning}{f' (default: {setting.default})' if setting.default else ''}"
        for key, setting in form.settings.items()
    )
    return f"{name}: {form.summary}{settings}"
