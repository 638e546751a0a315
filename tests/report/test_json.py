"""`wfdeps/report/1` keeps its schema, shows nothing harmful and leaks nothing."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from tests.report import scenes
from wfdeps.report import json as report_json
from wfdeps.report import ndjson
from wfdeps.report.build import build_report
from wfdeps.schema import load_schema, problems
from wfdeps.values import replace


def test_a_report_with_every_state_keeps_the_schema() -> None:
    document = json.loads(report_json.render(scenes.every_state()))
    assert problems(document, "report-1") == ()
    assert {ref["state"] for ref in document["refs"]} == set(scenes.RefState)


def test_the_schema_itself_is_a_schema() -> None:
    Draft202012Validator.check_schema(load_schema("report-1"))


def test_the_schema_refuses_a_state_nobody_knows() -> None:
    document = json.loads(report_json.render(scenes.every_state()))
    document["refs"][0]["state"] = "lost"
    assert problems(document, "report-1")


def test_a_name_is_exactly_what_the_workflow_says_and_harmless_on_a_terminal() -> None:
    text = report_json.render(scenes.every_state())
    assert scenes.HOSTILE in {ref["name"] for ref in json.loads(text)["refs"]}
    assert not {"\x1b", "\x9b", "\u202e", "\ud800"} & set(text)
    text.encode("utf-8")


def test_a_token_in_a_url_never_comes_out() -> None:
    url = "https://civitai.com/api/download/models/1?token=SECRET&type=Model"
    wanted = replace(scenes.ref(url), urls=(url,))
    text = report_json.render(build_report([scenes.workflow(wanted)], [scenes.missing(wanted)]))
    assert "SECRET" not in text
    assert "type=Model" in text


def test_each_ndjson_line_stands_alone_and_the_last_is_the_summary() -> None:
    report = scenes.every_state()
    lines = [json.loads(line) for line in ndjson.render(report).splitlines()]
    assert [line["type"] for line in lines] == ["workflow"] * 2 + ["ref"] * len(report.items) + ["report"]
    document = json.loads(report_json.render(report))
    assert [line for line in lines if line["type"] == "ref"] == [
        {"type": "ref", **ref} for ref in document["refs"]
    ]
    assert lines[-1]["verdict"] == "missing"
