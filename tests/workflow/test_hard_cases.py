"""Eighteen cases that every tool of this kind was put to, and oddities that real files have: each is read exactly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.workflow.builders import (
    LINKS,
    api_node,
    checkpoint_to_image,
    node,
    read_one,
    ref_named,
    subgraph,
    told,
    ui,
    why_unreadable,
)
from wfdeps.domain.refs import Certainty

Expected = list[tuple[str, str, str]]
BASE = node(1, "CheckpointLoaderSimple", ("sd15/base.safetensors",))
SAVED = checkpoint_to_image(BASE)
REQUIRED, INACTIVE = "required", "inactive"
NEEDS_BASE = [("sd15/base.safetensors", "checkpoints", REQUIRED)]


def beside(*more: Any, **rest: Any) -> Any:
    """The workflow of a checkpoint and an image, with nodes whose output 0 goes into the sampler's further inputs."""
    sampler = {**SAVED[1], "inputs": [*SAVED[1]["inputs"]]}
    links = [*LINKS]
    for raw in more:
        link = 100 + len(links)
        links.append([link, raw["id"], 0, 8, len(sampler["inputs"]), "X"])
        sampler["inputs"].append({"name": f"x{link}", "type": "X", "link": link})
    return ui(BASE, sampler, SAVED[2], *more, links=links, **rest)


def prompt(**nodes: Any) -> Any:
    return {**nodes, "90": api_node("KSampler", **{f"x{key}": [key, 0] for key in nodes}), "91": api_node("SaveImage", images=["90", 0])}  # fmt: skip


RGTHREE = {
    "lora_1": {"on": True, "lora": "on.safetensors", "strength": 1},
    "lora_2": {"on": False, "lora": "off.safetensors", "strength": 1},
}
INNER = subgraph(
    "sub", node(5, "VAELoader", ("inner.safetensors",), inputs=[{"name": "vae_name", "type": "COMBO", "widget": {"name": "vae_name"}, "link": 1}], outputs=["VAE"]),
    links=[[1, -10, 0, 5, 0, "COMBO"], [2, 5, 0, -20, 0, "VAE"]],
    inputs=[{"name": "vae_name", "type": "COMBO", "linkIds": [1]}], outputs=[{"name": "VAE", "type": "VAE", "linkIds": [2]}],
)  # fmt: skip
HOST = node(7, "sub", ("outer.safetensors",), inputs=[{"name": "vae_name", "type": "COMBO", "widget": {"name": "vae_name"}, "link": None}], outputs=["VAE"])  # fmt: skip
PLAIN = subgraph("sub", node(5, "VAELoader", ("inner.safetensors",), outputs=["VAE"]), links=[[2, 5, 0, -20, 0, "VAE"]], outputs=[{"name": "VAE", "type": "VAE", "linkIds": [2]}])  # fmt: skip
GROUP = {"nodes": [{"type": "VAELoader", "index": 0, "widgets_values": ["group.pt"]}], "links": []}

