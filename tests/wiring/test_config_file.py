"""A config file that is not understood stops the run with exit code 2, before anything is done."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from wfdeps.cli.main import main
from wfdeps.domain.reports import FailOn
from wfdeps.errors import ConfigError
from wfdeps.match.policy import Auto
from wfdeps.values import asdict
from wfdeps.wiring.config import Config
from wfdeps.wiring.config_file import KEYS, read_config
from wfdeps.wiring.settings import USUAL_SOURCES

README = Path(__file__).resolve().parents[2] / "README.md"


def complaint(tmp_path: Path, text: str) -> ConfigError:
    path = tmp_path / "wfdeps.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        read_config(str(path))
    assert str(path) in raised.value.message
    return raised.value


@pytest.mark.parametrize("table", KEYS)
def test_every_key_refuses_a_value_of_another_type_and_says_which_is_wanted(
    tmp_path: Path, table: str
) -> None:
    for word, key in KEYS[table].items():
        for value in ("3.5", "{ a = 1 }", "[[1]]", "2020-01-01", "-1"):
            message = complaint(tmp_path, f"[{table}]\n{word} = {value}\n").message
            assert f"`{word}` in [{table}] is not {key.kind.words}" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[libary]\n", "did you mean `library`?"),
        ("[resolve]\nsource = []\n", "did you mean `sources`?"),
        ("[download]\nspeed = 1\n", "one of jobs, connections, limit_rate, hand_off"),
        ('comfyui = "x"\n', "it belongs below [library]"),
        ("check = 1\n", "did you mean `check`?"),
    ],
)
def test_a_name_nobody_knows_gets_the_nearest_that_is_known(tmp_path: Path, text: str, said: str) -> None:
    assert complaint(tmp_path, text).hint == said


@pytest.mark.parametrize(
    "text",
    ["[check]\nfail_on = 'missing'\n", "[folders]\nVAE = 1\n", "[download]\njobs = true\n", "[", "\xff"],
)
def test_a_command_ends_with_2_and_says_nothing_on_stdout(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(text.encode("latin-1"))
    out, err = io.StringIO(), io.StringIO()
    words = ["paths", "--models", str(tmp_path), "--config", str(path)]
    assert main(words, stdout=out, stderr=err, environ={"HOME": str(tmp_path)}) == 2
    assert out.getvalue() == ""
    assert str(path) in err.getvalue()


def test_the_config_that_the_readme_shows_is_understood(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    path = tmp_path / "wfdeps.toml"
    path.write_text(found[1], encoding="utf-8")
    assert read_config(str(path)).sources == USUAL_SOURCES


def test_every_key_of_the_file_is_a_field_of_its_own_and_every_field_has_its_key() -> None:
    fields = [key.field for keys in KEYS.values() for key in keys.values()] + ["folders", "nodes"]
    assert sorted(fields) == sorted(asdict(Config()))


def test_values_have_the_types_that_jobs_work_with(tmp_path: Path) -> None:
    path = tmp_path / "wfdeps.toml"
    path.write_text(
        '[resolve]\nauto = "best"\nsources = ["url"]\nallow_pickle = false\n'
        '[check]\nfail_on = ["missing", "room"]\n[folders]\nVAE = "vae"\n',
        encoding="utf-8",
    )
    config = read_config(str(path))
    assert config == Config(
        auto=Auto.BEST,
        sources=("url",),
        allow_pickle=False,
        fail_on=(FailOn.MISSING, FailOn.ROOM),
        folders={"VAE": "vae"},
    )
    assert isinstance(config.auto, Auto)


@pytest.mark.parametrize(
    "line",
    ['[resolve]\nauto = "Best"', '[check]\nfail_on = ["mising"]', '[download]\nlimit_rate = "quick"'],
)
def test_a_word_that_is_none_of_the_known_is_refused_with_those_that_are(tmp_path: Path, line: str) -> None:
    assert re.search(r"is not (one of|a list of|a text like)", complaint(tmp_path, line + "\n").message)
