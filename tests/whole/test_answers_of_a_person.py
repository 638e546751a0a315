"""What a person answers besides one of the candidates: a file of their own, or that the run may go without."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.whole.conftest import Person
from tests.whole.test_main_job import DEMO, api
from wfdeps.schema import problems

INK = "ink_wash_style.safetensors"


def state_of(report: dict[str, Any], name: str = INK) -> str:
    return next(ref["state"] for ref in report["refs"] if ref["name"] == name)


def mine(person: Person, shelf: tuple[Path, list[Any]], name: str = "My own ink.safetensors") -> Path:
    """A LoRA of the person's, outside the model folders: bytes that no catalogue names so."""
    folder, rows = shelf
    path = person.home / "Downloads" / name
    path.parent.mkdir(exist_ok=True)
    source = next(folder.rglob(next(row["file_name"] for row in rows if row["model_type"] == "LORA")))
    data = bytearray(source.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    return path


def chosen(person: Person, *words: str) -> Any:
    return person.wfdeps("choose", *words)


def check(person: Person, *words: str) -> Any:
    return person.wfdeps("check", DEMO, "--models", str(person.models), "--json", *words)


# ── a file of one's own


def test_a_file_of_ones_own_is_placed_under_the_workflows_name_and_itself_left_alone(
    person: Person, shelf: tuple[Path, list[Any]]
) -> None:
    own = mine(person, shelf)
    before = own.read_bytes(), own.stat().st_mtime_ns, own.stat().st_mode
    assert chosen(person, INK, str(own)).code == 0
    got = person.get(DEMO, "--json")
    assert got.code == 0, got.out + got.err
    placed = person.models / "loras" / INK
    assert placed.read_bytes() == before[0]
    assert not placed.is_symlink(), "what lies outside may go away"
    assert (own.read_bytes(), own.stat().st_mtime_ns, own.stat().st_mode) == before
    lock = json.loads(person.lock.read_text(encoding="utf-8"))
    entry = next(one for one in lock["files"] if one["name"] == INK)
    assert problems(lock, "lock-1") == ()
    assert entry["chosen_by"] == "user"
    assert len(entry["sha256"]) == 64
    assert str(person.home) not in person.lock.read_text(encoding="utf-8")
    assert check(person).code == 0


def test_a_file_of_ones_own_that_a_source_knows_is_locked_with_its_origin(
    person: Person, shelf: tuple[Path, list[Any]]
) -> None:
    folder, rows = shelf
    row = next(row for row in rows if row["file_name"] == INK)
    own = person.home / "renamed.safetensors"
    own.write_bytes(next(folder.rglob(f"*{row['file_id']}*/{INK}"), next(folder.rglob(INK))).read_bytes())
    assert chosen(person, INK, str(own)).code == 0
    assert person.get(DEMO).code == 0
    entry = next(one for one in json.loads(person.lock.read_text())["files"] if one["name"] == INK)
    assert entry["air"]
    assert entry["sources"][0]["url"].startswith("https://civitai.com/")


def test_a_file_of_ones_own_needs_no_network(person: Person, shelf: tuple[Path, list[Any]]) -> None:
    workflow = person.save("one.json", api(LoraLoader={"lora_name": "sub/x.safetensors"}))
    chosen(person, "x.safetensors", str(mine(person, shelf)))
    asked = len(person.hub.requests)
    assert person.get(workflow, "--offline").code == 0
    assert (person.models / "loras" / "sub" / "x.safetensors").is_file()
    assert len(person.hub.requests) == asked


def test_a_file_of_ones_own_that_has_changed_since_is_said_to_have(
    person: Person, shelf: tuple[Path, list[Any]]
) -> None:
    own = mine(person, shelf)
    chosen(person, INK, str(own))
    data = bytearray(own.read_bytes())
    data[-2] ^= 1
    own.write_bytes(data)
    got = person.get(DEMO, "--json")
    assert got.code == 1
    ref = next(ref for ref in got.json["refs"] if ref["name"] == INK)
    assert "no longer the file you chose" in ref["detail"]
    own.unlink()
    ref = next(ref for ref in person.get(DEMO, "--json").json["refs"] if ref["name"] == INK)
    assert "No such file" in ref["detail"]
    assert INK not in os.listdir(person.models / "loras") if (person.models / "loras").exists() else True


def _pickle(folder: Path) -> Path:
    path = folder / "x.ckpt"
    path.write_bytes(b"\x80\x02}q\x00." + b"\x00" * 64)
    return path


def _page(folder: Path) -> Path:
    path = folder / "x.safetensors"
    path.write_bytes(b"<!DOCTYPE html><html>please log in</html>")
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "nowhere.safetensors", "No such file"),
        (lambda folder: folder, "is a folder"),
        (_pickle, "pickle"),
        (_page, "html page"),
    ],
    ids=["missing", "a folder", "a pickle", "a page"],
)
def test_what_can_be_no_answer_gets_a_clear_word_and_is_not_remembered(
    person: Person, make: Callable[[Path], Path], said: str
) -> None:
    told = chosen(person, INK, str(make(person.home)))
    assert told.code == 2
    assert said in told.err
    assert "no answers yet" in person.wfdeps("answers", "list").err


