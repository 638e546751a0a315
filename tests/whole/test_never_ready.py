"""What ComfyUI would not run is not ready, and no command that reads workflows says so: the exit codes of each situation."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.weights import holding
from tests.whole.conftest import Person

CHECKPOINT, LORA = "harbourLight_v20.safetensors", "paperLantern.safetensors"
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU"
    b"\0\0\0\nIDATx\x9cc`\0\0\0\x02\0\x01H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82"
)
READS_WORKFLOWS = (
    ("check",),
    ("check", "--strict"),
    ("check", "--json"),
    ("check", "--exit-zero"),
    ("check", "--format", "junit"),
    ("get", "--yes"),
    ("get", "--dry-run"),
    ("lock",),
    ("graph",),
    ("refs",),
    ("fix",),
    ("unused",),
)


@pytest.mark.parametrize("words", READS_WORKFLOWS, ids=" ".join)
@pytest.mark.parametrize(("name", "data"), [("a.json", b"{}"), ("plain.png", PNG), ("a.txt", b"hello")])
def test_a_folder_without_a_workflow_is_a_usage_error_for_every_command(
    person: Person, name: str, data: bytes, words: tuple[str, ...]
) -> None:
    folder = person.home / "flows"
    folder.mkdir()
    (folder / name).write_bytes(data)
    options = ("--models", str(person.models)) if words[0] != "refs" else ()
    said = person.wfdeps(words[0], str(folder), *words[1:], *options)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: no workflow")
    assert "\nhint: " in said.err
    assert not person.lock.exists()


def asks(node_class: str, name: str) -> dict[str, Any]:
    slot = {
        "CheckpointLoaderSimple": "ckpt_name",
        "UNETLoader": "unet_name",
        "LoraLoaderModelOnly": "lora_name",
    }
    return {
        "1": {"class_type": node_class, "inputs": {slot[node_class]: name}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }


def both(person: Person, workflow: Path, *words: str) -> tuple[tuple[int, str], tuple[int, str]]:
    """(code, verdict) of `check` and then of `get`."""
    options = words or ("--models", str(person.models))
    checked = person.wfdeps("check", str(workflow), "--json", *options)
    got = person.wfdeps("get", str(workflow), "--yes", "--json", "--no-lock", "--offline", *options)
    return (checked.code, checked.json["verdict"]), (got.code, got.json["verdict"])


def test_a_lora_where_a_checkpoint_is_wanted_is_broken(person: Person, shelf: tuple[Path, Any]) -> None:
    (person.models / "checkpoints").mkdir()
    shutil.copyfile(shelf[0] / "loras" / LORA, person.models / "checkpoints" / "base.safetensors")
    workflow = person.save("w.json", asks("CheckpointLoaderSimple", "base.safetensors"))
    assert both(person, workflow) == ((1, "broken"), (1, "broken"))
    said = person.wfdeps("check", str(workflow), "--models", str(person.models)).out
    assert "Could not detect model type" in said
    assert "the exit code is about files alone" not in said


def test_one_part_of_two_is_not_ready(person: Person) -> None:
    (person.models / "diffusion_models").mkdir()
    part = person.models / "diffusion_models" / "big-00001-of-00002.safetensors"
    part.write_bytes(holding(b"one"))
    workflow = person.save("w.json", asks("UNETLoader", part.name))
    assert both(person, workflow) == ((1, "missing"), (1, "missing"))
    part.with_name("big-00002-of-00002.safetensors").write_bytes(holding(b"two"))
    assert both(person, workflow) == ((0, "ready"), (0, "ready"))


def test_a_link_to_nowhere_is_not_ready(person: Person) -> None:
    (person.models / "loras").mkdir()
    (person.models / "loras" / "a.safetensors").symlink_to(person.home / "gone.safetensors")
    workflow = person.save("w.json", asks("LoraLoaderModelOnly", "a.safetensors"))
    assert both(person, workflow) == ((1, "missing"), (1, "missing"))


@pytest.mark.parametrize(
    "config",
    [
        b'comfyui:\n  base_path: "D:\\Comfy"\n  checkpoints: y\n',
        "comfyui:\n  base_path: /x\n".encode("utf-16"),
        b"",
        b"a: text\n",
        b"a:\n  vae: [x]\n",
    ],
    ids=["escape", "utf-16", "empty", "no section", "a list"],
)
def test_with_a_configuration_that_stops_comfyui_nothing_is_ready(
    person: Person, shelf: tuple[Path, Any], config: bytes
) -> None:
    comfyui = person.home / "ComfyUI"
    (comfyui / "models" / "checkpoints").mkdir(parents=True)
    (comfyui / "main.py").touch()
    shutil.copyfile(shelf[0] / "checkpoints" / CHECKPOINT, comfyui / "models" / "checkpoints" / CHECKPOINT)
    workflow = person.save("w.json", asks("CheckpointLoaderSimple", CHECKPOINT))
    assert both(person, workflow, "--comfyui", str(comfyui)) == ((0, "ready"), (0, "ready"))
    (comfyui / "extra_model_paths.yaml").write_bytes(config)
    assert both(person, workflow, "--comfyui", str(comfyui)) == ((2, "broken"), (2, "broken"))
    said = person.wfdeps("check", str(workflow), "--comfyui", str(comfyui))
    assert said.out.startswith("✗ broken")
    assert "ComfyUI does not start with it" in said.out
    (row,) = json.loads(person.wfdeps("check", str(workflow), "--json", "--comfyui", str(comfyui)).out)[
        "workflows"
    ]
    assert row["verdict"] == "broken"
