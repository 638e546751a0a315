"""A report is what the stages said, and its exit code follows from the states alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report import scenes
from wfdeps.domain.access import AccessState
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.domain.outcomes import Failed, FailureKind, Placed, Receipt
from wfdeps.domain.plans import Blocked, Download, Plan, Target
from wfdeps.domain.refs import NEEDED, Notice, RefStatus, UnreadableWorkflow, WorkflowRefs
from wfdeps.domain.reports import ExitPolicy, FailOn, ReportVerdict, WorkflowVerdict
from wfdeps.domain.resolutions import Unresolved
from wfdeps.report.build import build_report
from wfdeps.report.judging import TROUBLE
from wfdeps.report.states import ADVICE, STATES

A = scenes.ref("a.safetensors")
B = scenes.ref("b.safetensors", "checkpoints", node="4")


def _download(wanted: scenes.ModelRef) -> Download:
    choice = scenes.candidate(wanted.name)
    target = Target(wanted.folder, f"/models/{wanted.folder}", wanted.name)
    return Download(
        (wanted,), choice.candidate, target, (choice.candidate.url,), 144_000_000, (), scenes.ChosenBy.NAME
    )


def test_every_state_has_a_row_in_each_table() -> None:
    for table in (TROUBLE, ADVICE, STATES):
        assert set(table) == set(RefState)


def test_all_there_is_ready_and_zero() -> None:
    report = build_report([scenes.workflow(A, B)], [scenes.present(A), scenes.present(B)])
    assert (report.verdict, report.exit_code) == (ReportVerdict.READY, 0)
    assert (report.totals.required, report.totals.present, report.totals.missing) == (2, 2, 0)
    assert report.totals.bytes_present == 288_000_000


def test_one_missing_is_missing_and_one() -> None:
    report = build_report([scenes.workflow(A, B)], [scenes.missing(A), scenes.present(B)])
    assert (report.verdict, report.exit_code) == (ReportVerdict.MISSING, 1)
    assert [item.ref.name for item in report.needed] == ["a.safetensors"]
    assert report.needed[0].next == "wfdeps get wf.json"


def test_a_ref_nobody_looked_for_is_undecided_not_ready() -> None:
    assert build_report([scenes.workflow(A)], []).exit_code == 3


@pytest.mark.parametrize("status", [status for status in RefStatus if status not in NEEDED])
def test_what_no_run_needs_never_blocks(status: RefStatus) -> None:
    unneeded = scenes.ref("a.safetensors", status=status)
    report = build_report([scenes.workflow(unneeded)], [scenes.missing(unneeded)])
    assert (report.verdict, report.exit_code, report.items[0].state) == (ReportVerdict.READY, 0, status.value)


def test_a_slot_that_nobody_filled_blocks() -> None:
    unfilled = scenes.ref("None", status=RefStatus.PLACEHOLDER)
    report = build_report([scenes.workflow(unfilled)], [scenes.missing(unfilled)])
    assert (report.verdict, report.exit_code) == (ReportVerdict.MISSING, 1)
    assert report.workflows[0].required == 1  # type: ignore[union-attr]


def test_a_resolution_says_where_a_missing_file_is_and_how_large() -> None:
    report = build_report([scenes.workflow(A)], [scenes.missing(A)], [scenes.resolved(A)])
    item = report.items[0]
    assert (item.state, item.source, item.size) == (RefState.RESOLVED, "civitai", 144_000_000)
    assert (report.exit_code, report.totals.bytes_to_fetch) == (1, 144_000_000)


def test_what_needs_a_token_is_gated_and_a_check_still_says_missing() -> None:
    report = build_report([scenes.workflow(A)], [scenes.missing(A)], [scenes.resolved(A, AccessState.TOKEN)])
    assert (report.items[0].state, report.verdict, report.exit_code) == (
        RefState.GATED,
        ReportVerdict.MISSING,
        1,
    )


def test_what_needs_a_token_is_undecided_once_a_download_was_tried() -> None:
    failed = Failed(_download(A), "401", kind=FailureKind.GATED)
    report = build_report([scenes.workflow(A)], [scenes.missing(A)], [scenes.resolved(A)], outcomes=[failed])
    assert (report.items[0].state, report.verdict, report.exit_code) == (
        RefState.GATED,
        ReportVerdict.UNDECIDED,
        3,
    )


def test_a_rival_choice_is_ambiguous_and_its_command_names_the_best() -> None:
    report = build_report([scenes.workflow(A)], [scenes.missing(A)], [scenes.ambiguous(A)])
    assert (report.verdict, report.exit_code) == (ReportVerdict.AMBIGUOUS, 1)
    assert "urn:air:sd1:lora:civitai:9@101" in report.items[0].next


def test_a_file_in_the_wrong_folder_stays_so_whatever_a_source_says() -> None:
    finding = Finding(A, RefState.WRONG_FOLDER, (scenes.file(A.name, "vae"),))
    report = build_report([scenes.workflow(A)], [finding], [scenes.resolved(A)])
    assert report.items[0].state is RefState.WRONG_FOLDER
    assert report.totals.bytes_to_fetch == 0


def test_after_get_what_was_placed_is_present() -> None:
    placed = Placed(
        _download(A), Receipt("/models/loras/a.safetensors", scenes.SHA, 144_000_000, True), "sha256"
    )
    plan = Plan((_download(A),))
    report = build_report([scenes.workflow(A)], [scenes.missing(A)], [scenes.resolved(A)], plan, [placed])
    assert (report.verdict, report.exit_code, report.items[0].verified_by) == (
        ReportVerdict.READY,
        0,
        "sha256",
    )
    assert (report.totals.bytes_fetched, report.totals.bytes_to_fetch) == (144_000_000, 0)


def test_bytes_that_an_earlier_run_had_fetched_are_not_fetched_now() -> None:
    receipt = Receipt("/models/loras/a.safetensors", scenes.SHA, 144_000_000, True)
    placed = Placed(_download(A), receipt, "sha256", reused=100_000_000)
    plan = Plan((_download(A),))
    report = build_report([scenes.workflow(A)], [scenes.missing(A)], [scenes.resolved(A)], plan, [placed])
    assert report.totals.bytes_fetched == 44_000_000


def test_a_failed_download_among_good_ones_is_four() -> None:
    good = Placed(
        _download(A), Receipt("/models/loras/a.safetensors", scenes.SHA, 144_000_000, True), "sha256"
    )
    bad = Failed(_download(B), "connection reset", "run again")
    report = build_report(
        [scenes.workflow(A, B)], [scenes.missing(A), scenes.missing(B)], outcomes=[good, bad]
    )
    assert (report.verdict, report.exit_code) == (ReportVerdict.FAILED, 4)
    assert next(item for item in report.items if item.state is RefState.FAILED).hint == "run again"


def test_a_definite_lack_outranks_a_failed_download() -> None:
    bad = Failed(_download(A), "connection reset")
    blocked = Blocked(B, RefState.UNRESOLVED, "no source knows it")
    report = build_report(
        [scenes.workflow(A, B)], [scenes.missing(A), scenes.missing(B)], outcomes=[bad, blocked]
    )
    assert (report.verdict, report.exit_code) == (ReportVerdict.MISSING, 1)


def test_a_source_that_could_not_be_asked_is_three() -> None:
    unasked = Unresolved(A, RefState.UNDECIDED, "civitai did not answer")
    report = build_report([scenes.workflow(A)], [scenes.missing(A)], [unasked])
    assert (report.verdict, report.exit_code) == (ReportVerdict.UNDECIDED, 3)


def test_an_unreadable_workflow_is_two_after_the_others_are_done() -> None:
    bad = UnreadableWorkflow("bad.png", "no workflow in this file")
    report = build_report([bad, scenes.workflow(A)], [scenes.present(A)], policy=ExitPolicy(exit_zero=True))
    assert (report.verdict, report.exit_code, report.totals.present) == (ReportVerdict.UNDECIDED, 2, 1)


def test_workflows_share_files_and_each_is_judged_by_its_own_needs() -> None:
    here, muted = (
        scenes.ref("a.safetensors", workflow=path, status=status)
        for path, status in (("one.json", RefStatus.REQUIRED), ("two.json", RefStatus.INACTIVE))
    )
    report = build_report(
        [scenes.workflow(here, path="one.json"), scenes.workflow(muted, path="two.json")],
        [scenes.missing(here), Finding(muted, RefState.INACTIVE)],
    )
    assert len(report.items) == 1
    assert [site.workflow for site in report.items[0].ref.sites] == ["one.json", "two.json"]
    verdicts = [row.verdict for row in report.workflows if isinstance(row, WorkflowVerdict)]
    assert verdicts == [ReportVerdict.MISSING, ReportVerdict.READY]


def test_two_refs_for_one_remote_file_in_one_place_are_fetched_once() -> None:
    twice = [scenes.ref("a.safetensors", workflow=path) for path in ("one.json", "two.json")]
    workflows = [scenes.workflow(wanted, path=wanted.sites[0].workflow) for wanted in twice]
    report = build_report(workflows, [scenes.missing(r) for r in twice], [scenes.resolved(r) for r in twice])
    assert report.totals.bytes_to_fetch == 144_000_000


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (ExitPolicy(), 0),
        (ExitPolicy(frozenset({FailOn.LINT_ERROR})), 1),
        (ExitPolicy(strict=True), 1),
        (ExitPolicy(strict=True, exit_zero=True), 0),
    ],
)
def test_a_lint_turns_the_exit_code_only_when_asked(policy: ExitPolicy, code: int) -> None:
    lint = Lint(LintLevel.ERROR, "base-mismatch", "an SDXL LoRA on an SD 1.5 checkpoint")
    report = build_report([scenes.workflow(A)], [scenes.present(A)], lints=[lint], policy=policy)
    assert (report.verdict, report.exit_code) == (ReportVerdict.READY, code)


def test_fail_on_narrows_what_counts() -> None:
    policy = ExitPolicy(frozenset({FailOn.HASH}))
    report = build_report([scenes.workflow(A)], [scenes.missing(A)], policy=policy)
    assert (report.verdict, report.exit_code) == (ReportVerdict.MISSING, 0)


def test_strict_counts_an_odd_reading() -> None:
    odd = WorkflowRefs("wf.json", "ui", "json", scenes.SHA, (A,), (Notice("no-output", "no output node"),))
    assert build_report([odd], [scenes.present(A)]).exit_code == 0
    assert build_report([odd], [scenes.present(A)], policy=ExitPolicy(strict=True)).exit_code == 1


def test_the_weights_floor_counts_by_phase_and_says_what_it_does_not_know() -> None:
    refs = (B, A, scenes.ref("t5.safetensors", "text_encoders", node="9"))
    report = build_report(
        [scenes.workflow(*refs)], [scenes.present(B, 6_000), scenes.present(A, 500), scenes.missing(refs[2])]
    )
    row = report.workflows[0]
    assert isinstance(row, WorkflowVerdict)
    assert [(f.phase, f.bytes, f.largest, f.unknown) for f in row.weights] == [
        ("text_encoders", 0, 0, 1),
        ("diffusion", 6_500, 6_000, 0),
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(RefStatus), st.sampled_from(RefState)), max_size=8
    )
)
def test_counts_add_up_and_ready_means_nothing_is_needed(rows: list[tuple[str, RefStatus, RefState]]) -> None:
    refs = [scenes.ref(f"{name}{i}.safetensors", status=status) for i, (name, status, _) in enumerate(rows)]
    findings = [Finding(wanted, row[2]) for wanted, row in zip(refs, rows, strict=True)]
    report = build_report([scenes.workflow(*refs)], findings)
    assert report.totals.missing == report.totals.required - report.totals.present == len(report.needed)
    assert sum(count for _, count in report.totals.states) == len(report.items) == len(refs)
    assert report == build_report([scenes.workflow(*refs)], list(reversed(findings)))
