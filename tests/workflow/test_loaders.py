"""The table that comes with wfdeps, read line by line, says what its JSON says."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from tests.workflow.builders import api_node, read_one, told
from wfdeps.workflow.loaders import default_table
from wfdeps.workflow.read import ReadOptions


def test_every_row_read_by_its_line_is_the_row_of_the_document() -> None:
    document = json.loads((files("wfdeps.workflow") / "loaders.json").read_text("utf-8"))
    table = default_table()
    assert {name: table.raw(name) for name in document["classes"]} == document["classes"]
    assert (table.outputs, table.known) == (frozenset(document["outputs"]), frozenset(document["known"]))


def test_a_class_of_nobody_has_no_row() -> None:
    assert default_table().raw("NobodysLoader") is None
    assert default_table().row("NobodysLoader") is None


def test_rows_of_a_persons_own_win_over_the_listed_ones() -> None:
    own = {"slots": [{"input": "mine", "at": 0, "folders": ["vae"]}]}
    table = default_table().with_rows({"UNETLoader": own})
    row = table.row("UNETLoader")
    assert row is not None and [slot.input for slot in row.slots] == ["mine"]
    assert table.raw("VAELoader") == default_table().raw("VAELoader")


@pytest.mark.parametrize(
    ("node_class", "inputs", "pack", "expected"),
    [
        ("LoraModelLoader", {"lora_name": "a.safetensors"}, {"cnr_id": "comfyui-mvadapter"}, "loras required"),
        ("LoraModelLoader", {"lora_name": "a.safetensors"}, {}, "loras required"),
        ("LoraModelLoader", {"strength_model": 1.0}, {"cnr_id": "comfy-core"}, ""),
        ("DiffusersVaeLoader", {"vae_name": "a.safetensors"}, {"aux_id": "Limitex/ComfyUI-Diffusers"}, "vae required"),
        ("DiffusersVaeLoader", {"vae_name": "m/x-fix"}, {"aux_id": "huanngzh/ComfyUI-MVAdapter"}, "diffusers auto_download"),
        ("DiffusersPipelineLoader", {"ckpt_name": "s/x"}, {"aux_id": "huanngzh/ComfyUI-MVAdapter/"}, "diffusers auto_download"),
        ("DiffusersPipelineLoader", {"ckpt_name": "a.ckpt"}, {"cnr_id": "comfyui-diffusers"}, "checkpoints required"),
        ("DiffusersPipelineLoader", {"checkpoint_name": "a.ckpt"}, {}, "checkpoints required"),
        ("PhotoMakerLoader", {"clip_name": "a.bin"}, {"cnr_id": "comfyui-photomaker-plus"}, "photomaker required"),
        ("PhotoMakerLoader", {"photomaker_model_name": "a.bin"}, {"cnr_id": "comfy-core"}, "photomaker required"),
        ("CLIPLoaderGGUF", {"clip_name": "a.gguf"}, {"aux_id": "city96/ComfyUI-GGUF"}, "text_encoders required"),
        ("ClipLoaderGGUF", {"clip_name": "a.gguf"}, {"cnr_id": "gguf"}, "text_encoders required"),
        ("Checkpoint Loader", {"config_name": "v1.yaml", "ckpt_name": "a.ckpt"}, {}, "checkpoints required,configs required"),
        ("SAMLoader", {"model_name": "sam_b.pth", "device_mode": "AUTO"}, {"cnr_id": "comfyui-impact-pack"}, "sams required"),
    ],
)  # fmt: skip
def test_a_class_of_two_packs_is_read_as_the_pack_has_it(
    node_class: str, inputs: dict[str, Any], pack: dict[str, str], expected: str
) -> None:
    given = {
        "1": {**api_node(node_class, **inputs), "_meta": pack},
        "2": api_node("SaveImage", images=["1", 0]),
    }
    assert ",".join(sorted(f"{folder} {status}" for _, folder, status in told(given))) == expected


def test_a_persons_row_wins_over_the_listed_one_of_a_pack() -> None:
    own = {"slots": [{"input": "lora_name", "folders": ["vae"]}]}
    given = {
        "1": {**api_node("LoraModelLoader", lora_name="a.pt"), "_meta": {"cnr_id": "comfyui-mvadapter"}},
        "2": api_node("SaveImage", images=["1", 0]),
    }
    assert told(given, ReadOptions(rows={"LoraModelLoader": own})) == [("a.pt", "vae", "required")]


def test_a_running_comfyui_says_whose_class_it_has() -> None:
    info = {"DiffusersVaeLoader": {"input": {"required": {"vae_name": ["STRING", {}]}}, "python_module": "custom_nodes.ComfyUI-MVAdapter"}}  # fmt: skip
    given = {"1": api_node("DiffusersVaeLoader", vae_name="m/x"), "2": api_node("SaveImage", images=["1", 0])}
    assert told(given, ReadOptions(object_info=info)) == [("m/x", "diffusers", "auto_download")]


@pytest.mark.parametrize(
    ("node_class", "inputs", "expected"),
    [
        ("Ckpt Loader JK", {"checkpoint": "a.safetensors"}, "checkpoints required"),
        ("CR Load LoRA JK", {"lora_name": "a.safetensors"}, "loras required"),
        ("InfuseNetLoader", {"controlnet_name": "sim_stage1/a.safetensors"}, "infinite_you auto_download"),
        ("IDEmbeddingModelLoader", {"image_proj_model_name": "a.bin"}, "infinite_you auto_download"),
        ("SONICTLoader", {"sonic_unet": "unet.pth"}, "sonic required"),
        ("OviMMAudioVAELoader", {"vae": "a.pth", "vocoder": "b.pt"}, "vae required,vae required"),
        ("WhisperModelLoader", {"model": "a.safetensors"}, "audio_encoders required"),
        ("LoadNLFModel", {"nlf_model": "a.torchscript"}, "nlf required"),
        ("LoadLynxResampler", {"model_name": "a.safetensors"}, "diffusion_models required"),
        ("WanVideoPromptExtenderSelect", {"model": "a.safetensors"}, "text_encoders required"),
        ("Hy3D21VAELoader", {"model_name": "a.ckpt"}, "vae required"),
        ("Hy3DMeshGenerator", {"model": "a.ckpt"}, "diffusion_models required"),
        ("MZ_KolorsUNETLoaderV2", {"unet_name": "a.safetensors"}, "diffusion_models required"),
        ("VRGDG_OptionalMultiLoraModelOnly", {"lora_1": "[none]", "lora_20": "a.safetensors"}, "loras required"),
        ("Sage_QuickLoraStack", {"enabled": True, "lora_name": "a.safetensors"}, "loras required"),
        ("Sage_MultiSelectorDoubleClip", {"unet_name": "a.gguf", "clip_name_2": "b.gguf"}, "diffusion_models required,text_encoders required"),
        ("MMAudioVoCoderLoader", {"vocoder_model": "a.pt"}, "mmaudio required"),
        ("FaceRestoreModelLoader", {"model_name": "a.pth"}, "facerestore_models required"),
        ("AILab_YoloV8Adv", {"yolo_model": "a.pt"}, "ultralytics required"),
        ("IPAdapterFluxLoaderAdvanced", {"ipadapter": "a.bin"}, "ipadapter-flux required"),
        ("LoaderGGUFAdvanced", {"gguf_name": "a.gguf"}, "diffusion_models required"),
        ("NunchakuQwenImageLoraLoader", {"lora_name": "a.safetensors"}, "loras required"),
        ("Krea2ControlNetLoraLoader", {"name": "a.safetensors"}, "controlnet required"),
        ("FL_ZImageControlNetPatch", {"name": "a.safetensors"}, "model_patches required"),
        ("LayerPatcher", {"embedder": "a.safetensors", "gates": ".none"}, "diffusion_models required"),
        ("SAM2ModelLoader (segment anything2)", {"model_name": "sam2_hiera_small.pt"}, "sam2 auto_download"),
    ],
)  # fmt: skip
def test_classes_of_many_packs_are_listed(node_class: str, inputs: dict[str, Any], expected: str) -> None:
    given = {"1": api_node(node_class, **inputs), "2": api_node("SaveImage", images=["1", 0])}
    assert default_table().row(node_class) is not None
    assert ",".join(f"{folder} {status}" for _, folder, status in told(given)) == expected


@pytest.mark.parametrize("node_class", ["CkptLoader_JK", "VaeLoader_JK", "CR_LoraLoader_JK"])
def test_no_row_is_kept_under_a_python_class_that_no_workflow_says(node_class: str) -> None:
    assert default_table().row(node_class) is None


@pytest.mark.parametrize(
    ("node_class", "inputs", "expected"),
    [
        ("F5TTSAudio", {"model": "model://mine.pt"}, [("mine.pt", "checkpoints/F5-TTS", "required")]),
        ("F5TTSAudio", {"model": "F5v1"}, []),
        ("VibeVoiceSingleSpeakerNode", {"model": "VibeVoice-1.5B"}, [("VibeVoice-1.5B", "vibevoice", "required")]),
        ("StepAudio_VoiceClone", {"model_path": "Step-Audio-EditX"}, [("Step-Audio-EditX", "Step-Audio-EditX", "required")]),
        ("DiffRhythmRun", {"model": "cfm_model.pt"}, [("cfm_model.pt", "TTS/DiffRhythm", "required")]),
        ("LoadRVCModelNode", {"model": "Claire.pth"}, [("Claire.pth", "TTS/RVC", "auto_download")]),
    ],
)  # fmt: skip
def test_loaders_of_speech_models_name_files_and_folders(
    node_class: str, inputs: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert told({"1": api_node(node_class, **inputs), "2": api_node("SaveAudio", audio=["1", 0])}) == expected


@pytest.mark.parametrize(
    ("node_class", "code", "words"),
    [
        ("PulidInsightFaceLoader", "fetches_itself", "downloads `antelopev2` by itself at run time, into `insightface/models/antelopev2`"),
        ("LayeredDiffusionApply", "fetches_itself", "into `layer_model`"),
        ("FlashVSRNode", "fetches_itself", "downloads what it needs, which is not listed here by itself at run time, into a folder that is not listed"),
        ("DownloadAndLoadLivePortraitModels", "fetches_itself", "downloads `Kijai/LivePortrait_safetensors` from Hugging Face by itself at run time, into a folder"),
        ("InstantIDFaceAnalysis", "place_by_hand", "`antelopev2` in `insightface/models/antelopev2`"),
        ("DiffRhythmRun", "place_by_hand", "below `models/TTS`"),
    ],
)  # fmt: skip
def test_what_a_class_fetches_and_what_must_be_placed_by_hand_is_said(
    node_class: str, code: str, words: str
) -> None:
    warnings = read_one({"1": api_node(node_class), "2": api_node("SaveImage", images=["1", 0])}).warnings
    assert [notice.code for notice in warnings] == [code]
    assert words in warnings[0].message
