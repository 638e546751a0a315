"""The last stage that spoke has the last word on an item: each row of the tables by its value."""

from __future__ import annotations

import pytest

from tests.report.scenes import ambiguous, candidate, file, ref, resolved
from wfdeps.domain.access import AccessState
from wfdeps.domain.candidates import LOCAL, Verdict, VerdictKind
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.outcomes import Failed, FailureKind, Outcome, Placed, Receipt
from wfdeps.domain.plans import Blocked, Download, Keep, Link, Step, Target
from wfdeps.domain.reports import ReportItem
from wfdeps.domain.resolutions import ChosenBy, Present, Resolution, Unresolved
from wfdeps.report.stages import as_found_after, refs_of, with_stages
from wfdeps.values import replace

WANTED = ref("a.safetensors")
TARGET = Target("loras", "/models/loras", "sub/a.safetensors")
DOWNLOAD = Download((WANTED,), candidate("a.safetensors").candidate, TARGET, (), 7, (), ChosenBy.NAME)
ITEM = ReportItem(WANTED, RefState.MISSING)

STATE_OF_ACCESS = {
    AccessState.OPEN: (RefState.RESOLVED, ""),
    AccessState.TOKEN: (RefState.GATED, "token"),
    AccessState.EARLY_ACCESS: (RefState.EARLY_ACCESS, "early access"),
    AccessState.DISABLED: (RefState.UNAVAILABLE, "disabled"),
    AccessState.ARCHIVED: (RefState.UNAVAILABLE, "archived"),
    AccessState.DELETED: (RefState.UNAVAILABLE, "deleted"),
    AccessState.BLOCKED: (RefState.GATED, "blocked"),
}
STATE_OF_FAILURE = dict.fromkeys(FailureKind, RefState.FAILED) | {
    FailureKind.GATED: RefState.GATED,
    FailureKind.EARLY_ACCESS: RefState.EARLY_ACCESS,
    FailureKind.DISABLED: RefState.UNAVAILABLE,
}
OPEN_TO_A_SOURCE = (RefState.MISSING, RefState.UNDECIDED)


def after(
    resolution: Resolution | None = None,
    step: Step | None = None,
    outcome: Outcome | None = None,
    item: ReportItem = ITEM,
) -> ReportItem:
    return with_stages(item, resolution, step, outcome)


def told(item: ReportItem) -> tuple[RefState, str, str]:
    return item.state, item.detail, item.hint


@pytest.mark.parametrize("access", AccessState)
def test_a_known_file_stands_as_its_access_says(access: AccessState) -> None:
    resolution = resolved(WANTED, access)
    item = after(resolution)
    assert (item.state, item.detail) == STATE_OF_ACCESS[access]
    assert item.hint == resolution.choice.candidate.access.hint
    assert item.access == resolution.choice.candidate.access
    assert (item.chosen, item.chosen_by, item.size) == (resolution.choice, ChosenBy.NAME, 144_000_000)


@pytest.mark.parametrize("local", RefState)
def test_only_what_is_missing_or_undecided_takes_its_state_from_a_source(local: RefState) -> None:
    item = replace(ITEM, state=local)
    answers = {
        RefState.RESOLVED: resolved(WANTED),
        RefState.AMBIGUOUS: ambiguous(WANTED),
        RefState.GATED: Unresolved(WANTED, RefState.GATED, "no"),
    }
    for remote, resolution in answers.items():
        assert after(resolution, item=item).state is (remote if local in OPEN_TO_A_SOURCE else local)


def test_what_was_said_before_stays_beside_a_known_file() -> None:
    item = after(resolved(WANTED, AccessState.DISABLED), item=replace(ITEM, detail="before", hint="do this"))
    assert (item.detail, item.hint) == ("before", "do this")


def test_the_choice_stands_once_and_first_among_its_candidates() -> None:
    choice, rival = candidate("a.safetensors"), candidate("a.safetensors", version_id=102)
    item = after(replace(resolved(WANTED), choice=choice, rivals=(rival, choice)))
    assert item.candidates == (choice, rival)


def test_an_open_question_and_an_unknown_file_say_why() -> None:
    verdicts = (Verdict("civitai", VerdictKind.NO_SUCH),)
    question = replace(ambiguous(WANTED), verdicts=verdicts)
    item = after(question)
    assert told(item) == (RefState.AMBIGUOUS, "two files carry this name", "")
    assert (item.candidates, item.verdicts) == (question.candidates, verdicts)
    item = after(Unresolved(WANTED, RefState.UNRESOLVED, "not found", "choose it", verdicts))
    assert told(item) == (RefState.UNRESOLVED, "not found", "choose it")
    assert item.verdicts == verdicts


def test_a_present_file_tells_where_its_bytes_are_from_and_one_of_your_own_is_resolved() -> None:
    finding = Finding(WANTED, RefState.PRESENT, (file("mine.safetensors"),))
    here = replace(ITEM, state=RefState.PRESENT, found=finding.files)
    origin = candidate("a.safetensors")
    assert after(Present(WANTED, finding), item=here) == here
    known = after(Present(WANTED, finding, origin), item=here)
    assert (known.state, known.chosen, known.candidates) == (RefState.PRESENT, origin, (origin,))
    own = replace(origin, candidate=replace(origin.candidate, source=LOCAL))
    item = after(Present(WANTED, finding, own), item=here)
    assert told(item) == (RefState.RESOLVED, "a file of yours: /models/loras/mine.safetensors", "")
    assert (item.found, item.chosen, item.chosen_by) == ((), own, ChosenBy.USER)


