"""A project's own config file may narrow what is done; it loosens, redirects and leads out only once it is trusted."""

from __future__ import annotations

import http.server
import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wfdeps.cli.main import main
from wfdeps.domain.reports import DEFAULT_FAIL_ON, FailOn
from wfdeps.domain.secrets import Secret
from wfdeps.errors import NotFoundError, WfdepsError
from wfdeps.match.policy import Auto
from wfdeps.wiring.config import Config
from wfdeps.wiring.config_file import KEYS, OWN_TABLES, entries_of
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.settings import Overrides, Settings, load_settings
from wfdeps.wiring.trust import is_taken

HARMFUL = {
    "library.comfyui": ['"/etc"', '"."', '"~/ComfyUI"', '"../other"', '"leading_out"', '"with_yaml"'],
    "library.models": ['"~/.ssh"', '"/tmp/m"', '".."', '"link"', '"leading_out/models"'],
    "library.extra_model_paths": ['["extra.yaml"]', '["/etc/x.yaml"]'],
    "library.target": ['"target.yaml"'],
    "library.store": ['"/srv/store"', '"~/s"', '"link/s"'],
    "civitai.url": ['"https://evil.example"', '"http://127.0.0.1:1"'],
    "huggingface.endpoint": ['"https://evil.example"'],
    "civarchive.url": ['"https://evil.example"'],
    "catalogue.model_list": ['"https://evil.example/list.json"', '"list.json"'],
    "network.plain_http": ['["evil.example"]'],
    "resolve.auto": ['"best"'],
    "resolve.allow_pickle": ["true"],
    "resolve.sources": ['["civarchive"]', '["civitai", "civarchive"]'],
    "resolve.mirrors": ['["https://evil.example"]', '["file:///etc"]'],
    "resolve.name_index": [],
    "download.jobs": ["17", "100000"],
    "download.connections": ["9", "100000"],
    "download.limit_rate": [],
    "download.hand_off": [],
    "check.fail_on": ["[]", '["missing"]'],
    "check.policy": ['"/etc/policy.toml"', '"../policy.toml"'],
    "folders": [],
    "nodes": [
        "LoraLoader = { slots = [] }",
        'LoraLoader = { lora_name = "vae" }',
        "Unknown = { slots = [] }",
        "Unknown = { slots = [], auto = true }",
        'Unknown = { slots = [{ input = "a", folders = ["vae"], kind = "auto" }] }',
        'Unknown = { slots = [{ input = "a", folders = ["vae"], none = ["x"] }] }',
    ],
}
"""Every key, and what a project may not say of it by itself."""

HARMLESS = {
    "library.comfyui": ['"ComfyUI"'],
    "library.models": ['"models"', '"not/there/yet"'],
    "library.target": ['"runpod-serverless"'],
    "library.store": ['"store"'],
    "resolve.auto": ['"hash"', '"exact"'],
    "resolve.allow_pickle": ["false"],
    "resolve.sources": ['["url", "civitai"]', "[]"],
    "resolve.name_index": ["false", "true"],
    "download.jobs": ["1", "16"],
    "download.connections": ["8"],
    "download.limit_rate": ['"1k"'],
    "download.hand_off": ["false"],
    "check.fail_on": [f"[{', '.join(repr(word.value) for word in FailOn)}]"],
    "check.policy": ['"policy.toml"'],
    "folders": ['VAE = "vae"'],
    "nodes": ['Unknown = { name = "loras" }'],
}


def every_key() -> list[str]:
    return [f"{table}.{word}" for table, words in KEYS.items() for word in words] + list(OWN_TABLES)


