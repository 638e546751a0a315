"""The command line itself: help, unknown words, streams and exit codes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wfdeps import __version__
from wfdeps.cli.main import VERBS, main, parser_of
from wfdeps.cli.options import overrides_of
from wfdeps.errors import ConfigError
from wfdeps.wiring.settings import load_settings


def run(*words: str, **environ: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(list(words), stdout=out, stderr=err, environ={"HOME": "/nonexistent", **environ})
    return code, out.getvalue(), err.getvalue()


def test_the_version_goes_to_stdout() -> None:
    assert run("--version") == (0, f"wfdeps {__version__}\n", "")


def test_help_lists_every_verb_and_every_exit_code_on_stdout() -> None:
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    assert all(f"  {verb} " in out for verb in VERBS)
    assert all(f"\n  {code} " in out for code in (0, 1, 2, 3, 4, 130))


def test_no_command_at_all_is_a_usage_error_that_shows_the_help_on_stderr() -> None:
    code, out, err = run()
    assert (code, out) == (2, "")
    assert err.startswith("usage: wfdeps COMMAND")


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    assert run("chekc") == (2, "", "error: unknown command `chekc`\nhint: did you mean `check`?\n")


def test_a_mistyped_option_is_answered_with_the_nearest() -> None:
    code, out, err = run("check", "wf.json", "--onlin")
    assert (code, out) == (2, "")
    assert err == "error: unknown option: --onlin\nhint: did you mean `--online`?\n"


def test_a_mistyped_global_option_is_answered_with_the_nearest() -> None:
    assert run("--versoin") == (2, "", "error: unknown option: --versoin\nhint: did you mean `--version`?\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_the_output_is_said() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "wfdeps", "--help"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.stderr.splitlines()[0] == "error: no room left to write the output"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [["--jobs", "0"], ["--jobs", "x"], ["--connections", "-1"], ["--limit-rate", "abc"]]
)
def test_a_number_that_makes_no_sense_is_judged_before_anything_is_done(words: list[str]) -> None:
    code, out, err = run("get", "w.json", *words)
    assert (code, out) == (2, "")
    assert f"argument {words[0]}" in err


def test_a_missing_argument_points_to_the_help() -> None:
    code, _, err = run("check")
    assert code == 2
    assert "hint: `wfdeps check --help` shows what it takes" in err


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_help_ends_with_an_example_of_its_own_verb(verb: str) -> None:
    example = parser_of(verb).format_help().partition("\nexample:\n")[2]
    assert f"wfdeps {verb}" in example


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_no_help_is_wider_than_a_terminal(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert [line for line in run("help", verb)[1].splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help_word_and_help_option_agree(verb: str) -> None:
    assert run("help", verb)[1] == parser_of(verb).format_help()


@pytest.mark.parametrize(
    "line", ["answers list --config NO", "answers --config NO list", "--config NO answers list"]
)
def test_a_global_option_may_stand_before_and_behind_a_commands_action(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = str(tmp_path / "no.toml")
    assert main([nowhere if word == "NO" else word for word in line.split()]) == 2
    assert "no config file at" in capsys.readouterr().err


def test_a_global_option_may_stand_before_the_verb() -> None:
    code, out, _ = run("--color", "never", "check", "no-such-file.json", "--models", "/nonexistent")
    assert code == 2
    assert "no-such-file.json" in out


def settings_for(verb: str, *words: str, **environ: str):  # type: ignore[no-untyped-def]
    return load_settings(overrides_of(parser_of(verb).parse_args(words)), {"HOME": "/nonexistent", **environ})


def test_tokens_are_read_in_their_order_and_never_shown() -> None:
    settings = settings_for("check", "w", CIVITAI_TOKEN="second", CIVITAI_API_KEY="second")
    assert settings.civitai_token.reveal() == "second"
    assert "second" not in repr(settings)
    assert settings.warnings == ()


def test_two_different_tokens_are_warned_of_without_showing_either() -> None:
    settings = settings_for("check", "w", CIVITAI_API_TOKEN="first", CIVITAI_API_KEY="other")
    assert settings.civitai_token.reveal() == "first"
    (warning,) = settings.warnings
    assert "CIVITAI_API_KEY differs from CIVITAI_API_TOKEN" in warning
    assert "first" not in warning.replace("CIVITAI", "")
    assert "other" not in warning


def test_an_api_key_on_the_line_is_taken_with_a_warning() -> None:
    assert settings_for("check", "w", "--api-key", "k3y").civitai_token.reveal() == "k3y"
    _, _, err = run("check", "w", "--models", "/nonexistent", "--api-key", "k3y")
    assert "process list" in err
    assert "k3y" not in err


def test_a_token_may_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("f1le\n")
    assert settings_for("check", "w", "--civitai-token-file", str(path)).civitai_token.reveal() == "f1le"
    assert settings_for("check", "w", CIVITAI_TOKEN_FILE=str(path)).civitai_token.reveal() == "f1le"
    assert settings_for("check", "w", HF_TOKEN_FILE=str(path)).hf_token.reveal() == "f1le"
    here = settings_for("check", "w", CIVITAI_API_TOKEN_FILE=str(path), CIVITAI_API_KEY="said")
    assert here.civitai_token.reveal() == "said"


@pytest.mark.parametrize("content", ["", "\n", "s3cret and more", "s3cret\nother"])
def test_a_file_that_holds_no_token_is_refused_without_being_shown(tmp_path: Path, content: str) -> None:
    path = tmp_path / "token"
    path.write_text(content)
    code, out, err = run("check", "w.json", "--civitai-token-file", str(path))
    assert (code, out) == (2, "")
    assert err.startswith(f"error: `{path}` holds no token")
    assert "s3cret" not in err
    code, _, err = run("check", "w.json", "--civitai-token-file", str(tmp_path / "none"))
    assert (code, err) == (
        2,
        f"error: cannot read a token from `{tmp_path / 'none'}`: No such file or directory\n",
    )


def test_who_is_logged_in_at_hugging_face_need_not_say_it_again(tmp_path: Path) -> None:
    path = tmp_path / ".cache" / "huggingface" / "token"
    path.parent.mkdir(parents=True)
    path.write_text("l0gged-in")
    settings = settings_for("check", "w", HOME=str(tmp_path))
    assert settings.hf_token.reveal() == "l0gged-in"
    for place in (
        {"HF_HOME": str(path.parent)},
        {"HF_TOKEN_PATH": str(path)},
        {"XDG_CACHE_HOME": str(path.parents[1])},
    ):
        assert settings_for("check", "w", HOME=str(tmp_path / "x"), **place).hf_token.reveal() == "l0gged-in"
    assert settings_for("check", "w", HOME=str(tmp_path), HF_TOKEN="said").hf_token.reveal() == "said"
    assert settings_for("check", "w", HOME=str(tmp_path), HF_HUB_DISABLE_IMPLICIT_TOKEN="1").hf_token is None
    path.write_text("two words")
    broken = settings_for("check", "w", HOME=str(tmp_path))
    assert broken.hf_token is None
    assert broken.warnings == (f"`{path}` holds no token",)


def test_a_folder_that_is_a_number_is_a_config_error(tmp_path) -> None:  # type: ignore[no-untyped-def]
    config = tmp_path / "c.toml"
    config.write_text("[library]\ncomfyui = 5\n")
    code, _, err = run("check", "w.json", "--config", str(config))
    assert (code, err) == (2, f"error: `{config}`: `comfyui` in [library] is not a text in quotes\n")


def test_a_named_config_file_must_exist() -> None:
    with pytest.raises(ConfigError, match="no config file"):
        settings_for("check", "w", "--config", "/nonexistent/wfdeps.toml")


def test_a_flag_is_stronger_than_the_environment_and_that_than_the_config(tmp_path) -> None:  # type: ignore[no-untyped-def]
    config = tmp_path / "c.toml"
    config.write_text('[library]\ncomfyui = "/from/config"\n[civitai]\nurl = "http://hub/"\n')
    words = ("w", "--config", str(config))
    assert settings_for("check", *words).comfyui == "/from/config"
    assert settings_for("check", *words, COMFYUI_PATH="/from/env").comfyui == "/from/env"
    assert settings_for("check", *words, "--comfyui", "/flag", COMFYUI_PATH="/from/env").comfyui == "/flag"
    assert settings_for("check", *words).civitai_url == "http://hub"
    assert settings_for("check", *words, WFDEPS_CIVITAI_URL="http://x:1").civitai_url == "http://x:1"


def test_a_process_ends_with_its_code_and_all_that_it_said() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wfdeps", "refs", "no-such-file.json"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.endswith("No such file or directory\n")


def test_a_reader_that_goes_away_is_no_error() -> None:
    script = f"{sys.executable} -m wfdeps --help | head -c 10"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {script}"], capture_output=True, text=True)
    assert "Traceback" not in done.stderr


HEAVY = ("httpx", "httpx2", "rich", "networkx", "questionary", "yaml", "jsonschema", "prompt_toolkit", "rapidfuzz",
         "starlette", "uvicorn", "platformdirs", "asyncio", "email", "ssl", "logging", "dataclasses", "inspect",
         "hashlib", "urllib.parse", "ipaddress", "shutil", "locale", "tempfile", "threading", "subprocess", "pathlib",
         "tomllib", "difflib", "typing", "wfdeps.match.search_terms", "wfdeps.match.links", "wfdeps.domain.candidates", "wfdeps.domain.plans", "wfdeps.domain.outcomes", "wfdeps.domain.resolutions",
         "wfdeps.domain.queries", "wfdeps.report.stages", "wfdeps.workflow.parameters")  # fmt: skip
"""What an offline check that shows text never loads: the gate that keeps it quick, on any machine."""


def test_check_imports_nothing_heavy(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "models").mkdir()
    workflow = tmp_path / "w.json"
    workflow.write_text(
        '{"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"},'
        ' "_meta": {"title": "https://example.com/a.safetensors"}},'
        ' "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}'
    )
    of_the_frontend = tmp_path / "u.json"  # with an address for its file, as templates have
    of_the_frontend.write_text(
        '{"nodes": [{"id": 1, "type": "VAELoader", "mode": 0, "inputs": [], "outputs": [],'
        ' "widgets_values": ["b.safetensors"], "properties": {"models": [{"name": "b.safetensors",'
        ' "url": "https://example.com/b.safetensors", "directory": "vae"}]}}], "links": [], "version": 0.4}'
    )
    script = (
        "import sys; from wfdeps.cli.main import main; "
        f"code = main(['check', {str(workflow)!r}, {str(of_the_frontend)!r}, '--models', {str(tmp_path / 'models')!r}]); "
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]; "
        "print(code, heavy, file=sys.stderr)"
    )
    (tmp_path / "wfdeps.lock").write_text('{"optional": []}')
    environ = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environ, cwd=tmp_path
    )
    assert done.stderr.splitlines()[-1] == "1 []"