STEPS: list[tuple[Step, str | None, int | None]] = [
    (Keep(WANTED, file("k.safetensors", size=3)), "/models/loras/k.safetensors", 3),
    (Link(WANTED, file("k.safetensors", size=3), TARGET), "/models/loras/sub/a.safetensors", 3),
    (DOWNLOAD, "/models/loras/sub/a.safetensors", 7),
    (replace(DOWNLOAD, size=None), "/models/loras/sub/a.safetensors", 5),
    (replace(DOWNLOAD, size=0), "/models/loras/sub/a.safetensors", 0),
    (replace(DOWNLOAD, target=replace(TARGET, root="/")), "/sub/a.safetensors", 7),
    (replace(DOWNLOAD, target=replace(TARGET, root="C:\\")), "C:\\sub\\a.safetensors", 7),
    (Blocked(WANTED, RefState.REFUSED, "no"), None, 5),
]


@pytest.mark.parametrize(("step", "path", "size"), STEPS)
def test_a_step_says_where_the_file_is_to_stand_and_how_large(
    step: Step, path: str | None, size: int | None
) -> None:
    item = after(step=step, item=replace(ITEM, size=5))
    assert (item.path or None, item.size) == (path, size)
    assert item.state is (RefState.REFUSED if isinstance(step, Blocked) else RefState.MISSING)


@pytest.mark.parametrize(
    ("reason", "hint", "words"),
    [("no", "do", ("no", "do")), ("", "do", ("was", "do")), ("no", "", ("no", "try"))],
)
@pytest.mark.parametrize("stage", ["step", "outcome"])
def test_what_is_blocked_has_the_last_word_and_keeps_what_it_does_not_replace(
    stage: str, reason: str, hint: str, words: tuple[str, str]
) -> None:
    before = replace(ITEM, detail="was", hint="try")
    blocked = Blocked(WANTED, RefState.REFUSED, reason, hint)
    item = after(step=blocked, item=before) if stage == "step" else after(outcome=blocked, item=before)
    assert told(item) == (RefState.REFUSED, *words)


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_stands_as_its_kind_says(kind: FailureKind) -> None:
    item = after(resolved(WANTED), DOWNLOAD, Failed(DOWNLOAD, "broke", "again", kind))
    assert told(item) == (STATE_OF_FAILURE[kind], "broke", "again")


@pytest.mark.parametrize(("wrote", "detail"), [(True, ""), (False, "the same bytes were there already")])
def test_what_was_placed_is_present_with_its_proof(wrote: bool, detail: str) -> None:
    placed = Placed(DOWNLOAD, Receipt("/models/loras/x", "ab" * 32, 9, wrote), "sha256")
    item = after(resolved(WANTED), DOWNLOAD, placed)
    assert told(item)[:2] == (RefState.PRESENT, detail)
    assert (item.path, item.size, item.verified_by) == ("/models/loras/x", 9, "sha256")


def test_what_was_kept_or_linked_is_present() -> None:
    kept, linked = STEPS[0][0], STEPS[1][0]
    assert isinstance(kept, Keep) and isinstance(linked, Link)
    before = replace(ITEM, detail="was")
    item = after(outcome=kept, item=before)
    assert (item.state, item.detail, item.path, item.size) == (
        RefState.PRESENT,
        "",
        "/models/loras/k.safetensors",
        3,
    )
    item = after(outcome=linked, item=before)
    assert (item.state, item.detail) == (RefState.PRESENT, "linked to /models/loras/k.safetensors")
    assert (item.path, item.size) == ("/models/loras/sub/a.safetensors", 3)


@pytest.mark.parametrize("state", [state for state in RefState if state is not RefState.PRESENT])
def test_what_was_done_is_ready_only_if_it_is_found_afterwards(state: RefState) -> None:
    done = replace(ITEM, state=RefState.PRESENT, detail="linked to /x", path="/y")
    elsewhere = Finding(WANTED, state, (file("b.safetensors"),), "spelled otherwise", respell=True)
    item = as_found_after(done, elsewhere)
    assert (item.state, item.respell, item.found) == (state, True, elsewhere.files)
    assert item.detail == "linked to /x, and still not offered: spelled otherwise"
    failed = replace(ITEM, state=RefState.FAILED, detail="broke", hint="again")
    assert as_found_after(failed, elsewhere) == failed, "why it failed is the better word"


def test_what_failed_and_is_here_nevertheless_is_ready() -> None:
    failed = replace(ITEM, state=RefState.FAILED, detail="broke", hint="again")
    item = as_found_after(failed, Finding(WANTED, RefState.PRESENT, (file("a.safetensors"),)))
    assert (item.state, item.detail, item.hint) == (RefState.PRESENT, "", "")
    assert (item.path, item.size) == (file("a.safetensors").path, file("a.safetensors").size)


def test_each_step_and_outcome_names_its_refs() -> None:
    other = ref("b.safetensors")
    shared: Download = replace(DOWNLOAD, refs=(WANTED, other))
    placed = Placed(shared, Receipt("/x", "ab" * 32, 9, True), "sha256")
    for step in (shared, placed, Failed(shared, "broke")):
        assert refs_of(step) == (WANTED, other)
    for step in (STEPS[0][0], STEPS[1][0], Blocked(WANTED, RefState.REFUSED, "no")):
        assert refs_of(step) == (WANTED,)
