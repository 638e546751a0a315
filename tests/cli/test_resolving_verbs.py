"""The verbs about names and choices, run as a person runs them, against a hub."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hub import run_hub
from tests.sources.catalogue import ROWS, Row, sha256_of
from wfdeps.cli.main import main, parser_of
from wfdeps.hub.server import HubServer
from wfdeps.schema import problems


@dataclass(frozen=True)
class Said:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture(scope="module")
def hub() -> Iterator[HubServer]:
    with run_hub(ROWS) as running:
        yield running


@pytest.fixture
def run(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command line with its own folders; nothing of the machine's is read or written."""
    hub.requests.clear()
    monkeypatch.chdir(tmp_path)
    folders = {f"WFDEPS_{name.upper()}_DIR": str(tmp_path / name) for name in ("cache", "state", "config")}
    environ = {**folders, "WFDEPS_CIVITAI_URL": hub.url, "HOME": str(tmp_path), "HF_ENDPOINT": hub.url}

    def run(*argv: str, **more: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        return Said(
            main(argv, stdout=out, stderr=err, environ=environ | more), out.getvalue(), err.getvalue()
        )

    return run


def workflow(folder: Path, *names: str) -> str:
    """An API-format workflow that loads these LoRAs."""
    nodes: dict[str, Any] = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "realMix_v10.safetensors"}}
    }
    for number, name in enumerate(names, start=2):
        inputs = {"model": [str(number - 1), 0], "clip": [str(number - 1), 1], "lora_name": name}
        nodes[str(number)] = {
            "class_type": "LoraLoader",
            "inputs": inputs | {"strength_model": 1, "strength_clip": 1},
        }
    last = str(len(names) + 1)
    nodes["90"] = {"class_type": "CLIPTextEncode", "inputs": {"clip": [last, 1], "text": "a"}}
    nodes["91"] = {"class_type": "SaveImage", "inputs": {"images": ["92", 0], "filename_prefix": "x"}}
    nodes["92"] = {"class_type": "KSampler", "inputs": {"model": [last, 0], "positive": ["90", 0]}}
    path = folder / "wf.json"
    path.write_text(json.dumps(nodes))
    return str(path)


def test_a_name_is_resolved_and_the_document_keeps_its_schema(run: Run) -> None:
    said = run("resolve", "add_detail.safetensors", "--folder", "loras", "--json")
    assert said.code == 0
    assert problems(said.json, "resolution-1") == ()
    (entry,) = said.json["resolutions"]
    assert entry["outcome"] == "resolved"
    assert entry["chosen"]["version_id"] == 1001
    assert entry["chosen"]["sha256"] == sha256_of("add_detail.safetensors").value
    assert entry["candidates"][0] == entry["chosen"]


@pytest.mark.parametrize(
    ("air", "outcome", "said"),
    [
        ("civitai:1@1001", "resolved", "same id"),
        ("urn:air:sd1:lora:civitai:1", "resolved", "same id"),
        ("civitai:9@1001", "unresolved", "version 1001 is of model 1, not of 9"),
        ("civitai:1@77", "unresolved", "version 77 is gone; model 1 has others"),
        ("civitai:77@77", "unresolved", "model 77 and its version 77 are gone"),
    ],
)
def test_an_air_is_what_it_names_or_why_not(run: Run, air: str, outcome: str, said: str) -> None:
    (entry,) = run("resolve", air, "--json").json["resolutions"]
    assert entry["outcome"] == outcome
    assert said in entry["reason"]


def test_ambiguous_and_unknown_names_are_said_to_be_so(run: Run) -> None:
    said = run(
        "resolve",
        "rio.safetensors",
        "who-knows.safetensors",
        "model.safetensors",
        "--folder",
        "loras",
        "--json",
    )
    assert said.code == 1
    assert problems(said.json, "resolution-1") == ()
    assert [entry["outcome"] for entry in said.json["resolutions"]] == [
        "ambiguous",
        "unresolved",
        "unresolved",
    ]
    assert {one["file_id"] for one in said.json["resolutions"][0]["candidates"][:2]} == {2004, 2005}
    assert "cannot be searched" in said.json["resolutions"][2]["reason"]


def test_a_hash_settles_what_a_name_does_not(run: Run) -> None:
    sha256 = sha256_of("rio.safetensors").value
    said = run("resolve", "rio.safetensors", "--folder", "loras", "--sha256", sha256, "--json")
    assert said.code == 0
    assert said.json["resolutions"][0]["chosen"]["file_id"] == 2004


