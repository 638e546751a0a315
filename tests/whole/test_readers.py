"""A name is ready by the rule of the program that reads it, not by ComfyUI's list: packs, text, metadata of images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.detect.files import safetensors
from tests.whole.conftest import Person

MODEL = safetensors({"a": (4,)})
OTHER = safetensors({"b": (8,)})


def put(person: Person, name: str, data: bytes = MODEL) -> Path:
    path = person.models / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def saved(person: Person, node_class: str, **inputs: object) -> str:
    nodes = {
        "1": {"class_type": node_class, "inputs": inputs},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }
    path = person.home / "w.json"
    path.write_text(json.dumps(nodes))
    return str(path)


def states(person: Person, path: str) -> tuple[int, dict[str, str]]:
    checked = person.wfdeps("check", path, "--json", "--models", str(person.models))
    return checked.code, {ref["name"]: ref["state"] for ref in checked.json["refs"]}


def detail(person: Person, path: str) -> str:
    checked = person.wfdeps("check", path, "--json", "--models", str(person.models))
    return str(checked.json["refs"][0]["detail"])


def lora_list(*names: str) -> dict[str, object]:
    return {"__value__": [{"name": name, "strength": 1, "active": True} for name in names]}


def test_lora_manager_names_a_stem_in_any_subfolder(person: Person) -> None:
    put(person, "loras/ink.safetensors")
    put(person, "loras/sub/wash.safetensors", OTHER)
    path = saved(person, "Lora Loader (LoraManager)", loras=lora_list("ink", "wash", "sub\\wash"))
    assert states(person, path) == (0, {"ink": "present", "wash": "present", "sub\\wash": "present"})
    assert (
        states(person, saved(person, "LoraLoader", lora_name="ink", strength_model=1, strength_clip=1))[0]
        == 1
    )


def test_of_two_files_of_one_stem_it_is_said_that_nothing_tells_which_is_loaded(person: Person) -> None:
    put(person, "loras/a/ink.safetensors")
    put(person, "loras/b/ink.safetensors", OTHER)
    path = saved(person, "Lora Loader (LoraManager)", loras=lora_list("ink"))
    assert states(person, path) == (0, {"ink": "present"})
    assert "a/ink.safetensors" in detail(person, path) and "b/ink.safetensors" in detail(person, path)


@pytest.mark.parametrize(
    ("node_class", "tag", "file", "state"),
    [
        ("ImpactWildcardEncode", "ink", "loras/sub/blue_ink.safetensors", "present"),
        ("ImpactWildcardEncode", "ink", "loras/sub/ink_blue.safetensors", "missing"),
        ("LoraTagLoader", "ink", "loras/sub/ink_blue.safetensors", "present"),
        ("LoraTagLoader", "ink", "loras/sub/blue_ink.safetensors", "missing"),
        ("PCLazyLoraLoader", "blue ink", "loras/sub/blue_ink.safetensors", "present"),
        ("Power Prompt (rgthree)", "ink", "loras/sub/a_ink_b.safetensors", "present"),
    ],
)
def test_each_parser_of_tags_has_its_own_rule(
    node_class: str, tag: str, file: str, state: str, person: Person
) -> None:
    put(person, file)
    path = saved(person, node_class, text=f"<lora:{tag}:1>")
    assert states(person, path) == (0 if state == "present" else 1, {tag: state})


def test_an_embedding_lies_in_any_subfolder(person: Person) -> None:
    put(person, "embeddings/SDXL/calm_pose.safetensors")
    assert states(person, saved(person, "CLIPTextEncode", text="fog embedding:calm_pose"))[0] == 0


def test_an_a1111_text_names_stems_in_any_folder(person: Person) -> None:
    put(person, "checkpoints/sub/harbour-dev.safetensors")
    put(person, "loras/tideGlow.safetensors")
    path = person.home / "a.txt"
    path.write_text("a boat <lora:tideGlow:0.8>\nSteps: 20, Sampler: Euler, Seed: 1, Model: harbour-dev")
    assert states(person, str(path)) == (0, {"harbour-dev": "present", "tideGlow": "present"})


PIECES = ("transformer_blocks.safetensors", "unquantized_layers.safetensors")


def test_nunchakus_folder_is_ready_if_it_is_whole_and_otherwise_the_piece_is_named(person: Person) -> None:
    path = saved(person, "NunchakuFluxDiTLoader", model_path="svdq-int4-river.1-dev")
    assert states(person, path)[0] == 1
    for piece in PIECES:
        put(person, f"diffusion_models/svdq-int4-river.1-dev/{piece}")
    assert states(person, path) == (0, {"svdq-int4-river.1-dev": "present"})
    (person.models / "diffusion_models/svdq-int4-river.1-dev" / PIECES[1]).unlink()
    assert states(person, path) == (1, {"svdq-int4-river.1-dev": "corrupt"})
    assert PIECES[1] in detail(person, path)
    assert states(person, saved(person, "UNETLoader", unet_name="svdq-int4-river.1-dev"))[0] == 1


def test_a_stand_in_is_there_if_it_is_there_and_missing_if_not(person: Person) -> None:
    path = saved(person, "CheckpointLoaderSimple", ckpt_name="path/to/your_model.safetensors")
    assert states(person, path) == (1, {"path/to/your_model.safetensors": "missing"})
    assert "stand-in" in detail(person, path)
    put(person, "checkpoints/path/to/your_model.safetensors")
    assert states(person, path) == (0, {"path/to/your_model.safetensors": "present"})


def test_a_word_that_the_list_does_not_offer_is_a_slot_not_filled(person: Person) -> None:
    path = saved(person, "CheckpointLoaderSimple", ckpt_name="None")
    assert states(person, path) == (1, {"None": "placeholder"})
    assert "slot not filled" in person.wfdeps("check", path, "--models", str(person.models)).out


REPOSITORY_URL = "https://huggingface.co/tidelab/River-InP/resolve/main/{}"


@pytest.mark.parametrize(
    ("name", "is_warned"), [("model.safetensors", True), ("riverStone.safetensors", False)]
)
def test_a_name_that_says_nothing_is_warned_of_where_its_url_was_not_compared(
    name: str, is_warned: bool, person: Person
) -> None:
    put(person, f"diffusion_models/{name}")
    node = {
        "id": 1, "type": "UNETLoader", "mode": 0, "inputs": [], "outputs": [], "widgets_values": [name, "default"],
        "properties": {"models": [{"name": name, "url": REPOSITORY_URL.format(name), "directory": "diffusion_models"}]},
    }  # fmt: skip
    path = person.save("w.json", {"version": 0.4, "nodes": [node], "links": []})
    checked = person.wfdeps("check", str(path), "--models", str(person.models))
    assert (checked.code, "proves nothing" in checked.out) == (0, is_warned)
