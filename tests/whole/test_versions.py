"""`updates`, `update`, `rollback`: newer versions under the old name, and nothing is ever lost."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hub import run_hub
from tests.whole.conftest import Person, Said
from wfdeps.hub.digests import digest_file
from wfdeps.hub.samples import SAMPLES, safetensors_bytes
from wfdeps.schema import problems

NAME = "loras/paperLantern.safetensors"
LANTERN, V1, V2, XL = 2_100_001_002, 2_100_002_002, 2_100_002_902, 2_100_002_903


@pytest.fixture
def studio(tmp_path: Path, shelf: tuple[Path, list[Any]]) -> Iterator[Person]:
    """A person who has v1.0 of Paper Lanterns, whose v2.0 and a version for SDXL are out."""
    folder, rows = shelf
    old = rows[1]
    content = safetensors_bytes(SAMPLES[1].shapes, "F16", SAMPLES[1].metadata, seed=902)
    (folder / "loras" / "lantern_v2.safetensors").write_bytes(content)
    newer = old | {
        "version_id": V2, "file_id": V2, "version_name": "v2.0", "path": "loras/lantern_v2.safetensors",
        "file_name": "paperLantern_v20.safetensors", "published_at": "2026-09-01T12:00:00.000Z",
        "hashes": digest_file(str(folder / "loras" / "lantern_v2.safetensors")), "file_size_kb": len(content) / 1024,
        "version_description": "<p>Warmer light.</p>",
    }  # fmt: skip
    xl = newer | {"version_id": XL, "file_id": XL, "version_name": "XL", "base_model": "SDXL 1.0"}
    with run_hub(rows, folder) as hub:
        person = Person(tmp_path / "home", hub)
        assert person.wfdeps("download", f"civitai:{LANTERN}", "--models", str(person.models)).code == 0
        hub.publish([old, newer, xl])
        yield person


def say(person: Person, *words: str, **environ: str) -> Said:
    return person.wfdeps(*words, "--models", str(person.models), **environ)


def sidecar(person: Person) -> Any:
    return json.loads((person.models / f"{NAME}.civitai.json").read_text(encoding="utf-8"))


def bytes_of(person: Person) -> bytes:
    return (person.models / NAME).read_bytes()


def kept(person: Person) -> set[str]:
    """The hashes of what the store keeps, each proven."""
    found = {path.name: path for path in (person.models / ".wfdeps").rglob("*") if len(path.name) == 64}
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == name for name, path in found.items())
    return set(found)


def test_updates_shows_newer_versions_of_the_same_base_with_notes(studio: Person) -> None:
    said = say(studio, "updates")
    assert said.code == 0
    assert f"{NAME}: v1.0 → v2.0  (2026-09-01)" in said.out
    assert "Warmer light." in said.out
    assert f"wfdeps update {NAME}" in said.out
    document = say(studio, "updates", "--json").json
    assert problems(document, "updates-1") == ()
    (update,) = document["updates"]
    assert [one["version"] for one in update["newer"]] == ["v2.0"]
    assert [one["base_model"] for one in update["other_base_models"]] == ["SDXL 1.0"]


def test_update_keeps_the_name_and_the_old_bytes(studio: Person) -> None:
    old = bytes_of(studio)
    said = say(studio, "update", "paperLantern")
    assert said.code == 0, said
    assert "v1.0 → v2.0" in said.out
    assert bytes_of(studio) != old
    assert sidecar(studio)["version_id"] == V2
    assert sidecar(studio)["hashes"]["sha256"] == hashlib.sha256(bytes_of(studio)).hexdigest()
    assert kept(studio) == {hashlib.sha256(old).hexdigest()}
    assert say(studio, "update", NAME).out == f"{NAME}: v2.0 is the newest\n"
    listed = say(studio, "list", "--json").json["files"]
    assert [row["name"] for row in listed] == ["paperLantern.safetensors"]


def test_rollback_brings_the_version_before_from_the_store_without_a_download(studio: Person) -> None:
    old, old_sidecar = bytes_of(studio), sidecar(studio)
    say(studio, "update", NAME)
    new, asked = bytes_of(studio), len(studio.hub.requests.to("/api/download/"))
    said = say(studio, "rollback", NAME)
    assert (said.code, said.out) == (0, f"{NAME}: v2.0 → v1.0, from the store\n")
    assert (bytes_of(studio), sidecar(studio)) == (old, old_sidecar)
    assert len(studio.hub.requests.to("/api/download/")) == asked
    assert hashlib.sha256(new).hexdigest() in kept(studio)
    assert say(studio, "update", NAME).code == 0
    assert bytes_of(studio) == new


def test_rollback_downloads_again_what_the_store_no_longer_has(studio: Person) -> None:
    old = bytes_of(studio)
    say(studio, "update", NAME)
    for name in kept(studio):
        next((studio.models / ".wfdeps").rglob(name)).unlink()
    said = say(studio, "rollback", NAME)
    assert (said.code, bytes_of(studio)) == (0, old)
    assert "downloaded again" in said.out


def test_a_kept_file_that_was_damaged_is_not_believed(studio: Person) -> None:
    old = bytes_of(studio)
    say(studio, "update", NAME)
    damaged = next((studio.models / ".wfdeps").rglob(hashlib.sha256(old).hexdigest()))
    damaged.chmod(0o644)
    damaged.write_bytes(b"x" * len(old))
    said = say(studio, "rollback", NAME)
    assert (said.code, bytes_of(studio)) == (0, old)
    assert "downloaded again" in said.out


def test_rollback_without_history_takes_the_version_before_from_its_page(studio: Person) -> None:
    (studio.models / NAME).unlink()
    (studio.models / f"{NAME}.civitai.json").unlink()
    got = say(studio, "download", "--version-id", str(V2), "--model-type", "loras", "--json")
    assert got.code == 0
    said = say(studio, "rollback", "paperLantern_v20")
    assert said.code == 0, said
    assert "v2.0 → v1.0, downloaded" in said.out


def test_the_very_first_version_has_none_before_it(studio: Person) -> None:
    said = say(studio, "rollback", NAME)
    assert (said.code, said.out) == (2, "")
    assert "no version before `v1.0`" in said.err


def test_a_dry_run_touches_nothing(studio: Person) -> None:
    old = bytes_of(studio)
    said = say(studio, "update", NAME, "--dry-run")
    assert "v1.0 → v2.0" in said.out
    assert (bytes_of(studio), kept(studio)) == (old, set())


@pytest.mark.parametrize("fault", ["early_access", "missing", "wrong"])
def test_whatever_fails_the_old_file_stands_as_it_was(studio: Person, fault: str) -> None:
    old, old_sidecar = bytes_of(studio), sidecar(studio)
    switches: dict[str, dict[str, Any]] = {
        "early_access": {"early_access": "2099-01-01T00:00:00.000Z"},
        "missing": {"path": "loras/gone.safetensors"},
        "wrong": {"path": "loras/copper_line_xl.safetensors"},
    }
    studio.hub.row(version_id=V2, **switches[fault])
    studio.environ.pop("CIVITAI_API_TOKEN")
    said = say(studio, "update", NAME)
    assert said.code in (3, 4), said
    assert (bytes_of(studio), sidecar(studio)) == (old, old_sidecar)


def test_a_version_of_another_kind_never_takes_the_place(
    studio: Person, shelf: tuple[Path, list[Any]]
) -> None:
    old, vae = bytes_of(studio), shelf[1][2]
    studio.hub.row(version_id=V2, path=vae["path"], hashes=vae["hashes"], file_size_kb=vae["file_size_kb"])
    said = say(studio, "update", NAME)
    assert (said.code, bytes_of(studio)) == (4, old)
    assert "is a vae" in said.err


def test_another_base_model_is_taken_only_when_it_is_wished(studio: Person) -> None:
    say(studio, "update", NAME)
    assert "--any-base takes it" in say(studio, "update", NAME).err
    assert say(studio, "update", NAME, "--version-id", str(XL)).code == 0
    assert sidecar(studio)["base_model"] == "SDXL 1.0"


def test_what_wfdeps_did_not_place_is_left_alone(studio: Person) -> None:
    (studio.models / "loras" / "mine.safetensors").write_bytes(bytes_of(studio))
    assert say(studio, "updates", "--json").json["checked"] == 1
    said = say(studio, "update", "mine")
    assert said.code == 2
    assert "nobody wrote down where `mine` is from" in said.err
    assert say(studio, "update", "nothing").code == 2


def test_a_store_that_is_named_keeps_the_old_version(studio: Person) -> None:
    store = studio.home / "store"
    old = hashlib.sha256(bytes_of(studio)).hexdigest()
    assert say(studio, "update", NAME, "--store", str(store)).code == 0
    assert (store / "sha256" / old).is_file()
    assert "from the store" in say(studio, "rollback", NAME, "--store", str(store)).out


class _Hook(BaseHTTPRequestHandler):
    got: list[tuple[dict[str, str], bytes]]
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append(({key.lower(): value for key, value in self.headers.items()}, body))
        self.send_response(self.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[tuple[str, type[_Hook]]]:
    class Hook(_Hook):
        got: list[tuple[dict[str, str], bytes]] = []  # noqa: RUF012

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook/in-the-path", Hook
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_gets_the_document_signed(studio: Person, hook: tuple[str, type[_Hook]]) -> None:
    url, receiver = hook
    said = say(studio, "updates", "--notify", url, "--notify-secret-env", "HOOK", HOOK="wh1sper")
    assert said.code == 0, said
    assert "wh1sper" not in said.out + said.err
    assert "in-the-path" not in said.out + said.err
    ((headers, body),) = receiver.got
    expected = hmac.new(b"wh1sper", body, hashlib.sha256).hexdigest()
    assert headers["x-wfdeps-signature-256"] == f"sha256={expected}"
    assert json.loads(body)["updates"][0]["name"] == "paperLantern.safetensors"
    assert "authorization" not in headers


def test_nothing_newer_notifies_nobody(studio: Person, hook: tuple[str, type[_Hook]]) -> None:
    say(studio, "update", NAME)
    assert say(studio, "updates", "--notify", hook[0]).code == 0
    assert hook[1].got == []


def test_a_webhook_without_a_secret_is_posted_and_said(studio: Person, hook: tuple[str, type[_Hook]]) -> None:
    said = say(studio, "updates", "--notify", hook[0])
    assert "not signed" in said.err
    assert "x-wfdeps-signature-256" not in hook[1].got[0][0]
    assert say(studio, "updates", "--notify", hook[0], "--notify-secret-env", "UNSET").code == 2


def test_a_webhook_that_fails_is_exit_3_after_the_list(studio: Person, hook: tuple[str, type[_Hook]]) -> None:
    hook[1].status = 500
    said = say(studio, "updates", "--notify", hook[0])
    assert said.code == 3
    assert "v1.0 → v2.0" in said.out


def test_a_hub_that_is_down_is_exit_3(studio: Person) -> None:
    assert say(studio, "updates", WFDEPS_CIVITAI_URL="http://127.0.0.1:9").code == 3
    old = bytes_of(studio)
    assert say(studio, "update", NAME, WFDEPS_CIVITAI_URL="http://127.0.0.1:9").code == 3
    assert bytes_of(studio) == old


def test_a_model_that_is_gone_is_said_and_is_no_failure(studio: Person) -> None:
    studio.hub.row(model_id=LANTERN, unpublished=True)
    said = say(studio, "updates")
    assert f"warning: {NAME}: " in said.err
    assert said.code == 0


def test_where_every_model_is_gone_nothing_is_called_the_newest(studio: Person) -> None:
    studio.hub.row(model_id=LANTERN, unpublished=True)
    said = say(studio, "updates")
    assert said.out.strip() == "all that is known is gone from its site"
