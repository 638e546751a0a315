"""Civitai's JSON, as it was recorded and as it might be, read into candidates or a typed error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfdeps.domain.access import AccessState
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm
from wfdeps.domain.model_types import ModelType
from wfdeps.errors import SourceError, UnexpectedPayloadError
from wfdeps.http.replies import failure_of
from wfdeps.sources.civitai.payloads import (
    CivitaiSite,
    access_of_mini,
    candidates_of_model,
    candidates_of_version,
    candidates_of_versions,
    page_of,
    versions_by_hash,
)

SITE = CivitaiSite("https://civitai.com", "2026-11-01T00:00:00")
FILE = {
    "id": 3,
    "name": "x.safetensors",
    "type": "Model",
    "sizeKB": 2048.5,
    "hashes": {"SHA256": "AB" * 32, "AutoV1": "DE2F2560", "AutoV3": "E3B0C44298FC"},
    "metadata": {"format": "SafeTensor", "fp": "fp16", "size": "pruned"},
    "primary": True,
    "downloadUrl": "https://undefined/api/download/models/9",
}
VERSION = {
    "id": 9,
    "modelId": 7,
    "name": "v1",
    "baseModel": "SD 1.5",
    "air": "urn:air:sd1:lora:civitai:7@9",
    "model": {"name": "X", "type": "LORA"},
    "files": [FILE],
}


def one(**changes: Any) -> Candidate:
    """The only candidate of the version with these changes."""
    (found,) = candidates_of_version(VERSION | changes, SITE)
    return found


def read(body: Any) -> tuple[Candidate, ...]:
    """Whatever Civitai may answer, read as what it looks like."""
    if isinstance(body, list):
        return candidates_of_versions(body, SITE)
    if isinstance(body, dict) and "items" in body:
        return page_of(body, SITE).candidates
    if isinstance(body, dict) and "modelVersions" in body:
        return candidates_of_model(body, SITE)
    return candidates_of_version(body, SITE)


def test_every_recorded_body_becomes_a_value_or_a_typed_error(shared: Path) -> None:
    folder = shared / "data/civitai/recorded"
    entries = json.loads((folder / "index.json").read_text(encoding="utf-8"))["entries"]
    values = errors = 0
    for entry in entries:
        body, status = (folder / entry["file"]).read_bytes(), int(entry.get("status") or 200)
        if status >= 300:
            error = failure_of("https://civitai.com/", status, {"content-type": "application/json"}, body)
            assert isinstance(error, SourceError)
            assert error.message
            errors += 1
            continue
        try:
            read(json.loads(body))
            values += 1
        except SourceError:
            errors += 1
    assert values + errors == len(entries) == 112
    assert values >= 80


def test_another_object_is_no_version_and_spoils_no_batch() -> None:
    for other in ({}, {"items": None}, {"error": "no"}):
        with pytest.raises(UnexpectedPayloadError):
            candidates_of_version(other, SITE)
        assert len(candidates_of_versions([other, VERSION, None], SITE)) == 1


def test_a_file_is_asked_for_by_its_number_and_never_at_the_answers_own_url() -> None:
    assert one().url == "https://civitai.com/api/download/models/9?fileId=3"


def test_a_file_without_a_number_gets_it_from_its_url_or_is_asked_for_by_its_words() -> None:
    bare = {key: value for key, value in FILE.items() if key != "id"}
    numbered = bare | {"downloadUrl": "https://civitai.com/api/download/models/9?fileId=77"}
    assert one(files=[numbered]).file_id == 77
    assert one(files=[bare]).url == (
        "https://civitai.com/api/download/models/9?type=Model&format=SafeTensor&size=pruned&fp=fp16"
    )


def test_every_file_has_a_full_name_told_or_made() -> None:
    assert str(one().air) == "urn:air:sd1:lora:civitai:7@9+3"
    assert str(one(air=None, baseModel="Pony", model={"name": "X", "type": "LoCon"}).air) == (
        "urn:air:sdxl:lycoris:civitai:7@9+3"
    )


def test_hashes_are_folded_and_the_hash_of_nothing_is_left_out() -> None:
    assert [digest.algorithm for digest in one().digests] == [Algorithm.SHA256, Algorithm.AUTOV1]


def test_hashes_of_the_wrong_length_are_left_out() -> None:
    assert (
        one(files=[FILE | {"hashes": {"SHA256": "AB", "AutoV9": "00", "CRC32": None, "BLAKE3": 7}}]).digests
        == ()
    )


def test_a_long_autov3_is_cut_to_the_twelve_that_are_compared() -> None:
    (digest,) = one(files=[FILE | {"hashes": {"AutoV3": "AB" * 32}}]).digests
    assert digest.value == "ab" * 6


@pytest.mark.parametrize(
    ("file_type", "expected"),
    [
        ("Model", ModelType.LORA),
        ("VAE", ModelType.VAE),
        ("Text Encoder", ModelType.TEXT_ENCODER),
        ("New", ModelType.LORA),
    ],
)
def test_the_files_own_type_comes_before_its_models(file_type: str, expected: ModelType) -> None:
    assert one(files=[FILE | {"type": file_type}]).model_type is expected


def test_a_version_without_its_model_is_typed_by_its_air() -> None:
    assert one(model={}).model_type is ModelType.LORA


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"model": VERSION["model"] | {"mode": "Archived"}}, AccessState.ARCHIVED),  # type: ignore[operator]
        ({"model": VERSION["model"] | {"mode": "TakenDown"}}, AccessState.DELETED),  # type: ignore[operator]
        ({"usageControl": "Generation"}, AccessState.DISABLED),
        ({"availability": "EarlyAccess"}, AccessState.EARLY_ACCESS),
        ({"earlyAccessEndsAt": "2026-12-01T00:00:00.000Z"}, AccessState.EARLY_ACCESS),
        ({"earlyAccessEndsAt": "2026-10-01T00:00:00.000Z", "availability": "EarlyAccess"}, AccessState.OPEN),
        ({"paidAccess": {"permanent": True, "endsAt": None}}, AccessState.EARLY_ACCESS),
        ({"requireAuth": True}, AccessState.TOKEN),
        ({"usageControl": "Download", "availability": "Public", "paidAccess": None}, AccessState.OPEN),
    ],
)
def test_what_stands_before_the_bytes_is_known_before_the_first(
    changes: dict[str, Any], state: AccessState
) -> None:
    assert one(**changes).access.state is state


def test_a_login_that_is_asked_for_is_no_obstacle_with_a_token() -> None:
    assert access_of_mini({"requireAuth": True}, SITE).state is AccessState.TOKEN
    assert access_of_mini({"requireAuth": True}, CivitaiSite(SITE.base_url, SITE.now, signed_in=True)).is_open


@pytest.mark.parametrize("uses", [["Image", "Rent"], "{Image,Rent}", "Image, Rent"])
def test_a_licence_is_read_in_each_of_its_spellings(uses: object) -> None:
    model = {"name": "X", "type": "LORA", "allowCommercialUse": uses, "allowNoCredit": False}
    assert one(model=model).licence == ("commercial use: Image, Rent", "credit required")


def test_a_batch_may_hold_nulls_and_doubles() -> None:
    assert len(candidates_of_versions([None, VERSION, VERSION, 7, "x"], SITE)) == 2
    rows = [
        {"hash": "AB" * 32, "modelVersionId": 9},
        None,
        {"hash": "AB" * 32, "modelVersionId": 8},
        {"hash": None},
    ]
    assert versions_by_hash(rows) == {"ab" * 32: (9, 8)}


def test_a_cursor_may_be_a_number_and_its_absence_is_the_end() -> None:
    assert page_of({"items": [], "metadata": {"nextCursor": 100}}, SITE).cursor == "100"
    assert page_of({"items": [], "metadata": {}}, SITE).cursor is None
    assert page_of({"items": [], "metadata": None}, SITE).cursor is None


@pytest.mark.parametrize("body", [None, [], "text", 7, {"error": "Model not found"}, {"items": None}])
def test_what_is_no_search_is_a_typed_error(body: object) -> None:
    with pytest.raises(UnexpectedPayloadError):
        page_of(body, SITE)


def test_a_name_from_outside_holds_no_escape_sequence() -> None:
    assert one(files=[FILE | {"name": "a\x1b[31mb\u202e.safetensors"}]).file_name == "a[31mb.safetensors"


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_ANY = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _damaged(value: Any) -> st.SearchStrategy[Any]:
    """The same body with anything, or nothing, in the place of any of its parts."""
    if isinstance(value, dict):
        kept = {key: _damaged(part) for key, part in value.items()}
        whole = st.fixed_dictionaries({}, optional=kept)
        return st.one_of(whole, whole, whole, _ANY)
    if isinstance(value, list):
        return st.one_of(st.lists(st.one_of([_damaged(part) for part in value]), max_size=2), _ANY)
    return st.one_of(st.just(value), st.just(value), _ANY)


@settings(max_examples=150, deadline=None)
@given(_damaged(VERSION))
def test_a_damaged_version_is_read_or_refused_never_fatal(body: Any) -> None:
    try:
        found = candidates_of_version(body, SITE)
    except SourceError:
        return
    for candidate in found:
        assert candidate.url.startswith("https://civitai.com/api/download/models/")
        assert candidate.file_name


@settings(max_examples=100, deadline=None)
@given(
    _damaged(
        {"items": [VERSION["model"] | {"id": 7, "modelVersions": [VERSION]}], "metadata": {"nextCursor": "1"}}
    )
)  # type: ignore[operator]
def test_a_damaged_page_is_read_or_refused_never_fatal(body: Any) -> None:
    try:
        page = page_of(body, SITE)
    except SourceError:
        return
    assert page.cursor is None or isinstance(page.cursor, str)
