"""Nodes of classes that nobody lists: a guess fails no correct install, and what is not judged is not called ready."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.whole.conftest import Person

LORA = "paperLantern.safetensors"


def saved(person: Person, node_class: str, **inputs: Any) -> str:
    nodes = {
        "1": {"class_type": node_class, "inputs": inputs},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }
    return str(person.save("w.json", nodes))


def test_a_file_in_a_packs_own_folder_is_here_and_no_link_is_advised(
    person: Person, shelf: tuple[Path, Any]
) -> None:
    (person.models / "somebodys").mkdir()
    shutil.copyfile(shelf[0] / "loras" / LORA, person.models / "somebodys" / "unet.safetensors")
    workflow = saved(person, "SomebodysThing", unet="unet.safetensors")
    said = person.wfdeps("check", workflow, "--models", str(person.models), "--json")
    assert (said.code, said.json["verdict"]) == (0, "ready")
    fixed = person.wfdeps("fix", workflow, "--models", str(person.models), "--link")
    assert fixed.code == 0 and not [*(person.models / "diffusion_models").glob("*")]
    text = person.wfdeps("check", workflow, "--models", str(person.models)).out
    assert "--link" not in text and text.count("a guess") == 1


def test_a_workflow_of_nodes_that_may_load_models_is_said_not_to_be_judged(person: Person) -> None:
    workflow = saved(person, "SomebodysTTS", model="VibeVoice-1.5B")
    plain = person.wfdeps("check", workflow, "--models", str(person.models))
    assert plain.code == 0
    assert "needs no model file" not in plain.out
    assert "not judged: 1 node class may need files of their own (`SomebodysTTS`)" in plain.out
    assert person.wfdeps("check", workflow, "--models", str(person.models), "--strict").code == 1
    told = person.wfdeps("check", workflow, "--models", str(person.models), "--json").json
    assert [warning["code"] for warning in told["workflows"][0]["warnings"]] == ["not_judged"]


def test_a_workflow_of_listed_nodes_without_models_needs_none(person: Person) -> None:
    workflow = saved(person, "EmptyImage", width=8)
    said = person.wfdeps("check", workflow, "--models", str(person.models), "--strict")
    assert said.code == 0 and "needs no model file" in said.out and "not judged" not in said.out


def test_refs_and_a_list_of_workflows_say_it_too(person: Person) -> None:
    workflow = saved(person, "SomebodysTTS", model="VibeVoice-1.5B")
    assert "names no model file" in person.wfdeps("refs", workflow).out
    other = str(
        person.save("other.json", {"1": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x"}}})
    )
    both = person.wfdeps("check", workflow, other, "--models", str(person.models)).out
    assert "names no model files" in both and "some nodes not judged" in both
