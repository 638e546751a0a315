"""Every format, written out: what a changed word, key, colour or order of a format changes is seen here.

The files in `expected/` are what people and programs read. After a change that is meant, write them anew and read the
difference: `python -m tests.report.test_expected --write`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.words import FOLDERS
from tests.report import scenes
from wfdeps.domain.access import Access, AccessState
from wfdeps.domain.candidates import Verdict, VerdictKind
from wfdeps.domain.civitai_types import type_rows
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.explanations import Explanation, Rejection
from wfdeps.domain.files import LocalFile
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.graphs import Graph
from wfdeps.domain.identity import Identity, Inspection
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.nodes import Absent, InputFinding, NodeFinding
from wfdeps.domain.outcomes import Failed, FailureKind, Placed, Receipt
from wfdeps.domain.pages import ModelPage, VersionPage
from wfdeps.domain.refs import (
    Certainty,
    InputUse,
    NodeSite,
    NodeUse,
    Notice,
    Pairing,
    RefStatus,
    UnreadableWorkflow,
    WorkflowRefs,
)
from wfdeps.domain.reports import CheckReport, FileSystemTotal
from wfdeps.domain.resolutions import Present, Unresolved
from wfdeps.domain.versions import KnownFile, NewerVersions
from wfdeps.domain.wants import Want, WantResult, WantSource, WantState
from wfdeps.planning.build import Layout, build_plan
from wfdeps.planning.graph import build_graph
from wfdeps.report import (
    civitai_json,
    civitai_text,
    explanation,
    github,
    graph_dot,
    graph_json,
    graph_mermaid,
    graph_tree,
    inspect_json,
    inspect_text,
    junit,
    markdown,
    ndjson,
    refs_json,
    refs_text,
    sarif,
    text,
)
from wfdeps.report import json as report_json
from wfdeps.report.build import build_report
from wfdeps.report.resolution_json import resolution_document
from wfdeps.report.updates_json import updates_document
from wfdeps.report.want_json import want_json
from wfdeps.report.wording import View
from wfdeps.values import replace

EXPECTED = Path(__file__).with_name("expected")

BASE = scenes.ref(
    "sd15.safetensors", "checkpoints", node="4", node_class="CheckpointLoaderSimple", widget="ckpt_name"
)
LORA = replace(
    scenes.ref("detail.safetensors"),
    digests=(Digest(Algorithm.AUTOV2, "0123456789"),),
    urls=("https://civitai.com/models/9",),
    base_models=("SD 1.5",),
)
OTHER = replace(
    scenes.ref("Other.safetensors", "vae", node="7", node_class="VAELoader", widget="vae_name"),
    certainty=Certainty.GUESS,
    why="nobody lists its class",
    accepts="^other",
)
NOTED = replace(scenes.ref("noted.pt", "upscale_models", node="8"), hints=("https://example.org/noted.pt",))
SPARE = scenes.ref("spare.safetensors", "vae", node="11", status=RefStatus.INACTIVE)
CLASSES = NodeUse(
    "StrangeNode", NodeSite("wf.json", "21", "StrangeNode", ""), 2, "strange-pack", "1.2", False
)
IMAGE = InputUse("sub/photo.png", NodeSite("wf.json", "22", "LoadImage", "image"), offered=False)
FIRST = WorkflowRefs(
    "wf.json", "ui", "json", scenes.SHA, (BASE, LORA, OTHER, NOTED, SPARE),
    warnings=(Notice("odd", "its link 3 leads nowhere"),),
    pairings=(Pairing(LORA.sites[0], BASE.sites[0]),),
    nodes=(CLASSES,),
    inputs=(IMAGE,),
)  # fmt: skip
SECOND = scenes.workflow(
    replace(LORA, sites=(NodeSite("two.json", "3", "LoraLoader", "lora_name"),)), path="two.json"
)
BAD = UnreadableWorkflow("bad.png", "no workflow in this file", "save it from ComfyUI")
READINGS = (FIRST, SECOND, BAD)
FINDINGS = (
    replace(scenes.present(BASE, 2_000_000_000)),
    scenes.missing(LORA),
    Finding(OTHER, RefState.WRONG_FOLDER, (scenes.file("Other.safetensors", "loras"),), "it lies in loras"),
    scenes.missing(NOTED),
    scenes.missing(SPARE),
)
VERDICTS = (
    Verdict("civitai", VerdictKind.NO_SUCH, "none of that name"),
    Verdict("huggingface", VerdictKind.GATED),
)
RESOLUTIONS = (
    Present(BASE, FINDINGS[0], scenes.candidate(BASE.name)),
    scenes.resolved(LORA),
    Present(OTHER, FINDINGS[2]),
    Unresolved(NOTED, RefState.UNRESOLVED, "not found", "a hash would settle it", VERDICTS),
)
PLAN = build_plan(RESOLUTIONS, Layout(FOLDERS, "/"))
LINTS = (
    Lint(
        LintLevel.ERROR,
        "base",
        "made for another base",
        ("detail.safetensors",),
        LORA.sites,
        "it fails",
        stops=True,
    ),
    Lint(
        LintLevel.WARNING, "strength", "its strength is 0", ("detail.safetensors",), LORA.sites, "no effect"
    ),
    Lint(LintLevel.INFO, "small", "it is small"),
)
ABSENT = Absent(
    (
        NodeFinding(
            (CLASSES,), True, True, "strange-pack", "not installed", "comfy node install strange-pack"
        ),
    ),
    (InputFinding((IMAGE,), "input", True),),
)
TEXTS = {"wf.json": json.dumps({"nodes": [{"id": 14, "widgets_values": ["detail.safetensors"]}]}, indent=1)}
PLAIN = View(version="1.2.3", texts=TEXTS, width=100)
LOUD = replace(PLAIN, color=True, verbose=True)
ASCII = replace(PLAIN, ascii=True, width=60)


def checked() -> CheckReport:
    return build_report(
        READINGS,
        FINDINGS,
        RESOLUTIONS,
        PLAN,
        lints=LINTS,
        room=("1.0 GB is free, 2.0 GB are needed",),
        file_systems=(
            FileSystemTotal("/models", 2_000_000_000, 1_000_000_000),
            FileSystemTotal("/b", 1, None),
        ),
        warnings=(Notice("library", "two folders are one"),),
        absent=ABSENT,
        place="--models /models",
    )


def carried() -> CheckReport:
    download = PLAN.downloads[0]
    placed = Placed(
        download, Receipt("/models/loras/detail.safetensors", "a" * 64, 144_000_000, True), "sha256"
    )
    return build_report((FIRST,), FINDINGS, RESOLUTIONS, PLAN, (placed,))


def failed() -> CheckReport:
    outcome = Failed(PLAN.downloads[0], "the connection was cut", "try again", FailureKind.NETWORK)
    return build_report((SECOND,), FINDINGS[1:2], RESOLUTIONS[1:2], PLAN, (outcome,))


def ready() -> CheckReport:
    return build_report((scenes.workflow(BASE),), FINDINGS[:1])


def nothing() -> CheckReport:
    return build_report((scenes.workflow(),), ())


REPORTS: dict[str, Callable[[], CheckReport]] = {
    "checked": checked,
    "carried": carried,
    "failed": failed,
    "ready": ready,
    "nothing": nothing,
    "every-state": scenes.every_state,
}
FORMATS: dict[str, Callable[[CheckReport], str]] = {
    "txt": lambda report: text.render(report, PLAIN),
    "color.txt": lambda report: text.render(report, LOUD),
    "ascii.txt": lambda report: text.render(report, ASCII),
    "md": lambda report: markdown.render(report, replace(PLAIN, graph=graph())),
    "json": lambda report: report_json.render(report, PLAIN),
    "ndjson": lambda report: ndjson.render(report, PLAIN),
    "xml": lambda report: junit.render(report, PLAIN),
    "sarif": lambda report: sarif.render(report, PLAIN),
    "github": lambda report: github.render(report, PLAIN),
}


def graph() -> Graph:
    return build_graph(READINGS, FINDINGS, (*RESOLUTIONS, scenes.ambiguous(SPARE)))


def pages() -> tuple[ModelPage, ...]:
    file = replace(
        scenes.candidate("detail.safetensors").candidate,
        file_type="Model", file_format="SafeTensor", precision="fp16", variant="pruned", is_primary=True,
    )  # fmt: skip
    early = Access(AccessState.EARLY_ACCESS, until="2030-01-02T00:00:00Z")
    notes = "\n".join(f"line {number}" for number in range(1, 8))
    newer = VersionPage(
        102,
        "v2.0",
        "SDXL 1.0",
        "2024-05-06T07:08:09Z",
        notes,
        ("lantern", "glow"),
        early,
        (file, replace(file, file_name="b.pt", unsafe="virus", is_primary=False)),
    )
    older = VersionPage(101, "v1.0", None, None, "", (), Access(AccessState.OPEN), (file,))
    return (
        ModelPage(9, "Detail Tweaker", "LORA", "ada", 1_234_567, 89, ("no selling", "credit"), "https://civitai.com/models/9", (newer, older)),
        ModelPage(None, "", "VAE", None, None, None, (), "", ()),
    )  # fmt: skip


def inspections() -> tuple[Inspection, ...]:
    known = Identity(
        ModelType.LORA, ("sd15", "sdxl"), Certainty.LIKELY, ("lora keys", "names"), folder="loras"
    )
    digests = (Digest(Algorithm.SHA256, "a" * 64), Digest(Algorithm.AUTOV2, "a" * 10))
    return (
        Inspection("/m/a.safetensors", known, 144_000_000, digests),
        Inspection(
            "/m/b.pt", Identity(ModelType.UNKNOWN, format="pickle", safety="unsafe or unknown: os.system"), 12
        ),
        Inspection("/m/c.gguf", None, 5, None, "corrupt: it is cut"),
    )


def newer() -> dict[str, Any]:
    model = pages()[0]
    known = KnownFile(
        LocalFile("/m/loras/detail.safetensors", "loras", "detail.safetensors", 7),
        {"model_id": 9, "version_id": 101},
    )
    return updates_document(
        3,
        [NewerVersions(known, model, model.versions[:1]), NewerVersions(known, model, (), model.versions)],
        [(known, "no network")],
    )


def explained() -> tuple[Explanation, ...]:
    refused = Rejection(
        "value_not_in_list", "Value not in list", "14", "LoraLoader", "lora_name", "detail.safetensors", ("a.safetensors", "b.safetensors"), "loras", ("9",)
    )  # fmt: skip
    return (
        Explanation(refused, LORA, FINDINGS[1], "/models/loras/detail.safetensors", ("a.safetensors",), "", "get it", "wfdeps get wf.json", True),
        Explanation(replace(refused, value="Other.safetensors"), OTHER, FINDINGS[2], "/models/vae/Other.safetensors", (), "", "link it", "", True),
        Explanation(refused, BASE, FINDINGS[0], "/models/checkpoints/sd15.safetensors", (), "its folder is not searched", "", "", True),
        Explanation(Rejection("value_smaller_than_min", "Value 0 smaller than min of 1", "3", "KSampler", "steps", "0"), alike=("1",), hint="set it in the node"),
    )  # fmt: skip


def wants() -> str:
    want = Want(WantSource.CIVITAI, "9", "101", label="detail")
    results = (
        WantResult(want, WantState.PLACED, "/m/a", 7, "a" * 64, "sha256"),
        WantResult(
            Want(WantSource.URL, url="https://x.org/a?token=s"), WantState.FAILED, reason="cut", hint="again"
        ),
    )
    return json.dumps([want_json(result) for result in results], indent=2)


def dumped(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


OTHERS: dict[str, Callable[[], str]] = {
    "graph.dot": lambda: graph_dot.render(graph()),
    "graph.json": lambda: graph_json.render(graph()),
    "graph.mermaid": lambda: graph_mermaid.render(graph()),
    "graph.txt": lambda: graph_tree.render(graph(), PLAIN),
    "graph.color.txt": lambda: graph_tree.render(graph(), LOUD),
    "graph.ascii.txt": lambda: graph_tree.render(graph(), ASCII),
    "types.txt": lambda: civitai_text.render_types(type_rows()),
    "types.json": lambda: civitai_json.render_types(type_rows()),
    "search.txt": lambda: civitai_text.render_found(pages()),
    "model.txt": lambda: "\n".join(civitai_text.render_model(page, "a model", LOUD) for page in pages()),
    "models.json": lambda: civitai_json.render_models(pages(), "a model"),
    "search.json": lambda: civitai_json.render_models(pages()),
    "inspect.txt": lambda: inspect_text.render(inspections(), PLAIN),
    "inspect.color.txt": lambda: inspect_text.render(inspections(), LOUD),
    "inspect.json": lambda: inspect_json.render(inspections()),
    "refs.txt": lambda: refs_text.render(READINGS, PLAIN),
    "refs.color.txt": lambda: refs_text.render(READINGS, LOUD),
    "refs.json": lambda: refs_json.render(READINGS),
    "refs.many.json": lambda: refs_json.render(READINGS * 20),
    "refs.ndjson": lambda: refs_json.render_lines(READINGS),
    "resolutions.json": lambda: dumped(resolution_document((*RESOLUTIONS, scenes.ambiguous(SPARE)))),
    "updates.json": lambda: dumped(newer()),
    "wants.json": wants,
    "explained.txt": lambda: explanation.render_text(explained(), PLAIN),
    "explained.color.txt": lambda: explanation.render_text(explained(), LOUD),
    "explained.json": lambda: explanation.render_json(explained()),
}

LONG = {
    "carried": {"sarif", "md"},
    "failed": {"sarif", "md"},
    "ready": {"sarif", "md"},
    "nothing": {"sarif", "md"},
}
"""What would say again, in hundreds of lines, what the other reports have."""
CASES: dict[str, Callable[[], str]] = {
    f"{scene}.{ending}": lambda make=make, render=render: render(make())  # type: ignore[misc]
    for scene, make in REPORTS.items()
    for ending, render in FORMATS.items()
    if ending not in LONG.get(scene, ())
} | OTHERS


@pytest.mark.parametrize("name", CASES)
def test_what_is_shown_is_what_is_written_down(name: str) -> None:
    assert CASES[name]() == (EXPECTED / name).read_bytes().decode()


def test_no_secret_is_shown() -> None:
    assert not [name for name in CASES if "token=s" in CASES[name]()]


def test_nothing_else_is_written_down() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == set(CASES)


if __name__ == "__main__" and "--write" in sys.argv:
    EXPECTED.mkdir(exist_ok=True)
    for name, render in CASES.items():
        (EXPECTED / name).write_bytes(render().encode())
