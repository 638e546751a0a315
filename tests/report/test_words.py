"""Sizes, counts, limits: where one way of saying it ends and the next begins."""

from __future__ import annotations

import json

import pytest

from tests.report import scenes
from wfdeps.domain.findings import RefState
from wfdeps.domain.identity import Identity, Inspection
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.nodes import Absent, InputFinding, NodeFinding
from wfdeps.domain.refs import InputUse, ModelRef, NodeSite, NodeUse, Notice, RefStatus
from wfdeps.domain.reports import FailOn, ReportItem, WeightsFloor
from wfdeps.report import inspect_text, refs_json, refs_text, text
from wfdeps.report.build import build_report
from wfdeps.report.judging import absent_troubles
from wfdeps.report.sarif import uri_of
from wfdeps.report.totals import floors
from wfdeps.report.wording import View, count_text, shell_word, size_text, where_text
from wfdeps.values import replace


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, "? B"), (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (9_994, "9.99 kB"), (9_995, "10.0 kB"),
        (99_949, "99.9 kB"), (99_950, "100 kB"), (999_499, "999 kB"), (999_500, "1.00 MB"), (10**9, "1.00 GB"),
        (10**12, "1.00 TB"), (10**15, "1.00 PB"), (10**18, "1000 PB"),
    ],
)  # fmt: skip
def test_a_size_has_three_digits_and_its_unit(size: int | None, words: str) -> None:
    assert size_text(size) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (7000, "7,000 files")]
)
def test_a_count_agrees_with_its_noun(count: int, words: str) -> None:
    assert count_text(count, "file") == words


@pytest.mark.parametrize(
    ("plain", "pasted"),
    [("a.pt", "a.pt"), ("-a", "./-a"), ("a b", "'a b'"), ("it's", "'it'\"'\"'s'"), ("", "''"), ("~/a", "'~/a'"), ("a~b", "a~b")],
)  # fmt: skip
def test_a_text_is_one_word_for_the_shell(plain: str, pasted: str) -> None:
    assert shell_word(plain) == pasted


def sites(count: int, workflow: str = "x/w.json") -> list[NodeSite]:
    return [NodeSite(workflow, str(number), "LoraLoader", "name") for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("count", "words", "with_workflow"),
    [
        (0, "", ""),
        (1, "node 1 LoraLoader", "w.json 1"),
        (3, "nodes 1, 2, 3 LoraLoader", "w.json 1, w.json 2, w.json 3"),
        (5, "nodes 1, 2, 3 (+2) LoraLoader", "w.json 1, w.json 2, w.json 3 (+2)"),
    ],
)
def test_three_nodes_are_named_and_the_rest_counted(count: int, words: str, with_workflow: str) -> None:
    assert where_text(sites(count)) == words
    assert where_text(sites(count), with_workflow=True) == with_workflow


def test_nodes_of_several_classes_have_no_class() -> None:
    mixed = [*sites(1), NodeSite("w.json", "2", "Other", "name")]
    assert where_text(mixed) == "nodes 1, 2"


@pytest.mark.parametrize(("count", "is_indented"), [(1, True), (20, True), (21, False)])
def test_many_readings_are_a_line_each(count: int, is_indented: bool) -> None:
    written = refs_json.render([scenes.workflow(scenes.ref("a.pt"))] * count)
    assert ('\n      "path": ' in written) is is_indented
    assert len(json.loads(written)["workflows"]) == count


@pytest.mark.parametrize(
    ("count", "words"), [(3, "LoraLoader 1, LoraLoader 2, LoraLoader 3\n"), (4, " and 1 more\n")]
)
def test_three_sites_of_a_ref_are_shown(count: int, words: str) -> None:
    ref = replace(scenes.ref("a.pt"), sites=tuple(sites(count)))
    assert words in refs_text.render([scenes.workflow(ref)], View())


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("./a b.json", "a%20b.json"),
        ("/x/a:b.json", "file:///x/a%3Ab.json"),
        ("C:\\x\\a.json", "file:///C:/x/a.json"),
        ("C:", "C%3A"),
        ("a/C:/b", "a/C%3A/b"),
    ],
)
def test_a_path_as_a_uri(path: str, uri: str) -> None:
    assert uri_of(path) == uri


def item(model_type: ModelType, size: int | None, status: RefStatus = RefStatus.REQUIRED) -> ReportItem:
    return ReportItem(ModelRef("a", model_type, ("x",), status, ()), RefState.PRESENT, size=size)


