"""GitHub annotations: workflow commands for the log of a step, at most ten, worst first.

GitHub keeps ten of a kind for a step and drops the rest without a word; what is left out is told in the last.
Escaping: `%`, CR and LF everywhere, `:` and `,` in properties too (actions/toolkit, `command.ts`).
"""

from __future__ import annotations

from wfdeps.domain.reports import CheckReport
from wfdeps.domain.visible import encodable
from wfdeps.report.problems import Problem, problems_of, with_regions
from wfdeps.report.states import Level
from wfdeps.report.wording import View

MOST = 10
_COMMAND = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice", Level.NONE: "notice"}
_ORDER = tuple(Level)


def render(report: CheckReport, view: View | None = None) -> str:
    """One command a line; nothing at all where nothing is wrong."""
    texts = view.texts if view else {}
    problems = sorted(problems_of(report), key=lambda problem: _ORDER.index(problem.level))
    if len(problems) <= MOST:
        return "".join(map(_command, with_regions(problems, texts)))
    kept, left = with_regions(problems[: MOST - 1], texts), len(problems) - MOST + 1
    rest = f"and {left} more; the step summary or `wfdeps check --json` has them all"
    return (
        "".join(map(_command, kept))
        + f"::{_COMMAND[problems[MOST - 1].level]} title=wfdeps::{_message(rest)}\n"
    )


def _command(problem: Problem) -> str:
    properties = {"file": problem.workflow.replace("\\", "/")}
    if problem.region:
        properties |= {"line": str(problem.region.start_line), "endLine": str(problem.region.end_line)}
        if problem.region.start_line == problem.region.end_line:  # columns are only read within one line
            properties |= {
                "col": str(problem.region.start_column),
                "endColumn": str(problem.region.end_column),
            }
    properties["title"] = f"wfdeps: {problem.rule_name}"
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMAND[problem.level]} {written}::{_message(problem.message)}\n"


def _message(text: str) -> str:
    return encodable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
