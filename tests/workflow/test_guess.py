"""Classes nobody has listed."""

from __future__ import annotations

import pytest

from tests.workflow.builders import api_node, codes, node, read_one, told, ui


@pytest.mark.parametrize(
    ("given", "value", "folder"),
    [
        ("lora_name", "a.safetensors", "loras"),
        ("ckpt_name", "a.safetensors", "checkpoints"),
        ("vae_name", "a.safetensors", "vae"),
        ("clip_name1", "a.safetensors", "text_encoders"),
        ("clip_vision_name", "a.safetensors", "clip_vision"),
        ("unet_name", "a.gguf", "diffusion_models"),
        ("control_net_name", "a.pth", "controlnet"),
        ("upscale_model", "4x.pth", "upscale_models"),
        ("ipadapter_file", "a.bin", "ipadapter"),
        ("embedding", "a.pt", "embeddings"),
    ],
)
def test_the_inputs_name_tells_the_folder(given: str, value: str, folder: str) -> None:
    (ref,) = read_one({"1": api_node("SomeNewNode", **{given: value})}).refs
    assert (ref.name, ref.folder, str(ref.status), str(ref.certainty)) == (value, folder, "required", "guess")


def test_a_guess_comes_with_a_warning() -> None:
    assert codes({"1": api_node("SomeNewNode", lora_name="a.safetensors")}) >= {"unlisted_class"}


def test_the_outputs_tell_the_folder_where_the_name_does_not() -> None:
    assert told(ui(node(1, "My Loader", ("a.safetensors",), outputs=["VAE"]))) == [
        ("a.safetensors", "vae", "required")
    ]


def test_the_declared_directory_tells_it_best() -> None:
    model = {
        "name": "a.safetensors",
        "directory": "clip",
        "url": "https://huggingface.co/x/resolve/main/a.safetensors",
    }
    given = node(1, "My Loader", ("a.safetensors",), properties={"models": [model]})
    assert told(ui(given)) == [("a.safetensors", "text_encoders", "required")]


@pytest.mark.parametrize(
    "inputs",
    [
        {"filename_prefix": "out.safetensors"},
        {"text": "I love model.safetensors\nvery much"},
        {"url": "https://example.org/a.safetensors"},
        {"caption": "a.bin"},
        {"value": "picture.png"},
        {"value": "v1.5"},
        {"value": "pt"},
    ],
)
def test_no_ref_is_made_of_other_strings(inputs: dict[str, str]) -> None:
    assert told({"1": api_node("SomeNewNode", **inputs)}) == []


def test_writers_and_notes_name_nothing() -> None:
    assert told({"1": api_node("SaveCheckpointSomewhere", model_name="a.safetensors")}) == []
    assert (
        told(ui(node(1, "MarkdownNote", ("get a.safetensors",)), node(2, "Note", ("a.safetensors",)))) == []
    )


def test_core_classes_that_load_no_model_name_none() -> None:
    assert told({"1": api_node("LoadImage", image="a.safetensors")}) == []


def test_object_rows_of_unknown_packs_are_read_with_their_switch() -> None:
    prompt = {
        "1": api_node(
            "Another Lora Loader",
            lora_1={"on": True, "lora": "a.safetensors"},
            lora_2={"on": False, "lora": "b.safetensors"},
        )
    }
    assert [name for name, _, _ in told(prompt)] == ["a.safetensors"]