_T = ModelType
PHASES = {
    "text_encoders": {_T.TEXT_ENCODER, _T.EMBEDDING, _T.CLIP_VISION},
    "vae": {_T.VAE, _T.VAE_APPROX},
    "diffusion": {_T.CHECKPOINT, _T.DIFFUSION_MODEL, _T.LORA, _T.CONTROLNET},
    "other": {_T.UPSCALER, _T.UNKNOWN, _T.OTHER, _T.DETECTOR},
}


@pytest.mark.parametrize(
    ("phase", "model_type"), [(phase, kind) for phase, kinds in PHASES.items() for kind in sorted(kinds)]
)
def test_the_weights_of_a_type_count_in_its_phase(phase: str, model_type: ModelType) -> None:
    rows = floors(
        [
            item(model_type, 3),
            item(model_type, 5),
            item(model_type, None),
            item(model_type, 7, RefStatus.INACTIVE),
        ]
    )
    assert rows == (WeightsFloor(phase, 8, 5, 1),)


def test_phases_stand_in_the_order_of_a_run_and_a_config_weighs_nothing() -> None:
    rows = floors(
        [item(kind, 1) for kind in (_T.UPSCALER, _T.VAE, _T.CHECKPOINT, _T.TEXT_ENCODER, _T.CONFIG)]
    )
    assert [row.phase for row in rows] == ["text_encoders", "diffusion", "vae", "other"]


NODE = NodeUse("X", NodeSite("w.json", "1", "X", ""))
IMAGE = InputUse("a.png", NodeSite("w.json", "2", "LoadImage", "image"))


@pytest.mark.parametrize(
    ("absent", "troubles"),
    [
        (Absent(), set()),
        (Absent((NodeFinding((NODE,)),)), {FailOn.NODE}),
        (Absent((NodeFinding((NODE,), judged=False),)), set()),
        (Absent((NodeFinding((NODE,), proven=True),)), {FailOn.NODE, FailOn.MISSING}),
        (Absent((), (InputFinding((IMAGE,), "input"),)), {FailOn.INPUT}),
        (Absent((), (InputFinding((IMAGE,), "input", proven=True),)), {FailOn.INPUT, FailOn.MISSING}),
    ],
)
def test_what_is_absent_counts_and_what_comfyui_refuses_is_missing(
    absent: Absent, troubles: set[FailOn]
) -> None:
    assert absent_troubles(absent) == troubles


BASE = scenes.ref("sd15.safetensors", "checkpoints")


@pytest.mark.parametrize(
    ("absent", "head"),
    [
        (Absent(), "✓ ready  "),
        (Absent((NodeFinding((NODE,)),)), "! ready  "),
        (Absent((NodeFinding((NODE,), judged=False),)), "✓ ready  "),
        (Absent((), (InputFinding((IMAGE,), "input"),)), "! ready  "),
    ],
)
def test_the_first_line_is_loud_where_anything_below_would_stop_the_run(absent: Absent, head: str) -> None:
    report = build_report([scenes.workflow(BASE)], [scenes.present(BASE)], absent=absent)
    assert text.render(report, View()).startswith(head)


def test_the_first_line_says_that_nodes_were_not_judged() -> None:
    bare = replace(scenes.workflow(), warnings=(Notice("not_judged", "2 nodes"),))
    first = text.render(build_report([bare], []), View()).split("\n")[0]
    assert first == "! ready  wf.json names no model file; some nodes not judged"
    assert text.render(build_report([scenes.workflow()], []), View()).startswith(
        "✓ ready  wf.json needs no model file"
    )


def test_a_workflow_without_models_among_others_says_so() -> None:
    report = build_report([scenes.workflow(), scenes.workflow(BASE, path="b.json")], [scenes.present(BASE)])
    lines = text.render(report, View()).split("\n")
    assert lines[0] == "✓ ready  2 of 2 workflows ready; its one file is here (144 MB)"
    assert [line.split()[-3:] for line in lines[2:4]] == [["no", "model", "files"], ["b.json", "1", "file"]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tensors": 1}, "1 tensor"),
        ({"parameters": 999}, "999 parameters"),
        ({"parameters": 1000}, "1 k parameters"),
        ({"parameters": 2_567_000_000}, "2.57 B parameters"),
        ({"parameters": 860_000_000}, "860 M parameters"),
        ({"precision": "fp16", "dtypes": (("fp16", 97), ("fp32", 3))}, "fp16 (fp16 97%, fp32 3%)"),
        ({"precision": "fp16", "dtypes": (("fp16", 999), ("fp32", 1))}, "fp16"),
    ],
)
def test_what_is_said_of_the_weights(changes: dict[str, object], words: str) -> None:
    identity = replace(Identity(ModelType.LORA, format="safetensors"), **changes)
    lines = inspect_text.render([Inspection("/a", identity, 7)], View()).split("\n")
    assert f"  weights     safetensors, {words}, 7 B" in lines
