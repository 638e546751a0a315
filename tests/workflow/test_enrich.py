"""What workflows say beside their nodes: declared models, notes, pairings, a ComfyUI's own list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.builders import (
    LINKS,
    api_node,
    checkpoint_to_image,
    node,
    read_one,
    ref_named,
    told,
    ui,
)
from wfdeps.domain.folders import DEFAULT_KEY, canonical_key
from wfdeps.domain.model_types import APPLIED_TO_A_BASE, ModelType
from wfdeps.errors import ConfigError, UsageError
from wfdeps.workflow.loaders import LoaderTable
from wfdeps.workflow.node_rows import own_rows
from wfdeps.workflow.object_info import parse_object_info, rows_of
from wfdeps.workflow.read import ReadOptions

URL = "https://huggingface.co/x/resolve/main/a.safetensors"
SHA256 = "ab" * 32


def test_a_nodes_declared_model_gives_url_and_hash() -> None:
    models = [
        {"name": "a.safetensors", "url": URL, "directory": "vae", "hash": SHA256, "hash_type": "SHA256"},
        {"name": "b.safetensors"},
    ]
    (ref,) = read_one(ui(node(1, "VAELoader", ("a.safetensors",), properties={"models": models}))).refs
    assert (ref.urls, [str(digest) for digest in ref.digests]) == ((URL,), [f"sha256:{SHA256}"])


def test_the_top_level_models_give_theirs_to_any_node() -> None:
    workflow = ui(
        node(1, "VAELoader", ("sub/a.safetensors",)),
        models=[{"name": "a.safetensors", "url": URL, "directory": "vae"}],
    )
    assert ref_named(workflow, "sub/a.safetensors").urls == (URL,)


def test_a_model_that_is_only_declared_is_listed_and_not_required() -> None:
    workflow = ui(
        node(1, "VAELoader", ("a.safetensors",)),
        models=[{"name": "z.safetensors", "url": URL, "directory": "clip"}],
    )
    assert told(workflow) == [
        ("a.safetensors", "vae", "required"),
        ("z.safetensors", "text_encoders", "unreachable"),
    ]


def test_a_link_in_a_note_is_a_hint_for_the_file_it_names() -> None:
    note = node(2, "MarkdownNote", (f"get [the vae]({URL}) and https://example.org/other.bin.",))
    (ref,) = read_one(ui(node(1, "VAELoader", ("a.safetensors",)), note)).refs
    assert (ref.urls, ref.hints) == ((), (URL,))


def test_the_words_of_a_markdown_link_count_too() -> None:
    note = node(
        2, "MarkdownNote", ("[a.safetensors](https://civitai.com/api/download/models/12?token=secret)",)
    )
    (ref,) = read_one(ui(node(1, "VAELoader", ("a.safetensors",)), note)).refs
    assert ref.hints == ("https://civitai.com/api/download/models/12",)


def pairs(workflow: dict[str, Any]) -> set[tuple[str, str]]:
    return {(pair.dependent.node_id, pair.base.node_id) for pair in read_one(workflow).pairings}


def test_a_lora_pairs_with_the_base_upstream() -> None:
    prompt = {
        "1": api_node("CheckpointLoaderSimple", ckpt_name="base.safetensors"),
        "2": api_node(
            "LoraLoader",
            lora_name="a.safetensors",
            strength_model=1,
            strength_clip=1,
            model=["1", 0],
            clip=["1", 1],
        ),
        "3": api_node(
            "LoraLoader",
            lora_name="b.safetensors",
            strength_model=1,
            strength_clip=1,
            model=["2", 0],
            clip=["2", 1],
        ),
        "4": api_node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors"),
        "8": api_node("KSampler", model=["3", 0]),
        "9": api_node("SaveImage", images=["8", 0]),
        "18": api_node("KSampler", model=["4", 0], latent=["8", 0]),
        "19": api_node("SaveImage", images=["18", 0]),
    }
    assert pairs(prompt) == {("2", "1"), ("3", "1")}


def test_a_controlnet_pairs_with_the_base_it_meets_downstream() -> None:
    prompt = {
        "1": api_node("UNETLoader", unet_name="base.safetensors"),
        "2": api_node("ControlNetLoader", control_net_name="canny.pth"),
        "3": api_node("ControlNetApply", control_net=["2", 0]),
        "4": api_node("VAELoader", vae_name="v.pt"),
        "8": api_node("KSampler", model=["1", 0], positive=["3", 0]),
        "10": api_node("VAEDecode", samples=["8", 0], vae=["4", 0]),
        "9": api_node("SaveImage", images=["10", 0]),
    }
    assert pairs(prompt) == {("2", "1"), ("4", "1")}


@pytest.mark.parametrize("model_type", sorted(APPLIED_TO_A_BASE))
def test_what_is_applied_to_a_base_pairs_with_it_whichever_folder_it_lies_in(model_type: ModelType) -> None:
    rows = {"Loader": {"slots": [{"input": "file", "folders": [DEFAULT_KEY[model_type]]}]}}
    prompt = {
        "1": api_node("UNETLoader", unet_name="base.safetensors"),
        "2": api_node("Loader", file="a.safetensors"),
        "8": api_node("KSampler", model=["1", 0], extra=["2", 0]),
        "9": api_node("SaveImage", images=["8", 0]),
    }
    (pair,) = read_one(prompt, ReadOptions(rows=rows)).pairings
    assert (pair.dependent.node_id, pair.base.node_id) == ("2", "1")


def test_inactive_files_pair_with_nothing() -> None:
    lora = node(2, "LoraLoaderModelOnly", ("a.safetensors", 1), mode=4, inputs={"model": 1})
    assert (
        pairs(
            ui(*checkpoint_to_image(node(1, "CheckpointLoaderSimple", ("b.safetensors",))), lora, links=LINKS)
        )
        == set()
    )


INFO = {
    "NewLoader": {
        "input": {
            "required": {
                "precision": [["fp16", "fp32"]],
                "seed": ["INT", {}],
                "thing": [["a.safetensors", "b.safetensors", "None"]],
            }
        },
        "output_node": False,
    },
    "NewerLoader": {
        "input": {"required": {"file": ["COMBO", {"options": ["a.safetensors", "b.safetensors"]}]}},
        "output_node": False,
    },
    "NewSaver": {"input": {"required": {"name": ["STRING", {}]}}, "output_node": True},
}


def test_object_info_makes_unlisted_classes_exact() -> None:
    options = ReadOptions(
        object_info=INFO, model_lists={"loras": ["a.safetensors", "b.safetensors"], "vae": ["v.pt"]}
    )
    prompt = {
        "1": api_node("NewLoader", thing="gone.safetensors", precision="fp16"),
        "2": api_node("NewerLoader", file="c.safetensors"),
        "9": api_node("NewSaver", name="x.safetensors", a=["1", 0], b=["2", 0]),
    }
    reading = read_one(prompt, options)
    assert [(ref.name, ref.folder, str(ref.certainty)) for ref in reading.refs] == [
        ("c.safetensors", "loras", "certain"),
        ("gone.safetensors", "loras", "certain"),
    ]


def test_object_info_tells_the_places_of_listed_values() -> None:
    options = ReadOptions(object_info=INFO, model_lists={"loras": ["a.safetensors", "b.safetensors"]})
    workflow = ui(node(1, "NewLoader", ("fp16", 7, "fixed", "b.safetensors")))
    assert told(workflow, options) == [("b.safetensors", "loras", "required")]


def test_a_saved_object_info_is_read_alone_or_with_lists() -> None:
    assert parse_object_info(json.dumps(INFO).encode()) == (INFO, {})
    lists = {"loras": ["a.safetensors"]}
    assert parse_object_info(json.dumps({"object_info": INFO, "models": lists}).encode()) == (INFO, lists)


@pytest.mark.parametrize("data", [b"{}", b"[]", b"not json", b'{"a": {"b": 1}}'])
def test_what_is_no_object_info_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        parse_object_info(data)


def test_own_rows_are_written_shortly() -> None:
    rows = own_rows({"My Loader": {"model_name": "loras", "other": ["unet", "checkpoints"]}})
    prompt = {"1": api_node("My Loader", model_name="a", other="b.safetensors")}
    assert told(prompt, ReadOptions(rows=rows)) == [
        ("b.safetensors", "diffusion_models", "required"),
        ("a", "loras", "required"),
    ]


@pytest.mark.parametrize("table", [{"A": 3}, {"A": {"x": []}}, {"A": {"x": 5}}, {"A": {"slots": 1}}, {"A": {"slots": [{"input": "x"}]}},
                                   {"A": {"slots": [{"input": "x", "folders": "vae", "at": "0"}]}}])  # fmt: skip
def test_rows_that_say_nothing_are_refused_by_name(table: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="`A`"):
        own_rows(table)


def test_a_persons_own_rows_win() -> None:
    options = ReadOptions(
        rows={"VAELoader": {"slots": [{"input": "vae_name", "at": 0, "folders": ["clip"]}]}}
    )
    assert told(ui(node(1, "VAELoader", ("a.safetensors",))), options) == [
        ("a.safetensors", "text_encoders", "required")
    ]


def test_a_real_object_info_tells_most_folders_even_without_any_model(shared: Path) -> None:
    """Recorded off a ComfyUI 0.8.0 with empty folders; the truth off the same server with a file in each."""
    data = shared / "data" / "workflows"
    info = json.loads((data / "object_info_comfyui_0.8.0.json").read_text("utf-8"))
    truth = json.loads((data / "core_node_folders.json").read_text("utf-8"))
    rows, outputs = rows_of(info, {}, LoaderTable({}, (), ()))
    told = {f"{name}.{slot['input']}": slot["folders"] for name, row in rows.items() for slot in row["slots"]}
    right = [
        place
        for place, folders in truth.items()
        if {canonical_key(key) for key in folders} & set(told.get(place, ()))
    ]
    assert len(right) >= 35 and "SaveImage" in outputs
    assert set(told) <= set(truth)
