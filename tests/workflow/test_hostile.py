"""Laws for any input: nothing but a value comes back, in time, whatever the bytes."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workflow import writers
from tests.workflow.builders import (
    LINKS,
    api_node,
    checkpoint_to_image,
    node,
    read_one,
    subgraph,
    told,
    ui,
    why_unreadable,
)
from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
from wfdeps.workflow.read import read_workflow

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

SEED = ui(
    *checkpoint_to_image(node(1, "CheckpointLoaderSimple", ("sd15.safetensors",))),
    node(12, "sub", ("x.safetensors",), properties={"proxyWidgets": [["3", "unet_name"]], "models": [{"name": "a", "url": "https://x"}]}),
    node(13, "Power Lora Loader (rgthree)", [{"on": True, "lora": "a.safetensors", "strength": 1}]),
    node(14, "CLIPTextEncode", ("embedding:x <lora:y:1>",)),
    node(15, "workflow>G", ("v.pt",)),
    node(16, "SetNode", ("m",), inputs={"a": 1}),
    node(17, "GetNode", ("m",)),
    node(18, "PrimitiveNode", ("p.safetensors",)),
    links=LINKS,
    models=[{"name": "a", "url": "https://x", "hash": "00", "hash_type": "SHA256"}],
    extra={"groupNodes": {"G": {"nodes": [{"type": "VAELoader", "index": 0, "widgets_values": ["v.pt"]}], "links": [[0, 0, 0, 0]]}}},
    definitions={"subgraphs": [subgraph("sub", node(3, "UNETLoader", ("u.safetensors", "default"), inputs={"unet_name": 1}),
                                        links=[[1, -10, 0, 3, 0, "COMBO"]], inputs=[{"name": "unet_name", "linkIds": [1]}])]},
)  # fmt: skip
PROMPT = {
    "4": api_node("CheckpointLoaderSimple", ckpt_name="sd15.safetensors"),
    "3": api_node("KSampler", model=["4", 0], seed=1),
    "5": api_node("LoRA Stacker", lora_count=2, lora_name_1="a.safetensors"),
    "9": api_node("SaveImage", images=["3", 0]),
    "extraMetadata": json.dumps({"resources": [{"modelVersionId": 1}]}),
}

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(
    ["-1", -10, -20, "sub", "workflow>G", "x.safetensors", "__proto__", "\ud800", "../../x.pt", "C:\\x.ckpt", "NUL", "\u202egnp.ckpt"]
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


def assert_only_values(data: bytes) -> None:
    readings = read_workflow(data, "x")
    assert readings
    for reading in readings:
        assert isinstance(reading, WorkflowRefs | UnreadableWorkflow)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, inner in items for found in places(inner, (*path, key)))]


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return value


@QUICK
@given(st.data(), st.sampled_from([SEED, PROMPT]))
def test_any_value_anywhere_in_a_workflow_is_borne(data: st.DataObject, seed: dict[str, Any]) -> None:
    value = seed
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(value)))
        value = with_value(value, path, data.draw(JSON))
    assert_only_values(json.dumps(value).encode("utf-8", "surrogatepass"))


@QUICK
@given(JSON)
def test_any_json_is_borne(value: Any) -> None:
    assert_only_values(json.dumps(value).encode("utf-8", "surrogatepass"))


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_are_borne(data: bytes) -> None:
    assert_only_values(data)


@QUICK
@given(
    st.sampled_from(sorted(writers.WRITERS)),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(min_size=1, max_size=6)), max_size=6),
)
def test_any_damage_to_a_container_is_borne(name: str, damage: list[tuple[int, bytes]]) -> None:
    whole = bytearray(writers.WRITERS[name][1]({"workflow": json.dumps(SEED), "prompt": json.dumps(PROMPT)}))
    for at, new in damage:
        at %= len(whole)
        whole[at : at + len(new)] = new
    assert_only_values(bytes(whole))


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"nodes":[', b'{"workflow":'])
def test_depth_of_ten_thousand_is_refused(opening: bytes) -> None:
    assert why_unreadable(opening * 10_000) == "nested too deep to be a workflow"


def test_wrappers_in_wrappers_end() -> None:
    value: Any = PROMPT
    for _ in range(100):
        value = {"input": json.dumps(value)} if _ < 5 else {"input": value}
    assert "not a ComfyUI workflow" in why_unreadable(json.dumps(value).encode())


def test_one_line_of_ten_megabytes_is_read() -> None:
    workflow = ui(
        *checkpoint_to_image(node(1, "CheckpointLoaderSimple", ("sd15.safetensors",))),
        links=LINKS,
        extra={"x": "é" * 5_000_000},
    )
    assert [name for name, _, _ in told(json.dumps(workflow, ensure_ascii=False).encode())] == [
        "sd15.safetensors"
    ]


def test_a_text_past_the_limit_is_refused() -> None:
    assert "too large for a workflow" in why_unreadable(b'{"nodes": "' + b" " * (33 * 2**20))


def test_subgraphs_that_multiply_are_refused() -> None:
    """Each holds two of the next: 2^40 nodes, were they unfolded."""
    levels = [subgraph(f"s{level}", *(node(each, f"s{level + 1}") for each in (1, 2))) for level in range(40)]
    assert "too many" in why_unreadable(
        json.dumps(ui(node(1, "s0"), definitions={"subgraphs": levels})).encode()
    )


def test_a_ring_of_subgraphs_is_read_once() -> None:
    ring = [subgraph("a", node(1, "b")), subgraph("b", node(1, "a"), node(2, "VAELoader", ("v.pt",)))]
    assert told(ui(node(1, "a"), definitions={"subgraphs": ring})) == [("v.pt", "vae", "required")]


def test_double_keys_and_proto_are_only_keys() -> None:
    data = b'{"1": {"class_type": "VAELoader", "inputs": {"vae_name": "a.pt", "vae_name": "b.pt", "__proto__": {"x": 1}}}, "__proto__": {}}'
    assert [name for name, _, _ in told(data)] == ["b.pt"]


def test_nan_and_infinity_are_numbers() -> None:
    data = json.dumps(ui(node(1, "LoraLoader", ("a.safetensors", float("nan"), float("inf"))))).encode()
    assert b"NaN" in data and told(data) == [("a.safetensors", "loras", "required")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_of_json_is_read(encoding: str) -> None:
    assert [
        name
        for name, _, _ in told(
            json.dumps(ui(node(1, "VAELoader", ("é.pt",))), ensure_ascii=False).encode(encoding)
        )
    ] == ["é.pt"]


def test_a_name_past_any_file_system_is_no_name() -> None:
    refs = told(ui(node(1, "VAELoader", ("x" * 5000 + ".pt",)), node(2, "VAELoader", ("a\nb.pt",))))
    assert [status for _, _, status in refs] == ["placeholder", "placeholder"]
    assert max(len(name) for name, _, _ in refs) < 100
    assert told(ui(node(1, "UnetLoaderGGUF", ("x" * 5000 + ".gguf",)))) == []


@pytest.mark.parametrize(
    "name",
    [
        "../../x.safetensors",
        "/etc/passwd.pt",
        "C:\\x.ckpt",
        "CON.safetensors",
        "https://x.org/a.safetensors?token=t",
    ],
)
def test_a_hostile_name_is_told_exactly_and_left_to_others(name: str) -> None:
    assert [ref.name for ref in read_one(ui(node(1, "VAELoader", (name,)))).refs] == [name]


def test_a_long_chain_of_texts_with_tags_is_read() -> None:
    nodes = [
        node(each, "String Literal", (f"<lora:lora{each}:1>",), inputs={"a": each}, outputs=["STRING"])
        for each in range(2000)
    ]
    links = [[each, each - 1, 0, each, 0, "STRING"] for each in range(1, 2000)]
    assert len(told(ui(*nodes, links=links))) == 2000


def test_the_same_bytes_give_the_same_refs() -> None:
    shuffled = {key: PROMPT[key] for key in random.Random(1).sample(sorted(PROMPT), len(PROMPT))}
    assert told(shuffled) == told(PROMPT)


@pytest.mark.parametrize(
    "data", [b"", b"   ", b"null", b"[]", b"{}", b"3", b'"x"', b"not json", b"\xff\xfe\x00", b"\x00" * 100]
)
def test_what_is_no_workflow_is_said_in_one_lower_case_line(data: bytes) -> None:
    message = why_unreadable(data)
    assert message and "\n" not in message and not message[0].isupper()
