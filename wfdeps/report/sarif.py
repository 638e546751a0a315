"""SARIF 2.1.0: for code scanning and editors. One run, one result for each problem in each workflow.

Fingerprints come from the rule, the workflow and the file's name, so a moved line or node keeps its alert.
GitHub shows 5,000 results of a run, the worst, and drops an upload of more than 25,000: no more are written, and a
notification counts the rest. It asks for a line with every result: where a value has none (in an image, a clip), the
first stands for the file.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from typing import Any
from urllib.parse import quote

from wfdeps.domain.refs import UnreadableWorkflow
from wfdeps.domain.reports import CheckReport
from wfdeps.domain.visible import encodable
from wfdeps.report.locating import Region
from wfdeps.report.problems import (
    CONFIG_RULE,
    INPUT_RULE,
    LINT_RULE,
    NODE_RULE,
    UNREADABLE_RULE,
    Problem,
    problems_of,
    with_regions,
)
from wfdeps.report.states import ADVICE, STATES, Level
from wfdeps.report.wording import View, document_text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "wfdepsProblem/v1"
MOST_RESULTS = 5_000

Fields = dict[str, Any]


def render(report: CheckReport, view: View | None = None) -> str:
    """The log, indented."""
    return document_text(to_log(report, view or View()))


def to_log(report: CheckReport, view: View) -> Fields:
    """The SARIF log as dicts and lists."""
    rules = _rules()
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    driver: Fields = {"name": "wfdeps", "rules": rules}
    if view.version:
        driver["semanticVersion"] = view.version
    problems = problems_of(report)
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(report, left_out=len(problems) - MOST_RESULTS)],
        "artifacts": [{"location": {"uri": uri_of(workflow.path)}} for workflow in report.workflows],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(problem, numbers) for problem in with_regions(problems[:MOST_RESULTS], view.texts)
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation(report: CheckReport, *, left_out: int) -> Fields:
    unread = any(isinstance(row, UnreadableWorkflow) for row in report.workflows)
    invocation: Fields = {"executionSuccessful": not unread, "exitCode": report.exit_code}
    if left_out > 0:
        text = f"{left_out} more problems are left out; `wfdeps check --json` has them all"
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    return invocation


def uri_of(path: str) -> str:
    """A path as SARIF wants it: relative ones relative, absolute ones as `file:`, with `/`."""
    path = encodable(_plain(path))
    drive = len(path) > 2 and path[1] == ":" and path[2] == "/"
    written = quote(path, safe="/:" if drive else "/")
    return f"file:///{written}" if drive else f"file://{written}" if path.startswith("/") else written


def _plain(path: str) -> str:
    """The path of a file, however the command line spells it: `./a.json` and `a.json` are equal."""
    return posixpath.normpath(path.replace("\\", "/"))


def _rules() -> list[Fields]:
    rows: dict[str, tuple[str, Level, str, str]] = {
        UNREADABLE_RULE: (
            "unreadable-workflow",
            Level.ERROR,
            "The file cannot be read as a workflow.",
            "save it from ComfyUI again",
        )
    }
    rows[CONFIG_RULE] = (
        "comfyui-does-not-start",
        Level.ERROR,
        "ComfyUI does not start with this configuration.",
        "mend the line of extra_model_paths.yaml that is named",
    )
    for state, row in STATES.items():
        if row.rule:
            rows.setdefault(row.rule, (row.rule_name, row.level, row.meaning, ADVICE[state].hint))
    rows[LINT_RULE] = (
        "lint",
        Level.WARNING,
        "Files that are there do not fit together.",
        "choose files that are made for the same base model",
    )
    rows[NODE_RULE] = (
        "node-not-found",
        Level.WARNING,
        "No node of this class is installed here: ComfyUI would refuse the workflow.",
        "install the pack that has it",
    )
    rows[INPUT_RULE] = (
        "input-not-found",
        Level.WARNING,
        "An input file is not in ComfyUI's folder: the node that reads it would fail.",
        "put the file there, or choose another in the node",
    )
    return [
        {
            "id": rule,
            "name": "".join(word.capitalize() for word in name.split("-")),
            "shortDescription": {"text": meaning},
            "fullDescription": {"text": meaning},
            "help": {"text": f"What to do: {hint}."},
            "defaultConfiguration": {"level": str(level)},
        }
        for rule, (name, level, meaning, hint) in sorted(rows.items())
    ]


def _result(problem: Problem, numbers: dict[str, int]) -> Fields:
    return {
        "ruleId": problem.rule,
        "ruleIndex": numbers[problem.rule],
        "level": str(problem.level),
        "message": {"text": problem.message},
        "locations": [_location(problem)],
        "partialFingerprints": {FINGERPRINT: _fingerprint(problem)},
    }


def _location(problem: Problem) -> Fields:
    region = _region(problem.region) if problem.region else {"startLine": 1}
    location: Fields = {
        "physicalLocation": {"artifactLocation": {"uri": uri_of(problem.workflow)}, "region": region}
    }
    site = problem.site
    if site:
        location["logicalLocations"] = [
            {
                "name": site.title or site.node_class,
                "fullyQualifiedName": f"{site.node_id}/{site.input}",
                "kind": "element",
            }
        ]
    return location


def _region(region: Region) -> Fields:
    return {
        "startLine": region.start_line,
        "startColumn": region.start_column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    }


def _fingerprint(problem: Problem) -> str:
    parts = json.dumps([problem.rule, _plain(problem.workflow), problem.subject])
    return hashlib.sha256(parts.encode()).hexdigest()
