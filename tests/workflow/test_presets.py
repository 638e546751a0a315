"""A preset names no file: the files its node would look for become refs, one a folder, as sure as the workflow lets them be."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import wfdeps.workflow
from tests.workflow.builders import Raw, api_node, codes, node, read_one, ref_named, told, ui
from wfdeps.domain.refs import Certainty, ModelRef

ROWS: list[dict[str, Any]] = json.loads(
    (Path(wfdeps.workflow.__file__).parent / "presets.json").read_text("utf-8")
)["rows"]
VIT_H = ("CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors", "clip_vision", "required")


def workflow(preset: str, checkpoint: str, node_class: str = "IPAdapterUnifiedLoader", **inputs: Any) -> Raw:
    """A checkpoint whose model goes through the preset's node into an image."""
    return {
        "1": api_node("CheckpointLoaderSimple", ckpt_name=checkpoint),
        "2": api_node(node_class, model=["1", 0], preset=preset, **inputs),
        "3": api_node("KSampler", model=["2", 0]),
        "4": api_node("SaveImage", images=["3", 0]),
    }


def implied(*given: Any, **more: Any) -> list[tuple[str, str, str]]:
    return [row for row in told(workflow(*given, **more)) if row[1] != "checkpoints"]


@pytest.mark.parametrize(
    ("preset", "checkpoint", "file"),
    [
        ("STANDARD (medium strength)", "v1-5-pruned-emaonly.ckpt", "ip-adapter_sd15.safetensors"),
        ("STANDARD (medium strength)", "juggernautXL_v9.safetensors", "ip-adapter_sdxl_vit-h.safetensors"),
        ("PLUS (high strength)", "sd15/dreamlike.safetensors", "ip-adapter-plus_sd15.safetensors"),
        ("PLUS (high strength)", "ponyDiffusionV6.safetensors", "ip-adapter-plus_sdxl_vit-h.safetensors"),
        ("PLUS FACE (portraits)", "sd_xl_base_1.0.safetensors", "ip-adapter-plus-face_sdxl_vit-h.safetensors"),
        ("FULL FACE - SD1.5 only (portraits stronger)", "anything.ckpt", "ip-adapter-full-face_sd15.safetensors"),
        ("LIGHT - SD1.5 only (low strength)", "anything.ckpt", "ip-adapter_sd15_light_v11.bin"),
    ],
)  # fmt: skip
def test_a_preset_picks_the_file_of_its_base(preset: str, checkpoint: str, file: str) -> None:
    assert implied(preset, checkpoint) == [VIT_H, (file, "ipadapter", "required")]


def test_vit_g_looks_through_another_eye() -> None:
    assert implied("VIT-G (medium strength)", "sdxl.safetensors") == [
        ("CLIP-ViT-bigG-14-laion2B-39B-b160k.safetensors", "clip_vision", "required"),
        ("ip-adapter_sdxl.safetensors", "ipadapter", "required"),
    ]


def test_a_face_needs_its_lora_too_and_fetches_its_detector() -> None:
    assert implied("FACEID PLUS V2", "sdxl.safetensors", "IPAdapterUnifiedLoaderFaceID", lora_strength=0) == [
        VIT_H,
        ("buffalo_l", "insightface", "auto_download"),
        ("ip-adapter-faceid-plusv2_sdxl.bin", "ipadapter", "required"),
        ("ip-adapter-faceid-plusv2_sdxl_lora.safetensors", "loras", "required"),
    ]


def adapter(raw: Raw) -> ModelRef:
    return next(ref for ref in read_one(raw).refs if ref.folder == "ipadapter")


def test_how_sure_a_file_is_follows_from_what_tells_its_base() -> None:
    told_by_name = adapter(workflow("STANDARD (medium strength)", "juggernautXL_v9.safetensors"))
    assert (told_by_name.certainty, told_by_name.urls) == (
        Certainty.LIKELY,
        ("https://huggingface.co/h94/IP-Adapter/resolve/main/sdxl_models/ip-adapter_sdxl_vit-h.safetensors",),
    )
    assert told_by_name.why.endswith("for SDXL: `juggernautXL_v9.safetensors` says so")
    assert adapter(workflow("FULL FACE - SD1.5 only", "x.ckpt")).certainty is Certainty.CERTAIN


def test_where_nothing_tells_the_base_either_file_serves() -> None:
    raw = workflow("STANDARD (medium strength)", "mine.safetensors")
    ref = adapter(raw)
    assert (ref.certainty, ref.urls, len(ref.hints)) == (Certainty.GUESS, (), 2)
    assert "or `ip-adapter_sdxl_vit-h.safetensors` for SDXL" in ref.why
    for name in ("ip-adapter_sd15.bin", "sub/ip_adapter_sdxl_vit-h.safetensors"):
        assert re.search(ref.accepts, name, re.IGNORECASE)
    assert "implied_base" in codes(raw)


@pytest.mark.parametrize(("side", "file"), [(1024, "ip-adapter_sdxl_vit-h"), (512, "ip-adapter_sd15")])
def test_the_size_of_the_latent_tells_the_base_where_no_name_does(side: int, file: str) -> None:
    raw = workflow("STANDARD", "mine.safetensors")
    raw["5"] = api_node("EmptyLatentImage", width=side, height=side, batch_size=1)
    raw["3"]["inputs"]["latent_image"] = ["5", 0]
    assert adapter(raw).name == f"{file}.safetensors"


def test_the_bases_own_name_counts_more_than_those_around_it() -> None:
    raw = workflow("STANDARD", "sd15.safetensors")
    raw["5"] = api_node("LoraLoaderModelOnly", model=["1", 0], lora_name="add-detail-xl.safetensors")
    raw["3"]["inputs"]["more"] = ["5", 0]
    assert adapter(raw).name == "ip-adapter_sd15.safetensors"


def test_a_loader_of_the_very_file_makes_its_name_exact() -> None:
    raw = workflow("STANDARD", "sdxl.safetensors")
    assert ref_named(raw, VIT_H[0]).accepts
    raw["5"] = api_node("CLIPVisionLoader", clip_name=VIT_H[0])
    raw["3"]["inputs"]["eye"] = ["5", 0]
    assert not ref_named(raw, VIT_H[0]).accepts


def test_what_easy_use_does_not_find_it_fetches() -> None:
    assert implied(
        "PLUS (high strength)", "sdxl.safetensors", "easy ipadapterApply", clip_vision=["1", 1]
    ) == [("ip-adapter-plus_sdxl_vit-h.safetensors", "ipadapter", "auto_download")]
    assert implied("PLUS (high strength)", "sdxl.safetensors", "easy ipadapterApply", optional_ipadapter=["1", 1]) == []  # fmt: skip


def test_a_preset_nobody_has_listed_is_said_and_guessed_at_by_nobody() -> None:
    raw = workflow("GRAND (new)", "sdxl.safetensors")
    assert implied("GRAND (new)", "sdxl.safetensors") == []
    assert "implied_files" in codes(raw)


def test_a_muted_preset_needs_nothing() -> None:
    raw = ui(node(1, "IPAdapterUnifiedLoader", ("STANDARD (medium strength)",), mode=2))
    assert {status for _, _, status in told(raw)} == {"inactive"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_every_rows_own_name_is_found_by_its_pattern(row: dict[str, Any]) -> None:
    assert re.search(row.get("accepts", ""), row["name"], re.IGNORECASE)
    assert row.get("url", "https://huggingface.co/").startswith("https://huggingface.co/")
