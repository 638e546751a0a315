"""The report as Markdown for `$GITHUB_STEP_SUMMARY`, pull requests and wikis, with the graph where one is given.

A step summary over 1 MiB is dropped whole, so tables stop well before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wfdeps.domain.findings import RefState
from wfdeps.domain.lints import LintLevel
from wfdeps.domain.refs import UnreadableWorkflow
from wfdeps.domain.reports import CheckReport, ReportItem, ReportVerdict, WorkflowVerdict
from wfdeps.domain.visible import visible
from wfdeps.report.absent import INPUTS_TITLE, NODES_TITLE, UNJUDGED_TITLE, input_facts, node_facts
from wfdeps.report.graph_mermaid import render as render_mermaid
from wfdeps.report.states import STATES, rank
from wfdeps.report.wording import View, count_text, shown_name, size_text, where_text

MAX_BYTES = 1_000_000
_SIGN = {
    ReportVerdict.READY: "✅",
    ReportVerdict.MISSING: "❌",
    ReportVerdict.BROKEN: "❌",
    ReportVerdict.AMBIGUOUS: "❔",
    ReportVerdict.UNDECIDED: "⚠️",
    ReportVerdict.FAILED: "❌",
}
_FINE = frozenset(
    {RefState.PRESENT, RefState.OPTIONAL, RefState.INACTIVE, RefState.UNREACHABLE, RefState.INERT}
)
_SPECIAL = re.compile(r"[!-+:-@\[-`{-~]|(?<=www)\.")
"""ASCII punctuation but `,-./`: what Markdown or HTML may read as a sign."""


def render(report: CheckReport, view: View | None = None) -> str:
    """The summary; fewer rows, then no graph, where it would grow too large."""
    view = view or View()
    for rows in (1_000, 200, 50, 10):
        text = _draw(report, view, rows)
        if len(text.encode()) <= MAX_BYTES:
            return text
    return _heading(report)


def escape(text: str) -> str:
    """Text that shows as itself wherever Markdown or HTML stands around it."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", visible(text))


def _draw(report: CheckReport, view: View, rows: int) -> str:
    wrong = [item for item in sorted(report.items, key=rank) if item.state not in _FINE]
    fine = [item for item in sorted(report.items, key=rank) if item.state in _FINE]
    blocks = [_heading(report), *_workflows(report, rows)]
    if wrong:
        blocks += ["### Files to see to\n", _table(wrong, report, rows, with_next=True)]
    if fine:
        summary = f"<summary>{count_text(len(fine), 'file')} present or not needed</summary>"
        blocks.append(f"<details>{summary}\n\n{_table(fine, report, rows, with_next=False)}\n</details>\n")
    blocks += [*_absent(report, rows), *_remarks(report, rows)]
    if view.graph is not None and view.graph.nodes:
        blocks.append(f"### Dependency graph\n\n```mermaid\n{render_mermaid(view.graph)}```\n")
    return "\n".join(blocks)


def _heading(report: CheckReport) -> str:
    totals = report.totals
    facts = [f"{totals.present} of {count_text(totals.required, 'required file')} here"]
    if totals.bytes_to_fetch:
        facts.append(f"{size_text(totals.bytes_to_fetch)} to fetch")
    if totals.bytes_fetched:
        facts.append(f"{size_text(totals.bytes_fetched)} fetched")
    if errors := sum(lint.level is LintLevel.ERROR for lint in report.lints):
        facts.append(f"{count_text(errors, 'error')} below")
    sign = "⚠️" if errors and report.verdict is ReportVerdict.READY else _SIGN[report.verdict]
    return f"## {sign} wfdeps: {report.verdict}\n\n{', '.join(facts)}.\n"


def _workflows(report: CheckReport, rows: int) -> Iterator[str]:
    lines = ["| workflow | verdict | files here | to fetch |", "| --- | --- | --- | --- |"]
    lines += [_workflow(workflow) for workflow in report.workflows[:rows]]
    yield "\n".join(lines) + "\n"
    if len(report.workflows) > rows:
        yield f"and {count_text(len(report.workflows) - rows, 'more workflow')}\n"


def _workflow(workflow: WorkflowVerdict | UnreadableWorkflow) -> str:
    name = _code(workflow.path)
    if isinstance(workflow, UnreadableWorkflow):
        return f"| {name} | ❌ unreadable: {escape(workflow.message)} | | |"
    fetch = size_text(workflow.bytes_to_fetch) if workflow.bytes_to_fetch else ""
    counts = f"{workflow.present} of {workflow.required}"
    return f"| {name} | {_SIGN[workflow.verdict]} {workflow.verdict} | {counts} | {fetch} |"


def _table(items: Sequence[ReportItem], report: CheckReport, rows: int, *, with_next: bool) -> str:
    head = ["state", "file", "folder", "node", "size", *(["what to do"] if with_next else [])]
    lines = [_row(head), _row(["---"] * len(head))]
    for item in items[:rows]:
        cells = [
            STATES[item.state].title,
            _code(shown_name(item.ref.name)),
            escape(item.ref.folder),
            escape(where_text(item.ref.sites, with_workflow=len(report.workflows) > 1)),
            size_text(item.size) if item.size is not None else "",
        ]
        lines.append(_row([*cells, _next(item)] if with_next else cells))
    if len(items) > rows:
        lines.append(_row([f"and {len(items) - rows} more", *[""] * (len(head) - 1)]))
    return "\n".join(lines) + "\n"


def _next(item: ReportItem) -> str:
    parts = (escape(item.detail), escape(item.hint), _code(item.next) if item.next else "")
    return "<br>".join(part for part in parts if part)


def _absent(report: CheckReport, rows: int) -> Iterator[str]:
    lines = []
    for node in report.nodes:
        title = NODES_TITLE if node.judged else UNJUDGED_TITLE
        where = where_text([use.site for use in node.uses], with_workflow=len(report.workflows) > 1)
        cells = [title, _code(node.node_class), escape(where), escape(node_facts(node))]
        lines.append(_row([*cells, _code(node.command) if node.command else ""]))
    for each in report.inputs:
        where = where_text([use.site for use in each.uses], with_workflow=len(report.workflows) > 1)
        lines.append(
            _row([INPUTS_TITLE, _code(shown_name(each.name)), escape(where), escape(input_facts(each)), ""])
        )
    if lines:
        head = [_row(["", "name", "node", "what is known", "what to do"]), _row(["---"] * 5)]
        more = [_row([f"and {len(lines) - rows} more", "", "", "", ""])] if len(lines) > rows else []
        yield "### Nodes and inputs\n\n" + "\n".join([*head, *lines[:rows], *more]) + "\n"


def _remarks(report: CheckReport, rows: int) -> Iterator[str]:
    lines = [f"- **{lint.level}**: {escape(lint.message)}" for lint in report.lints]
    lines += [f"- **no room**: {escape(sentence)}" for sentence in report.room]
    for workflow in report.workflows:
        if isinstance(workflow, WorkflowVerdict):
            lines += [f"- {_code(workflow.path)}: {escape(notice.message)}" for notice in workflow.warnings]
    lines += [f"- {escape(notice.message)}" for notice in report.warnings]
    if lines:
        yield "### Remarks\n\n" + "\n".join(lines[:rows]) + "\n"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
