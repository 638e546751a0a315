"""JUnit XML, as GitLab, Jenkins and GitHub actions read it: a suite a workflow, a case a file.

What a run does not need is skipped; what could not be decided is an error; what is missing is a failure.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from wfdeps.domain.findings import RefState
from wfdeps.domain.refs import UnreadableWorkflow
from wfdeps.domain.reports import CheckReport, ReportItem, WorkflowVerdict
from wfdeps.domain.visible import visible
from wfdeps.report.problems import INPUT_RULE, NODE_RULE, Problem, problems_of
from wfdeps.report.states import STATES, Level
from wfdeps.report.wording import View, shown_name

_ERRORS = frozenset({RefState.UNDECIDED, RefState.FAILED})


def render(report: CheckReport, view: View | None = None) -> str:
    """The document, indented, with its XML declaration."""
    root = Element("testsuites", name="wfdeps")
    items: dict[str, list[ReportItem]] = {}
    for item in report.items:
        for path in dict.fromkeys(site.workflow for site in item.ref.sites):
            items.setdefault(path, []).append(item)
    others: dict[str, list[Problem]] = {}
    for problem in problems_of(report):
        if problem.rule in (NODE_RULE, INPUT_RULE) or problem.stops:
            others.setdefault(problem.workflow, []).append(problem)
    for workflow in report.workflows:
        suite = _suite(workflow, items.get(workflow.path, ()))
        suite.extend(map(_of_problem, others.get(workflow.path, ())))
        root.append(_counted(suite))
    for count in ("tests", "failures", "errors"):  # `skipped` stands with a suite only, by Jenkins' schema
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(workflow: WorkflowVerdict | UnreadableWorkflow, items: Iterable[ReportItem]) -> Element:
    suite = Element("testsuite", name=visible(workflow.path))
    if isinstance(workflow, UnreadableWorkflow):
        case = SubElement(suite, "testcase", name="readable", classname=visible(workflow.path))
        error = SubElement(case, "error", type="unreadable", message=visible(workflow.message))
        error.text = visible(workflow.hint or workflow.message)
    else:
        suite.extend(_case(item, workflow) for item in items)
    return suite


def _of_problem(problem: Problem) -> Element:
    """The case of what is no file that is asked for: a failure where ComfyUI itself stops at it, else skipped."""
    kind = {NODE_RULE: "node", INPUT_RULE: "input"}.get(problem.rule, problem.rule_name)
    case = Element("testcase", name=f"{kind} {visible(problem.subject)}", classname=visible(problem.workflow))
    if problem.level is Level.ERROR:
        failure = SubElement(case, "failure", type=problem.rule_name, message=problem.message)
        failure.text = problem.message
    else:
        SubElement(case, "skipped", message=problem.message)
    return case


def _counted(suite: Element) -> Element:
    for count, tag in (("tests", None), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(tag is None or case.find(tag) is not None for case in suite)))
    return suite


def _case(item: ReportItem, workflow: WorkflowVerdict) -> Element:
    name = f"{visible(item.ref.folder)}/{visible(shown_name(item.ref.name))}"
    case = Element("testcase", name=name, classname=visible(workflow.path))
    row = STATES[item.state]
    message = f"{row.title}: {visible(item.detail)}" if item.detail else row.title
    if item.needed_by and workflow.path not in item.needed_by:
        SubElement(case, "skipped", message="not needed by this workflow")
    elif item.state in _ERRORS:
        _trouble(case, "error", item, message)
    elif row.level is Level.ERROR:
        _trouble(case, "failure", item, message)
    elif item.state is not RefState.PRESENT:
        SubElement(case, "skipped", message=message)
    return case


def _trouble(case: Element, tag: str, item: ReportItem, message: str) -> None:
    element = SubElement(case, tag, type=str(item.state), message=message)
    nodes = ", ".join(f"{visible(site.node_id)} {visible(site.node_class)}" for site in item.ref.sites)
    element.text = "\n".join(line for line in (f"nodes: {nodes}", visible(item.hint), item.next) if line)
