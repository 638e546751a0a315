"""One verdict and one exit code for each thing that can be wrong."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from tests.report import scenes
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.domain.refs import STOPS_COMFYUI, Notice, UnreadableWorkflow
from wfdeps.domain.reports import CheckReport, ExitPolicy, FailOn, ReportVerdict, WorkflowVerdict
from wfdeps.report import github, junit, markdown, sarif, text
from wfdeps.report.build import build_report
from wfdeps.report.json import to_document
from wfdeps.report.wording import View
from wfdeps.schema import problems

A = scenes.ref("a.safetensors")
WRONG_TYPE = Lint(
    LintLevel.ERROR,
    "wrong-type",
    "a LoRA is loaded as a checkpoint",
    ("a.safetensors",),
    A.sites,
    "",
    stops=True,
)
OTHER_BASE = Lint(LintLevel.ERROR, "base-mismatch", "an SDXL LoRA on SD 1.5", ("a.safetensors",), A.sites)
DOES_NOT_START = Notice(STOPS_COMFYUI, "x.yaml is empty: ComfyUI does not start with it")
ODD = Notice("extra_paths_unknown_key", "x.yaml: a key nobody lists")


def report_on(
    state: RefState = RefState.PRESENT,
    *,
    lints: tuple[Lint, ...] = (),
    warnings: tuple[Notice, ...] = (),
    policy: ExitPolicy | None = None,
) -> CheckReport:
    return build_report(
        [scenes.workflow(A)], [Finding(A, state)], lints=lints, warnings=warnings, policy=policy
    )


@pytest.mark.parametrize(
    ("report", "verdict", "code"),
    [
        (report_on(), "ready", 0),
        (report_on(warnings=(ODD,)), "ready", 0),
        (report_on(lints=(OTHER_BASE,)), "ready", 0),
        (report_on(lints=(WRONG_TYPE,)), "broken", 1),
        (report_on(warnings=(DOES_NOT_START,)), "broken", 2),
        (report_on(RefState.MISSING, lints=(WRONG_TYPE,)), "missing", 1),
        (report_on(RefState.MISSING, warnings=(DOES_NOT_START,)), "missing", 2),
        (report_on(RefState.UNDECIDED, lints=(WRONG_TYPE,)), "broken", 1),
        (report_on(RefState.UNDECIDED), "undecided", 3),
        (report_on(RefState.FAILED), "failed", 4),
        (report_on(RefState.AMBIGUOUS), "ambiguous", 1),
        (report_on(RefState.CORRUPT), "missing", 1),
        (build_report([], []), "undecided", 2),
        (build_report([UnreadableWorkflow("x.json", "no workflow")], []), "undecided", 2),
    ],
)
def test_the_table_of_verdicts(report: CheckReport, verdict: str, code: int) -> None:
    assert (report.verdict, report.exit_code) == (verdict, code)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (ExitPolicy(exit_zero=True), 0),
        (ExitPolicy(frozenset({FailOn.MISSING})), 0),
        (ExitPolicy(frozenset({FailOn.LINT_ERROR})), 1),
        (ExitPolicy(strict=True), 1),
    ],
)
def test_what_comfyui_would_not_load_is_never_ready_whatever_turns_the_code(
    policy: ExitPolicy, code: int
) -> None:
    report = report_on(lints=(WRONG_TYPE,), policy=policy)
    assert (report.verdict, report.exit_code) == (ReportVerdict.BROKEN, code)


@pytest.mark.parametrize("policy", [ExitPolicy(exit_zero=True), ExitPolicy(frozenset()), ExitPolicy()])
def test_a_configuration_with_which_comfyui_does_not_start_is_two_as_an_unreadable_workflow_is(
    policy: ExitPolicy,
) -> None:
    assert report_on(warnings=(DOES_NOT_START,), policy=policy).exit_code == 2
    assert build_report([], [], policy=policy).exit_code == 2


def test_only_the_workflow_that_loads_the_file_is_broken_but_no_workflow_runs_without_a_comfyui() -> None:
    other = scenes.ref("b.safetensors", workflow="two.json")
    workflows = [scenes.workflow(A), scenes.workflow(other, path="two.json")]
    findings = [scenes.present(A), scenes.present(other)]
    for report, words in (
        (build_report(workflows, findings, lints=[WRONG_TYPE]), ["broken", "ready"]),
        (build_report(workflows, findings, warnings=[DOES_NOT_START]), ["broken", "broken"]),
    ):
        assert [row.verdict for row in report.workflows if isinstance(row, WorkflowVerdict)] == words


@pytest.mark.parametrize("report", [report_on(lints=(WRONG_TYPE,)), report_on(warnings=(DOES_NOT_START,))])
def test_every_format_says_that_it_does_not_run(report: CheckReport) -> None:
    assert text.render(report).startswith("✗ broken")
    assert "❌ wfdeps: broken" in markdown.render(report, View())
    assert github.render(report).startswith("::error ")
    failures = ElementTree.fromstring(junit.render(report)).iter("failure")
    assert len(list(failures)) == 1
    levels = [row["level"] for row in json.loads(sarif.render(report))["runs"][0]["results"]]
    assert levels == ["error"]
    document = to_document(report)
    assert problems(document, "report-1") == ()
    assert document["verdict"] == "broken"
