"""What is said of a file that is there and is not what the workflow asks for; and what speaks in words only."""

from __future__ import annotations

import pytest

from tests.match.test_local import ONE, TWO, file, ref
from wfdeps.domain.files import Inventory, LocalFile
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.refs import Lookup, ModelRef
from wfdeps.match.local import find_local, stems_for
from wfdeps.values import replace


def found(wanted: ModelRef, *files: LocalFile, separator: str = "/") -> Finding:
    return find_local(wanted, Inventory(separator, files))


A = ref("sub/a.pt", "loras")
HASHED = replace(A, digests=(ONE,))
THERE = "`loras/sub/a.pt` is there"

CASES = [
    (A, [file("loras", "sub/a.pt")], RefState.PRESENT, ""),
    (HASHED, [file("loras", "sub/a.pt", digests=(TWO,))], RefState.WRONG_HASH, f"the workflow asks for {ONE}, this file is {TWO}"),
    (A, [file("loras", "sub/a.pt", trouble="it is cut")], RefState.CORRUPT, "it is cut"),
    (A, [file("loras", "sub/a.pt", visible=False)], RefState.INVISIBLE, "the target's ComfyUI does not look into this folder"),
    (A, [file("loras", "sub/a.pt", visible=False, fix="add it")], RefState.INVISIBLE, "add it"),
    (HASHED, [file("vae", "b.pt", digests=(ONE,))], RefState.WRONG_FOLDER, "the same file by its hash is `vae/b.pt`"),
    (HASHED, [file("vae", "b.pt", claimed=(ONE,))], RefState.WRONG_FOLDER, "the same file by its hash is `vae/b.pt`"),
    (A, [file("loras", "x/a.pt")], RefState.PRESENT_ELSEWHERE, "found as `loras/x/a.pt`"),
    (A, [file("loras", "x/a.pt"), file("loras", "y/a.pt")], RefState.PRESENT_ELSEWHERE, "found as `loras/x/a.pt` (and 1 more of that name)"),
    (A, [file("vae", "sub/a.pt")], RefState.WRONG_FOLDER, "found in `vae/sub/a.pt`, the workflow loads from `loras`"),
    (A, [file("loras", "Sub/A.pt")], RefState.PRESENT_ELSEWHERE, "`loras/Sub/A.pt` is there: only letter case or Unicode form differs, which ComfyUI compares"),
    (ref("sub\\a.pt", "loras"), [file("loras", "sub/a.pt")], RefState.PRESENT_ELSEWHERE, f"{THERE}: the workflow spells it for the other system, this one writes `/`"),
    (ref("sub/a", "loras"), [file("loras", "sub/a.pt")], RefState.PRESENT_ELSEWHERE, f"{THERE}: the workflow leaves out its ending, and the loader wants the whole name"),
    (A, [file("loras", "x/a.pt", trouble="it is cut")], RefState.MISSING, "`/m/0/loras/x/a.pt` has the name, but is useless: it is cut"),
    (HASHED, [file("loras", "x/a.pt", digests=(TWO,))], RefState.MISSING, "`/m/0/loras/x/a.pt` has the name, but another hash"),
    (A, [file("loras", "x/a.ckpt")], RefState.MISSING, "`/m/0/loras/x/a.ckpt` differs in its ending"),
    (A, [file("loras", "a (1).pt")], RefState.MISSING, "`/m/0/loras/a (1).pt` may be it: a browser or wget numbers a second download; rename it if it is"),
    (A, [file("loras", "a.pt.1", listed=False)], RefState.MISSING, "`/m/0/loras/a.pt.1` may be it: a browser or wget numbers a second download; rename it if it is"),
    (A, [file("loras", "b.pt")], RefState.MISSING, ""),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "files", "state", "detail"), CASES)
def test_each_find_has_its_state_and_its_words(
    wanted: ModelRef, files: list[LocalFile], state: RefState, detail: str
) -> None:
    finding = found(wanted, *files)
    assert (finding.state, finding.detail) == (state, detail)


@pytest.mark.parametrize(
    "added",
    [".aria2", ".part", ".crdownload", ".incomplete", ".downloading", ".download", ".partial", ".tmp"],
)
def test_an_unfinished_download_is_known_by_what_is_added(added: str) -> None:
    finding = found(A, file("loras", f"A.pt{added}", listed=False))
    assert finding.state is RefState.MISSING
    assert (
        finding.detail
        == f"`/m/0/loras/A.pt{added}` is its unfinished download: finish it, or fetch the file anew"
    )


def test_of_two_files_a_reader_may_take_both_are_named_unless_their_bytes_are_equal() -> None:
    tag = ref("a", "loras", lookups=(Lookup.STEM,))
    first, second = (file("loras", f"{folder}/a.pt", digests=(ONE,)) for folder in "xy")
    assert found(tag, first, second).detail == "as `x/a.pt`"
    rivals = found(tag, first, replace(second, digests=(TWO,)))
    assert rivals.detail == "as `x/a.pt` or `y/a.pt`: which of them is loaded cannot be told"
    assert (
        found(replace(tag, lookups=(Lookup.TAG,)), first, replace(second, digests=(TWO,))).files[0] == first
    )


def test_a_visible_file_is_loaded_before_one_in_a_blind_spot() -> None:
    blind, seen = file("loras", "sub/a.pt", visible=False), file("loras", "sub/a.pt", order=1)
    assert found(A, blind, seen).files[0] == seen


@pytest.mark.parametrize(
    ("name", "stems"),
    [
        ("sub/A.pt", {"a", "a.pt", "a (1)"}),
        ("sub\\a.pt", {"a", "a.pt", "a (1)", "sub\\a", "sub\\a.pt", "sub\\a (1)"}),
        ("folder/", {"folder", "folder (1)"}),
    ],
)
def test_the_stems_that_may_answer_a_name(name: str, stems: set[str]) -> None:
    assert stems_for(ref(name, "loras")) == stems
