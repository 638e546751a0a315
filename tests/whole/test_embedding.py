"""A workflow that carries its answers: `get` of it asks for no name and no hash, and what it is in stays as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.whole.conftest import Person, tree_of
from tests.workflow import writers
from wfdeps.packaged import sample_path
from wfdeps.workflow.containers import png, webp

UI_SAMPLES = ("sd15_lora_vae.json", "sdxl_lora_stack.json", "flux_parts.json", "sdxl_subgraph.json")


def embed(person: Person, workflow: str | Path, out: str, *words: str):
    person.get(str(workflow), "--auto", "best")
    return person.wfdeps(
        "embed", str(workflow), "-o", str(person.home / out), "--lock", str(person.lock), *words
    )


def searches(person: Person) -> list[str]:
    """The requests that look for a file by its name, or in a list."""
    return [
        str(seen)
        for seen in person.hub.requests
        if "query=" in seen.query
        or "search=" in seen.query
        or seen.path.rstrip("/") in ("/api/v1/models", "/api/models")
    ]


@pytest.mark.parametrize("sample", UI_SAMPLES)
def test_get_of_an_embedded_workflow_searches_for_nothing(
    person: Person, tmp_path: Path, sample: str
) -> None:
    made = embed(person, sample_path(sample), "shared.json", "--all")
    assert made.code == 0, made.err
    first = person.tree()
    other = Person(tmp_path / "other", person.hub)
    (other.home / "shared.json").write_bytes((person.home / "shared.json").read_bytes())
    assert searches(person) != []
    person.hub.requests.clear()
    got = other.get(other.home / "shared.json")
    assert got.code == 0, got.out + got.err
    assert tree_of(other.models) == first
    assert searches(other) == []


def test_the_entry_is_what_the_frontend_reads(person: Person) -> None:
    assert embed(person, sample_path("sd15_lora_vae.json"), "shared.json", "--all").code == 0
    document = json.loads((person.home / "shared.json").read_text())
    entries = {entry["path"]: entry for entry in json.loads(person.lock.read_text())["files"]}
    in_nodes = [model for node in document["nodes"] for model in node.get("properties", {}).get("models", ())]
    assert sorted(model["name"] for model in document["models"]) == sorted(
        entry["name"] for entry in entries.values()
    )
    for model in in_nodes:
        entry = next(entry for entry in entries.values() if entry["name"] == model["name"])
        assert model == {
            "name": entry["name"], "url": entry["sources"][0]["url"], "directory": entry["folder"],
            "hash": entry["sha256"], "hash_type": "SHA256",
        }  # fmt: skip
    for node in document["nodes"]:
        for model in node.get("properties", {}).get("models", ()):
            assert model["name"] in node["widgets_values"]
    assert in_nodes


def test_everything_else_of_the_workflow_stays(person: Person) -> None:
    path = sample_path("sdxl_subgraph.json")
    embed(person, path, "shared.json", "--all")

    def without(document: Any) -> Any:
        if isinstance(document, dict):
            return {key: without(value) for key, value in document.items() if key != "models"}
        return [without(value) for value in document] if isinstance(document, list) else document

    before, after = json.loads(Path(path).read_text()), json.loads((person.home / "shared.json").read_text())
    assert without(before) == without(after)
    assert before != after
    inner = [node for one in after["definitions"]["subgraphs"] for node in one["nodes"]]
    assert any(node.get("properties", {}).get("models") for node in inner)


def test_embedding_twice_gives_the_same_bytes(person: Person) -> None:
    embed(person, sample_path("sd15_lora_vae.json"), "one.json", "--all")
    embed(person, person.home / "one.json", "two.json", "--all")
    assert (person.home / "one.json").read_bytes() == (person.home / "two.json").read_bytes()


@pytest.mark.parametrize(
    ("write", "chunks", "ending"),
    [
        (
            writers.png_text,
            lambda data: [(name, body) for name, body in png.chunks(data) if name != b"tEXt"],
            "png",
        ),
        (writers.webp, lambda data: data[12:24], "webp"),
    ],
)
def test_an_image_keeps_its_pixels_and_its_prompt(person: Person, write, chunks, ending: str) -> None:
    texts = {"workflow": Path(sample_path("sd15_lora_vae.json")).read_text(), "prompt": '{"1": {}}'}
    texts["workflow"] = json.dumps(json.loads(texts["workflow"]))
    source = person.home / f"in.{ending}"
    source.write_bytes(write(texts))
    made = embed(person, source, f"out.{ending}", "--all")
    assert made.code == 0, made.err
    data = (person.home / f"out.{ending}").read_bytes()
    assert chunks(data) == chunks(source.read_bytes())
    read = dict((png if ending == "png" else webp).texts(data))
    assert read["prompt"] == texts["prompt"]
    document = json.loads(read["workflow"])
    assert document["models"]
    assert int.from_bytes(data[4:8], "little") == len(data) - 8 or ending == "png"


def test_what_only_a_name_chose_is_left_out_without_all(person: Person) -> None:
    made = embed(person, sample_path("sd15_lora_vae.json"), "shared.json")
    chosen = {entry["name"]: entry["chosen_by"] for entry in json.loads(person.lock.read_text())["files"]}
    by_name = [name for name, how in chosen.items() if how not in ("hash", "user")]
    assert by_name
    assert made.code == 1
    assert all(f"{name}: it was chosen by" in made.err for name in by_name)
    listed = json.loads((person.home / "shared.json").read_text()).get("models", [])
    assert not {model["name"] for model in listed} & {*by_name}


def test_an_api_prompt_has_no_place_and_an_existing_file_is_kept(person: Person) -> None:
    made = embed(person, sample_path("sd15_api.json"), "shared.json", "--all")
    assert made.code == 2
    assert "has no place for models" in made.err
    (person.home / "there.json").write_text("mine")
    assert embed(person, sample_path("sd15_lora_vae.json"), "there.json", "--all").code != 0
    assert (person.home / "there.json").read_text() == "mine"
