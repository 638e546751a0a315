"""A flag is stronger than the environment, that than the config file, and that than the default; decided once."""

from __future__ import annotations

from pathlib import Path

import pytest

from wfdeps.domain.reports import FailOn
from wfdeps.domain.secrets import Secret
from wfdeps.match.policy import Auto, Policy
from wfdeps.values import asdict, replace
from wfdeps.wiring.config_file import KEYS
from wfdeps.wiring.settings import CIVITAI, USUAL_SOURCES, Overrides, Settings, load_settings

CONFIG = """
[library]
comfyui = "/of/config"
models = "/of/config"
extra_model_paths = ["/of/config"]
target = "of-config"
store = "/of/config"
[civitai]
url = "https://config.example/"
[huggingface]
endpoint = "https://config.example/"
[civarchive]
url = "https://config.example"
[catalogue]
model_list = ""
[network]
plain_http = ["config.example"]
[resolve]
auto = "hash"
allow_pickle = true
sources = ["url"]
mirrors = ["https://config.example"]
name_index = false
[download]
jobs = 2
connections = 3
limit_rate = "5M"
hand_off = false
[check]
fail_on = ["room"]
policy = "/of/config"
"""
FLAGS = {
    "comfyui": "/of/flag", "models": "/of/flag", "extra_model_paths": ("/of/flag",), "target": "of-flag",
    "store": "/of/flag", "civitai_url": "https://flag.example", "auto": Auto.BEST, "allow_pickle": False,
    "jobs": 5, "connections": 6, "limit_rate": "1k", "hand_off": True, "fail_on": (FailOn.MISSING,),
    "policy_file": "/of/flag",
}  # fmt: skip
DEFAULT = Settings()


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "wfdeps.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return str(path)


def settings_of(said: Overrides = Overrides(), **environ: str) -> dict[str, object]:  # noqa: B008  a value
    return asdict(load_settings(said, {"HOME": "/nonexistent", **environ}))


FIELDS = sorted(key.field for keys in KEYS.values() for key in keys.values())


@pytest.mark.parametrize("field", FIELDS)
def test_the_config_is_stronger_than_the_default(field: str, config: str) -> None:
    told = settings_of(Overrides(config=config))[field]
    assert told != getattr(DEFAULT, field)


@pytest.mark.parametrize("field", sorted(FLAGS))
def test_a_flag_is_stronger_than_the_config(field: str, config: str) -> None:
    told = settings_of(replace(Overrides(config=config), **{field: FLAGS[field]}))[field]
    assert told == (frozenset(FLAGS[field]) if field == "fail_on" else FLAGS[field])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("COMFYUI_PATH", "comfyui", "/of/environment"),
        ("WFDEPS_CIVITAI_URL", "civitai_url", "https://environment.example"),
        ("HF_ENDPOINT", "hf_endpoint", "https://environment.example"),
    ],
)
def test_the_environment_stands_between_them(name: str, field: str, value: str, config: str) -> None:
    assert settings_of(Overrides(config=config), **{name: value})[field] == value
    if field in FLAGS:
        flag = FLAGS[field]
        assert settings_of(replace(Overrides(), **{field: flag}), **{name: value})[field] == flag


def test_with_nothing_said_the_defaults_hold() -> None:
    told = load_settings(Overrides(), {"HOME": "/nonexistent"})
    assert (told.civitai_url, told.sources, told.fail_on, told.jobs) == (CIVITAI, USUAL_SOURCES, None, None)
    assert told.policy == Policy()


def test_policy_is_what_flag_and_config_say_together(config: str) -> None:
    assert load_settings(Overrides(config=config), {}).policy == Policy(Auto.HASH, allow_pickle=True)
    assert load_settings(Overrides(config=config, auto=Auto.BEST), {}).policy.auto is Auto.BEST


def test_a_given_token_is_stronger_than_the_environment() -> None:
    given = {"CIVITAI_API_TOKEN": "environment", "HF_TOKEN": "environment"}
    told = load_settings(Overrides(civitai_token=Secret("a"), hf_token=Secret("b")), given)
    assert told.civitai_token is not None
    assert told.hf_token is not None
    assert (told.civitai_token.reveal(), told.hf_token.reveal()) == ("a", "b")
