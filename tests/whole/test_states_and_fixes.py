"""Every state a file can be in, on a real tree by a real check, and what `wfdeps fix` makes of each."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.weights import holding
from tests.whole.conftest import Person

PLACED_ELSEWHERE = {
    "subfolder.safetensors": "loras/deep/er/subfolder.safetensors",
    "case.safetensors": "loras/Case.SAFETENSORS",
    "back\\slash.safetensors": "loras/back/slash.safetensors",
    "renamed.safetensors": "loras/another_name.safetensors",
    "wrong.safetensors": "checkpoints/wrong.safetensors",
}
STATES = {
    "here.safetensors": "present",
    "subfolder.safetensors": "present_elsewhere",
    "case.safetensors": "present_elsewhere",
    "back\\slash.safetensors": "present_elsewhere",
    "renamed.safetensors": "present_elsewhere",
    "wrong.safetensors": "wrong_folder",
    "another.safetensors": "wrong_hash",
    "truncated.safetensors": "corrupt",
    "pointer.safetensors": "corrupt",
    "page.safetensors": "corrupt",
    "nothing.safetensors": "corrupt",
    "zeros.safetensors": "corrupt",
    "claims.safetensors": "corrupt",
    "cut.safetensors": "corrupt",
    "gone.safetensors": "missing",
}


def safetensors(word: str, *, claim: int = 0) -> bytes:
    """A whole file of two numbers; `claim` is added to the length its header says it has."""
    header = json.dumps(
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "__metadata__": {"n": word}}
    )
    return struct.pack("<Q", len(header) + claim) + header.encode() + b"\1" * 8


DAMAGED = {
    "truncated.safetensors": safetensors("truncated")[:-3],
    "pointer.safetensors": b"version https://git-lfs.github.com/spec/v1\noid sha256:"
    + b"a" * 64
    + b"\nsize 9\n",
    "page.safetensors": b"<!DOCTYPE html><html>log in first</html>",
    "nothing.safetensors": b"",
    "zeros.safetensors": b"\0" * 4096,
    "claims.safetensors": safetensors("claims", claim=1 << 40),
    "cut.safetensors": safetensors("cut", claim=-7),
}


@pytest.fixture
def tree(person: Person) -> dict[str, bytes]:
    """The files by where they lie."""
    files = {f"loras/{name}": data for name, data in DAMAGED.items()}
    files |= {place: safetensors(name) for name, place in PLACED_ELSEWHERE.items()}
    files |= {f"loras/{name}.safetensors": safetensors(name) for name in ("here", "another")}
    for place, data in files.items():
        path = person.models / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return files


@pytest.fixture
def workflow(person: Person) -> Path:
    """One LoRA loader for each name; two of them say which hash they mean."""
    hashes = {
        "renamed.safetensors": hashlib.sha256(safetensors("renamed.safetensors")).hexdigest(),
        "another.safetensors": "ab" * 32,
    }
    nodes = [
        {
            "id": number,
            "type": "LoraLoaderModelOnly",
            "mode": 0,
            "inputs": [],
            "outputs": [],
            "widgets_values": [name, 1.0],
            "properties": {
                "models": [
                    {
                        "name": name,
                        "url": "",
                        "directory": "loras",
                        "hash": hashes[name],
                        "hash_type": "SHA256",
                    }
                ]
                if name in hashes
                else []
            },
        }
        for number, name in enumerate(STATES, start=1)
    ]
    return person.save("w.json", {"version": 0.4, "nodes": nodes, "links": []})


def states(person: Person, workflow: Path) -> dict[str, str]:
    refs: list[dict[str, Any]] = person.wfdeps(
        "check", str(workflow), "--json", "--include-inactive", "--models", str(person.models)
    ).json["refs"]
    return {ref["name"]: ref["state"] for ref in refs}


def fix(person: Person, workflow: Path, *words: str) -> int:
    return person.wfdeps(
        "fix", str(workflow), "--include-inactive", *words, "--models", str(person.models)
    ).code


def on_disk(person: Person) -> dict[str, bytes]:
    below = (path for path in person.models.rglob("*") if path.is_file() and ".wfdeps" not in path.as_posix())
    return {path.relative_to(person.models).as_posix(): path.read_bytes() for path in below}


def test_a_check_tells_every_state_though_it_has_never_read_the_files_before(
    person: Person, tree: dict[str, bytes], workflow: Path
) -> None:
    assert states(person, workflow) == STATES
    assert on_disk(person) == tree


@pytest.mark.parametrize("how", [(), ("--link",), ("--copy",), ("--move",)])
def test_fix_says_what_it_would_do_does_it_when_told_and_overwrites_nothing(
    person: Person, tree: dict[str, bytes], workflow: Path, how: tuple[str, ...]
) -> None:
    assert fix(person, workflow, *how) == 1
    assert on_disk(person) == tree
    assert fix(person, workflow, *how, "--apply") == 1  # some are past mending
    mended = {name: place for name, place in PLACED_ELSEWHERE.items() if "\\" not in name}
    assert states(person, workflow) == STATES | dict.fromkeys(mended, "present")
    after = on_disk(person)
    assert {place: after[place] for place in tree if place not in mended.values()} == {
        place: data for place, data in tree.items() if place not in mended.values()
    }
    assert {after[f"loras/{name}"] for name in mended} == {safetensors(name) for name in mended}
    assert set(mended.values()).isdisjoint(after) == (how == ("--move",))


def test_rewrite_writes_another_workflow_with_the_names_that_are_offered(
    person: Person, tree: dict[str, bytes], workflow: Path
) -> None:
    before = workflow.read_bytes()
    out = person.home / "out.json"
    assert fix(person, workflow, "--rewrite", str(out)) == 1
    assert not out.exists()
    assert fix(person, workflow, "--rewrite", str(out), "--apply") == 1
    respelled = {
        name: place.removeprefix("loras/")
        for name, place in PLACED_ELSEWHERE.items()
        if place.startswith("loras")
    }
    assert states(person, out) == {
        respelled.get(name, name): "present" if name in respelled else state for name, state in STATES.items()
    }
    assert (workflow.read_bytes(), on_disk(person)) == (before, tree)
    assert (
        fix(person, workflow, "--rewrite", str(out), "--apply") == 4
    )  # what stands there is not overwritten


def test_a_check_reads_no_more_than_a_moment_takes_and_says_what_it_did_not_compare(
    person: Person, workflow: Path
) -> None:
    for name in ("another", "yet_another"):
        path = person.models / "loras" / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(holding(b"", promised=600 << 20))
        os.truncate(path, path.stat().st_size + (600 << 20))  # a hole, not half a gigabyte
    refs = person.wfdeps(
        "check", str(workflow), "--json", "--include-inactive", "--models", str(person.models)
    ).json["refs"]
    told = {ref["name"]: (ref["state"], ref["detail"]) for ref in refs}
    assert told["another.safetensors"] == (
        "present",
        f"not yet compared with sha256:{'ab' * 32}: `wfdeps verify` reads it",
    )
    assert told["renamed.safetensors"][0] == "missing"


def test_rewrite_changes_only_the_loaders_that_mean_the_file_and_embeddings_inside_their_texts(
    person: Person,
) -> None:
    for place in ("loras/sub/same.safetensors", "vae/same.safetensors", "embeddings/neg/bad.safetensors"):
        path = person.models / place
        path.parent.mkdir(parents=True)
        path.write_bytes(safetensors(place))
    workflow = person.save(
        "w.json",
        {
            "1": {
                "class_type": "LoraLoaderModelOnly",
                "inputs": {"lora_name": "same.safetensors", "model": ["2", 0]},
            },
            "2": {"class_type": "VAELoader", "inputs": {"vae_name": "same.safetensors"}},
            "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "(embedding:BAD:1.2), embedding:badly"}},
            "4": {
                "class_type": "SaveImage",
                "inputs": {"filename_prefix": "x", "a": ["1", 0], "b": ["3", 0]},
            },
        },
    )
    out = person.home / "out.json"
    fix(person, workflow, "--rewrite", str(out), "--apply")
    inputs = [node["inputs"] for node in json.loads(out.read_text()).values()]
    assert inputs[0]["lora_name"] == "sub/same.safetensors"
    assert inputs[1]["vae_name"] == "same.safetensors"
    assert inputs[2]["text"] == "(embedding:neg/bad.safetensors:1.2), embedding:badly"


def test_a_value_that_a_primitive_feeds_is_respelled_where_it_stands(person: Person) -> None:
    (person.models / "loras" / "sub").mkdir(parents=True)
    (person.models / "loras" / "sub" / "one.safetensors").write_bytes(safetensors("one"))
    primitive = {
        "id": 1,
        "type": "PrimitiveNode",
        "mode": 0,
        "outputs": [{"name": "COMBO", "type": "COMBO", "links": [1], "widget": {"name": "lora_name"}}],
        "widgets_values": ["one.safetensors", "fixed"],
    }
    loader = {
        "id": 2,
        "type": "LoraLoaderModelOnly",
        "mode": 0,
        "inputs": [{"name": "lora_name", "type": "COMBO", "link": 1, "widget": {"name": "lora_name"}}],
        "outputs": [],
        "widgets_values": ["one.safetensors", 1],
    }
    document = {"version": 0.4, "nodes": [primitive, loader], "links": [[1, 1, 0, 2, 0, "COMBO"]]}
    out = person.home / "out.json"
    workflow = person.save("w.json", document)
    assert fix(person, workflow, "--rewrite", str(out), "--apply") == 0
    assert [node["widgets_values"][0] for node in json.loads(out.read_text())["nodes"]] == [
        "sub/one.safetensors"
    ] * 2


def test_for_a_target_that_does_not_look_there_fix_links_to_where_it_looks_or_names_the_yaml_line(
    person: Person,
) -> None:
    for place in ("diffusion_models/wan.safetensors", "style_models/redux.safetensors"):
        path = person.models / place
        path.parent.mkdir(parents=True)
        path.write_bytes(safetensors(place))
    workflow = person.save(
        "w.json",
        {
            "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "wan.safetensors"}},
            "2": {"class_type": "StyleModelLoader", "inputs": {"style_model_name": "redux.safetensors"}},
            "3": {
                "class_type": "SaveImage",
                "inputs": {"filename_prefix": "x", "a": ["1", 0], "b": ["2", 0]},
            },
        },
    )
    there = ("--models", str(person.models), "--target", "runpod-serverless")
    told = person.wfdeps("fix", str(workflow), "--apply", *there)
    assert (person.models / "unet" / "wan.safetensors").exists()
    assert not (person.models / "unet" / "redux.safetensors").exists()
    assert "add to its extra_model_paths.yaml: `style_models: models/style_models`" in told.err
    rewritten = person.wfdeps("fix", str(workflow), "--rewrite", str(person.home / "out.json"), *there)
    assert "add to the target's extra_model_paths.yaml: `style_models: models/style_models`" in rewritten.err
    shown = person.wfdeps("paths", *there).out.splitlines()
    assert shown.count("diffusion_models") == 1


def test_a_name_spelled_for_another_system_is_told_to_be_rewritten_and_the_others_to_be_linked(
    person: Person, tree: dict[str, bytes], workflow: Path
) -> None:
    told = person.wfdeps("check", str(workflow), "--include-inactive", "--models", str(person.models)).out
    commands = [line.split() for line in told.splitlines() if line.strip().startswith("wfdeps fix")]
    ways = [word for words in commands for word in words if word in ("--link", "--rewrite")]
    assert sorted(ways) == ["--link", "--link", "--rewrite"]


def test_what_check_advises_for_a_name_of_the_other_system_mends_it_though_the_folder_differs_too(
    person: Person, tree: dict[str, bytes]
) -> None:
    ask = {"class_type": "LoraLoaderModelOnly", "inputs": {"lora_name": "of\\mine\\here.safetensors"}}
    workflow = person.save("other.json", {"1": ask})
    place = ("--models", str(person.models))
    (ref,) = person.wfdeps("check", str(workflow), "--include-inactive", "--json", *place).json["refs"]
    _, *words = ref["next"].replace("OUT.json", str(person.home / "out.json")).split()
    assert person.wfdeps(*words, "--include-inactive", "--apply", *place).code == 0
    out = str(person.home / "out.json")
    assert person.wfdeps("check", out, "--include-inactive", *place).code == 0


def test_what_check_advises_for_a_file_that_only_its_source_tells_to_be_here_mends_it(
    person: Person, shelf: tuple[Path, Any]
) -> None:
    mine = person.models / "loras" / "mine.safetensors"
    mine.parent.mkdir()
    mine.write_bytes((shelf[0] / "loras" / "paperLantern.safetensors").read_bytes())
    ask = {"class_type": "LoraLoaderModelOnly", "inputs": {"lora_name": "paperLantern.safetensors"}}
    workflow = person.save("asks.json", {"1": ask})
    place = ("--models", str(person.models))
    told = person.wfdeps("check", str(workflow), "--include-inactive", "--online", "--json", *place)
    (ref,) = told.json["refs"]
    assert ref["state"] == "present_elsewhere"
    _, *words = ref["next"].split()
    lock = ("--lock", str(person.lock))
    assert person.wfdeps(*words, "--include-inactive", "--yes", *lock).code == 0
    assert person.wfdeps("check", str(workflow), "--include-inactive", *place).code == 0
    assert not person.hub.requests.to("/api/download/")


def test_a_gguf_in_a_core_loader_is_told_to_need_another_node_for_no_name_mends_it(person: Person) -> None:
    unet = person.models / "diffusion_models" / "a.gguf"
    unet.parent.mkdir()
    unet.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    workflow = person.save("w.json", {"1": {"class_type": "UNETLoader", "inputs": {"unet_name": "a.gguf"}}})
    place = ("--include-inactive", "--models", str(person.models))
    (ref,) = person.wfdeps("check", str(workflow), "--json", *place).json["refs"]
    assert (ref["state"], ref["next"]) == ("present_elsewhere", "")
    assert "UnetLoaderGGUF" in ref["hint"]
    for way in (("--link",), ("--rewrite", str(person.home / "out.json"))):
        said = person.wfdeps("fix", str(workflow), *way, *place)
        assert said.code == 1
        assert "this loader does not list `.gguf` files" in said.out + said.err