def test_names_come_from_standard_input_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("add_detail.safetensors\n\njean1-000009.safetensors\n"))
    said = run("resolve", "-", "--folder", "loras", "--json")
    assert [entry["name"] for entry in said.json["resolutions"]] == [
        "add_detail.safetensors",
        "jean1-000009.safetensors",
    ]
    assert said.code == 0


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--folder", "lorras"), "unknown folder"),
        (("--sha256", "abc"), "not a SHA-256"),
        (("b.safetensors", "--sha256", "a" * 64), "one file"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(run: Run, words: tuple[str, ...], hint: str) -> None:
    said = run("resolve", "a.safetensors", *words)
    assert said.code == 2
    assert hint in said.err
    assert said.out == ""


def test_an_unreachable_hub_is_undecided(run: Run) -> None:
    said = run("resolve", "add_detail.safetensors", "--json", WFDEPS_CIVITAI_URL="http://127.0.0.1:9")
    assert said.code == 3
    assert said.json["resolutions"][0]["state"] == "undecided"


def test_what_was_answered_is_not_asked_again_and_answers_offline(run: Run, hub: HubServer) -> None:
    run("resolve", "add_detail.safetensors", "--folder", "loras")
    asked = len(hub.requests)
    assert asked > 0
    assert run("resolve", "add_detail.safetensors", "--folder", "loras").code == 0
    assert run("--offline", "resolve", "add_detail.safetensors", "--folder", "loras").code == 0
    assert len(hub.requests) == asked


def test_a_miss_that_is_remembered_is_a_miss_offline_too(run: Run) -> None:
    assert run("resolve", "nobody-has-this.safetensors", "--folder", "loras").code == 1
    assert run("--offline", "resolve", "nobody-has-this.safetensors", "--folder", "loras").code == 1
    assert run("--offline", "resolve", "never-asked.safetensors", "--folder", "loras").code == 3


def test_a_name_no_search_finds_is_known_to_an_imported_catalogue(run: Run, tmp_path: Path) -> None:
    name = "zz9.safetensors"
    rows = [ROWS[0] | {"file_name": name, "file_id": 77, "version_id": 78, "hashes": {}}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert run("resolve", name, "--folder", "loras").code == 1
    assert run("catalogue", "import", "rows.jsonl").code == 0
    assert run("resolve", name, "--folder", "loras").code == 0
    assert "lora" in run("catalogue", "stats").out
    exported = [json.loads(line) for line in run("catalogue", "export").out.splitlines()]
    assert name in {row["file_name"] for row in exported}


def imported(run: Run, folder: Path, rows: Sequence[Row], *flags: str) -> None:
    """These rows of the hub's catalogue, in the index."""
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert run("catalogue", "import", "rows.jsonl", *flags).code == 0


RIO = [row for row in ROWS if row["file_name"] == "rio.safetensors"]


def test_one_of_two_files_of_a_name_is_a_question_though_the_index_knows_no_other(
    run: Run, tmp_path: Path
) -> None:
    imported(run, tmp_path, RIO[:1])
    (entry,) = run("resolve", "rio.safetensors", "--folder", "loras", "--json").json["resolutions"]
    assert entry["outcome"] == "ambiguous"
    assert {one["file_id"] for one in entry["candidates"][:2]} == {2004, 2005}


def test_a_file_seen_before_is_no_more_than_a_candidate_while_nobody_can_be_asked(
    run: Run, tmp_path: Path
) -> None:
    imported(run, tmp_path, ROWS)
    said = run("--offline", "resolve", "add_detail.safetensors", "--folder", "loras", "--json")
    assert said.code == 1
    (entry,) = said.json["resolutions"]
    assert (entry["outcome"], entry["candidates"][0]["file_id"]) == ("ambiguous", 2001)
    assert "civitai was not asked" in entry["reason"]


def test_a_whole_catalogue_settles_a_name_alone_and_asks_nobody(
    run: Run, tmp_path: Path, hub: HubServer
) -> None:
    imported(run, tmp_path, ROWS, "--whole")
    assert run("resolve", "add_detail.safetensors", "--folder", "loras").code == 0
    assert len(hub.requests) == 0
    assert run("resolve", "rio.safetensors", "--folder", "loras").code == 1
    assert "whole as of" in run("catalogue", "stats").out


def test_a_catalogue_is_built_by_walking_the_hub(run: Run) -> None:
    assert run("catalogue", "build", "--types", "LORA", "--pause", "0").code == 0
    exported = [json.loads(line) for line in run("catalogue", "export").out.splitlines()]
    assert {row["model_type"] for row in exported} == {"LORA"}
    assert len(exported) == 5


@pytest.mark.parametrize(("words", "types"), [(["loras"], 3), (["lora,Checkpoint"], 4), (["LORA", "vae"], 2)])
def test_types_to_build_may_be_called_by_their_folders(
    run: Run, hub: HubServer, words: list[str], types: int
) -> None:
    assert run("catalogue", "build", "--pause", "0", "--types", *words).code == 0
    assert next(iter(hub.requests)).query.count("types=") == types


@pytest.mark.parametrize("since", ["2026-01-31", "2026-01-31T02:00+02:00", "2026-01-31T00:00:00Z"])
def test_a_moment_is_the_same_in_every_time_zone(since: str) -> None:
    arguments = parser_of("catalogue").parse_args(["build", "--since", since])
    assert arguments.since == "2026-01-31T00:00:00"


@pytest.mark.parametrize("flags", [["--types", "Lorax"], ["--since", "yesterday"], ["--since", "2026-13-01"]])
def test_what_cannot_be_built_is_said_before_anything_is_asked(
    run: Run, hub: HubServer, flags: list[str]
) -> None:
    assert run("catalogue", "build", *flags).code == 2
    assert len(hub.requests) == 0


def test_a_catalogue_that_is_no_text_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b"\xff\xfe{")
    said = run("catalogue", "import", "rows.jsonl")
    assert (said.code, "`rows.jsonl` is no text in UTF-8" in said.err) == (2, True)


def test_a_broken_catalogue_names_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"file_name": "x"}\nnot json\n')
    said = run("catalogue", "import", "rows.jsonl")
    assert said.code == 2
    assert "line 2" in said.err


