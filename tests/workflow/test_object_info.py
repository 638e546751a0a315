"""`--object-info` at inputs that bring inputs of their own: they are read by name and by place, to any depth."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.builders import api_node, node, read_one, told, ui
from wfdeps.workflow.read import ReadOptions

FILES = ["a.safetensors", "b.safetensors"]
COMBO: list[Any] = ["COMBO", {"options": FILES}]
INNER: list[Any] = [
    "COMFY_DYNAMICCOMBO_V3",
    {
        "options": [
            {"key": "deep", "inputs": {"required": {"lora_name": COMBO}}},
            {"key": "flat", "inputs": {}},
        ]
    },
]
KIND: list[Any] = [
    "COMFY_DYNAMICCOMBO_V3",
    {
        "options": [
            {"key": "none", "inputs": {}},
            {"key": "file", "inputs": {"required": {"strength": ["FLOAT", {}], "vae_name": COMBO}}},
            {"key": "more", "inputs": {"required": {"inner": INNER}}},
        ]
    },
]
STACK: list[Any] = [
    "COMFY_AUTOGROW_V3",
    {"template": {"input": {"required": {"lora": COMBO}}, "prefix": "item_", "min": 1, "max": 5}},
]


def reading(**inputs: list[Any]) -> ReadOptions:
    info = {"My Loader": {"name": "My Loader", "input": {"required": inputs}, "output_node": True}}
    return ReadOptions(object_info=info, model_lists={"vae": FILES})


def names(values: list[object], **inputs: list[Any]) -> list[str]:
    return sorted(name for name, _, _ in told(ui(node(1, "My Loader", values)), reading(**inputs)))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["none", "z.ckpt"], ["z.ckpt"]),
        (["file", 0.5, "a.safetensors", "z.ckpt"], ["a.safetensors", "z.ckpt"]),
        (["more", "deep", "b.safetensors", "z.ckpt"], ["b.safetensors", "z.ckpt"]),
        (["more", "flat", "z.ckpt"], ["z.ckpt"]),
    ],
)
def test_a_dynamic_combo_brings_the_widgets_of_its_option(values: list[object], expected: list[str]) -> None:
    assert names(values, kind=KIND, ckpt_name=["COMBO", {"options": ["z.ckpt"]}]) == sorted(expected)


def test_nested_inputs_are_named_in_full_in_api_format() -> None:
    prompt = {
        "1": api_node("My Loader", **{"kind": "file", "kind.strength": 1, "kind.vae_name": "a.safetensors"})
    }
    assert [name for name, _, _ in told(prompt, reading(kind=KIND))] == ["a.safetensors"]
    prompt = {
        "1": api_node("My Loader", **{"stack.item_0": "a.safetensors", "stack.item_3": "b.safetensors"})
    }
    assert [name for name, _, _ in told(prompt, reading(stack=STACK))] == ["a.safetensors", "b.safetensors"]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_an_input_that_grows_shifts_what_stands_behind_it(count: int) -> None:
    values: list[object] = [*FILES[:count], "z.ckpt"]
    assert names(values, stack=STACK, ckpt_name=["COMBO", {"options": ["z.ckpt"]}]) == [
        *FILES[:count],
        "z.ckpt",
    ]


def test_a_nested_value_is_told_at_its_own_input() -> None:
    workflow = ui(node(1, "My Loader", ["file", 0.5, "a.safetensors", "z.ckpt"]))
    refs = read_one(workflow, reading(kind=KIND, ckpt_name=["COMBO", {"options": ["z.ckpt"]}])).refs
    assert {ref.name: (ref.sites[0].input, ref.folder) for ref in refs} == {
        "a.safetensors": ("kind.vae_name", "vae"),
        "z.ckpt": ("ckpt_name", "checkpoints"),
    }