def as_toml(key: str, value: str) -> str:
    table, _, word = key.partition(".")
    return f"[{table}]\n{word} = {value}\n" if word else f"[{table}]\n{value}\n"


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(key, value) for key, values in table.items() for value in values]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cloned folder that is the working folder, with links that lead out of it."""
    folder, home = tmp_path / "clone", tmp_path / "home"
    for made in (folder / "models" / "loras", folder / "leading_out" / "models", folder / "with_yaml", home):
        made.mkdir(parents=True)
    (folder / "with_yaml" / "extra_model_paths.yaml").write_text("a:\n  loras: /etc\n")
    (folder / "link").symlink_to(home, target_is_directory=True)
    (folder / "leading_out" / "models" / "loras").symlink_to(home, target_is_directory=True)
    for name in ("extra.yaml", "target.yaml", "policy.toml"):
        (folder / name).write_text("")
    monkeypatch.chdir(folder)
    return folder


def environ_of(project: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(project.parent / "home"), **more}


def settings_in(project: Path, said: Overrides = Overrides(), **more: str) -> Settings:  # noqa: B008  a value
    return load_settings(said, environ_of(project, **more))


def says(project: Path, text: str) -> None:
    (project / "wfdeps.toml").write_text(text, encoding="utf-8")


def person_says(project: Path, text: str) -> None:
    place = project.parent / "home" / ".config" / "wfdeps" / "config.toml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def run(project: Path, *words: str, **more: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(list(words), stdout=out, stderr=err, environ=environ_of(project, **more))
    return code, out.getvalue(), err.getvalue()


def test_every_key_is_tried_with_what_a_stranger_could_write() -> None:
    assert sorted(HARMFUL) == sorted(every_key())


def test_a_key_with_nothing_harmful_is_one_that_may_say_anything() -> None:
    rules = {f"{table}.{word}": key.project for table, words in KEYS.items() for word, key in words.items()}
    rules |= {name: table.project for name, table in OWN_TABLES.items()}
    assert {key for key in HARMFUL if not HARMFUL[key]} == {
        key for key, rule in rules.items() if rule.words == "anything"
    }


@pytest.mark.parametrize(("key", "value"), cases(HARMFUL))
def test_what_loosens_redirects_or_leads_out_is_not_taken_and_is_named(
    project: Path, key: str, value: str
) -> None:
    before = settings_in(project)
    says(project, as_toml(key, value))
    (entry,) = entries_of((project / "wfdeps.toml").read_bytes(), "wfdeps.toml")
    assert not is_taken(entry, Config(), str(project))
    after = settings_in(project)
    assert getattr(after, entry.field) == getattr(before, entry.field)
    if key != "network.plain_http":  # nothing that a project could change by it
        assert after.untrusted == (str(entry),)
        (warning,) = after.warnings
        assert str(entry) in warning
        assert "`wfdeps trust`" in warning


@pytest.mark.parametrize(("key", "value"), cases(HARMLESS))
def test_what_is_stricter_or_inside_is_taken_without_a_word(project: Path, key: str, value: str) -> None:
    says(project, as_toml(key, value))
    (entry,) = entries_of((project / "wfdeps.toml").read_bytes(), "wfdeps.toml")
    assert is_taken(entry, Config(), str(project))
    settings = settings_in(project)
    assert (settings.untrusted, settings.warnings) == ((), ())


@pytest.mark.parametrize(("key", "value"), cases(HARMFUL))
def test_the_persons_own_file_and_the_file_they_name_may_say_anything(
    project: Path, key: str, value: str
) -> None:
    person_says(project, as_toml(key, value))
    own = settings_in(project)
    (project.parent / "home" / ".config" / "wfdeps" / "config.toml").unlink()
    says(project, as_toml(key, value))
    named = settings_in(project, Overrides(config="wfdeps.toml"))
    assert own == named
    assert own != settings_in(project)


@pytest.mark.parametrize(("key", "value"), cases(HARMFUL))
def test_trust_takes_it_until_the_file_changes_or_trust_is_revoked(
    project: Path, key: str, value: str
) -> None:
    says(project, as_toml(key, value))
    named = settings_in(project, Overrides(config="wfdeps.toml"))
    code, out, err = run(project, "trust", CI="true")
    assert (code, out.splitlines()[0]) == (0, str(project / "wfdeps.toml"))
    (entry,) = entries_of((project / "wfdeps.toml").read_bytes(), "wfdeps.toml")
    trusted = settings_in(project)
    if key == "network.plain_http":
        assert (trusted.plain_http, "only your own config file may say it" in err) == ((), True)
        return
    assert entry.word in out
    assert getattr(trusted, entry.field) == getattr(named, entry.field)
    assert trusted.untrusted == ()
    assert run(project, "trust", "--list")[1] == f"{project / 'wfdeps.toml'}\n"
    says(project, as_toml(key, value) + "# one more line\n")
    changed = settings_in(project)
    assert changed.untrusted == (str(entry),)
    assert "has changed since you trusted it" in changed.warnings[0]
    run(project, "trust")
    assert settings_in(project).untrusted == ()
    assert run(project, "trust", "--revoke")[0] == 0
    assert settings_in(project).untrusted == (str(entry),)
    assert run(project, "trust", "--revoke")[0] == 1


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("extra.yaml", "library.extra_model_paths", '["extra.yaml"]'),
        ("target.yaml", "library.target", '"target.yaml"'),
    ],
)
def test_a_file_that_a_trusted_file_names_is_trusted_as_it_was(
    project: Path, name: str, key: str, value: str
) -> None:
    says(project, as_toml(key, value))
    run(project, "trust")
    assert settings_in(project).untrusted == ()
    (project / name).write_text("a:\n  loras: /etc\n")
    assert settings_in(project).untrusted != ()


def test_a_copy_of_a_trusted_file_elsewhere_is_not_trusted(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(project, '[resolve]\nauto = "best"\n')
    run(project, "trust")
    other = project.parent / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    says(other, '[resolve]\nauto = "best"\n')
    assert settings_in(other).auto is None


def test_what_the_line_or_the_environment_settles_anyway_is_not_complained_of(project: Path) -> None:
    says(project, '[civitai]\nurl = "https://evil.example"\n[resolve]\nauto = "best"\n')
    settings = settings_in(
        project, Overrides(auto=Auto.HASH), WFDEPS_CIVITAI_URL="https://hub.example", CI="true"
    )
    assert (settings.untrusted, settings.warnings) == ((), ())
    settings.demand_trust()


@pytest.mark.parametrize(("words", "more"), [(["--strict"], {}), ([], {"CI": "true"})])
def test_a_strict_run_and_one_that_nobody_watches_end_with_2(
    project: Path, words: list[str], more: dict[str, str]
) -> None:
    says(project, "[check]\nfail_on = []\n")
    (project / "w.json").write_text("{}")
    code, out, err = run(project, "check", "w.json", *words, **more)
    assert (code, out) == (2, "")
    assert err.startswith("error: `wfdeps.toml` is not trusted: `fail_on` in [check]\nhint: `wfdeps trust`")


def test_fail_on_and_emptied_loaders_do_not_make_a_workflow_ready(project: Path) -> None:
    says(project, "[check]\nfail_on = []\n[nodes.CheckpointLoaderSimple]\nslots = []\n")
    (project / "w.json").write_text(
        '{"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},'
        ' "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}'
    )
    code, out, err = run(project, "check", "w.json", "--models", "models")
    assert (code, "a.safetensors" in out) == (1, True)
    assert err.count("warning: `wfdeps.toml`") == 1
    assert "`fail_on` in [check], `CheckpointLoaderSimple` in [nodes]" in err
    assert run(project, "trust")[0] == 0
    assert run(project, "check", "w.json", "--models", "models")[0] in (0, 2)


def test_the_persons_file_counts_below_the_projects(project: Path) -> None:
    person_says(
        project,
        "[check]\nfail_on = ['missing']\n[download]\njobs = 30\n[resolve]\nauto = 'best'\n[folders]\nVAE = 'vae'\n",
    )
    says(
        project, "[check]\nfail_on = ['missing', 'hash']\n[download]\njobs = 20\n[folders]\nLORA = 'loras'\n"
    )
    settings = settings_in(project)
    assert settings.fail_on == {FailOn.MISSING, FailOn.HASH} != DEFAULT_FAIL_ON
    assert (settings.jobs, settings.auto) == (20, Auto.BEST)
    assert settings.folders == {"VAE": "vae", "LORA": "loras"}
    assert settings.untrusted == ()


def test_a_dotenv_file_is_not_read(project: Path) -> None:
    (project / ".env").write_text(
        "WFDEPS_CIVITAI_URL=https://evil.example\nCIVITAI_API_TOKEN=planted\nHF_ENDPOINT=https://evil.example\n"
    )
    assert settings_in(project) == settings_in(project, HOME=str(project.parent / "home"))
    assert "evil" not in repr(settings_in(project))
    assert settings_in(project).civitai_token is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_a_config_file_is_said_and_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "wfdeps.toml")
    (warning,) = settings_in(project).warnings
    assert warning == "`wfdeps.toml` is not read: it is no file but a pipe, a socket or a device"
    code, _, err = run(project, "paths", "--config", "wfdeps.toml")
    assert (code, "it is no file but a pipe" in err) == (2, True)


def test_a_trust_book_that_cannot_be_read_trusts_nothing(project: Path) -> None:
    says(project, '[resolve]\nauto = "best"\n')
    run(project, "trust")
    (book,) = (project.parent / "home").rglob("trusted.json")
    assert book.stat().st_mode & 0o077 == 0
    for damaged in ('{"files": {"', "[]", '{"files": []}', "[" * 100_000, '{"files": {"x": 1}}'):
        book.write_text(damaged)
        assert settings_in(project).auto is None


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────────

TOKEN = "s3cret-t0ken"


class Listener:
    """A server that keeps what every request said of its sender."""

    def __init__(self) -> None:
        self.heard: list[str | None] = []
        heard, self.location = self.heard, ""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(self.headers.get("authorization"))
                if outer.location:
                    self.send_response(302)
                    self.send_header("location", outer.location)
                else:
                    self.send_response(404)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def listener() -> Iterator[Callable[[], Listener]]:
    made: list[Listener] = []

    def make() -> Listener:
        made.append(Listener())
        return made[-1]

    yield make
    for each in made:
        each.close()


def ask(settings: Settings, url: str) -> None:
    with Doors(settings) as doors, pytest.raises(NotFoundError):
        doors.http().json("GET", f"{url}/api/v1/models/1")


@pytest.mark.parametrize("key", ["civitai.url", "huggingface.endpoint"])
def test_a_project_gets_no_token_trusted_or_not(
    project: Path, key: str, listener: Callable[[], Listener]
) -> None:
    server = listener()
    says(project, as_toml(key, f'"{server.url}"'))
    tokens = {"CIVITAI_API_TOKEN": TOKEN, "HF_TOKEN": TOKEN}
    untrusted = settings_in(project, **tokens)
    assert server.url not in (untrusted.civitai_url, untrusted.hf_endpoint)
    ask(untrusted, server.url)
    run(project, "trust")
    trusted = settings_in(project, **tokens)
    assert server.url in (trusted.civitai_url, trusted.hf_endpoint)
    assert "which only the project names" in trusted.warnings[0]
    assert not trusted.signs_in_at(server.url)
    ask(trusted, server.url)
    assert server.heard == [None, None]


def test_an_address_that_the_person_names_gets_its_token_and_a_redirect_away_does_not(
    project: Path, listener: Callable[[], Listener]
) -> None:
    named, other = listener(), listener()
    ask(settings_in(project, WFDEPS_CIVITAI_URL=named.url, CIVITAI_API_TOKEN=TOKEN), named.url)
    ask(settings_in(project, HF_ENDPOINT=named.url, HF_TOKEN=TOKEN), named.url)
    ask(settings_in(project, Overrides(civitai_url=named.url, civitai_token=Secret(TOKEN))), named.url)
    person_says(project, as_toml("civitai.url", f'"{named.url}"'))
    named.location = other.url
    ask(settings_in(project, CIVITAI_API_TOKEN=TOKEN), named.url)
    assert named.heard == [f"Bearer {TOKEN}"] * 4
    assert other.heard == [None]


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("https://hub.example", True),
        ("http://127.0.0.1:8190", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8190", True),
        ("http://localhost:8190", True),
        ("http://hub.localhost", True),
        ("http://10.0.0.5:8190", False),
        ("http://hub:8190", False),
        ("http://localhost.evil.example", False),
        ("http://civitai.com", False),
        ("http://2130706433", False),
    ],
)
def test_no_token_goes_over_plain_http_to_another_machine(project: Path, url: str, goes: bool) -> None:
    for variable, token in (("WFDEPS_CIVITAI_URL", "CIVITAI_API_TOKEN"), ("HF_ENDPOINT", "HF_TOKEN")):
        settings = settings_in(project, **{variable: url, token: TOKEN})
        assert (url in settings.credentials, bool(settings.warnings)) == (goes, not goes)
        host = url.partition("://")[2].partition(":")[0]
        if not goes:
            assert f'`plain_http = ["{host}"]`' in settings.warnings[0]
            person_says(project, as_toml("network.plain_http", f'["{host}"]'))
            allowed = settings_in(project, **{variable: url, token: TOKEN})
            assert (url in allowed.credentials, allowed.warnings) == (True, ())
            person_says(project, "")


@pytest.mark.parametrize("variable", ["WFDEPS_CIVITAI_URL", "HF_ENDPOINT"])
@pytest.mark.parametrize(
    "address", ["http://[::1", "hub.example", "ftp://hub.example", "http://", "http://h:70000", "http://a b"]
)
def test_an_address_that_is_none_is_a_config_error(project: Path, variable: str, address: str) -> None:
    code, out, err = run(project, "paths", "--models", "models", **{variable: address})
    assert (code, out) == (2, "")
    assert err.startswith("error: `")
    assert f"hint: {variable} is to be like" in err
    with pytest.raises(WfdepsError):
        settings_in(project, **{variable: address})