def test_a_choice_made_by_command_is_taken_from_then_on(run: Run) -> None:
    assert run("resolve", "pytorch_lora_weights.safetensors").code == 1
    said = run("choose", "pytorch_lora_weights.safetensors", "civitai:1@1001")
    assert said.code == 0
    assert "Detail Tweaker" in said.err
    said = run("resolve", "pytorch_lora_weights.safetensors", "--json")
    assert said.code == 0
    assert said.json["resolutions"][0]["chosen"]["file_id"] == 2001
    assert "pytorch_lora_weights.safetensors" in run("answers", "list").out
    assert run("answers", "forget", "pytorch_lora_weights.safetensors").code == 0
    assert run("resolve", "pytorch_lora_weights.safetensors").code == 1


def test_a_choice_among_several_files_must_name_one(run: Run) -> None:
    said = run("choose", "x.safetensors", "https://civitai.com/models/3")
    assert said.code == 0, "its main file is meant"
    assert run("choose", "x.safetensors", "civitai:404@404").code == 3
    assert run("choose", "x.safetensors", "what is this").code == 2


def test_why_tells_what_was_asked_and_what_spoke_for_it(run: Run, tmp_path: Path) -> None:
    path = workflow(tmp_path, "add_detail.safetensors", "rio.safetensors")
    said = run("why", "add_detail", path)
    assert said.code == 0
    for expected in (
        "LoraLoader.lora_name",
        "civitai says  found",
        "taken by name",
        "name exact",
        "confidence",
    ):
        assert expected in said.out
    said = run("why", "rio.safetensors", path)
    assert said.code == 1
    assert "several files have this name" in said.out
    assert run("why", "nothing-of-that", path).code == 2


def test_where_a_workflow_cannot_be_read_why_says_so_and_not_that_it_names_no_such_file(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "cut.json").write_text('{"nodes": [', encoding="utf-8")
    for path, reason in ((tmp_path / "cut.json", "not JSON"), (tmp_path / "gone.json", "No such file")):
        said = run("why", "add_detail", str(path))
        assert said.code == 2
        assert said.err.count(str(path)) == 1
        assert reason in said.err


def test_auth_says_what_is_there_and_what_works(run: Run) -> None:
    said = run("auth", "check", "--json")
    assert problems(said.json, "auth-1") == ()
    assert {row["state"] for row in said.json["doors"]} == {"no token"}
    with run_hub(ROWS, tokens=["good"]) as hub:
        here = {"WFDEPS_CIVITAI_URL": hub.url, "HF_ENDPOINT": hub.url}
        works = run("auth", "check", "--json", CIVITAI_API_TOKEN="good", HF_TOKEN="good", **here)
        refused = run("auth", "check", "--json", CIVITAI_API_TOKEN="bad", **here)
    assert [row["state"] for row in works.json["doors"]] == ["works", "works"]
    assert (works.code, refused.code) == (0, 1)
    assert "good" not in works.out + works.err
    assert "bad" not in refused.out + refused.err


def test_an_exact_name_of_no_known_type_is_taken_only_where_the_best_is_asked_for(run: Run) -> None:
    (entry,) = run("resolve", "add_detail.safetensors", "--json").json["resolutions"]
    assert (entry["outcome"], len(entry["candidates"])) == ("ambiguous", 1)
    assert "no type was asked for" in entry["reason"]
    assert run("resolve", "add_detail.safetensors").code == 1
    assert run("resolve", "add_detail.safetensors", "--auto", "best").code == 0
