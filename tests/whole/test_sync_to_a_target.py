"""`sync --target`: what lies on the volume where the target's ComfyUI does not look is not fetched again."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.weights import holding
from tests.whole.conftest import Person, Said

NAMES = {
    "UNETLoader": ("unet_name", "diffusion_models", "wan.safetensors"),
    "StyleModelLoader": ("style_model_name", "style_models", "redux.safetensors"),
}


def locked(person: Person, node_class: str) -> Path:
    """Places that loader's file in a plain tree and locks it, with a source at the hub; returns the file."""
    widget, folder, name = NAMES[node_class]
    file = person.models / folder / name
    file.parent.mkdir(parents=True)
    file.write_bytes(holding(name.encode()))
    workflow = person.save("w.json", {"1": {"class_type": node_class, "inputs": {widget: name}}})
    words = ("--include-inactive", "--models", str(person.models), "-o", str(person.lock))
    made = person.wfdeps("lock", str(workflow), *words)
    assert person.lock.exists(), made.err
    lock = json.loads(person.lock.read_text())
    (entry,) = lock["files"]
    entry["sources"] = [{"source": "url", "url": "https://civitai.com/api/download/models/1"}]
    person.lock.write_text(json.dumps(lock))
    return file


def synced(person: Person, *words: str) -> Said:
    there = ("--models", str(person.models), "--target", "runpod-serverless")
    return person.wfdeps("sync", str(person.lock), *there, *words)


def test_a_file_under_the_key_that_the_target_does_not_search_is_linked_to_the_one_it_does(
    person: Person,
) -> None:
    file = locked(person, "UNETLoader")
    said = synced(person, "--json")
    assert (said.code, said.json["totals"]["bytes_fetched"]) == (0, 0), said.err
    linked = person.models / "unet" / file.name
    assert linked.read_bytes() == file.read_bytes()
    assert not person.hub.requests.to("/api/download/")
    assert synced(person, "--locked").code == 0
    assert list(person.tree()) == ["diffusion_models/wan.safetensors", "unet/wan.safetensors"]


def test_other_bytes_of_that_name_are_not_linked(person: Person) -> None:
    file = locked(person, "UNETLoader")
    file.write_bytes(holding(b"another"))
    assert synced(person).code != 0
    assert person.hub.requests.to("/api/download/")
    assert list(person.tree()) == ["diffusion_models/wan.safetensors"]


def test_where_the_target_searches_no_folder_for_it_the_line_of_its_yaml_is_told_and_nothing_fetched(
    person: Person,
) -> None:
    locked(person, "StyleModelLoader")
    said = synced(person, "--json")
    (ref,) = said.json["refs"]
    assert (said.code, ref["state"]) == (1, "invisible")
    assert "add to its extra_model_paths.yaml: `style_models: models/style_models`" in ref["detail"]
    assert not person.hub.requests.to("/api/download/")
    assert list(person.tree()) == ["style_models/redux.safetensors"]


def test_get_links_it_too(person: Person) -> None:
    file = person.models / "diffusion_models" / "wan.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(holding(b"wan"))
    workflow = person.save(
        "w.json", {"1": {"class_type": "UNETLoader", "inputs": {"unet_name": "wan.safetensors"}}}
    )
    said = person.get(workflow, "--target", "runpod-serverless", "--no-lock")
    assert said.code == 0, said.out + said.err
    assert (person.models / "unet" / "wan.safetensors").read_bytes() == file.read_bytes()
    assert not person.hub.requests.to("/api/download/")
