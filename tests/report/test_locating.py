"""The line of a widget's value is found in the workflow's own text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfdeps.report.locating import Places, Region

UI = """{
  "nodes": [
    {"id": 4, "type": "LoraLoader", "widgets_values": ["a.safetensors", 1.0]},
    {
      "widgets_values": ["a.safetensors"],
      "type": "LoraLoader", "id": 7
    }
  ],
  "definitions": {"subgraphs": [{"id": "f00", "nodes": [{"id": 3, "widgets_values": ["dir\\\\b.pt"]}]}]}
}
"""


def _cut(text: str, region: Region | None) -> str:
    assert region is not None
    assert region.start_line == region.end_line
    return text.split("\n")[region.start_line - 1][region.start_column - 1 : region.end_column - 1]


@pytest.mark.parametrize(("node", "line"), [("4", 3), ("7", 5)])
def test_two_nodes_naming_one_file_have_each_their_own_line(node: str, line: int) -> None:
    region = Places(UI).locate("a.safetensors", node, "lora_name")
    assert region is not None
    assert region.start_line == line
    assert _cut(UI, region) == '"a.safetensors"'


def test_a_value_inside_a_subgraph_is_found_by_its_inner_id_and_its_escaped_spelling() -> None:
    assert _cut(UI, Places(UI).locate("dir\\b.pt", "9:3", "vae_name")) == '"dir\\\\b.pt"'


def test_the_api_format_is_found_by_key_and_input() -> None:
    node = {"class_type": "X", "inputs": {"other": "m.pt", "model": "m.pt"}}
    text = json.dumps({"1": node, "12:3": node}, indent=1)
    region = Places(text).locate("m.pt", "12:3", "model")
    assert region is not None
    assert text.split("\n")[region.start_line - 1].strip() == '"model": "m.pt"'
    assert region.start_line > len(text.split("\n")) / 2


def test_an_embedding_is_found_inside_its_prompt() -> None:
    text = '{"6": {"inputs": {"text": "a cat, embedding:easynegative"}}}'
    assert _cut(text, Places(text).locate("easynegative", "6", "text")) == '"a cat, embedding:easynegative"'


def test_a_name_that_is_not_there_has_no_line() -> None:
    assert Places(UI).locate("zzz", "4", "x") is None
    assert Places("").locate("", "", "") is None


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    Places(text).locate("a", "1", "b")


JSON = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda x: st.lists(x) | st.dictionaries(st.text(max_size=3), x),
)


@settings(max_examples=50, deadline=None)
@given(JSON, st.text(min_size=1, max_size=8), st.sampled_from([None, 2]))
def test_every_string_value_is_found_where_it_is_written(rest: object, name: str, indent: int | None) -> None:
    text = json.dumps([rest, {"id": "node!", "v": name}], indent=indent)
    written = _cut(text, Places(text).locate(name, "node!", "v"))
    assert json.loads(written) == name
