"""Generation parameters: names with hashes and ids."""

from __future__ import annotations

import json

import pytest

from tests.workflow.builders import LINKS, api_node, checkpoint_to_image, node, read_one, told, ui
from wfdeps.domain.queries import NameQuery
from wfdeps.match.queries import queries_for
from wfdeps.workflow.parameters import resources_in_metadata

TEXT = (
    "a cat <lora:detail:0.8>\nNegative prompt: ugly\n"
    "Steps: 20, Sampler: Euler a, Size: 512x512, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, VAE hash: 735e4c3a44, VAE: vae.safetensors, "
    'Lora hashes: "detail: 7c6bad76eb54", TI hashes: "EasyNegative: c74b4e810b03", Version: v1.9.3'
)


def refs(text: str) -> list[tuple[str, str, list[str]]]:
    return [
        (ref.name, ref.folder, [str(digest) for digest in ref.digests])
        for ref in read_one(text.encode()).refs
    ]


def test_a_parameters_text_gives_names_with_hashes() -> None:
    assert refs(TEXT) == [
        ("v1-5-pruned-emaonly", "checkpoints", ["autov2:6ce0161689"]),
        ("EasyNegative", "embeddings", ["autov3:c74b4e810b03"]),
        ("detail", "loras", ["autov3:7c6bad76eb54"]),
        ("vae.safetensors", "vae", ["autov2:735e4c3a44"]),
    ]
    assert read_one(TEXT.encode()).format == "a1111"


def test_the_hashes_object_is_read() -> None:
    text = 'x\nSteps: 1, Model: m, Hashes: {"model": "6ce0161689", "lora:detail": "7c6bad76eb", "embed:neg": "c74b4e810b"}, Version: 1'
    assert refs(text) == [
        ("m", "checkpoints", ["autov2:6ce0161689"]),
        ("neg", "embeddings", ["autov2:c74b4e810b"]),
        ("detail", "loras", ["autov2:7c6bad76eb"]),
    ]


def test_forges_modules_are_vaes_and_text_encoders() -> None:
    text = "x\nSteps: 1, Model: m, Module 1: ae, Module 2: clip_l, Module 3: t5xxl_fp16, Module 4: Built in"
    assert refs(text) == [
        ("m", "checkpoints", []),
        ("clip_l", "text_encoders", []),
        ("t5xxl_fp16", "text_encoders", []),
        ("ae", "vae", []),
    ]


def test_an_id_and_a_name_of_one_folder_are_one_file_and_of_more_names_than_ids_no_file_is_added() -> None:
    def read(*ids: int) -> list[tuple[str, int | None]]:
        listed = json.dumps([{"type": "lora", "modelVersionId": number} for number in ids])
        text = f"<lora:a:1> <lora:b:1>\nSteps: 1, Civitai resources: {listed}"
        return [(ref.name, ref.version_id) for ref in read_one(text.encode()).refs]

    assert read(7) == [("a", None), ("b", None)]
    assert read(7, 8) == [("a", None), ("b", None)]
    assert read(7, 8, 9)[:2] == [("a", None), ("b", None)] and len(read(7, 8, 9)) == 5
    text = '<lora:a:1>\nSteps: 1, Civitai resources: [{"type": "lora", "modelVersionId": 7}]'
    assert [(ref.name, ref.version_id) for ref in read_one(text.encode()).refs] == [("a", 7)]


def test_a_label_of_ours_is_no_name() -> None:
    text = 'x\nSteps: 1, Civitai resources: [{"type": "lora", "modelVersionId": 7}]'
    (ref,) = read_one(text.encode()).refs
    assert ref.is_nameless
    assert not any(isinstance(query, NameQuery) for query in queries_for(ref))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"base_model": "juggernaut", "vae": "Default (model)", "loras": [["offset", 0.1, "8b5a3c2d1e"]], "seed": 1},
            [("juggernaut", "checkpoints"), ("offset", "loras")],
        ),
        (
            {"model": {"name": "dream", "type": "main"}, "loras": [{"model": {"name": "ink"}, "weight": 1}], "steps": 3},
            [("dream", "checkpoints"), ("ink", "loras")],
        ),
        (
            {"sui_image_params": {"model": "sd/dream", "loras": ["ink"], "steps": 3}},
            [("sd/dream", "checkpoints"), ("ink", "loras")],
        ),
        ({"model": "gpt-image"}, []),
    ],
    ids=["fooocus", "invokeai", "swarmui", "something else"],
)  # fmt: skip
def test_metadata_of_other_programs_names_models(
    value: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    assert [(each.name, each.folder) for each in resources_in_metadata(value)] == expected


def test_civitai_resources_give_version_ids() -> None:
    resources = [
        {"type": "checkpoint", "modelVersionId": 128078, "modelName": "SD XL", "modelVersionName": "v1"},
        {
            "type": "lora",
            "weight": 0.8,
            "modelVersionId": 135867,
            "modelName": "Detail Tweaker XL",
            "modelVersionName": "1",
        },
    ]
    reading = read_one(
        f"x\nSteps: 1, Sampler: Euler, Civitai resources: {json.dumps(resources)}, Civitai metadata: {{}}".encode()
    )
    assert [(ref.folder, ref.version_id) for ref in reading.refs] == [
        ("checkpoints", 128078),
        ("loras", 135867),
    ]


def test_civitais_extra_metadata_is_read_even_as_a_string_in_a_string() -> None:
    extra = {"resources": [{"modelVersionId": 128078, "type": "checkpoint", "strength": 1}]}
    air = "urn:air:sdxl:checkpoint:civitai:101055@128078"
    prompt = {
        "4": api_node("CheckpointLoaderSimple", ckpt_name=air),
        "extraMetadata": json.dumps(json.dumps(extra)),
    }
    assert [ref.name for ref in read_one(prompt).refs] == [air]
    extra["resources"].append({"modelVersionId": 5, "type": "lora", "strength": 1})
    prompt["extraMetadata"] = json.dumps(extra)
    assert [ref.version_id for ref in read_one(prompt).refs] == [None, 5]


def test_text_that_names_nothing_says_so() -> None:
    reading = read_one(b"a cat\nSteps: 20, Sampler: Euler")
    assert (reading.refs, [notice.code for notice in reading.warnings]) == ((), ["no_models_named"])


def test_an_id_alone_is_that_of_the_only_file_of_its_folder() -> None:
    air = "urn:air:sdxl:checkpoint:civitai:101055@128078"
    (ref,) = read_one(ui(node(1, "CheckpointLoaderSimple", ("a.ckpt",)), extra={"airs": [air]})).refs
    assert (ref.name, str(ref.air)) == ("a.ckpt", air)
    two = ui(
        node(1, "CheckpointLoaderSimple", ("a.ckpt",)),
        node(2, "CheckpointLoaderSimple", ("b.ckpt",)),
        extra={"airs": [air]},
    )
    assert [name for name, _, _ in told(two)] == ["a.ckpt", "b.ckpt", air]


def test_a_workflow_and_its_api_format_side_by_side_are_one() -> None:
    workflow = ui(*checkpoint_to_image(node(1, "CheckpointLoaderSimple", ("a.ckpt",))), links=LINKS)
    prompt = {"1": api_node("CheckpointLoaderSimple", ckpt_name="a.ckpt"), "9": api_node("SaveImage", images=["1", 0])}  # fmt: skip
    for key in ("prompt", "workflow_api", "output"):
        reading = read_one({"workflow": workflow, key: prompt, "deployment_id": "x"})
        assert (reading.format, reading.path, reading.warnings) == ("ui", "wf.json", ())
