"""Models named inside text."""

from __future__ import annotations

import pytest

from tests.workflow.builders import api_node, codes, node, told, ui
from wfdeps.workflow.text_tags import embeddings_in, loras_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("embedding:EasyNegative", ["EasyNegative"]),
        ("ugly, embedding:EasyNegative, bad", ["EasyNegative"]),
        ("(embedding:bad-hands:1.2)", ["bad-hands"]),
        ("((embedding:a.pt))", ["a.pt"]),
        ("embedding:sub/dir/x.safetensors cat", ["sub/dir/x.safetensors"]),
        ("embedding:sub\\x", ["sub\\x"]),
        ("x\nembedding:one embedding:two", ["one", "two"]),
        ("(foo, embedding:a:1.2), (embedding:b, (embedding:c):0.5)", ["a", "b", "c"]),
        ("embedding:with_\\(paren\\) cat", ["with_(paren)"]),
        ("{embedding:a|embedding:b}", ["a", "b"]),
        ("embedding:a,, embedding:b,", ["a", "b"]),
        (f"{'(' * 500}embedding:deep", []),
        ("no-embedding:here", []),
        ("embedding: spaced", ["spaced"]),
        ("EasyNegative", []),
    ],
)
def test_embeddings_are_read_as_the_tokenizer_reads_them(text: str, names: list[str]) -> None:
    assert [name for name, is_read in embeddings_in(text) if is_read] == names


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ugly,embedding:a", "a"),
        ("[embedding:a]", "a"),
        ("embedding:a,b", "a"),
        ("embedding:a:0.5", "a"),
        ("cat\\(embedding:a\\)", "a"),
        ("embedding:a.", "a"),
    ],
)
def test_what_the_tokenizer_takes_for_another_word_is_inert(text: str, meant: str) -> None:
    assert list(embeddings_in(text)) == [(meant, False)]
    assert told(ui(node(1, "CLIPTextEncode", (text,)))) == [(meant, "embeddings", "inert")]


def test_loras_of_weight_zero_are_not_loaded() -> None:
    assert list(loras_in("<lora:a:0.8> <lora:b:0> <lora:sub/c:1:0.5> <lora:d>")) == ["a", "sub/c", "d"]


def test_an_embedding_in_a_prompt_is_required() -> None:
    prompt = {
        "1": api_node("CLIPTextEncode", text="ugly, embedding:EasyNegative"),
        "9": api_node("SaveImage", images=["1", 0]),
    }
    assert told(prompt) == [("EasyNegative", "embeddings", "required")]


def test_a_lora_tag_in_plain_text_is_inert() -> None:
    prompt = {
        "1": api_node("CLIPTextEncode", text="<lora:detail:0.8>"),
        "9": api_node("SaveImage", images=["1", 0]),
    }
    assert told(prompt) == [("detail", "loras", "inert")]


def test_a_lora_tag_where_a_node_parses_it_is_required() -> None:
    prompt = {
        "1": api_node("ImpactWildcardEncode", wildcard_text="<lora:detail:0.8>"),
        "9": api_node("SaveImage", images=["1", 0]),
    }
    assert told(prompt) == [("detail", "loras", "required")]


@pytest.mark.parametrize(
    "node_class",
    [
        "ImpactWildcardEncode", "ImpactWildcardProcessor", "FaceDetailer", "Power Prompt (rgthree)", "PCLazyLoraLoader",
        "PC: Schedule Prompt", "Prompt (LoraManager)", "Prompt With Style", "Wildcard And LoRA Syntax Processor",
        "PromptWithSDXL Mikey", "easy fullLoader", "LoraTagLoader", "LoRATextLoader", "PromptToSchedule", "LoRAScheduler",
        "ttN pipeLoader_v2", "LoadLoRAsFromPrompt", "Load Lora Tag", "LoadLoraTag", "LoRA Tag Loader", "LoraFromText",
        "SwarmLoraLoaderFromPrompt", "BasicPipeToDetailerPipe", "MultiLoRATagLoader", "CLIPTextEncodeWithLora", "LoraParser",
        "CR Load LoRA From Prompt",
    ],
)  # fmt: skip
def test_each_class_that_parses_lora_tags_loads_them(node_class: str) -> None:
    prompt = {"1": api_node(node_class, text="<lora:a:1>"), "2": api_node("SaveImage", images=["1", 0])}
    assert told(prompt) == [("a", "loras", "required")]


def test_a_lora_tag_that_flows_to_a_parser_is_required() -> None:
    text = node(1, "String Literal", ("<lora:detail:0.8>",), outputs=["STRING"])
    parser = node(
        2, "WildcardEncode //Inspire", ("", "", "populate"), inputs={"wildcard_text": 1}, outputs=["MODEL"]
    )
    workflow = ui(
        text,
        parser,
        node(3, "SaveImage", inputs={"images": 2}),
        links=[[1, 1, 0, 2, 0, "STRING"], [2, 2, 0, 3, 0, "MODEL"]],
    )
    assert told(workflow) == [("detail", "loras", "required")]


def test_an_air_within_text_is_found() -> None:
    prompt = {
        "1": api_node("CLIPTextEncode", text="a cat urn:air:sd1:lora:civitai:1@2 there"),
        "9": api_node("SaveImage", images=["1", 0]),
    }
    assert [name for name, _, _ in told(prompt)] == ["urn:air:sd1:lora:civitai:1@2"]


def test_a_text_that_a_link_replaced_names_nothing() -> None:
    encode = node(1, "CLIPTextEncode", ("embedding:stale",), outputs=["CONDITIONING"])
    encode["inputs"] = [{"name": "text", "type": "STRING", "link": 1, "widget": {"name": "text"}}]
    given = node(2, "PrimitiveNode", ("embedding:fresh", "fixed"), outputs=["STRING"])
    workflow = ui(
        encode,
        given,
        node(3, "SaveImage", inputs={"images": 2}),
        links=[[1, 2, 0, 1, 0, "STRING"], [2, 1, 0, 3, 0, "X"]],
    )
    assert told(workflow) == [("fresh", "embeddings", "required")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a embedding: calm", ["calm"]),
        ("a embedding:\ncalm", ["calm"]),
        ("a\tembedding:calm", ["calm"]),
        ("embedding:calm[x] b", ["calm"]),
        ("embedding:calm<lora:x:1>", ["calm"]),
        ("embedding:", []),
        ("embedding:a,embedding:b", []),
    ],
)
def test_an_embeddings_name_is_what_todays_comfyui_reads(text: str, names: list[str]) -> None:
    assert [name for name, is_read in embeddings_in(text) if is_read] == names


def test_an_embedding_that_comfyui_drops_is_warned_of() -> None:
    prompt = {
        "1": api_node("CLIPTextEncode", text="embedding:a,embedding:b"),
        "2": api_node("SaveImage", images=["1", 0]),
    }
    assert "embedding_dropped" in codes(prompt)
    prompt["1"] = api_node("CLIPTextEncode", text="embedding:a, embedding:b")
    assert "embedding_dropped" not in codes(prompt)
