"""What a report says is wrong, one row for each workflow it is wrong in: for formats that list problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.domain.refs import STOPS_COMFYUI, NodeSite, UnreadableWorkflow
from wfdeps.domain.reports import CheckReport, ReportItem
from wfdeps.domain.visible import visible
from wfdeps.report.absent import (
    INPUTS_TITLE,
    NODES_TITLE,
    UNJUDGED_TITLE,
    input_facts,
    input_name,
    node_facts,
)
from wfdeps.report.locating import Places, Region
from wfdeps.report.states import STATES, Level, rank
from wfdeps.report.wording import shown_name, where_text
from wfdeps.values import dataclass, replace

UNREADABLE_RULE = "WFD000"
LINT_RULE = "WFD020"
NODE_RULE = "WFD021"
INPUT_RULE = "WFD022"
CONFIG_RULE = "WFD023"
_LEVEL_OF_LINT = {LintLevel.ERROR: Level.ERROR, LintLevel.WARNING: Level.WARNING, LintLevel.INFO: Level.NOTE}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one workflow. Texts are visible; each format still has to escape them."""

    rule: str
    rule_name: str
    level: Level
    workflow: str
    """The path as it was given."""
    subject: str
    """`folder/name`: what the problem is about, whatever happens to lines and nodes."""
    message: str
    site: NodeSite | None = None
    name: str = ""
    """The value that stands there."""
    stops: bool = False
    """Whether ComfyUI itself would not start, or would not go on, because of it."""
    region: Region | None = None
    """Its place in the workflow's text, once it was looked for."""


def problems_of(report: CheckReport) -> tuple[Problem, ...]:
    """Worst first: unreadable files, a configuration that stops ComfyUI, refs by state, nodes, inputs, then lints."""
    return (
        *_unreadable(report),
        *_config(report),
        *(problem for item in sorted(report.items, key=rank) for problem in _of_item(item)),
        *_absent(report),
        *(problem for lint in report.lints for problem in _of_lint(lint, report)),
    )


def with_regions(problems: Iterable[Problem], texts: Mapping[str, str]) -> tuple[Problem, ...]:
    """The problems with their places in the texts that are given, by workflow path; each text is read once."""
    places: dict[str, Places] = {}
    located = []
    for problem in problems:
        text = texts.get(problem.workflow)
        if text is not None and problem.site and problem.name:
            known = places.get(problem.workflow) or places.setdefault(problem.workflow, Places(text))
            region = known.locate(problem.name, problem.site.node_id, problem.site.input)
            problem = replace(problem, region=region)
        located.append(problem)
    return tuple(located)


def _unreadable(report: CheckReport) -> Iterator[Problem]:
    for workflow in report.workflows:
        if isinstance(workflow, UnreadableWorkflow):
            message = ". ".join(
                part for part in (visible(workflow.message), visible(workflow.hint or "")) if part
            )
            yield Problem(UNREADABLE_RULE, "unreadable-workflow", Level.ERROR, workflow.path, "", message)


def _config(report: CheckReport) -> Iterator[Problem]:
    """What keeps ComfyUI from starting, for each workflow: none of them can run."""
    for notice in report.warnings:
        if notice.code == STOPS_COMFYUI:
            for workflow in report.workflows:
                message = visible(notice.message)
                yield Problem(
                    CONFIG_RULE,
                    "comfyui-does-not-start",
                    Level.ERROR,
                    workflow.path,
                    notice.code,
                    message,
                    stops=True,
                )


def _of_item(item: ReportItem) -> Iterator[Problem]:
    row = STATES[item.state]
    if row.level is Level.NONE:
        return
    by_workflow: dict[str, list[NodeSite]] = {}
    for site in item.ref.sites:
        if site.workflow in item.needed_by or not item.needed_by:
            by_workflow.setdefault(site.workflow, []).append(site)
    for workflow, sites in by_workflow.items():
        yield Problem(
            rule=row.rule,
            rule_name=row.rule_name,
            level=row.level,
            workflow=workflow,
            subject=f"{item.ref.folder}/{shown_name(item.ref.name)}",
            message=_sentence(item, sites),
            site=sites[0],
            name=item.ref.name,
        )


def _sentence(item: ReportItem, sites: list[NodeSite]) -> str:
    """The state first: readers group problems by how their messages begin."""
    subject = f"`{visible(shown_name(item.ref.name))}` ({visible(item.ref.folder)}, {where_text(sites)})"
    detail = f", {visible(item.detail)}" if item.detail else ""
    next_step = (
        f" Next: {item.next}"
        if item.next
        else f" {visible(item.hint[0].upper() + item.hint[1:])}."
        if item.hint
        else ""
    )
    return f"{STATES[item.state].title}: {subject}{detail}.{next_step}"


def _absent(report: CheckReport) -> Iterator[Problem]:
    """Node classes and input files that are not here, for each workflow that uses them."""
    for node in report.nodes:
        level = Level.ERROR if node.proven else Level.WARNING if node.judged else Level.NOTE
        title = NODES_TITLE if node.judged else UNJUDGED_TITLE
        for use in node.uses:
            facts = f", {node_facts(node)}" if node_facts(node) else ""
            command = f" Next: {node.command}" if node.command else ""
            message = f"{title}: `{visible(node.node_class)}` ({where_text([use.site])}){facts}.{command}"
            yield Problem(
                NODE_RULE,
                "node-not-found",
                level,
                use.site.workflow,
                node.node_class,
                message,
                use.site,
                node.node_class,
            )
    for each in report.inputs:
        level = Level.ERROR if each.proven else Level.WARNING
        for input_use in {use.site.workflow: use for use in each.uses}.values():
            site = input_use.site
            message = f"{INPUTS_TITLE}: `{input_name(each)}` ({where_text([site])}), {input_facts(each)}."
            subject = f"{each.folder}/{shown_name(each.name)}"
            yield Problem(
                INPUT_RULE, "input-not-found", level, site.workflow, subject, message, site, each.name
            )


def _of_lint(lint: Lint, report: CheckReport) -> Iterator[Problem]:
    consequence = f" ComfyUI would say: {lint.consequence}" if lint.consequence else ""
    site = lint.sites[0] if lint.sites else None
    workflow = site.workflow if site else report.workflows[0].path if report.workflows else ""
    yield Problem(
        rule=LINT_RULE,
        rule_name="lint",
        level=_LEVEL_OF_LINT[lint.level],
        workflow=workflow,
        subject=f"{lint.code}:{'|'.join(map(shown_name, lint.names))}",
        message=visible(f"{lint.code}: {lint.message}{consequence}"),
        site=site,
        name=lint.names[0] if lint.names else "",
        stops=lint.stops,
    )
