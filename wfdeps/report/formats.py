"""The formats by name: `--format NAME`. Only the module of the one asked for is loaded."""

from __future__ import annotations

from importlib import import_module
from typing import Final, cast

from wfdeps.domain.reports import CheckReport
from wfdeps.report.view import View

FORMATS: Final[dict[str, str]] = {
    "text": "for people",
    "json": "one document, wfdeps/report/1",
    "ndjson": "one object a line",
    "markdown": "for $GITHUB_STEP_SUMMARY",
    "github": "workflow commands: annotations of a step",
    "sarif": "for code scanning",
    "junit": "for test reports",
}
"""Every format, with what it is for. Each is the module of its name here."""


def render_report(report: CheckReport, format: str, view: View | None = None) -> str:
    """The report in that format. Raises KeyError for a format there is not."""
    if format not in FORMATS:
        raise KeyError(format)
    module = import_module(f"wfdeps.report.{format}")
    return cast(str, module.render(report, view))