def test_another_hash_than_the_workflow_names_is_refused(
    person: Person, shelf: tuple[Path, list[Any]]
) -> None:
    from tests.match.making import ref
    from wfdeps.domain.digests import Digest
    from wfdeps.errors import LibraryError
    from wfdeps.jobs.choose import local_file
    from wfdeps.values import replace

    wanted = replace(ref(INK), digests=(Digest.parse("sha256:" + "a" * 64),))
    with pytest.raises(LibraryError, match="not the file the workflow means"):
        local_file(str(mine(person, shelf)), wanted)


# ── optional


def test_what_is_marked_optional_is_listed_and_does_not_turn_the_exit_code(person: Person) -> None:
    assert person.get(DEMO).code == 1
    assert chosen(person, INK, "optional", "--workflow", DEMO).code == 0
    got = person.get(DEMO, "--json")
    assert (got.code, got.json["verdict"], state_of(got.json)) == (0, "ready", "optional")
    assert problems(got.json, "report-1") == ()
    assert got.json["totals"]["missing"] == 0
    offline = check(person)
    assert (offline.code, state_of(offline.json)) == (0, "optional")
    assert "optional (1)" in person.wfdeps("check", DEMO, "--models", str(person.models)).out
    lock = json.loads(person.lock.read_text(encoding="utf-8"))
    assert (lock["optional"], lock["unresolved"]) == ([f"loras/{INK}"], [])
    assert person.wfdeps("sync", str(person.lock), "--locked", "--models", str(person.models)).code == 0


def test_what_is_marked_optional_is_asked_of_nobody(person: Person) -> None:
    chosen(person, INK, "optional")
    person.hub.requests.clear()
    person.get(DEMO)
    assert not [one for one in person.hub.requests if "ink" in str(one)]


