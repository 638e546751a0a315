"""The API format, alone and with everything people put around it."""

from __future__ import annotations

import json

from tests.workflow.builders import api_node, read_one, told

PROMPT = {
    "4": api_node("CheckpointLoaderSimple", ckpt_name="sd15.safetensors"),
    "3": api_node("KSampler", model=["4", 0], seed=1),
    "9": api_node("SaveImage", images=["3", 0]),
}
SD15 = [("sd15.safetensors", "checkpoints", "required")]


def test_a_prompt_is_read() -> None:
    assert told(PROMPT) == SD15
    assert read_one(PROMPT).format == "api"


def test_reachability_holds_in_api_format_too() -> None:
    assert ("v.pt", "vae", "unreachable") in told({**PROMPT, "5": api_node("VAELoader", vae_name="v.pt")})


def test_keys_that_are_no_nodes_are_passed_over() -> None:
    assert told({"_meta": {"title": "x"}, "description": "y", **PROMPT, "note": {"inputs": None}}) == SD15


def test_a_request_body_is_read_by_its_prompt() -> None:
    body = {
        "prompt": PROMPT,
        "client_id": "x",
        "extra_data": {"extra_pnginfo": {"workflow": {"nodes": [], "links": []}}},
    }
    assert told(body) == SD15


def test_wrappers_of_other_tools_are_opened() -> None:
    for wrapper in (
        {"input": {"workflow": PROMPT}},
        {"input": {"prompt": PROMPT}},
        {"workflow": json.dumps(PROMPT), "prompt": "${not json"},
        {"workflow_json": json.dumps(json.dumps(PROMPT))},
        {"data": [{"name": "one", "api": PROMPT}]},
    ):
        assert told(wrapper) == SD15


def test_objects_as_values_are_read_as_rgthree_reads_them() -> None:
    loras = api_node(
        "Power Lora Loader (rgthree)",
        model=["4", 0],
        lora_1={"on": True, "lora": "on.safetensors", "strength": 0.8},
        lora_2={"on": False, "lora": "off.safetensors", "strength": 1},
        lora_3={"on": True, "lora": "zero.safetensors", "strength": 0},
        lora_4={"on": True, "lora": "None", "strength": 1},
    )
    prompt = {**PROMPT, "5": loras, "3": api_node("KSampler", model=["5", 0])}
    assert told(prompt) == [
        *SD15,
        ("off.safetensors", "loras", "inactive"),
        ("on.safetensors", "loras", "required"),
        ("zero.safetensors", "loras", "inactive"),
    ]


def test_a_wrapped_array_is_a_value_and_no_link() -> None:
    loras = api_node(
        "Lora Loader (LoraManager)", model=["4", 0], loras={"__value__": [{"name": "1", "active": True}]}
    )
    prompt = {**PROMPT, "5": loras, "3": api_node("KSampler", model=["5", 0])}
    assert ("1", "loras", "required") in told(prompt)


def test_a_node_without_inputs_is_no_trouble() -> None:
    assert told({**PROMPT, "7": {"class_type": "Note"}}) == SD15


def test_a_link_to_nowhere_is_no_trouble() -> None:
    assert told({**PROMPT, "7": api_node("VAELoader", vae_name=["99", 0])}) == SD15
