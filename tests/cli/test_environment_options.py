"""Options out of the environment are options of the line, and weaker than those that are typed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from wfdeps.cli.environment_options import options_in, words_for
from wfdeps.cli.main import VERBS, main, parser_of
from wfdeps.packaged import sample_path


def run(*words: str, **environ: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(words, stdout=out, stderr=err, environ={"HOME": "/nonexistent", **environ})
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_option_of_every_verb_has_its_twin(verb: str) -> None:
    parser = parser_of(verb)
    for action in parser._actions:
        for option in action.option_strings:
            if not option.startswith("--") or option in ("--help", "--api-key", "--offline"):
                continue
            name = "WFDEPS_" + option[2:].upper().replace("-", "_")
            wanted = [option] if action.nargs == 0 else [f"{option}=1"]
            assert words_for(options_in({name: "1"}), parser) == wanted


def test_the_environment_says_what_the_line_leaves_open(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    demo, models = sample_path("demo.json"), str(tmp_path / "models")
    typed = run("check", demo, "--models", models, "--format", "json")
    assert run("check", demo, WFDEPS_MODELS=models, WFDEPS_FORMAT="json") == typed
    assert run("check", demo, "--models", models, WFDEPS_MODELS="/elsewhere", WFDEPS_JSON="yes") == typed
    assert run("check", demo, "--models", models, WFDEPS_EXIT_ZERO="0")[0] == 1
    assert run("check", demo, "--models", models, WFDEPS_EXIT_ZERO="true")[0] == 0


def test_what_a_command_has_no_option_for_is_none_of_its_business() -> None:
    assert run("refs", sample_path("demo.json"), WFDEPS_JOBS="4", WFDEPS_NONSENSE="x")[0] == 0


def test_a_wrong_value_says_where_it_comes_from(tmp_path: Path) -> None:
    code, _, err = run("check", "wf.json", WFDEPS_FORMAT="xlm")
    assert code == 2
    assert "--format: from the environment" in err
    assert options_in({"WFDEPS_API_KEY": "s3cret"}) == {}
