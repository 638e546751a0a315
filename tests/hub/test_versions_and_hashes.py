"""Models and versions by id, files by hash: what is found, and in which of its many shapes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.hub.rows import TOKEN, lora

BATCH = "/api/v1/model-versions/by-hash"
INT4 = 2**31 - 1


def hashes_of(hub: Any, number: int) -> dict[str, str]:
    return hub.site.store.rows(number)[0]["hashes"]


def test_every_kind_of_hash_finds_its_version_in_any_case(serve, get) -> None:
    hub = serve(lora(1, "A"), lora(2, "B"))
    for value in hashes_of(hub, 2).values():
        for spelling in (value, value.lower()):
            assert get(hub, f"{BATCH}/{spelling}").json()["id"] == 1002


def test_hashes_are_those_of_the_file(serve, models: Path) -> None:
    content_hash = hashes_of(serve(lora(1, "A")), 1)
    content = (models / "loras" / "1.safetensors").read_bytes()
    sha256 = hashlib.sha256(content).hexdigest().upper()
    header = 8 + int.from_bytes(content[:8], "little")
    assert content_hash["SHA256"] == sha256
    assert content_hash["AutoV2"] == sha256[:10]
    assert content_hash["AutoV3"] == hashlib.sha256(content[header:]).hexdigest()[:12].upper()
    assert "AutoV1" not in content_hash


def test_crc32_has_its_bytes_the_other_way_round(tmp_path: Path) -> None:
    from wfdeps.hub.digests import digest_file

    (tmp_path / "x").write_bytes(b"hello world")
    assert digest_file(str(tmp_path / "x"))["CRC32"] == "85114A0D"


def test_of_several_versions_the_earliest_wins(serve, get) -> None:
    shared = {"SHA256": "AB" * 32}
    rows = [
        lora(1, "Later", hashes=shared, path=None, published_at="2026-05-01T00:00:00Z"),
        lora(2, "Earlier", hashes=shared, path=None, published_at="2025-05-01T00:00:00Z"),
    ]
    assert get(serve(*rows), f"{BATCH}/{'ab' * 32}").json()["model"]["name"] == "Earlier"


def test_a_file_without_hashes_is_found_by_none_and_shown_as_pending(serve, get) -> None:
    hub = serve(lora(1, "A", no_hashes=True))
    (file,) = get(hub, "/api/v1/model-versions/1001").json()["files"]
    assert (file["hashes"], file["scannedAt"], file["pickleScanResult"]) == ({}, None, "Pending")


def test_an_unknown_hash_is_a_404_that_says_model_not_found(serve, get) -> None:
    answer = get(serve(lora(1, "A")), f"{BATCH}/{'0' * 64}")
    assert (answer.status_code, answer.json()) == (404, {"error": "Model not found"})
    assert "s-maxage=3600" in answer.headers["cache-control"]


def test_a_batch_drops_misses_and_names_a_host_that_is_not_there(serve, get) -> None:
    hub = serve(lora(1, "A"), lora(2, "B"))
    asked = [hashes_of(hub, 2)["SHA256"].lower(), "0" * 64, hashes_of(hub, 1)["SHA256"]]
    body = get(hub, BATCH, method="POST", json=asked).json()
    assert [version["id"] for version in body] == [1001, 1002]
    assert all(version["downloadUrl"].startswith("https://undefined/api/download/") for version in body)
    assert all(file["downloadUrl"].startswith("https://undefined/") for v in body for file in v["files"])


def test_a_batch_may_hold_duplicates_and_nulls(serve, get) -> None:
    shared = {"SHA256": "AB" * 32}
    twin = [lora(1, "A", hashes=shared, path=None), lora(1, "A", hashes=shared, path=None, file_id=77)]
    hub = serve(*twin, lora(2, "B", null_in_batch=True))
    body = get(hub, BATCH, method="POST", json=["AB" * 32, hashes_of(hub, 2)["SHA256"]]).json()
    assert [version and version["id"] for version in body] == [1001, 1001, None]


@pytest.mark.parametrize("body", [["00"], "text", {"a": 1}, [1], ["0" * 63], ["0" * 64] * 101])
def test_a_batch_that_is_no_list_of_sha256_is_refused(serve, get, body) -> None:
    answer = get(serve(), BATCH, method="POST", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Request must include an array of SHA256 Hashes. ")


def test_ids_take_ten_thousand_and_give_a_row_a_file(serve, get) -> None:
    hub = serve(lora(1, "A"), lora(2, "B"))
    asked = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(9_999)]
    found = get(hub, f"{BATCH}/ids", method="POST", json=[*asked, hashes_of(hub, 1)["SHA256"].lower()])
    assert found.json() == [{"modelVersionId": 1001, "modelId": 1, "hash": hashes_of(hub, 1)["SHA256"]}]
    assert get(hub, f"{BATCH}/ids", method="POST", json=[*asked, *asked[:2]]).status_code == 400


def test_a_body_without_end_is_cut_short(serve, get) -> None:
    assert get(serve(), f"{BATCH}/ids", method="POST", content=b"[" * (5 << 20)).status_code == 413
    assert get(serve(), f"{BATCH}/ids", method="POST", content=b"[" * 100).status_code == 400


def test_get_on_the_batch_is_not_allowed(serve, get) -> None:
    assert get(serve(), BATCH).status_code == 405


def test_a_version_alone_names_its_model_and_a_version_in_a_model_does_not(serve, get) -> None:
    hub = serve(lora(1, "A"))
    alone = get(hub, "/api/v1/model-versions/1001").json()
    (inside,) = get(hub, "/api/v1/models/1").json()["modelVersions"]
    assert alone["modelId"] == 1
    assert alone["air"] == "urn:air:sd1:lora:civitai:1@1001"
    assert "modelId" not in inside
    assert "index" not in alone


def test_primary_is_true_or_false_alone_and_true_or_absent_inside(serve, get) -> None:
    extra = lora(1, "A", file_id=50, file_name="x.vae.safetensors", file_type="VAE", path=None)
    hub = serve(lora(1, "A"), extra)
    alone = get(hub, "/api/v1/model-versions/1001").json()["files"]
    (inside,) = get(hub, "/api/v1/models/1").json()["modelVersions"]
    assert [file["primary"] for file in alone] == [True, False]
    assert [file.get("primary") for file in inside["files"]] == [True, None]


def test_files_of_a_version_with_several_are_named_by_id(serve, get) -> None:
    extra = lora(1, "A", file_id=50, file_type="VAE", path=None)
    alone = get(serve(lora(1, "A"), extra), "/api/v1/model-versions/1001").json()["files"]
    assert [file["downloadUrl"].partition("?")[2] for file in alone] == ["fileId=2001", "fileId=50"]


def test_a_model_by_id_loses_nulls_and_empty_lists(serve, get) -> None:
    body = get(serve(lora(1, "A", creator=None)), "/api/v1/models/1").json()
    (version,) = body["modelVersions"]
    assert {"tags", "description", "creator", "cosmetic"}.isdisjoint(body)
    assert {"trainedWords", "images", "vaeId", "paidAccess"}.isdisjoint(version)


def test_hidden_figures_are_null(serve, get) -> None:
    (item,) = get(serve(lora(1, "A", stats_hidden=True)), "/api/v1/models").json()["items"]
    assert set(item["stats"].values()) == {None}


def test_ids_out_of_range_fail_differently_on_each_route(serve, get) -> None:
    hub = serve(lora(1, "A"))
    over = INT4 + 1
    assert get(hub, f"/api/v1/models/{over}").status_code == 400
    assert get(hub, f"/api/v1/model-versions/{over}").status_code == 500
    assert get(hub, f"/api/v1/model-versions/mini/{over}").status_code == 400
    assert get(hub, "/api/v1/model-versions/abc").status_code == 400
    assert get(hub, "/api/v1/models/999").json() == {"error": "No model with id 999"}
    assert get(hub, "/api/v1/model-versions/999").json() == {"error": "Model not found"}


def test_a_poi_model_is_hidden_by_id_but_its_version_answers(serve, get) -> None:
    hub = serve(lora(1, "A", poi=True))
    assert get(hub, "/api/v1/models/1").status_code == 404
    assert get(hub, "/api/v1/model-versions/1001").status_code == 200
    assert get(hub, f"{BATCH}/{hashes_of(hub, 1)['SHA256']}").status_code == 200


def test_an_archived_model_shows_no_files(serve, get) -> None:
    hub = serve(lora(1, "A", archived=True))
    alone = get(hub, "/api/v1/model-versions/1001").json()
    assert (alone["files"], "downloadUrl" in alone, alone["model"]["mode"]) == ([], False, "Archived")
    assert get(hub, "/api/v1/models/1").json()["mode"] == "Archived"


def test_a_version_without_a_file_is_missing_its_file(serve, get) -> None:
    hub = serve(lora(1, "A", no_file=True))
    answer = get(hub, "/api/v1/model-versions/1001")
    assert (answer.status_code, answer.json()) == (404, {"error": "Missing model file"})
    (item,) = get(hub, "/api/v1/models").json()["items"]
    assert item["modelVersions"] == []


def test_a_linked_vae_is_appended_by_id_and_not_by_hash(serve, get) -> None:
    hub = serve(lora(1, "A", vae_version_id=1002), lora(2, "B", model_type="VAE", file_type="VAE"))
    by_id = get(hub, "/api/v1/model-versions/1001").json()["files"]
    by_hash = get(hub, f"{BATCH}/{hashes_of(hub, 1)['SHA256']}").json()["files"]
    assert [file["id"] for file in by_id] == [2001, 2002]
    assert by_id[1]["downloadUrl"].endswith("?type=VAE")
    assert [file["id"] for file in by_hash] == [2001]


def test_mini_says_beforehand_what_a_download_needs(serve, get) -> None:
    until = "2999-01-01T00:00:00.000Z"
    hub = serve(
        lora(1, "A", require_auth=True),
        lora(2, "B", early_access=until, uploaded_name="raw name.safetensors"),
    )
    login, early = (get(hub, f"/api/v1/model-versions/mini/{version}").json() for version in (1001, 1002))
    assert (login["requireAuth"], login["checkPermission"]) == (True, False)
    assert (early["checkPermission"], early["earlyAccessEndsAt"], early["fileName"]) == (
        True,
        until,
        "raw name.safetensors",
    )


def test_mini_takes_a_file_id_and_refuses_every_epoch(serve, get) -> None:
    hub = serve(lora(1, "A"))
    chosen = get(hub, "/api/v1/model-versions/mini/1001", params={"modelFileId": 2001}).json()
    assert chosen["air"].endswith("@1001+2001")
    assert chosen["downloadUrls"][0].endswith("?fileId=2001")
    missing = get(hub, "/api/v1/model-versions/mini/1001", params={"modelFileId": 2})
    assert missing.json() == {"error": "Model file 2 not found in version 1001"}
    assert get(hub, "/api/v1/model-versions/mini/1001", params={"epoch": 3}).status_code == 400


def test_the_tensors_of_a_file_can_be_read_from_afar(serve, get) -> None:
    hub = serve(lora(1, "A"))
    body = get(hub, "/api/v1/model-files/2001/tensor-metadata").json()
    assert body["tensorCount"] == len(body["tensors"])
    summary = get(hub, "/api/v1/model-files/2001/tensor-metadata", params={"summaryOnly": "true"}).json()
    assert "tensors" not in summary
    assert get(hub, "/api/v1/model-files/5/tensor-metadata").status_code == 404


def test_me_knows_the_owner_of_a_token_and_no_stranger(serve, get) -> None:
    hub = serve()
    assert get(hub, "/api/v1/me").status_code == 401
    assert get(hub, "/api/v1/me", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert get(hub, "/api/v1/me", headers={"Authorization": f"Bearer {TOKEN}"}).json()["username"]


def test_creators_have_totals_and_tags_have_none(serve, get) -> None:
    hub = serve(*(lora(number, f"m{number}", creator=f"c{number}", tags=["style"]) for number in range(1, 4)))
    creators = get(hub, "/api/v1/creators", params={"limit": 2}).json()
    assert (creators["metadata"]["totalItems"], len(creators["items"])) == (3, 2)
    assert "page=2" in creators["metadata"]["nextPage"]
    assert get(hub, "/api/v1/tags").json()["metadata"]["totalItems"] == 0
    assert get(hub, "/api/v1/images").json() == {"items": [], "metadata": {}}


def test_a_row_can_change_while_the_hub_runs(serve, get) -> None:
    hub = serve(lora(1, "A"))
    hub.row(version_id=1001, archived=True)
    assert get(hub, "/api/v1/models").json()["items"] == []
    hub.row(version_id=1001, archived=False)
    hub.publish([lora(2, "B", path=None)])
    assert len(get(hub, "/api/v1/models").json()["items"]) == 2
