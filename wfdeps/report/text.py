"""The report as a person reads it in a terminal or a log: worst first, one line a file, then what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import RefState
from wfdeps.domain.lints import LintLevel
from wfdeps.domain.refs import UnreadableWorkflow
from wfdeps.domain.reports import CheckReport, ReportItem, ReportVerdict, WorkflowVerdict
from wfdeps.domain.visible import visible
from wfdeps.report.states import STATES, Level, level_of, rank
from wfdeps.report.wording import (
    Painter,
    View,
    columns,
    count_text,
    is_unjudged,
    no_files_text,
    pad,
    shown_name,
    size_text,
    where_text,
)

if TYPE_CHECKING:
    from wfdeps.domain.candidates import RankedCandidate
    from wfdeps.domain.nodes import NodeFinding
    from wfdeps.domain.refs import NodeSite

_TONE = {Level.ERROR: "bad", Level.WARNING: "warn", Level.NOTE: "dim", Level.NONE: "dim"}
_VERDICT_TONE = {
    ReportVerdict.READY: "good",
    ReportVerdict.MISSING: "bad",
    ReportVerdict.BROKEN: "bad",
    ReportVerdict.AMBIGUOUS: "warn",
    ReportVerdict.UNDECIDED: "warn",
    ReportVerdict.FAILED: "bad",
}
_LINT_TONE = {LintLevel.ERROR: "bad", LintLevel.WARNING: "warn", LintLevel.INFO: "dim"}
_CANDIDATES_SHOWN = 5
_QUIET = frozenset({RefState.PRESENT, RefState.INACTIVE, RefState.UNREACHABLE, RefState.INERT})


def render(report: CheckReport, view: View | None = None) -> str:
    """The whole report, ending with a newline."""
    view = view or View()
    paint = Painter(color=view.color, ascii=view.ascii, width=max(view.width, 20))
    blocks = (
        [_headline(report, paint)],
        _workflows(report, paint),
        *_groups(report, view, paint),
        *_absent(report, paint),
        _fetched(report, paint),
        _remarks(report, paint),
        _footer(report, view, paint),
    )
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _headline(report: CheckReport, paint: Painter) -> str:
    errors = _errors(report)
    tone = _VERDICT_TONE[report.verdict]
    is_doubtful = errors or report.inputs or any(node.judged for node in report.nodes) or _unjudged(report)
    tone = "warn" if is_doubtful and tone == "good" else tone
    line = f"{paint.bold(f'{paint.glyph(tone)} {report.verdict}', tone)}  {_summary(report)}"
    return "; ".join((line, *_below(report, errors)))


def _below(report: CheckReport, errors: int) -> Iterator[str]:
    """What a reader of the first line has to know of the rest: not everything ComfyUI needs is a model."""
    if errors:
        yield f"{count_text(errors, 'error')} below"
    if nodes := sum(node.judged for node in report.nodes):
        yield f"{count_text(nodes, 'node')} not found here"
    if report.inputs:
        yield f"{count_text(len(report.inputs), 'input')} not found here"
    if _unjudged(report):
        yield "some nodes not judged"


def _errors(report: CheckReport) -> int:
    """How many remarks say that the run will fail, though the files may all be there."""
    return sum(lint.level is LintLevel.ERROR for lint in report.lints)


def _summary(report: CheckReport) -> str:
    totals, workflows = report.totals, report.workflows
    read = [workflow for workflow in workflows if isinstance(workflow, WorkflowVerdict)]
    if not read:
        return f"{count_text(len(workflows), 'workflow')} could not be read"
    if len(workflows) > 1:
        ready = sum(workflow.verdict is ReportVerdict.READY for workflow in read)
        return f"{ready} of {len(workflows)} workflows ready; {_counts(report)}"
    name = visible(read[0].path)
    if totals.required == 0:
        return f"{name} {no_files_text(read[0].warnings)}"
    return f"{name}: {_counts(report)}"


def _unjudged(report: CheckReport) -> bool:
    workflows = (each for each in report.workflows if isinstance(each, WorkflowVerdict))
    return any(is_unjudged(workflow.warnings) for workflow in workflows)


def _counts(report: CheckReport) -> str:
    totals = report.totals
    if totals.missing == 0:
        files = "its one file is" if totals.required == 1 else f"all {totals.required} files are"
        return f"{files} here ({size_text(totals.bytes_present)})"
    unmet = f"{totals.missing} of {count_text(totals.required, 'file')} not here as asked"
    if totals.bytes_to_fetch:
        at_least = "at least " if totals.unknown_sizes else ""
        unmet += f", {at_least}{size_text(totals.bytes_to_fetch)} to fetch"
    return unmet


def _workflows(report: CheckReport, paint: Painter) -> list[str]:
    """One line a workflow where there are several, or one could not be read."""
    unreadable = any(isinstance(workflow, UnreadableWorkflow) for workflow in report.workflows)
    if len(report.workflows) < 2 and not unreadable:
        return []
    width = max(columns(visible(workflow.path)) for workflow in report.workflows)
    width = min(width, max(20, paint.width - 40))
    return [line for workflow in report.workflows for line in _workflow(workflow, width, paint)]


def _workflow(workflow: WorkflowVerdict | UnreadableWorkflow, width: int, paint: Painter) -> Iterator[str]:
    name = pad(visible(workflow.path), width)
    if isinstance(workflow, UnreadableWorkflow):
        word = paint.tone(f"{paint.glyph('bad')} unreadable", "bad")
        yield f"  {word}  {name}  {visible(workflow.message)}"
        if workflow.hint:
            yield f"                {paint.tone(f'hint: {visible(workflow.hint)}', 'dim')}"
        return
    tone = _VERDICT_TONE[workflow.verdict]
    word = paint.tone(f"{paint.glyph(tone)} {pad(str(workflow.verdict), 10)}", tone)
    yield f"  {word}  {name}  {_needs(workflow)}".rstrip()


def _needs(workflow: WorkflowVerdict) -> str:
    if workflow.required == 0:
        return "names no model files" if is_unjudged(workflow.warnings) else "no model files"
    if workflow.missing == 0:
        return count_text(workflow.required, "file")
    fetch = f", {size_text(workflow.bytes_to_fetch)} to fetch" if workflow.bytes_to_fetch else ""
    return f"{workflow.missing} of {count_text(workflow.required, 'file')} not here{fetch}"


def _groups(report: CheckReport, view: View, paint: Painter) -> Iterator[list[str]]:
    """A block for each state, worst first; what is present or not needed only when asked."""
    items = sorted(report.items, key=rank)
    for state, group in groupby(items, key=lambda item: item.state):
        if state not in _QUIET or view.verbose:
            yield _group(state, list(group), report, paint)


def _group(state: RefState, items: Sequence[ReportItem], report: CheckReport, paint: Painter) -> list[str]:
    row = STATES[state]
    lines = [f"{paint.bold(row.title, _TONE[row.level])} ({len(items)})"]
    folder_width = max(len(visible(item.ref.folder)) for item in items)
    name_width = min(max(columns(_name(item)) for item in items), 60)
    for item in items:
        lines += _item(item, folder_width, name_width, report, paint)
    return lines + _next(items, paint)


def _item(
    item: ReportItem, folder_width: int, name_width: int, report: CheckReport, paint: Painter
) -> Iterator[str]:
    tone = "good" if item.state is RefState.PRESENT else _TONE[level_of(item)]
    glyph = paint.tone(paint.glyph(tone), tone)
    folder = paint.tone(pad(visible(item.ref.folder), folder_width), "dim")
    where = where_text(item.ref.sites, with_workflow=len(report.workflows) > 1)
    facts = "  ".join(part for part in (where, _size(item), _origin(item)) if part)
    room = paint.width - 4 - folder_width - 2
    if name_width + 2 + columns(facts) <= room:
        yield f"  {glyph} {folder}  {pad(_name(item), name_width)}  {paint.tone(facts, 'dim')}".rstrip()
    else:
        yield f"  {glyph} {folder}  {_name(item)}"
        if facts:
            yield f"      {paint.tone(facts, 'dim')}"
    for detail in _details(item, paint):
        yield f"      {paint.tone(detail, 'dim')}"
    for number, candidate in enumerate(_shown(item), start=1):
        yield f"      {number}. {_candidate(candidate, paint)}"


def _name(item: ReportItem) -> str:
    return visible(shown_name(item.ref.name))


def _size(item: ReportItem) -> str:
    return size_text(item.size) if item.size is not None else ""


def _origin(item: ReportItem) -> str:
    """The host the workflow itself names for a file nobody has resolved yet."""
    if item.state is not RefState.MISSING or not item.ref.urls:
        return ""
    from wfdeps.domain.urls import without_secrets  # few files are known by their address alone

    return f"at {visible(without_secrets(item.ref.urls[0])).partition('://')[2].partition('/')[0]}"


def _details(item: ReportItem, paint: Painter) -> Iterator[str]:
    if item.ref.is_folder_guessed and item.state is not RefState.PRESENT:
        yield "its folder is a guess"
    if item.detail:
        yield visible(item.detail)
    if item.state is not RefState.PRESENT:
        for file in item.found[:3]:
            trouble = f" ({visible(file.trouble)})" if file.trouble else ""
            yield f"found: {visible(file.path)}{trouble}"
    if item.chosen and item.state is not RefState.PRESENT:
        yield f"from {_candidate(item.chosen, paint)}"


def _shown(item: ReportItem) -> Sequence[RankedCandidate]:
    return item.candidates[:_CANDIDATES_SHOWN] if item.state is RefState.AMBIGUOUS else ()


def _candidate(ranked: RankedCandidate, paint: Painter) -> str:
    candidate = ranked.candidate
    facts = (
        candidate.source,
        candidate.title,
        candidate.file_name if candidate.file_name != candidate.title else "",
        candidate.base_model or "",
        size_text(candidate.size) if candidate.size is not None else "",
        "; ".join(str(evidence) for evidence in ranked.evidence),
    )
    return f" {paint.glyph('dim')} ".join(visible(fact) for fact in facts if fact)


def _next(items: Iterable[ReportItem], paint: Painter) -> list[str]:
    """Each distinct thing to do once, in the order of the files."""
    steps = dict.fromkeys((visible(item.hint), item.next) for item in items if item.hint or item.next)
    lines: list[str] = []
    for hint, command in steps:
        lines.append(f"  {paint.glyph('next')} {hint}" + (":" if command else ""))
        if command:
            lines.append(f"      {paint.tone(command, 'command')}")
    return lines


def _absent(report: CheckReport, paint: Painter) -> Iterator[list[str]]:
    """Node classes, then input files, that are not here; then what could not be judged."""
    if not (report.nodes or report.inputs):
        return
    from wfdeps.report import absent as words  # most workflows lack neither

    several = len(report.workflows) > 1
    for title, nodes in (
        (words.NODES_TITLE, words.judged(report.nodes)),
        (words.UNJUDGED_TITLE, words.unjudged(report.nodes)),
    ):
        rows = [
            (visible(node.node_class), [use.site for use in node.uses], words.node_facts(node), node.proven)
            for node in nodes
        ]
        yield _absent_block(title, rows, several, paint) + _commands(nodes, paint) if rows else []
    inputs = [
        (words.input_name(each), [use.site for use in each.uses], words.input_facts(each), each.proven)
        for each in report.inputs
    ]
    yield _absent_block(words.INPUTS_TITLE, inputs, several, paint) if inputs else []


def _absent_block(
    title: str, rows: Sequence[tuple[str, Sequence[NodeSite], str, bool]], several: bool, paint: Painter
) -> list[str]:
    tone = "bad" if any(is_proven for *_, is_proven in rows) else "warn"
    tone = "dim" if title.endswith("judged") else tone
    lines = [f"{paint.bold(title, tone)} ({len(rows)})"]
    for name, sites, facts, is_proven in rows:
        glyph = "bad" if is_proven else tone
        nodes = ", ".join(visible(site.node_id) for site in sites[:3])
        where = where_text(sites, with_workflow=True) if several else f"node{'s' * (len(sites) > 1)} {nodes}"
        line = f"{where}  {facts}" if facts else where
        lines.append(f"  {paint.tone(paint.glyph(glyph), glyph)} {name}  {paint.tone(line, 'dim')}")
    return lines


def _commands(nodes: Iterable[NodeFinding], paint: Painter) -> list[str]:
    """Each distinct command once: wfdeps installs no nodes, it says what does."""
    commands = dict.fromkeys(node.command for node in nodes if node.command)
    if not commands:
        return []
    lines = [f"  {paint.glyph('next')} install the packs, then start ComfyUI anew:"]
    return lines + [f"      {paint.tone(command, 'command')}" for command in commands]


def _fetched(report: CheckReport, paint: Painter) -> list[str]:
    placed = [item for item in report.items if item.verified_by]
    if not placed:
        return []
    lines = [
        f"{paint.bold('placed', 'good')} ({len(placed)}, {size_text(report.totals.bytes_fetched)} fetched)"
    ]
    for item in placed:
        proof = item.verified_by if item.verified_by == "unverified" else f"verified by {item.verified_by}"
        glyph = paint.tone(paint.glyph("good"), "good")
        lines.append(f"  {glyph} {visible(item.path)}  {paint.tone(f'{_size(item)}  {proof}', 'dim')}")
    return lines


def _remarks(report: CheckReport, paint: Painter) -> list[str]:
    lines = []
    for lint in report.lints:
        word = paint.tone(f"{lint.level}:", _LINT_TONE[lint.level])
        lines.append(f"{word} {visible(lint.message)}")
        if lint.consequence:
            lines.append(f"      {paint.tone(f'ComfyUI would say: {visible(lint.consequence)}', 'dim')}")
    if report.exit_code == 0 and _errors(report) and report.verdict is ReportVerdict.READY:
        lines.append(
            f"  {paint.glyph('next')} the exit code is about files alone; `--fail-on missing,lint-error` counts these too"
        )
    warning = paint.tone("warning:", "warn")
    for workflow in report.workflows:
        if isinstance(workflow, WorkflowVerdict):
            name = f"{visible(workflow.path)}: " if len(report.workflows) > 1 else ""
            lines += [f"{warning} {name}{visible(notice.message)}" for notice in workflow.warnings]
    lines += [f"{warning} {visible(notice.message)}" for notice in report.warnings]
    return lines + [f"{paint.tone('no room:', 'bad')} {visible(sentence)}" for sentence in report.room]


def _footer(report: CheckReport, view: View, paint: Painter) -> list[str]:
    lines = []
    for disk in report.totals.file_systems:
        if disk.need:
            free = "free space unknown" if disk.free is None else f"{size_text(disk.free)} free"
            line = f"disk   {visible(disk.path)}: {size_text(disk.need)} needed, {free}"
            lines.append(
                paint.tone(f"{line}: not enough", "bad") if disk.fits is False else paint.tone(line, "dim")
            )
    workflow = report.workflows[0] if len(report.workflows) == 1 else None
    if isinstance(workflow, WorkflowVerdict) and any(floor.bytes for floor in workflow.weights):
        parts = (
            f"{floor.phase.replace('_', ' ')} {size_text(floor.bytes)}{'+' if floor.unknown else ''}"
            for floor in workflow.weights
            if floor.bytes
        )
        lines.append(paint.tone(f"weights only, from file sizes: {', '.join(parts)}", "dim"))
    quiet = {state: count for state, count in report.totals.states if state in _QUIET}
    hidden = [
        f"{count} {STATES[state].title}" for state, count in quiet.items() if state is not RefState.PRESENT
    ]
    if hidden and not view.verbose:
        lines.append(paint.tone(f"not needed: {', '.join(hidden)} (-v lists them)", "dim"))
    return lines
