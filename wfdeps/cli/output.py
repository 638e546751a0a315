"""How reports leave: which formats, to which files, and what they do to the exit code."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module

from wfdeps import TYPE_CHECKING, __version__
from wfdeps.cli.options import library_words, type_error
from wfdeps.domain.reports import CheckReport, FailOn
from wfdeps.errors import UsageError, os_error_words
from wfdeps.report.wording import View
from wfdeps.values import dataclass, replace

if TYPE_CHECKING:
    import argparse

    from wfdeps.cli.context import Context
    from wfdeps.domain.graphs import Graph
    from wfdeps.domain.resolutions import Resolution
    from wfdeps.pipeline.survey import Survey

FORMATS: dict[str, str] = {
    "text": "wfdeps.report.text",
    "json": "wfdeps.report.json",
    "ndjson": "wfdeps.report.ndjson",
    "markdown": "wfdeps.report.markdown",
    "github": "wfdeps.report.github",
    "sarif": "wfdeps.report.sarif",
    "junit": "wfdeps.report.junit",
}
"""Format → the module whose `render` makes it; only what is asked for is imported."""

_WITH_HASHES = frozenset({"json", "ndjson"})
"""The formats that say a workflow's SHA-256."""


def add_report_options(parser: argparse.ArgumentParser, *, with_output: bool = True) -> None:
    """What a report looks like, where it goes, and what counts; `-o` where the command has no other use for it."""
    group = parser.add_argument_group("report")
    group.add_argument("--json", action="store_true", help="the same as --format json")
    group.add_argument(
        "--format",
        action="append",
        default=[],
        type=_format,
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(FORMATS)}; repeatable, each to its file (default: text to stdout)",
    )
    if with_output:
        group.add_argument(
            "-o", "--output", metavar="FILE", help="write what would go to stdout to this file"
        )
    group.add_argument(
        "--fail-on", type=_fail_ons, metavar="WHAT,…", help=f"what turns the exit code: {', '.join(FailOn)}"
    )
    group.add_argument("--strict", action="store_true", help="all of these turn the exit code")
    group.add_argument(
        "--exit-zero", action="store_true", help="report only; unreadable workflows still give 2"
    )


@dataclass(frozen=True, slots=True)
class ReportWishes:
    """What a report is to look like, and where it goes."""

    formats: tuple[tuple[str, str], ...]
    """Each format once, with the file it is to go to; empty for stdout."""
    place: str
    """The options that named the model folders, for the commands it suggests."""

    @property
    def needs_hashes(self) -> bool:
        """Whether one of the formats says each workflow's SHA-256."""
        return any(name in _WITH_HASHES for name, _ in self.formats)


def report_wishes(arguments: argparse.Namespace) -> ReportWishes:
    """What the line says of the report. Raises UsageError for an `-o` that two formats, or none, would go to."""
    wishes = [*arguments.format, *(["json"] if arguments.json else [])] or ["text"]
    formats = [(name, path) for name, _, path in (wish.partition("=") for wish in dict.fromkeys(wishes))]
    output: str | None = getattr(arguments, "output", None)
    homeless = [name for name, path in formats if not path]
    if output and len(homeless) != 1:
        said = f"{' and '.join(homeless)} would go to it" if homeless else "every format has its own"
        raise UsageError(f"`-o` is one file, and {said}", hint="give each its own: --format FORMAT=FILE")
    formats = [(name, path or output or "") for name, path in formats]
    return ReportWishes(tuple(formats), library_words(arguments))


def show_report(
    report: CheckReport,
    wishes: ReportWishes,
    context: Context,
    *,
    surveyed: Survey,
    resolutions: Sequence[Resolution] = (),
) -> None:
    """Write the report in every format asked for. Raises UsageError for a file that is in the way.

    The survey and the resolutions are for the formats that draw.
    """
    for name, path in wishes.formats:
        view = terminal_view(context) if name == "text" and not path else _in_file(name, report)
        if name == "markdown":
            view = replace(view, graph=_graph(surveyed, resolutions))
        text: str = import_module(FORMATS[name]).render(report, view)
        if path:
            write_text(path, text)
        elif text:
            context.out(text)


def terminal_view(context: Context) -> View:
    """How text is shown on this run's stdout."""
    encoding = (context.stdout.encoding or "utf-8").lower().replace("-", "")
    return View(
        color=context.colors(context.stdout),
        ascii=not encoding.startswith("utf"),
        width=_width(),
        verbose=context.settings.verbosity > 0,
    )


def _in_file(name: str, report: CheckReport) -> View:
    return View(version=__version__, texts=_texts(report) if name in ("sarif", "github") else {})


def _graph(surveyed: Survey, resolutions: Sequence[Resolution]) -> Graph:
    from wfdeps.planning.graph import build_graph  # networkx: only for what is drawn

    return build_graph(surveyed.readings, surveyed.findings, resolutions)


def _texts(report: CheckReport) -> dict[str, str]:
    """The text of each workflow that is a text file, for line numbers; a mark of its byte order is no column."""
    texts = {}
    for workflow in report.workflows:
        if workflow.path.lower().endswith(".json") and os.path.isfile(workflow.path):
            with open(workflow.path, encoding="utf-8-sig", errors="replace") as file:
                texts[workflow.path] = file.read()
    return texts


def write_text(path: str, text: str) -> None:
    """Write a text file the person named. Raises UsageError."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write `{path}`: {os_error_words(error)}") from error


def _width() -> int:
    try:
        return os.get_terminal_size().columns
    except (OSError, ValueError):  # a pipe, or a closed stream
        return 80


def _format(wish: str) -> str:
    """The wish, once its format is known: before anything is done, not after a download."""
    name = wish.partition("=")[0]
    if name not in FORMATS:
        raise type_error(f"unknown format `{name}`: one of {', '.join(FORMATS)}")
    return wish


def _fail_ons(words: str) -> list[FailOn]:
    """What turns the exit code, once each word is known."""
    try:
        return list(map(_fail_on, words.split(",")))
    except UsageError as error:
        raise type_error(f"{error.message}: {error.hint}") from error


def _fail_on(word: str) -> FailOn:
    try:
        return FailOn(word.strip())
    except ValueError:
        raise UsageError(f"`{word}` is nothing to fail on", hint=f"one of {', '.join(FailOn)}") from None
