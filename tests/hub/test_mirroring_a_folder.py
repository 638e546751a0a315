"""A folder of models as a LAN mirror: by hash, without a catalogue, and without hashing twice."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.fakes.hub import run_hub
from tests.hub.rows import TOKEN, lora, write_file
from wfdeps.errors import UsageError
from wfdeps.hub.server import HubServer
from wfdeps.hub.shelf import Shelf


def test_a_file_is_served_under_its_hash_with_ranges(serve, get, models: Path) -> None:
    hub = serve(lora(1, "A"))
    sha256 = hub.site.store.rows(1)[0]["hashes"]["SHA256"]
    content = (models / "loras/1.safetensors").read_bytes()
    for spelling in (sha256, sha256.lower()):
        assert get(hub, f"/sha256/{spelling}").content == content
    part = get(hub, f"/sha256/{sha256}", headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, content[5:10])
    head = get(hub, f"/sha256/{sha256}", method="HEAD")
    assert int(head.headers["content-length"]) == len(content)
    assert get(hub, "/sha256/" + "0" * 64).status_code == 404
    assert get(hub, "/sha256/..%2f..%2fetc%2fpasswd").status_code == 404


def test_a_mirror_withholds_what_the_catalogue_withholds(serve, get) -> None:
    hub = serve(lora(1, "A", require_auth=True))
    sha256 = hub.site.store.rows(1)[0]["hashes"]["SHA256"]
    assert get(hub, f"/sha256/{sha256}").status_code == 401
    assert get(hub, f"/sha256/{sha256}", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_store_is_mirrored_beside_the_catalogue_which_withholds_what_it_knows(
    models: Path, tmp_path: Path, get
) -> None:
    row = lora(1, "A", require_auth=True)
    write_file(models, row)
    content = (models / "loras/1.safetensors").read_bytes()
    store = {hashlib.sha256(one).hexdigest(): one for one in (content, b"kept")}
    for sha256, one in store.items():
        (tmp_path / sha256).write_bytes(one)

    def kept(sha256: str) -> str | None:
        return str(tmp_path / sha256) if sha256 in store else None

    withheld, free = store
    with run_hub([row], models=models, kept=kept) as hub:
        assert get(hub, f"/sha256/{free}").content == b"kept"
        assert get(hub, f"/sha256/{withheld}").status_code == 401
        assert get(hub, "/sha256/" + "0" * 64).status_code == 404
        assert get(hub, "/sha256/..%2f..%2fetc").status_code == 404
    with run_hub(kept=kept, tokens=[TOKEN], login_everywhere=True) as hub:
        assert get(hub, f"/sha256/{free}").status_code == 401
        assert get(hub, f"/sha256/{free}", headers={"Authorization": f"Bearer {TOKEN}"}).content == b"kept"


def test_files_without_a_row_become_models_of_their_folder(models: Path, get) -> None:
    for folder in ("checkpoints", "loras", "nobody_knows"):
        write_file(models, lora(1, "x", path=f"{folder}/mine.safetensors"))
        (models / folder / "mine.safetensors").write_bytes(folder.encode() * 9)
    (models / "loras" / "notes.txt").write_text("not a model")
    with run_hub(models=models) as hub:
        items = get(hub, "/api/v1/models").json()["items"]
    assert sorted(item["type"] for item in items) == ["Checkpoint", "LORA", "Other"]
    with run_hub(models=models) as again:
        assert {item["id"] for item in items} == {
            i["id"] for i in get(again, "/api/v1/models").json()["items"]
        }


def test_in_a_folder_that_says_nothing_the_header_tells_the_type(models: Path, get) -> None:
    write_file(models, lora(1, "x", path="misc/x.safetensors"))
    with run_hub(models=models) as hub:
        (item,) = get(hub, "/api/v1/models").json()["items"]
    assert (item["type"], item["name"]) == ("LORA", "x")


def test_a_link_that_leads_out_of_the_first_folder_is_not_answered_with_the_second_folders_file(
    models: Path, tmp_path: Path, get
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    for folder in (tmp_path, second):
        write_file(folder, lora(1, "x", path="x/secret.safetensors", model_id=len(folder.parts)))
    (models / "x").mkdir()
    (models / "x" / "secret.safetensors").symlink_to(tmp_path / "x" / "secret.safetensors")
    with run_hub(models=[str(models), str(second)]) as hub:
        (file,) = hub.site.store.fetch("SELECT file_id, path FROM files")
        assert file[1] == "x/secret.safetensors"
        assert get(hub, f"/api/download/models/{file[0]}").status_code == 404


def test_a_row_finds_its_file_by_hash_wherever_it_lies(models: Path, get) -> None:
    write_file(models, lora(1, "x"))
    (book,) = Shelf(str(models)).files()
    row = lora(1, "x", path=None, file_name="another name.safetensors", hashes=book.hashes)
    with run_hub([row], models) as hub:
        assert get(hub, "/api/download/models/1001").status_code == 307
        assert len(get(hub, "/api/v1/models").json()["items"]) == 1


def test_a_name_with_another_hash_is_not_its_file(models: Path, get) -> None:
    write_file(models, lora(1, "x"))
    row = lora(1, "x", path=None, file_name="1.safetensors", hashes={"SHA256": "AB" * 32})
    with run_hub([row], models) as hub:
        assert get(hub, "/api/download/models/1001").status_code == 404
    with run_hub([lora(1, "x", path=None, file_name="1.safetensors")], models) as hub:
        assert get(hub, "/api/download/models/1001").status_code == 307


def test_hashes_are_remembered_until_a_file_changes(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wfdeps.hub.shelf as shelf

    read: list[str] = []
    honest = shelf.digest_file
    monkeypatch.setattr(shelf, "digest_file", lambda path: read.append(path) or honest(path))
    write_file(models, lora(1, "x"))
    index = str(tmp_path / "cache" / "index.sqlite")
    first = Shelf(str(models), index=index).files()
    assert Shelf(str(models), index=index).files() == first
    assert len(read) == 1
    (models / "loras/1.safetensors").write_bytes(b"other bytes, another time")
    assert Shelf(str(models), index=index).files() != first
    assert len(read) == 2


def test_a_link_to_nowhere_is_left_out_and_named(models: Path, get) -> None:
    write_file(models, lora(1, "x"))
    (models / "loras" / "gone.safetensors").symlink_to(models / "nowhere")
    with run_hub(models=models) as hub:
        assert hub.skipped == ["loras/gone.safetensors"]
        assert len(get(hub, "/api/v1/models").json()["items"]) == 1


def test_a_catalogue_file_is_read_and_a_bad_line_named(tmp_path: Path, get) -> None:
    catalogue = tmp_path / "catalogue.jsonl"
    catalogue.write_text(json.dumps(lora(1, "A", path=None)) + "\n\n")
    with run_hub(catalogue) as hub:
        assert hub.summary() == "1 models, 1 versions, 1 files, 0 of them here"
    catalogue.write_text('{"file_name": "a"}\nnot json\n')
    with pytest.raises(UsageError, match="line 2"):
        HubServer(catalogue)
    catalogue.write_text('{"file_name": "a", "version_id": "12"}\n')
    with pytest.raises(UsageError, match="`version_id` is no whole number"):
        HubServer(catalogue)
    catalogue.write_text('{"name": "a"}\n')
    with pytest.raises(UsageError, match="names no file"):
        HubServer(catalogue)
    with pytest.raises(UsageError, match="cannot read"):
        HubServer(tmp_path / "absent.jsonl")
    with pytest.raises(UsageError, match="no folder"):
        HubServer(models=tmp_path / "absent")


def test_a_taken_port_is_said_in_one_line() -> None:
    with run_hub() as hub:
        port = int(hub.url.rpartition(":")[2])
        with pytest.raises(UsageError, match="cannot listen"):
            HubServer(port=port).start()
