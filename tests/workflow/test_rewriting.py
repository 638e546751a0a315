"""A workflow with other values: what was said is changed, and nothing else of the file."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow import writers
from wfdeps.domain.refs import WorkflowRefs
from wfdeps.errors import WorkflowError
from wfdeps.workflow.containers import png
from wfdeps.workflow.read import read_workflow
from wfdeps.workflow.rewriting import rewrite_json, rewrite_png

PROMPT = {"1": {"class_type": "LoraLoader", "inputs": {"lora_name": "SDXL\\é.safetensors"}}}
FORMS = (writers.png_text, writers.png_ztxt, writers.png_itxt, writers.png_itxt_packed)


def respelled(document: Any) -> tuple[Any, int]:
    """As a respelling does: the one name, wherever it stands."""
    text = json.dumps(document)
    old, new = json.dumps("SDXL\\é.safetensors"), json.dumps("SDXL/é.safetensors")
    return json.loads(text.replace(old, new)), text.count(old)


def names_in(data: bytes) -> list[str]:
    (reading,) = read_workflow(data, "x.png")
    assert isinstance(reading, WorkflowRefs)
    return [ref.name for ref in reading.refs]


@pytest.mark.parametrize("form", FORMS)
def test_the_workflow_and_the_prompt_of_an_image_are_both_respelled(
    form: Callable[[dict[str, str]], bytes],
) -> None:
    texts = {"prompt": json.dumps(PROMPT), "workflow": json.dumps(PROMPT), "parameters": "a cat"}
    data, count = rewrite_png(form(texts), respelled)
    assert count == 2
    assert names_in(data) == ["SDXL/é.safetensors"]
    assert dict(png.texts(data))["parameters"] == "a cat"


@pytest.mark.parametrize("form", FORMS)
def test_every_chunk_of_a_rewritten_image_has_its_right_checksum(
    form: Callable[[dict[str, str]], bytes],
) -> None:
    data, _ = rewrite_png(form({"prompt": json.dumps(PROMPT)}), respelled)
    at = len(png.SIGNATURE)
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        assert int.from_bytes(data[at + 8 + length : at + 12 + length], "big") == zlib.crc32(
            data[at + 4 : at + 8 + length]
        )
        at += 12 + length
    assert at == len(data)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_an_image_in_which_nothing_changes_stays_byte_for_byte_however_damaged(tail: bytes, cut: int) -> None:
    whole = writers.png_text({"prompt": json.dumps(PROMPT)}) + tail
    for data in (whole, whole[: len(png.SIGNATURE) + cut], png.SIGNATURE + tail):
        try:
            assert png.with_texts(data, lambda _, text: text) == data
        except WorkflowError as error:
            assert "PNG" in error.message


def test_the_json_of_an_image_is_its_workflow_not_what_ran() -> None:
    data = writers.png_text({"prompt": "{}", "workflow": json.dumps(PROMPT)})
    text, count = rewrite_json(data, respelled)
    assert (json.loads(text)["1"]["inputs"]["lora_name"], count) == ("SDXL/é.safetensors", 1)


def test_what_is_no_image_becomes_none() -> None:
    with pytest.raises(WorkflowError, match="no PNG"):
        rewrite_png(json.dumps(PROMPT).encode(), respelled)
