"""`wfdeps/refs/1` keeps its schema, whatever was read."""

from __future__ import annotations

import json

from wfdeps.domain.air import Air
from wfdeps.domain.digests import Digest
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import (
    Certainty,
    ModelRef,
    NodeSite,
    Notice,
    Pairing,
    RefStatus,
    UnreadableWorkflow,
    WorkflowRefs,
)
from wfdeps.report.refs_json import render, render_lines
from wfdeps.schema import problems

SITE = NodeSite("wf.json", "12:3", "LoraLoader", "lora_name", "My LoRA")
FULL = WorkflowRefs(
    "wf.json", "ui", "png", "ab" * 32,
    refs=(
        ModelRef("a\u202e.safetensors", ModelType.LORA, ("loras",), RefStatus.REQUIRED, (SITE,),
                 digests=(Digest.parse("sha256:" + "cd" * 32),), urls=("https://civitai.com/api/download/models/1?token=secret",),
                 air=Air.parse("urn:air:sdxl:lora:civitai:1@2"), version_id=2, hints=("https://example.org/a",),
                 base_models=("SDXL 1.0",), certainty=Certainty.GUESS, why="a guess"),
        ModelRef("x", ModelType.UNKNOWN, (), RefStatus.PLACEHOLDER, ()),
    ),
    warnings=(Notice("code", "sentence"),),
    pairings=(Pairing(SITE, SITE),),
)  # fmt: skip
BROKEN = UnreadableWorkflow("bad.json", "not JSON", "a hint")


def test_a_full_document_keeps_its_schema() -> None:
    document = json.loads(render((FULL, BROKEN)))
    assert problems(document, "refs-1") == ()
    assert [set(one) >= {"path"} for one in document["workflows"]] == [True, True]
    assert document["workflows"][1] == {"path": "bad.json", "error": "not JSON", "hint": "a hint"}


def test_every_status_and_certainty_is_in_the_schema() -> None:
    for status in RefStatus:
        for certainty in Certainty:
            ref = ModelRef("x", ModelType.UNKNOWN, (), status, (), certainty=certainty)
            reading = WorkflowRefs("wf.json", "api", "json", "ab" * 32, (ref,))
            assert problems(json.loads(render((reading,))), "refs-1") == ()


def test_a_document_with_a_missing_field_does_not_pass() -> None:
    document = json.loads(render((FULL,)))
    del document["workflows"][0]["refs"][0]["status"]
    assert problems(document, "refs-1")


def test_no_token_and_no_terminal_escape_leaves() -> None:
    text = render((FULL,))
    assert "secret" not in text and "\u202e" not in text
    assert json.loads(text)["workflows"][0]["refs"][0]["name"] == "a\u202e.safetensors"


def test_lines_are_one_workflow_each() -> None:
    lines = [json.loads(line) for line in render_lines((FULL, BROKEN)).splitlines()]
    assert [line["path"] for line in lines] == ["wf.json", "bad.json"]
    assert {line["schema"] for line in lines} == {"wfdeps/refs/1"}
