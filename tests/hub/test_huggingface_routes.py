"""The hub as Hugging Face: resolve, tree, listing and gates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.rows import BUYER, TOKEN, lora

REPO = "studio/lights"


def row(number: int, path: str, **hf: object) -> dict[str, object]:
    return lora(number, f"m{number}", hf={"repo": REPO, "path": path, **hf})


@pytest.mark.parametrize("prefix", ["", "/hf"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_resolve_redirects_and_names_hash_size_and_commit(serve, get, models: Path, prefix, method) -> None:
    hub = serve(row(1, "split/a.safetensors"))
    answer = get(hub, f"{prefix}/{REPO}/resolve/main/split/a.safetensors", method=method)
    assert answer.status_code == 302
    sha256 = hub.site.store.rows(1)[0]["hashes"]["SHA256"].lower()
    assert answer.headers["x-linked-etag"] == f'"{sha256}"'
    assert int(answer.headers["x-linked-size"]) == (models / "loras/1.safetensors").stat().st_size
    assert len(answer.headers["x-repo-commit"]) == 40
    content = get(hub, answer.headers["location"]).content
    assert content == (models / "loras/1.safetensors").read_bytes()


def test_a_commit_is_a_revision_and_an_unknown_one_is_not(serve, get) -> None:
    hub = serve(row(1, "a.safetensors", revision="v2"))
    commit = get(hub, f"/api/models/{REPO}").json()["sha"]
    for revision in ("main", "v2", commit):
        assert get(hub, f"/{REPO}/resolve/{revision}/a.safetensors").status_code == 302
    unknown = get(hub, f"/{REPO}/resolve/v9/a.safetensors")
    assert (unknown.status_code, unknown.headers["x-error-code"]) == (404, "RevisionNotFound")


def test_a_missing_file_and_a_missing_repository_say_so(serve, get) -> None:
    hub = serve(row(1, "a.safetensors"))
    entry = get(hub, f"/{REPO}/resolve/main/b.safetensors")
    assert (entry.status_code, entry.headers["x-error-code"]) == (404, "EntryNotFound")
    stranger = get(hub, "/no/such/resolve/main/b.safetensors")
    member = get(hub, "/no/such/resolve/main/b.safetensors", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (stranger.status_code, member.status_code) == (401, 404)
    assert stranger.headers["x-error-code"] == "RepoNotFound"


def test_the_tree_lists_folders_or_everything(serve, get) -> None:
    hub = serve(row(1, "a.safetensors"), row(2, "split/b.safetensors"))
    top = get(hub, f"/api/models/{REPO}/tree/main").json()
    assert [(entry["type"], entry["path"]) for entry in top] == [
        ("file", "a.safetensors"),
        ("directory", "split"),
    ]
    deep = get(hub, f"/api/models/{REPO}/tree/main", params={"recursive": "true"}).json()
    (file,) = [entry for entry in deep if entry["path"] == "split/b.safetensors"]
    assert file["lfs"]["oid"] == hub.site.store.rows(2)[0]["hashes"]["SHA256"].lower()
    inside = get(hub, f"/api/models/{REPO}/tree/main/split").json()
    assert [entry["path"] for entry in inside] == ["split/b.safetensors"]


def test_the_listing_has_hashes_only_when_asked(serve, get) -> None:
    hub = serve(row(1, "a.safetensors"))
    (plain,) = get(hub, f"/api/models/{REPO}").json()["siblings"]
    (full,) = get(hub, f"/api/models/{REPO}", params={"blobs": "true"}).json()["siblings"]
    assert plain == {"rfilename": "a.safetensors"}
    assert full["lfs"]["sha256"] == hub.site.store.rows(1)[0]["hashes"]["SHA256"].lower()


def test_a_gate_opens_to_tokens_and_a_manual_one_to_few(serve, get) -> None:
    hub = serve(row(1, "a.safetensors", gated=True))
    path = f"/{REPO}/resolve/main/a.safetensors"
    stranger = get(hub, path)
    assert (stranger.status_code, stranger.headers["x-error-code"]) == (401, "GatedRepo")
    assert get(hub, path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 302
    hub.row(version_id=1001, hf={"repo": REPO, "path": "a.safetensors", "gated": "manual"})
    member = get(hub, path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (member.status_code, member.headers["x-error-code"]) == (403, "GatedRepo")
    assert get(hub, path, headers={"Authorization": f"Bearer {BUYER}"}).status_code == 302
    assert get(hub, f"/api/models/{REPO}").json()["gated"] == "manual"


def test_whoami_knows_tokens(serve, get) -> None:
    hub = serve()
    assert get(hub, "/api/whoami-v2").status_code == 401
    assert get(hub, "/api/whoami-v2", headers={"Authorization": f"Bearer {TOKEN}"}).json()["type"] == "user"
