"""Our bodies beside Civitai's own: the same keys, the same errors. Needs the recorded bodies in ../shared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hub import run_hub
from tests.hub.rows import lora
from wfdeps.hub.catalogue import read_rows

FUTURE = "2026-09-01T00:00:00.000Z"
ERRORS = {
    "error_200_byhash_batch_empty_200.json": ("POST", "/api/v1/model-versions/by-hash", {}),
    "error_400_models_400_query_page.json": ("GET", "/api/v1/models?query=x&page=1", {}),
    "error_401_download_401_disabled.json": (
        "GET",
        "/api/download/models/1001",
        {"downloads_disabled": True},
    ),
    "error_401_download_401_login.json": ("GET", "/api/download/models/1001", {"require_auth": True}),
    "error_401_models_401_favorites.json": ("GET", "/api/v1/models?favorites=true", {}),
    "error_404_byhash_404.json": ("GET", "/api/v1/model-versions/by-hash/00", {}),
    "error_404_download_404.json": ("GET", "/api/download/models/9", {}),
    "error_404_mini_404_file.json": ("GET", "/api/v1/model-versions/mini/1001?modelFileId=2", {}),
    "error_404_model_404.json": ("GET", "/api/v1/models/999999999", {}),
    "error_404_models_404_user.json": ("GET", "/api/v1/models?username=nobody-here", {}),
    "error_404_version_404.json": ("GET", "/api/v1/model-versions/9", {}),
    "error_404_version_404_nofile.json": ("GET", "/api/v1/model-versions/1001", {"no_file": True}),
    "error_405_models_405.json": ("POST", "/api/v1/models", {}),
    "error_410_download_410_archived.json": ("GET", "/api/download/models/1001", {"archived": True}),
    "error_429_models_429_paging.json": ("GET", "/api/v1/models?page=11&limit=100", {}),
    "error_500_version_500.json": ("GET", "/api/v1/model-versions/99999999999", {}),
}
ON_PURPOSE = {
    "error_403_download_403_forbidden.json": 403,
    "error_429_download_429.json": 429,
    "error_451_region_451.json": 451,
    "error_503_models_503_search.json": 503,
}


@pytest.fixture
def recorded(shared: Path) -> Path:
    return shared / "data" / "civitai" / "recorded"


def body(recorded: Path, name: str) -> Any:
    return json.loads((recorded / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_has_the_recorded_body(recorded: Path, get, name) -> None:
    method, path, switches = ERRORS[name]
    with run_hub([lora(1, "A", path=None, **switches)]) as hub:
        answer = get(hub, path, method=method, **({"json": []} if method == "POST" else {}))
    expected = body(recorded, name)
    ours = json.loads(answer.text.replace("version 1001", "version 1"))
    assert (answer.status_code, ours) == (int(name.split("_")[1]), expected)


@pytest.mark.parametrize("name", ON_PURPOSE)
def test_a_fault_says_what_civitai_says(recorded: Path, get, name) -> None:
    with run_hub([lora(1, "A", path=None)]) as hub:
        hub.fail_next(ON_PURPOSE[name])
        assert get(hub, "/api/v1/models").json() == body(recorded, name)


def test_early_access_has_the_recorded_keys(recorded: Path, get) -> None:
    with run_hub([lora(1, "A", path=None, early_access="2999-01-01T00:00:00.000Z")]) as hub:
        ours = get(hub, "/api/download/models/1001").json()
    assert {**ours, "deadline": FUTURE} == body(recorded, "error_403_download_403_early_access.json")


def test_a_listed_model_has_the_keys_of_the_latest_recording(recorded: Path, get) -> None:
    theirs = body(recorded, "live2026_models-search_krea2_null_stats.json")["items"][0]
    with run_hub([lora(1, "A", hashes={"SHA256": "AB" * 32}, path=None)]) as hub:
        (ours,) = get(hub, "/api/v1/models").json()["items"]
    assert set(ours) == set(theirs)
    assert set(ours["modelVersions"][0]) - {"downloadUrl"} == set(theirs["modelVersions"][0])
    assert set(ours["modelVersions"][0]["files"][0]) == set(theirs["modelVersions"][0]["files"][0])


def test_a_version_alone_has_the_keys_of_the_recording(recorded: Path, get) -> None:
    theirs = body(recorded, "model-versions.get_civitdl_399893.json")
    gone = {"earlyAccessTimeFrame"}
    with run_hub([lora(1, "A", path=None)]) as hub:
        ours = get(hub, "/api/v1/model-versions/1001").json()
    assert set(theirs) - gone <= set(ours)
    assert set(ours["files"][0]) == set(theirs["files"][0])
    assert set(ours["model"]) == set(theirs["model"])


def test_the_whole_catalogue_is_served(shared: Path, get) -> None:
    path = shared / "data" / "civitai" / "catalogue.jsonl"
    rows = list(read_rows(path.read_text(encoding="utf-8").splitlines()))
    with run_hub(path) as hub:
        assert hub.summary() == "9839 models, 15280 versions, 17229 files, 0 of them here"
        for row in rows[::1723]:
            found = get(hub, f"/api/v1/model-versions/by-hash/{row['hashes']['SHA256']}").json()
            assert row["hashes"]["SHA256"] in {file["hashes"].get("SHA256") for file in found["files"]}
            alone = get(hub, f"/api/v1/model-versions/{row['version_id']}").json()
            assert row["file_name"] in {file["name"] for file in alone["files"]}