CASES: dict[str, tuple[Any, Expected]] = {
    "h01 a Windows path": (beside(node(2, "LoraLoaderModelOnly", ("styles\\a.safetensors", 1.0))), [*NEEDS_BASE, ("styles\\a.safetensors", "loras", REQUIRED)]),
    "h02 API format": (prompt(a=api_node("CheckpointLoaderSimple", ckpt_name="a.ckpt"), b=api_node("UNETLoader", unet_name="u.safetensors", weight_dtype="default")), [("a.ckpt", "checkpoints", REQUIRED), ("u.safetensors", "diffusion_models", REQUIRED)]),
    "h03 only in a subgraph": (beside(node(7, "sub", (), outputs=["VAE"]), definitions={"subgraphs": [PLAIN]}), [*NEEDS_BASE, ("inner.safetensors", "vae", REQUIRED)]),
    "h04 rgthree's rows in the UI format": (beside(node(2, "Power Lora Loader (rgthree)", ({}, {"type": "PowerLoraLoaderHeaderWidget"}, *RGTHREE.values(), ""))), [*NEEDS_BASE, ("off.safetensors", "loras", INACTIVE), ("on.safetensors", "loras", REQUIRED)]),
    "h05 rgthree's rows in API format": (prompt(a=api_node("Power Lora Loader (rgthree)", **RGTHREE)), [("off.safetensors", "loras", INACTIVE), ("on.safetensors", "loras", REQUIRED)]),
    "h06 embeddings in a prompt": (beside(node(2, "CLIPTextEncode", ("a, (embedding:neg/Easy.pt:1.2), embedding:bad",))), [*NEEDS_BASE, ("bad", "embeddings", REQUIRED), ("neg/Easy.pt", "embeddings", REQUIRED)]),
    "h07 a lora tag where nothing reads it": (beside(node(2, "CLIPTextEncode", ("a <lora:detail:0.8>",))), [*NEEDS_BASE, ("detail", "loras", "inert")]),
    "h07 a lora tag where a node reads it": (beside(node(2, "ImpactWildcardEncode", ("a <lora:detail:0.8>", "", "populate", 0))), [*NEEDS_BASE, ("detail", "loras", REQUIRED)]),
    "h08 GGUF": (beside(node(2, "UnetLoaderGGUF", ("flux1-dev-Q8_0.gguf",)), node(3, "DualCLIPLoaderGGUF", ("clip_l.safetensors", "t5-Q8_0.gguf", "flux"))), [*NEEDS_BASE, ("flux1-dev-Q8_0.gguf", "diffusion_models", REQUIRED), ("clip_l.safetensors", "text_encoders", REQUIRED), ("t5-Q8_0.gguf", "text_encoders", REQUIRED)]),
    "h09 muted and bypassed": (beside(node(2, "VAELoader", ("muted.pt",), mode=2), node(3, "LoraLoaderModelOnly", ("bypassed.safetensors", 1.0), mode=4)), [*NEEDS_BASE, ("bypassed.safetensors", "loras", INACTIVE), ("muted.pt", "vae", INACTIVE)]),
    "h10 notes and what is saved": (beside(node(2, "MarkdownNote", ("get https://x.y/other.safetensors",)), node(3, "CheckpointSave", ("checkpoints/mine.safetensors",), inputs={"model": 1})), NEEDS_BASE),
    "h11 values in a dict": (beside(node(2, "VAELoader", {"vae_name": "dict.pt"})), [*NEEDS_BASE, ("dict.pt", "vae", REQUIRED)]),
    "h12 a folder as model": (beside(node(2, "DiffusersLoader", ("stable-diffusion-v1-5",))), [*NEEDS_BASE, ("stable-diffusion-v1-5", "diffusers", REQUIRED)]),
    "h13 a request body": ({"prompt": prompt(a=api_node("VAELoader", vae_name="v.pt")), "client_id": "x"}, [("v.pt", "vae", REQUIRED)]),
    "h14 a group node": (beside(node(2, "workflow/G", ("group.pt",)), extra={"groupNodes": {"G": GROUP}}), [*NEEDS_BASE, ("group.pt", "vae", REQUIRED)]),
    "h15 detectors": (beside(node(2, "UltralyticsDetectorProvider", ("bbox/face_yolov8m.pt",)), node(3, "SAMLoader", ("sam_vit_b_01ec64.pth", "AUTO")), node(4, "ReActorFaceSwap", (True, "inswapper_128.onnx", "retinaface_resnet50"))), [*NEEDS_BASE, ("inswapper_128.onnx", "insightface", REQUIRED), ("sam_vit_b_01ec64.pth", "sams", REQUIRED), ("bbox/face_yolov8m.pt", "ultralytics_bbox", REQUIRED)]),
    "h16 models at the top": (ui(*SAVED, links=LINKS, models=[{"name": "sd15/base.safetensors", "url": "https://x.y/b", "directory": "checkpoints"}]), NEEDS_BASE),
    "h17 an AIR as name": (prompt(a=api_node("CheckpointLoaderSimple", ckpt_name="urn:air:sdxl:checkpoint:civitai:101055@128078")), [("urn:air:sdxl:checkpoint:civitai:101055@128078", "checkpoints", REQUIRED)]),
    "h18 a promoted value": (beside(HOST, definitions={"subgraphs": [INNER]}), [*NEEDS_BASE, ("outer.safetensors", "vae", REQUIRED)]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_hard_case_is_read_exactly(case: str) -> None:
    workflow, expected = CASES[case]
    assert sorted(told(workflow)) == sorted(expected)
    assert all(ref.certainty is Certainty.CERTAIN for ref in read_one(workflow).refs)


def test_the_models_at_the_top_give_their_url() -> None:
    assert ref_named(CASES["h16 models at the top"][0], "sd15/base.safetensors").urls == ("https://x.y/b",)


@pytest.mark.parametrize(
    "name",
    [
        "📷-XL\\RealVisXL_V4.0.safetensors",
        "نموذج.safetensors",
        "1",
        " padded.safetensors ",
        "model.safetensors",
        "../../x.safetensors",
        "C:\\x\\y.ckpt",
        "/etc/x.safetensors",
        "CON.safetensors",
        "nul\0byte.safetensors",
        "https://x.y/z.safetensors",
        "constructor.safetensors",
    ],
)
def test_a_name_is_told_as_the_workflow_has_it(name: str) -> None:
    assert told(beside(node(2, "LoraLoaderModelOnly", (name, 1.0)))) == [*NEEDS_BASE, (name, "loras", REQUIRED)]  # fmt: skip


@pytest.mark.parametrize(
    "stand_in", ["X", "$TEST_CHECKPOINT", "your_camera_lora.safetensors", "your-lora-here.safetensors"]
)
def test_a_stand_in_is_asked_of_nobody(stand_in: str) -> None:
    assert (stand_in, "loras", "placeholder") in told(beside(node(2, "LoraLoaderModelOnly", (stand_in, 1.0))))


@pytest.mark.parametrize(
    ("name", "node_class", "folder"),
    [
        ("SDXL_lightening.safetensors", "VAELoader", "vae"),
        ("IP-Adapter_sdxl_pytorch_model.bin", "CLIPVisionLoader", "clip_vision"),
    ],
)
def test_the_loader_says_the_folder_whatever_the_name_says(name: str, node_class: str, folder: str) -> None:
    assert (name, folder, REQUIRED) in told(beside(node(2, node_class, (name,))))


def test_ids_of_every_kind_are_read() -> None:
    raw = ui(
        node("12:3", "CheckpointLoaderSimple", ("a.ckpt",)), node(-5, "KSampler", inputs={"model": 1}), node(9, "SaveImage", inputs={"images": 2}),
        node(4, None), {"id": None, "type": "VAELoader"},  # type: ignore[arg-type]
        links=[[1, "12:3", "0", -5, "0", ["MODEL"]], [2, -5, 0, 9, 0, 7]],
    )  # fmt: skip
    assert told(raw) == [("a.ckpt", "checkpoints", REQUIRED)]


def test_a_broken_quote_says_where() -> None:
    message = why_unreadable(json.dumps(ui(BASE)).replace("sd15/base", 'sd15/"base').encode())
    assert "line 1, column" in message


def test_a_template_of_macros_is_read_where_it_is_json() -> None:
    assert told(prompt(a=api_node("CheckpointLoaderSimple", ckpt_name="${model}", seed="${seed:-1}"))) == [("${model}", "checkpoints", "placeholder")]  # fmt: skip
