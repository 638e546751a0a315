"""What listed classes name: stacks, switches, sentinels, several folders, folders as models."""

from __future__ import annotations

import pytest

from tests.workflow.builders import api_node, codes, node, read_one, told, ui
from wfdeps.domain.folders import APPROXIMATE_VIDEO_VAES, BUILT_IN_VAES
from wfdeps.workflow.loaders import default_table


def alone(node_class: str, values: object) -> list[tuple[str, str, str]]:
    """One node by itself: nothing tells that it does not run."""
    return told(ui(node(1, node_class, values)))


def remarks(node_class: str, values: object) -> set[str]:
    return codes(ui(node(1, node_class, values))) - {"no_output_node", "no_links"}


@pytest.mark.parametrize(
    "nothing", ["None", "none", "[None]", "", "Baked VAE", "baked vae", "(use same)", "from base model"]
)
def test_sentinels_are_no_files_to_packs_and_unfilled_slots_to_a_list_of_the_core(nothing: str) -> None:
    assert alone("easy a1111Loader", ["a.ckpt", nothing]) == alone("easy a1111Loader", ["a.ckpt"])
    assert alone("VAELoader", (nothing,)) == [(nothing or '""', "vae", "placeholder")]


@pytest.mark.parametrize("word", ["auto", "default", "null", "undefined", "off", None, 5, " ", ""])
def test_what_a_core_list_does_not_offer_is_an_unfilled_slot(word: object) -> None:
    prompt = {"1": api_node("CheckpointLoaderSimple", ckpt_name=word)}
    assert [(folder, status) for _, folder, status in told(prompt)] == [("checkpoints", "placeholder")]


def test_a_core_list_that_has_a_none_word_takes_that_word_and_no_other() -> None:
    assert told({"1": api_node("TrainLoraNode", existing_lora="[None]")}) == []
    assert told({"1": api_node("TrainLoraNode", existing_lora="None")}) == [("None", "loras", "placeholder")]
    assert told({"1": api_node("VAELoader", vae_name="pixel_space")}) == []


def test_a_required_input_that_is_not_given_is_unfilled_in_api_format_and_the_first_of_the_list_in_ui_format() -> (
    None
):
    assert told({"1": api_node("LoraLoader")}) == [("not given", "loras", "placeholder")]
    assert alone("LoraLoader", []) == []


def test_what_a_link_brings_is_not_judged_as_a_word() -> None:
    linked = {"1": api_node("CheckpointLoaderSimple", ckpt_name=["2", 0]), "2": api_node("Some Text")}
    assert "placeholder" not in [status for _, _, status in told(linked)]


@pytest.mark.parametrize(
    "stand_in",
    [
        "$LORA",
        "${lora}",
        "{{lora}}",
        "X",
        "your_lora_here.safetensors",
        "your-lora-here.safetensors",
        "<model>",
    ],
)
def test_stand_ins_are_placeholders(stand_in: str) -> None:
    assert alone("CheckpointLoaderSimple", (stand_in,)) == [(stand_in, "checkpoints", "placeholder")]


@pytest.mark.parametrize(
    "name",
    ["1.safetensors", "yourself_v2.safetensors", "X-Men.safetensors", "hero.safetensors", "wherever.ckpt"],
)
def test_odd_names_are_no_stand_ins(name: str) -> None:
    assert alone("CheckpointLoaderSimple", (name,)) == [(name, "checkpoints", "required")]


def test_a_stack_loads_as_many_as_it_counts_and_the_rest_is_only_validated() -> None:
    values = ["simple", 1, "a.safetensors", 1, 1, 1, "b.safetensors", 1, 1, 1, "None", 1, 1, 1]
    assert alone("LoRA Stacker", tuple(values)) == [
        ("a.safetensors", "loras", "required"),
        ("b.safetensors", "loras", "required"),
    ]
    (warning,) = (
        one
        for one in read_one(ui(node(1, "LoRA Stacker", tuple(values)))).warnings
        if one.code == "validated_only"
    )
    assert "b.safetensors" in warning.message


def test_a_switch_that_is_off_leaves_the_file_validated_only() -> None:
    values = ("Off", "a.safetensors", 1, 1, "On", "b.safetensors", 1, 1, "Off", "None", 1, 1)
    assert [name for name, _, _ in alone("CR LoRA Stack", values)] == ["a.safetensors", "b.safetensors"]
    assert remarks("CR LoRA Stack", values) == {"validated_only"}


def test_a_lora_of_strength_zero_is_validated_only() -> None:
    assert remarks("LoraLoader", ("a.safetensors", 0, 0)) == {"validated_only"}
    assert remarks("LoraLoader", ("a.safetensors", 0, 1)) == set()


