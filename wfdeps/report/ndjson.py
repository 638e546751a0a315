"""The report as one JSON object a line, for streams: workflows, refs, lints, nodes, inputs, and the summary last.

Each line says its `type`: `workflow`, `ref`, `lint`, `node`, `input` or `report`; the rest is as in `wfdeps/report/1`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from wfdeps.domain.reports import CheckReport
from wfdeps.report.json import (
    input_fields,
    item_fields,
    lint_fields,
    node_fields,
    summary_fields,
    workflow_fields,
)
from wfdeps.report.wording import View, json_text


def render(report: CheckReport, view: View | None = None) -> str:
    """The lines, each ending with a newline."""
    return "".join(
        json_text(json.dumps(line, ensure_ascii=False, separators=(",", ":"))) + "\n"
        for line in _lines(report)
    )


def _lines(report: CheckReport) -> Iterator[dict[str, Any]]:
    for workflow in report.workflows:
        yield {"type": "workflow", **workflow_fields(workflow)}
    for item in report.items:
        yield {"type": "ref", **item_fields(item)}
    for lint in report.lints:
        yield {"type": "lint", **lint_fields(lint)}
    for node in report.nodes:
        yield {"type": "node", **node_fields(node)}
    for each in report.inputs:
        yield {"type": "input", **input_fields(each)}
    yield {"type": "report", **summary_fields(report)}
