"""A completion script offers what the parsers take, in a real shell where one is here."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from wfdeps.cli.completing import SHELLS, script_for, verbs_of
from wfdeps.cli.main import VERBS, main, parser_of


def script(shell: str) -> str:
    out = io.StringIO()
    assert (
        main(["completion", shell], stdout=out, stderr=io.StringIO(), environ={"HOME": "/nonexistent"}) == 0
    )
    return out.getvalue()


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}")
    return found


def complete_in_bash(line: str, folder: Path) -> list[str]:
    """What bash offers when Tab is pressed at the end of this line."""
    words = line.split(" ")
    ask = (
        f"{script('bash')}\ncd {folder}\n"
        f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}\n"
        '_wfdeps; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run([shell("bash"), "--norc", "-c", ask], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def test_bash_offers_every_verb(tmp_path: Path) -> None:
    assert set(complete_in_bash("wfdeps ", tmp_path)) == {*VERBS, "--help", "--version"}


def test_bash_offers_the_options_of_the_verb_and_no_others(tmp_path: Path) -> None:
    assert complete_in_bash("wfdeps check --onl", tmp_path) == ["--online"]
    assert complete_in_bash("wfdeps refs --onl", tmp_path) == []


def test_bash_offers_the_choices_of_an_option(tmp_path: Path) -> None:
    assert complete_in_bash("wfdeps check --color ", tmp_path) == ["auto", "always", "never"]
    assert complete_in_bash("wfdeps graph --format m", tmp_path) == ["mermaid"]


def test_bash_offers_the_words_of_a_verb(tmp_path: Path) -> None:
    assert complete_in_bash("wfdeps completion f", tmp_path) == ["fish"]


def test_bash_offers_files_with_spaces_whole(tmp_path: Path) -> None:
    (tmp_path / "my workflow.json").touch()
    assert complete_in_bash("wfdeps check my", tmp_path) == ["my workflow.json"]
    assert complete_in_bash("wfdeps check --comfyui my", tmp_path) == ["my workflow.json"]


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_option_of_every_verb_is_in_every_script(verb: str) -> None:
    options = [
        name for action in parser_of(verb)._actions for name in action.option_strings if name.startswith("--")
    ]
    for name in SHELLS:
        text = script(name)
        assert verb in text
        assert all(option.removeprefix("--") in text for option in options)


def test_zsh_reads_its_script() -> None:
    subprocess.run([shell("zsh"), "-n"], input=script("zsh"), text=True, check=True)


def test_fish_reads_its_script_and_offers_options() -> None:
    ask = f"{script('fish')}\ncomplete -C 'wfdeps check --onl'"
    done = subprocess.run(
        [shell("fish"), "--no-config"], input=ask, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("--online")


def test_powershell_reads_its_script_and_offers_verbs(tmp_path: Path) -> None:
    path = tmp_path / "wfdeps.ps1"
    path.write_text(
        script("powershell") + "\n(TabExpansion2 'wfdeps che' 10).CompletionMatches.CompletionText\n"
    )
    done = subprocess.run(
        [shell("pwsh"), "-NoProfile", "-File", path], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["check"]


def test_powershells_tables_are_json() -> None:
    tables = re.findall(r"= '(\{.*\})' \| ConvertFrom-Json", script("powershell"))
    assert [set(json.loads(table.replace("''", "'"))) >= set() for table in tables] == [True, True]
    assert set(json.loads(tables[0].replace("''", "'"))) == set(VERBS)


def test_an_unknown_shell_is_refused() -> None:
    err = io.StringIO()
    assert (
        main(["completion", "tcsh"], stdout=io.StringIO(), stderr=err, environ={"HOME": "/nonexistent"}) == 2
    )
    assert "tcsh" in err.getvalue()


def test_help_with_quotes_and_brackets_breaks_no_script(tmp_path: Path) -> None:
    import argparse

    def parser(verb: str) -> argparse.ArgumentParser:
        made = argparse.ArgumentParser(prog=verb)
        made.add_argument("--odd", metavar="X", help='it\'s [a] `$(touch x)` "b" : \\ c')
        return made

    verbs = verbs_of({"odd": "it's `$(touch x)`"}, parser)
    done = subprocess.run(
        [shell("bash"), "-c", script_for("bash", verbs)], cwd=tmp_path, capture_output=True, check=True
    )
    assert (done.stderr, list(tmp_path.iterdir())) == (b"", [])