def test_rgthrees_rows_load_only_what_is_on() -> None:
    rows = [{}, {"type": "PowerLoraLoaderHeaderWidget"}, {"on": True, "lora": "a.safetensors", "strength": 1, "strengthTwo": None},
            {"on": False, "lora": "b.safetensors", "strength": 1}, {}, ""]  # fmt: skip
    assert alone("Power Lora Loader (rgthree)", rows) == [
        ("a.safetensors", "loras", "required"),
        ("b.safetensors", "loras", "inactive"),
    ]


def test_lora_manager_loads_its_list_not_its_text() -> None:
    values = [
        "<lora:old:1>",
        [{"name": "new", "active": True, "strength": 1}, {"name": "other", "active": False}],
    ]
    assert alone("Lora Loader (LoraManager)", values) == [
        ("new", "loras", "required"),
        ("other", "loras", "inactive"),
    ]


def test_a_picker_loads_nothing() -> None:
    assert alone("ImpactWildcardEncode", ("text", "text", "fixed", "picked.safetensors", "w", 1)) == []


def test_better_combos_hold_the_name_in_an_object() -> None:
    assert alone("LoraLoader|pysssss", [{"content": "a.safetensors", "image": None}, 1, 1]) == [
        ("a.safetensors", "loras", "required")
    ]


def test_the_multigpu_family_keeps_its_inputs() -> None:
    for suffix in ("MultiGPU", "DisTorchMultiGPU", "DisTorch2MultiGPU"):
        assert alone(f"UNETLoader{suffix}", ("u.safetensors", "default", "cuda:0")) == [
            ("u.safetensors", "diffusion_models", "required")
        ]


def test_the_values_prefix_says_which_ultralytics_folder() -> None:
    assert alone("UltralyticsDetectorProvider", ("segm\\person.pt",)) == [
        ("segm\\person.pt", "ultralytics_segm", "required")
    ]


def test_a_tiny_vae_means_an_encoder_and_a_decoder() -> None:
    assert alone("VAELoader", ("taesd",)) == [
        ("taesd_decoder", "vae_approx", "required"),
        ("taesd_encoder", "vae_approx", "required"),
    ]
    assert alone("VAELoader", ("pixel_space",)) == []


@pytest.mark.parametrize("name", APPROXIMATE_VIDEO_VAES)
def test_an_approximate_video_vae_lies_in_vae_approx(name: str) -> None:
    assert alone("VAELoader", (f"{name}.safetensors",)) == [(f"{name}.safetensors", "vae_approx", "required")]


def test_the_vaes_that_are_no_files_are_the_same_to_the_reader_and_to_the_verdict() -> None:
    row = default_table().row("VAELoader")
    assert row is not None and row.slots[0].none == BUILT_IN_VAES


def test_gguf_files_lie_among_the_diffusion_models() -> None:
    assert alone("UnetLoaderGGUF", ("f.gguf",)) == [("f.gguf", "diffusion_models", "required")]


def test_a_folder_is_a_model_too() -> None:
    assert alone("DiffusersLoader", ("stable-diffusion-2",)) == [
        ("stable-diffusion-2", "diffusers", "required")
    ]


def test_what_a_node_fetches_is_no_requirement() -> None:
    assert alone("DownloadAndLoadFlorence2Model", ("microsoft/Florence-2-base", "fp16")) == [
        ("microsoft/Florence-2-base", "LLM", "auto_download")
    ]
    assert alone("DownloadAndLoadSomethingNew", ("someone/repo", "fp16")) == [
        ("someone/repo", "", "auto_download")
    ]


def test_the_first_of_several_pieces_asks_for_its_folder() -> None:
    assert "sharded" in remarks(
        "LTXVGemmaCLIPModelLoader", ("gemma/model-00001-of-00005.safetensors", "x.safetensors")
    )


def test_a_name_without_ending_is_remarked_on() -> None:
    assert "no_ending" in remarks("UNETLoader", ("F.1基础模型_fp16", "default"))


def test_dynamic_groups_are_read_by_name() -> None:
    prompt = {
        "1": api_node(
            "LoadLoraModel", **{"loras.0.lora_name": "a.safetensors", "loras.1.lora_name": "b.safetensors"}
        )
    }
    assert [name for name, _, _ in told(prompt)] == ["a.safetensors", "b.safetensors"]


def test_an_air_as_name_is_kept_and_understood() -> None:
    (ref,) = read_one(
        {"1": api_node("CheckpointLoaderSimple", ckpt_name="urn:air:sdxl:checkpoint:civitai:101055@128078")}
    ).refs
    assert ref.name == "urn:air:sdxl:checkpoint:civitai:101055@128078"
    assert ref.air is not None and ref.air.version_id == 128078


def test_one_file_named_twice_is_one_ref_with_two_sites() -> None:
    (ref,) = read_one(ui(node(1, "VAELoader", ("v.pt",)), node(2, "VAELoader", ("v.pt",)))).refs
    assert [site.node_id for site in ref.sites] == ["1", "2"]
