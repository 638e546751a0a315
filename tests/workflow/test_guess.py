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
    assert told(prompt) == [("a.safetensors", "loras", "required"), ("b.safetensors", "loras", "inactive")]


def test_each_unlisted_class_is_said_once_however_many_values_it_has() -> None:
    many = {f"lora_{count}": f"{count}.safetensors" for count in range(208)}
    read = read_one({"1": api_node("SomeNewNode", **many), "2": api_node("SomeNewNode", **many)})
    (notice,) = [notice for notice in read.warnings if notice.code == "unlisted_class"]
    assert "node 1, 2" in notice.message and "and 205 more" in notice.message


def test_each_unlisted_class_has_a_note_of_its_own() -> None:
    read = read_one(
        {"1": api_node("NewOne", lora_name="a.safetensors"), "2": api_node("NewTwo", vae_name="b.pt")}
    )
    assert [notice.code for notice in read.warnings].count("unlisted_class") == 2


@pytest.mark.parametrize(
    ("node_class", "inputs", "is_told"),
    [
        ("VibeVoiceSingleSpeaker2", {"text": "hello", "model": "VibeVoice-1.5B"}, True),
        ("StepAudioClone9", {"model_path": "Step-Audio-EditX"}, True),
        ("F5TTSThing", {"speech": "hello"}, True),
        ("Trellis3LoadModel", {"low_vram": True}, True),
        ("SomeCheckpointPicker", {}, True),
        ("SomeEngine", {"seed": 3}, True),
        ("LoadSomethingBig", {}, True),
        ("LoadImageFromFolder", {"folder": "x"}, False),
        ("Load Text File", {"path": "x"}, False),
        ("ModelSamplingOfMine", {"model": ["9", 0], "shift": 3}, False),
        ("TTSGenerate", {"tts_engine": ["9", 0], "text": "x"}, False),
        ("UnloadModels", {"anything": ["9", 0]}, False),
        ("AddNumbers", {"a": 1, "b": 2}, False),
    ],
)
def test_a_class_that_speaks_of_models_and_names_no_file_is_not_judged(
    node_class: str, inputs: dict[str, object], is_told: bool
) -> None:
    given = {"1": api_node(node_class, **inputs), "2": api_node("SaveImage", images=["1", 0])}
    assert ("not_judged" in codes(given)) is is_told


def test_a_class_that_names_its_file_or_does_not_run_is_not_told_of() -> None:
    assert "not_judged" not in codes({"1": api_node("NewModelLoader", model="a.safetensors")})
    muted = node(1, "NewModelLoader", outputs=["MODEL"], mode=2)
    assert "not_judged" not in codes(ui(muted, node(2, "SaveImage")))


def test_comfyuis_own_classes_are_never_called_unjudged() -> None:
    own = node(1, "NewestModelLoader", outputs=["MODEL"], properties={"cnr_id": "comfy-core"})
    packs = node(2, "NewestModelLoader", outputs=["MODEL"], properties={"cnr_id": "somebodys-pack"})
    assert "not_judged" not in codes(ui(own))
    assert "not_judged" in codes(ui(packs))


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"enabled": False}, "inactive"),
        ({"on": False}, "inactive"),
        ({"switch": "Off"}, "inactive"),
        ({"enabled_2": False}, "inactive"),
        ({"lora_2_enabled": False}, "inactive"),
        ({"enabled": True}, "required"),
        ({"enabled_1": False}, "required"),
        ({"strength_2": 0}, "required"),
    ],
)
def test_a_switch_of_an_unlisted_class_that_is_off_makes_its_models_inactive(
    inputs: dict[str, object], status: str
) -> None:
    given = {"1": api_node("Somebodys Stack", lora_2="a.safetensors", **inputs)}
    assert told(given) == [("a.safetensors", "loras", status)]


@pytest.mark.parametrize(
    ("node_class", "name", "value", "is_named"),
    [
        ("ApplyLUT", "lut_name", "film.cube", True),
        ("RVCThing", "index_file", "voice.index", True),
        ("SomeModelLoader", "config_file", "v1-inference.yaml", True),
        ("SomeModelLoader", "model_config", "config.json", True),
        ("SomeModelLoader", "text", "config.json", False),
        ("SomeSettings", "config_file", "settings.json", False),
    ],
)
def test_what_else_models_consist_of_counts_as_a_file(
    node_class: str, name: str, value: str, is_named: bool
) -> None:
    assert [ref.name for ref in read_one({"1": api_node(node_class, **{name: value})}).refs] == [
        value
    ] * is_named


def test_a_model_scheme_is_no_part_of_the_name() -> None:
    (ref,) = read_one({"1": api_node("SomeTTS", model="model://mine/x.pt")}).refs
    assert ref.name == "mine/x.pt"
