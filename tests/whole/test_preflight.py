"""`check` for CI: a policy, totals by file system, and a folder that is watched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.detect.files import pickle, state_dict_pickle, torch_zip
from tests.whole.conftest import Person, Said
from wfdeps.packaged import sample_path
from wfdeps.schema import problems

DEMO = sample_path("demo.json")


def check(person: Person, *words: str) -> Said:
    return person.wfdeps("check", DEMO, "--models", str(person.models), *words)


def states(said: Said) -> dict[str, str]:
    return {ref["name"]: ref["state"] for ref in said.json["refs"]}


def test_a_policy_refuses_what_is_there_offline(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    policy = person.save("policy.toml", '[licences]\nallow = ["commercial use: sell"]\n')
    said = check(person, "--policy", str(policy), "--json")
    assert said.code == 1
    assert problems(said.json, "report-1") == ()
    assert set(states(said).values()) == {"refused"}
    assert "commercial use: image" in check(person, "--policy", str(policy)).out
    lenient = person.save(
        "lenient.toml",
        '[licences]\nallow = ["commercial use: image"]\nunknown = "allow"\n[formats]\nallow = ["safetensors"]\n',
    )
    assert check(person, "--policy", str(lenient)).code == 0


def test_a_policy_of_sources_and_sizes_speaks_of_what_would_be_fetched(person: Person) -> None:
    policy = person.save("policy.toml", '[sizes]\nfile = "200 kB"\n')
    said = check(person, "--policy", str(policy), "--online", "--auto", "best", "--json")
    assert said.code == 1
    assert "refused" in states(said).values()
    assert "resolved" in states(said).values()


def test_a_licence_that_the_version_does_not_tell_is_asked_of_its_model(person: Person) -> None:
    policy = person.save("policy.toml", '[licences]\nallow = ["commercial use: image"]\n')
    said = check(person, "--policy", str(policy), "--online", "--auto", "best", "--json")
    assert set(states(said).values()) == {"resolved"}
    strict = person.save("strict.toml", '[licences]\nallow = ["commercial use: sell"]\n')
    said = check(person, "--policy", str(strict), "--online", "--auto", "best")
    assert "licence unknown" not in said.out
    assert said.out.count("commercial use: image") == 5


def test_get_fetches_nothing_that_the_policy_refuses(person: Person) -> None:
    policy = person.save("policy.toml", '[sources]\nallow = ["huggingface"]\n')
    said = person.get(DEMO, "--auto", "best", "--policy", str(policy), "--json")
    assert (said.code, person.tree()) == (1, {})
    assert set(states(said).values()) == {"refused"}


def test_a_policy_may_stand_in_the_config_file_and_be_left_out_of_the_verdict(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    policy = person.save("policy.toml", '[formats]\nallow = ["gguf"]\n')
    config = person.home / "config" / "config.toml"
    config.write_text(config.read_text() + f'[check]\npolicy = "{policy.as_posix()}"\n')
    assert check(person).code == 1
    assert check(person, "--fail-on", "missing").code == 0


@pytest.mark.parametrize("text", ["[licences", "[licenses]\n", '[sizes]\nfile = "big"\n', None])
def test_a_policy_that_cannot_be_used_is_exit_2(person: Person, text: str | None) -> None:
    path = person.save("policy.toml", text) if text else person.home / "none.toml"
    said = check(person, "--policy", str(path))
    assert (said.code, said.out) == (2, "")
    assert path.name in said.err


def test_an_online_check_sets_bytes_against_free_space(person: Person) -> None:
    said = check(person, "--online", "--auto", "best", "--json")
    (disk,) = said.json["totals"]["file_systems"]
    assert disk["need"] == said.json["totals"]["bytes_to_fetch"]
    assert disk["free"] > disk["need"]
    planned = person.get(DEMO, "--auto", "best", "--dry-run", "--json")
    assert planned.json["totals"]["file_systems"][0]["need"] == disk["need"]


@pytest.mark.skipif(os.name == "nt", reason="SIGINT as Ctrl-C")
def test_a_watched_folder_is_checked_again_on_change_until_interrupted(person: Person) -> None:
    workflow = person.save("w.json", Path(DEMO).read_text(encoding="utf-8"))
    command = [
        sys.executable,
        "-m",
        "wfdeps",
        "check",
        str(workflow),
        "--models",
        str(person.models),
        "--watch",
    ]
    said = person.home / "said"
    with said.open("wb") as out:
        running = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **person.environ},
            # In a job that runs in the background a shell has Ctrl-C ignored; here it must be heard.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        try:
            until(lambda: said.read_text().count("missing") >= 1)
            person.get(DEMO, "--auto", "best")
            until(lambda: "changed: " in said.read_text() and "ready" in said.read_text().lower())
            workflow.write_text("not json", encoding="utf-8")
            until(lambda: "w.json" in said.read_text().rpartition("changed: ")[2])
            running.send_signal(signal.SIGINT)
            assert running.wait(10) == 130
        finally:
            running.kill()
            running.wait()
    assert "Traceback" not in said.read_text()


def test_several_reports_at_once_each_to_its_file_and_one_to_another_by_o(person: Person) -> None:
    sarif, junit, text = (person.home / name for name in ("r.sarif", "r.xml", "r.txt"))
    said = check(
        person, "--format", f"sarif={sarif}", "--format", f"junit={junit}", "--format", "text", "-o", text
    )
    assert (said.code, said.out) == (1, "")
    assert sarif.read_text(encoding="utf-8").startswith("{")
    assert junit.read_text(encoding="utf-8").startswith("<?xml")
    assert "missing" in text.read_text(encoding="utf-8")


@pytest.mark.parametrize("formats", [("json", "sarif"), ("json=a.json",)])
def test_o_is_one_file_for_one_format(person: Person, formats: tuple[str, ...]) -> None:
    words = [word for name in formats for word in ("--format", name)]
    said = check(person, *words, "-o", "x")
    assert (said.code, said.out) == (2, "")
    assert "--format FORMAT=FILE" in said.err


@pytest.mark.parametrize("words", [("--format", "yaml"), ("--fail-on", "missing,typo")])
def test_a_word_nobody_knows_is_said_before_anything_is_fetched(
    person: Person, words: tuple[str, str]
) -> None:
    said = person.get(DEMO, "--auto", "best", *words)
    assert (said.code, said.out, person.tree()) == (2, "", {})
    assert "one of" in said.err


def test_standard_input_cannot_be_watched(person: Person) -> None:
    assert person.wfdeps("check", "-", "--models", str(person.models), "--watch").code == 2


def test_a_plain_check_imports_nothing_of_all_this(person: Person) -> None:
    code = (
        "import sys; from wfdeps.cli.main import main; "
        f"main(['check', {DEMO!r}, '--models', {str(person.models)!r}]); "
        "print(sorted(name for name in sys.modules if name.startswith('wfdeps')), file=sys.stderr)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **person.environ},
        check=True,
    )
    for name in (
        "wfdeps.api", "wfdeps.match.rules", "wfdeps.jobs.policy", "wfdeps.cli.watching", "wfdeps.wiring.sources",
        "wfdeps.jobs.resolve", "wfdeps.jobs.plan", "wfdeps.library.file_systems", "wfdeps.library.renewing", "wfdeps.http",
    ):  # fmt: skip
        assert f"'{name}'" not in told.stderr


def until(is_true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for something another process does. Fails when it never does."""
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def test_a_file_that_a_preset_would_take_counts_under_any_name(person: Person) -> None:
    workflow = person.save(
        "preset.json",
        '{"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sdxl.safetensors"}},'
        ' "2": {"class_type": "IPAdapterUnifiedLoader", "inputs": {"model": ["1", 0], "preset": "PLUS (high strength)"}},'
        ' "3": {"class_type": "KSampler", "inputs": {"model": ["2", 0]}},'
        ' "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}}',
    )
    adapter = person.models / "ipadapter" / "old" / "ip_adapter_plus-sdxl_vit-h.bin"
    adapter.parent.mkdir(parents=True)
    adapter.write_bytes(torch_zip(pickle(state_dict_pickle({"image_proj.w": (2, 2)}))))
    said = person.wfdeps("check", str(workflow), "--models", str(person.models), "--json")
    assert problems(said.json, "report-1") == ()
    assert states(said) == {
        "sdxl.safetensors": "missing",
        "CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors": "missing",
        "ip-adapter-plus_sdxl_vit-h.safetensors": "present",
    }
    text = person.wfdeps("check", str(workflow), "--models", str(person.models), "-v").out
    assert "as `old/ip_adapter_plus-sdxl_vit-h.bin`" in text
    assert "nor is there another file whose name has `(ViT.H.14" in text
