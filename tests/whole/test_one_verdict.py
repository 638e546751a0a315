"""What `get` and `fix` say at their end is what the next `check` says: over trees and workflows of all shapes."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.weights import holding
from tests.whole.conftest import Person

SLOTS = {
    "loras": ("LoraLoaderModelOnly", "lora_name"),
    "checkpoints": ("CheckpointLoaderSimple", "ckpt_name"),
    "vae": ("VAELoader", "vae_name"),
    "upscale_models": ("UpscaleModelLoader", "model_name"),
}
KEYS = st.sampled_from([*SLOTS, "embeddings"])
STEMS = st.sampled_from(["one", "two", "One", "paperLantern", "harbourLight_v20"])
FOLDERS = st.sampled_from(["", "style/", "style\\", "Style/", "a/b/"])
NAMES = st.builds(lambda folder, stem: f"{folder}{stem}.safetensors", FOLDERS, STEMS)
CONTENTS = st.sampled_from([holding(b"1"), holding(b"2"), b"", b"<!DOCTYPE html>", "link to nowhere"])
TREES = st.dictionaries(st.tuples(KEYS, NAMES), CONTENTS, max_size=4)
ASKS = st.lists(st.tuples(st.sampled_from([*SLOTS]), NAMES), min_size=1, max_size=3)
NUMBERS = itertools.count()


def grow(root: Path, tree: dict[tuple[str, str], Any]) -> None:
    for (key, name), content in tree.items():
        path = root / key / name.replace("\\", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.symlink_to(root / "nowhere")


def asking(asks: list[tuple[str, str]], texts: list[str] | None = None) -> dict[str, Any]:
    nodes: dict[str, Any] = {
        str(number): {"class_type": SLOTS[key][0], "inputs": {SLOTS[key][1]: name}}
        for number, (key, name) in enumerate(asks, start=1)
    }
    nodes |= {
        f"t{number}": {"class_type": "CLIPTextEncode", "inputs": {"text": f"a, embedding:{text}, b"}}
        for number, text in enumerate(texts or [])
    }
    save = {f"i{node}": [node, 0] for node in nodes}
    return {**nodes, "99": {"class_type": "SaveImage", "inputs": save}}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(TREES, ASKS, st.lists(NAMES, max_size=1), st.booleans())
def test_the_verdict_of_get_is_the_verdict_of_the_next_check(
    person: Person,
    tree: dict[tuple[str, str], Any],
    asks: list[tuple[str, str]],
    texts: list[str],
    strict: bool,
) -> None:
    root = person.home / f"tree{next(NUMBERS)}"
    root.mkdir()
    grow(root, tree)
    workflow = person.save(f"{root.name}.json", asking(asks, texts))
    options = ("--json", "--models", str(root), *(["--strict"] if strict else []))
    got = person.wfdeps("get", str(workflow), "--yes", "--no-lock", *options)
    checked = person.wfdeps("check", str(workflow), *options)
    states = {
        name: {(ref["folders"][0], ref["name"]): ref["state"] for ref in said.json["refs"]}
        for name, said in (("get", got), ("check", checked))
    }
    present = {
        name: {ref for ref, state in rows.items() if state == "present"} for name, rows in states.items()
    }
    assert present["get"] == present["check"], (states, got.err)
    assert (got.json["verdict"] == "ready") == (checked.json["verdict"] == "ready")
    assert (got.code == 0) == (checked.code == 0), (states, got.err)
    assert got.json["totals"]["present"] == checked.json["totals"]["present"]
    assert got.json["lints"] == checked.json["lints"]
    if got.code in (0, 1) and got.json["verdict"] != "ambiguous":
        assert (got.code, got.json["verdict"]) == (checked.code, checked.json["verdict"])


def test_a_link_under_a_name_of_the_other_system_is_not_said_to_be_ready(person: Person) -> None:
    grow(person.models, {("checkpoints", "x.safetensors"): holding(b"1")})
    workflow = person.save("w.json", asking([("loras", "style\\x.safetensors")]))
    place = ("--models", str(person.models))
    fixed = person.wfdeps("fix", str(workflow), "--link", "--apply", *place)
    assert fixed.code == 1
    assert "spelled for the other system" in fixed.err
    assert person.wfdeps("check", str(workflow), *place).code == 1
    got = person.wfdeps("get", str(workflow), "--yes", "--no-lock", *place)
    assert (got.code, got.out.split()[1]) == (1, "missing")


@pytest.mark.parametrize("command", ["get", "check"])
def test_what_comfyui_itself_does_not_have_is_missing_for_both(person: Person, command: str) -> None:
    info = person.save("info.json", {"SaveImage": {"input": {"required": {}}, "output_node": True}})
    workflow = person.save("w.json", {"1": {"class_type": "Nobodys", "inputs": {}}, **asking([])})
    words = ("--yes", "--no-lock") if command == "get" else ()
    said = person.wfdeps(
        command, str(workflow), "--json", "--object-info", str(info), "--models", str(person.models), *words
    )
    assert (said.code, said.json["verdict"], json.loads(said.out)["nodes_not_found"] != []) == (
        1,
        "missing",
        True,
    )
