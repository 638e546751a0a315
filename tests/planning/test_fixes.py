"""Rewriting touches values that nodes keep, and nothing else; parse and print bring the rest back unchanged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.words import FOLDERS, local_file, ref, sha256
from wfdeps.domain.files import Folder
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.plans import Link, Target
from wfdeps.domain.refs import NodeSite
from wfdeps.planning.fixes import (
    NoFix,
    Rename,
    Respelling,
    link_for,
    rename_for,
    respelling,
    rewritten,
)
from wfdeps.values import replace

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def test_values_of_both_formats_are_rewritten_and_titles_and_notes_are_not() -> None:
    document = {
        "nodes": [
            {"type": "old", "title": "old", "widgets_values": ["old", 1, {"lora": "old", "on": True}]},
            {"type": "X", "widgets_values": {"name": "old"}, "properties": {"models": [{"name": "old"}]}},
        ],
        "7": {"class_type": "old", "inputs": {"name": "old", "link": ["3", 0]}},
        "extra": {"note": "old"},
    }
    new, changed = rewritten(document, Respelling({"old": "new"}))
    assert changed == ("old",) * 4
    assert json.dumps(new).count('"new"') == 4
    assert new["nodes"][0]["type"] == new["nodes"][0]["title"] == "old"
    assert document["7"]["inputs"] == {"name": "old", "link": ["3", 0]}


def test_two_names_may_change_places() -> None:
    exchange = Respelling({"a": "b", "b": "a"})
    assert rewritten({"inputs": ["a", "b"]}, exchange) == ({"inputs": ["b", "a"]}, ("a", "b"))


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_without_renames_a_document_stays_what_it_was(document: Any) -> None:
    assert rewritten(document, Respelling({})) == (document, ())


def finding(name: str, *files: str, folder: str = "loras", **changes: Any) -> Finding:
    plain = Finding(
        ref(name, folder), RefState.PRESENT_ELSEWHERE, tuple(local_file(file, folder) for file in files)
    )
    return replace(plain, **changes)


def reason(answer: object) -> str:
    assert isinstance(answer, NoFix), answer
    return answer.reason


FIXABLE = {RefState.PRESENT_ELSEWHERE, RefState.WRONG_FOLDER, RefState.INVISIBLE}


@pytest.mark.parametrize("state", RefState)
def test_only_a_file_that_lies_elsewhere_can_be_given_a_second_name(state: RefState) -> None:
    answer = link_for(finding("sub/a.pt", "a.pt", state=state), FOLDERS, "/")
    if state in FIXABLE:
        assert isinstance(answer, Link)
        assert answer.target == Target("loras", "/models/loras", "sub/a.pt")
    else:
        assert reason(answer) == state.replace("_", " ")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (finding("b.pt"), "present elsewhere"),
        (finding("b.pt", detail="why"), "why"),
        (finding("b.pt", "a.pt", unlisted=True, detail="nobody lists it"), "nobody lists it"),
        (
            finding("b.pt", "a.pt", respell=True),
            "no file can be called `b.pt` here: --rewrite OUT.json respells it",
        ),
        (finding("../b.pt", "a.pt"), "`../b.pt` leaves its folder"),
        (
            finding("a.pt", "a.pt"),
            "the file is in its place; only the spelling in the workflow differs: --rewrite OUT.json",
        ),
        (finding("b.pt", "x/b.pt", "y/b.pt"), "2 files have that name, and no hash says which is meant"),
    ],
)
def test_why_no_link_helps(found: Finding, words: str) -> None:
    assert reason(link_for(found, FOLDERS, "/")) == words


def test_of_two_files_of_one_name_the_hash_tells_which_is_meant() -> None:
    here, other = local_file("x/b.pt", digests=(sha256("a"),)), local_file("y/b.pt")
    wanted = finding("b.pt", ref=ref("b.pt", digests=(sha256("a"),)), files=(here, other))
    answer = link_for(wanted, FOLDERS, "/")
    assert isinstance(answer, Link)
    assert answer.file == here
    claimed = replace(here, digests=(), claimed=(sha256("a"),))
    assert isinstance(link_for(replace(wanted, files=(claimed, other)), FOLDERS, "/"), Link)


def test_a_link_where_the_target_does_not_look_helps_nobody() -> None:
    blind = Folder("loras", "/blind", frozenset(), "a blind spot", visible=False, fix="loras: /blind")
    answer = link_for(finding("b.pt", "a.pt"), [blind], "/")
    assert reason(answer) == "a blind spot: add to its extra_model_paths.yaml: `loras: /blind`"
    assert isinstance(link_for(finding("b.pt", "a.pt"), [blind, *FOLDERS], "/"), Link)


@pytest.mark.parametrize(
    ("name", "file", "called", "linked"),
    [
        ("easy", "store.pt", "", "easy.pt"),
        ("easy", "s.pt", "", "easy.pt"),
        ("easy", "store", "real.safetensors", "easy.safetensors"),
        ("easy", "store", "", "easy"),
        ("easy.PT", "store.pt", "", "easy.PT"),
        ("easy", ".hidden", "", "easy"),
        ("v1.5", "store.pt", "other.bin", "v1.5.pt"),
    ],
)
def test_a_name_without_an_ending_takes_its_files(name: str, file: str, called: str, linked: str) -> None:
    answer = link_for(finding(name, file), FOLDERS, "/", called=called)
    assert isinstance(answer, Link)
    assert answer.target.name == linked


def test_a_folder_has_no_ending() -> None:
    folder = local_file("model.v1", "diffusers", is_directory=True)
    answer = link_for(finding("m", folder="diffusers", files=(folder,)), FOLDERS, "/")
    assert isinstance(answer, Link)
    assert answer.target.name == "m"


def test_a_file_is_offered_by_its_name_in_its_folder_with_this_systems_separator() -> None:
    found = finding("a.pt", "sub/a.pt")
    assert rename_for(found, "/") == Rename(found, "a.pt", "sub/a.pt")
    assert rename_for(found, "\\") == Rename(found, "a.pt", "sub\\a.pt")
    detector = finding("a.pt", "b.pt", folder="ultralytics_bbox")
    assert rename_for(detector, "/") == Rename(detector, "a.pt", "bbox/b.pt")


ELSEWHERE = "it lies in a folder this loader does not list: --link, --move or --copy"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (finding("b.pt", "a.pt", state=RefState.INVISIBLE, detail="not searched"), "not searched"),
        (finding("b.pt", "a.pt", unlisted=True, detail="no ending"), "no ending"),
        (finding("b.pt", files=(local_file("a.pt", "vae"),)), ELSEWHERE),
        (finding("b.pt", files=(local_file("a.pt", listed=False),)), ELSEWHERE),
        (finding("b.pt", state=RefState.MISSING), "missing"),
    ],
)
def test_why_no_other_spelling_helps(found: Finding, words: str) -> None:
    assert reason(rename_for(found, "/")) == words


def named(name: str, folder: str, *sites: tuple[str, str]) -> Finding:
    places = tuple(NodeSite("w.json", node_id, node_class, "x") for node_class, node_id in sites)
    return finding(name, name, folder=folder, ref=ref(name, folder, sites=places))


def test_a_value_changes_at_its_nodes_and_elsewhere_only_if_all_mean_the_same() -> None:
    lora = named("a.pt", "loras", ("Lora", "5:3"), ("Lora", "4~7"))
    vae = named("a.pt", "vae", ("Vae", "2"))
    alone = named("b.pt", "vae", ("Vae", "2"))
    spelling = respelling(
        [lora, vae, alone], [Rename(lora, "a.pt", "x/a.pt"), Rename(alone, "b.pt", "x/b.pt")]
    )
    assert spelling == Respelling(
        {"b.pt": "x/b.pt"},
        {
            ("Lora", "3"): {"a.pt": "x/a.pt"},
            ("Lora", "4"): {"a.pt": "x/a.pt"},
            ("Vae", "2"): {"a.pt": "a.pt", "b.pt": "x/b.pt"},
        },
    )
    assert spelling.at("Lora", "3") == {"b.pt": "x/b.pt", "a.pt": "x/a.pt"}
    assert spelling.at("Lora", "9") == {"b.pt": "x/b.pt"}


@pytest.mark.parametrize(
    ("folder", "new", "both"),
    [("embeddings", "s/easy", True), ("embeddings", "s/easy one", False), ("loras", "s/easy", False)],
)
def test_an_embedding_is_respelled_in_prompts_too(folder: str, new: str, both: bool) -> None:
    found = named("easy", folder)
    general = respelling([found], [Rename(found, "easy", new)]).general
    assert general == {"easy": new} | ({"embedding:easy": f"embedding:{new}"} if both else {})


def test_in_a_prompt_only_the_whole_name_of_an_embedding_is_respelled() -> None:
    spelling = Respelling({"easy": "s\\1", "embedding:easy": "embedding:s\\1"})
    text = "a embedding:easy, (embedding:easy:1.2) embedding:easy2 embedding:easy/x easy embedding:easy.pt"
    new, changed = rewritten({"inputs": {"text": text}}, spelling)
    assert new["inputs"]["text"] == (
        "a embedding:s\\1, (embedding:s\\1:1.2) embedding:easy2 embedding:easy/x easy embedding:easy.pt"
    )
    assert changed == ("easy", "easy")


def test_a_node_is_known_by_its_class_and_id_in_both_formats() -> None:
    spelling = Respelling(
        {}, {("Lora", "3"): {"a": "b"}, ("Vae", "3"): {"a": "a"}, ("Lora", "4"): {"a": "c"}}
    )
    document = {
        "nodes": [
            {"id": 3, "type": "Lora", "widgets_values": ["a"]},
            {"id": 3, "type": "Vae", "widgets_values": ["a"]},
            {"id": 5, "type": "Lora", "widgets_values": ["a", {"x": "a"}]},
        ],
        "3": {"class_type": "Lora", "type": "Vae", "inputs": {"x": "a"}},
        "7:4": {"class_type": "Lora", "inputs": {"x": {"y": ["a"]}}},
    }
    new, changed = rewritten(document, spelling)
    assert [node["widgets_values"] for node in new["nodes"]] == [["b"], ["a"], ["a", {"x": "a"}]]
    assert (new["3"]["inputs"], new["7:4"]["inputs"]) == ({"x": "b"}, {"x": {"y": ["c"]}})
    assert changed == ("a", "a", "a")