def test_a_mark_travels_with_the_lock_and_ones_own_answer_is_stronger(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(person.home)
    chosen(person, INK, "optional")
    person.get(DEMO)
    elsewhere = {"WFDEPS_STATE_DIR": str(person.home / "another person")}
    assert person.wfdeps("check", DEMO, "--models", str(person.models), **elsewhere).code == 0
    assert person.wfdeps("choose", INK, "civitai:2100001004@2100002004", **elsewhere).code == 0
    assert person.wfdeps("check", DEMO, "--models", str(person.models), **elsewhere).code == 1


def test_a_mark_that_is_forgotten_is_forgotten_by_the_lock_too(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(person.home)
    chosen(person, INK, "optional")
    assert person.get(DEMO).code == 0
    assert "optional" in person.wfdeps("answers", "list").out
    listed = person.wfdeps("answers", "list", "--json").json
    assert problems(listed, "answers-1") == ()
    assert listed["answers"][0]["optional"] is True
    assert person.wfdeps("answers", "forget", INK).code == 0
    assert check(person).code == 1
    got = person.get(DEMO, "--json")
    assert state_of(got.json) == "ambiguous"
    assert json.loads(person.lock.read_text(encoding="utf-8"))["optional"] == []


def test_nothing_is_forgotten_where_the_lock_cannot_forget_it(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(person.home)
    chosen(person, INK, "optional")
    person.lock.write_text("no lock of ours", encoding="utf-8")
    assert person.wfdeps("answers", "forget", INK).code == 2
    assert INK in person.wfdeps("answers", "list").out


# ── without a terminal


@pytest.mark.parametrize("which", [0, 1])
def test_each_candidates_command_chooses_that_very_file(person: Person, which: int) -> None:
    got = person.get(DEMO, "--no-input", "--json")
    assert got.code == 1
    ref = next(ref for ref in got.json["refs"] if ref["name"] == INK)
    assert ref["state"] == "ambiguous"
    one = ref["candidates"][which]
    words = shlex.split(one["choose"])
    assert words[:2] == ["wfdeps", "choose"]
    said = person.wfdeps(*words[1:])
    assert said.code == 0, said.err
    after = person.get(DEMO, "--json")
    assert after.code == 0
    chosen = next(ref["chosen"] for ref in after.json["refs"] if ref["name"] == INK)
    assert chosen["file_id"] == one["file_id"]


def test_a_file_that_was_seen_by_chance_does_not_hide_its_rivals(person: Person) -> None:
    """The index is fed by every answer: of two files of one name it may know the one that was last talked of."""
    assert person.wfdeps("choose", "other.safetensors", "civitai:2100001004@2100002004").code == 0
    (entry,) = person.wfdeps("resolve", INK, "--folder", "loras", "--json").json["resolutions"]
    assert (entry["outcome"], len(entry["candidates"])) == ("ambiguous", 2)


def test_bare_names_come_with_commands_too(person: Person) -> None:
    said = person.wfdeps("resolve", INK, "--folder", "loras", "--json", "--no-input")
    (entry,) = said.json["resolutions"]
    assert entry["outcome"] == "ambiguous"
    for one in entry["candidates"]:
        assert person.wfdeps(*shlex.split(one["choose"])[1:]).code == 0
        (now,) = person.wfdeps("resolve", INK, "--folder", "loras", "--json").json["resolutions"]
        assert now["chosen"]["file_id"] == one["file_id"]


def test_a_mirror_that_is_a_folder_gives_its_files_and_asks_nobody_for_their_bytes(
    person: Person, shelf: tuple[Path, list[Any]]
) -> None:
    folder, rows = shelf
    row = next(row for row in rows if row["file_name"] == INK)
    store = person.home / "the store" / "sha256"
    store.mkdir(parents=True)
    (store / row["hashes"]["SHA256"].lower()).write_bytes((folder / row["path"]).read_bytes())
    (person.home / "config" / "config.toml").write_text(
        f'[resolve]\nsources = ["mirror", "index", "civitai"]\nmirrors = ["{store.parent.as_uri()}"]\n'
    )
    sha256 = row["hashes"]["SHA256"].lower()
    workflow = person.save("wf.json", api(LoraLoader={"lora_name": "x.safetensors"}))
    assert (
        person.wfdeps("choose", "x.safetensors", f"civitai:{row['model_id']}@{row['version_id']}").code == 0
    )
    assert person.get(workflow).code == 0
    other = person.home / "other"
    other.mkdir()
    asked = len(person.hub.requests.to("/api/download/"))
    assert person.wfdeps("sync", str(person.lock), "--models", str(other)).code == 0
    assert len(person.hub.requests.to("/api/download/")) == asked
    assert hashlib.sha256((other / "loras" / "x.safetensors").read_bytes()).hexdigest() == sha256
    assert "file:" not in person.lock.read_text(encoding="utf-8")


def test_a_file_of_ones_own_that_is_of_another_type_is_taken_with_a_warning(
    person: Person, shelf: tuple[Path, list[Any]]
) -> None:
    folder, rows = shelf
    checkpoint = folder / next(row["path"] for row in rows if row["model_type"] == "Checkpoint")
    told = chosen(person, INK, str(checkpoint), "--folder", "loras")
    assert told.code == 0
    assert "checkpoint, wanted lora" in told.err


# ── shared by the lock


def test_what_one_person_chose_the_lock_answers_for_all_who_share_it(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(person.home)
    assert person.wfdeps("choose", INK, "civitai:2100001005@2100002005").code == 0
    assert person.get(DEMO).code == 0
    elsewhere = {
        name: str(person.home / "another" / name) for name in ("WFDEPS_STATE_DIR", "WFDEPS_CACHE_DIR")
    }
    tree = ("--models", str(person.home / "their models"))
    assert "by a person, as the lock says" in person.wfdeps("why", INK, DEMO, *tree, **elsewhere).out
    got = person.wfdeps("get", DEMO, *tree, "--yes", "--json", **elsewhere)
    assert got.code == 0, got.out + got.err
    chosen = next(ref for ref in got.json["refs"] if ref["name"] == INK)
    assert (chosen["chosen"]["version_id"], chosen["chosen_by"]) == (2100002005, "user")
    why = person.wfdeps("why", INK, DEMO, *tree, **elsewhere).out
    assert (
        "from civitai: urn:air:sd1:lora:civitai:2100001005@2100002005+2100003005, verified by sha256" in why
    )
    assert "locked, taken by user; chosen before:" in why


def test_ones_own_answer_is_stronger_than_the_locks(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(person.home)
    person.wfdeps("choose", INK, "civitai:2100001005@2100002005")
    person.wfdeps("lock", DEMO, "-o", str(person.lock))
    person.wfdeps("choose", INK, "civitai:2100001004@2100002004")
    online = check(person, "--online")
    assert (
        next(ref for ref in online.json["refs"] if ref["name"] == INK)["chosen"]["version_id"] == 2100002004
    )


def test_a_choice_that_is_forgotten_is_forgotten_by_the_lock_too(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(person.home)
    person.wfdeps("choose", INK, "civitai:2100001005@2100002005")
    person.wfdeps("lock", DEMO, "-o", str(person.lock))
    assert state_of(check(person, "--online").json) == "resolved"
    assert person.wfdeps("answers", "forget", INK).err == "2 forgotten\n"
    assert state_of(check(person, "--online").json) == "ambiguous"
