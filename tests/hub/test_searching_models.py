"""`GET /api/v1/models`: its parameters, its pages, and an order that is not the one you hope for."""

from __future__ import annotations

import json
from typing import Any

from tests.hub.rows import TOKEN, lora

MODELS = "/api/v1/models"


def names(response: Any) -> list[str]:
    return [item["name"] for item in response.json()["items"]]


def test_popularity_outranks_an_exact_name(serve, get) -> None:
    hub = serve(lora(1, "Detail Tweaker"), lora(2, "Detail Tweaker for everything", download_count=99_999))
    assert names(get(hub, MODELS, params={"query": "detail tweaker"})) == [
        "Detail Tweaker for everything",
        "Detail Tweaker",
    ]


def test_file_names_are_not_searched(serve, get) -> None:
    hub = serve(lora(1, "Detail Tweaker", file_name="add_detail.safetensors"))
    assert names(get(hub, MODELS, params={"query": "add_detail"})) == []


def test_trigger_words_creators_and_hashes_are_searched(serve, get) -> None:
    hub = serve(lora(1, "Ink", trained_words=["sumi wash"], creator="brushhand"))
    (sha256,) = (hub.site.store.rows(1)[0]["hashes"]["SHA256"],)
    for query in ("sumi", "brushhand", sha256):
        assert names(get(hub, MODELS, params={"query": query})) == ["Ink"]


def test_a_pasted_camel_case_name_is_one_word(serve, get) -> None:
    hub = serve(lora(1, "Realistic Vision V6.0 B1"))
    assert names(get(hub, MODELS, params={"query": "realisticVisionV60B1_v51VAE"})) == []
    assert names(get(hub, MODELS, params={"query": "realistic vision V60B1"})) == ["Realistic Vision V6.0 B1"]


def test_words_are_dropped_from_the_end_until_something_is_found(serve, get) -> None:
    hub = serve(lora(1, "Harbour Light"), lora(2, "Light Harbour"))
    assert names(get(hub, MODELS, params={"query": "harbour light v9 fp16 pruned"})) == [
        "Light Harbour",
        "Harbour Light",
    ]
    assert names(get(hub, MODELS, params={"query": "v9 harbour light"})) == []


def test_a_long_word_forgives_a_typo_and_a_short_one_does_not(serve, get) -> None:
    hub = serve(lora(1, "Chiaroscurists"), lora(2, "Harbour"))
    assert names(get(hub, MODELS, params={"query": "chiaroscurasts x"})) == ["Chiaroscurists"]
    assert names(get(hub, MODELS, params={"query": "harbuor x"})) == []


def test_the_last_word_is_a_beginning(serve, get) -> None:
    hub = serve(lora(1, "Harbour Lights"))
    assert names(get(hub, MODELS, params={"query": "harbour lig"})) == ["Harbour Lights"]


def test_without_nsfw_only_the_first_level_is_shown(serve, get) -> None:
    hub = serve(lora(1, "Mild", nsfw_level=2), lora(2, "Tame"), lora(3, "Mixed", nsfw_level=31))
    assert sorted(names(get(hub, MODELS))) == ["Mixed", "Tame"]
    assert sorted(names(get(hub, MODELS, params={"nsfw": "true"}))) == ["Mild", "Mixed", "Tame"]


def test_with_nsfw_minors_are_hidden_and_poi_always(serve, get) -> None:
    hub = serve(lora(1, "Young", minor=True), lora(2, "Famous", poi=True), lora(3, "Other"))
    assert sorted(names(get(hub, MODELS))) == ["Other", "Young"]
    assert names(get(hub, MODELS, params={"nsfw": "true"})) == ["Other"]


def test_unsearchable_deleted_and_archived_models_are_not_listed(serve, get) -> None:
    hub = serve(
        lora(1, "A", unsearchable=True), lora(2, "B", deleted=True), lora(3, "C", archived=True), lora(4, "D")
    )
    assert names(get(hub, MODELS)) == ["D"]
    # `archived=false` is a text, and every text is true.
    assert sorted(names(get(hub, MODELS, params={"archived": "false"}))) == ["C", "D"]


def test_a_flag_that_says_false_is_on(serve, get) -> None:
    hub = serve(lora(1, "A", early_access=True), lora(2, "B"))
    assert names(get(hub, MODELS, params={"earlyAccess": "false"})) == ["A"]
    assert names(get(hub, MODELS, params={"supportsGeneration": "false"})) == []
    assert len(names(get(hub, MODELS, params={"supportsGeneration": ""}))) == 2


def test_checkpoints_are_trained_or_merged_and_nothing_else(serve, get) -> None:
    hub = serve(lora(1, "A", model_type="Checkpoint", checkpoint_type="Merge"), lora(2, "B"))
    assert names(get(hub, MODELS, params={"checkpointType": "Merge"})) == ["A"]
    assert get(hub, MODELS, params={"checkpointType": "Standard"}).status_code == 400


def test_types_are_repeated_and_a_list_with_commas_is_refused(serve, get) -> None:
    hub = serve(lora(1, "A"), lora(2, "B", model_type="LoCon"), lora(3, "C", model_type="VAE"))
    assert sorted(names(get(hub, MODELS, params={"types": ["LORA", "LoCon"]}))) == ["A", "B"]
    refused = get(hub, MODELS, params={"types": "LORA,LoCon"})
    assert refused.status_code == 400
    assert refused.json()["error"]["name"] == "ZodError"
    assert json.loads(refused.json()["error"]["message"])[0]["path"] == ["types"]
    assert len(names(get(hub, MODELS, params={"types[]": "LORA"}))) == 3


def test_an_unknown_base_model_gives_nothing_and_an_unknown_tag_everything(serve, get) -> None:
    hub = serve(lora(1, "A", tags=["style"]), lora(2, "B"))
    assert names(get(hub, MODELS, params={"baseModels": "SD 9"})) == []
    assert names(get(hub, MODELS, params={"tag": "style"})) == ["A"]
    assert len(names(get(hub, MODELS, params={"tag": "no such tag"}))) == 2


def test_an_unknown_user_is_a_404_with_a_message(serve, get) -> None:
    hub = serve(lora(1, "A"))
    answer = get(hub, MODELS, params={"username": "nobody"})
    assert (answer.status_code, answer.json()) == (404, {"message": "User not found"})
    assert names(get(hub, MODELS, params={"username": "Someone"})) == ["A"]


def test_filters_thin_out_a_search_page_and_the_next_cursor_lives(serve, get) -> None:
    rows = [
        lora(number, f"ink {number}", base_model="SD 1.5" if number == 1 else "Pony")
        for number in range(1, 6)
    ]
    hub = serve(*rows)
    first = get(hub, MODELS, params={"query": "ink", "baseModels": "SD 1.5", "limit": 2})
    assert names(first) == []
    assert first.json()["metadata"]["nextCursor"] == "2"
    third = get(hub, MODELS, params={"query": "ink", "baseModels": "SD 1.5", "limit": 2, "cursor": "4"})
    assert names(third) == ["ink 1"]
    assert third.json()["metadata"] == {}


def test_walking_the_cursor_shows_every_model_once_and_ends(serve, get) -> None:
    hub = serve(*(lora(number, f"model {number}") for number in range(1, 8)))
    for params in (
        {},
        {"query": "model"},
        {"sort": "Newest"},
        {"sort": "Oldest"},
        {"sort": "Most Downloaded"},
    ):
        seen, url = (
            [],
            f"{hub.url}{MODELS}?" + "&".join(f"{k}={v}" for k, v in {**params, "limit": 3}.items()),
        )
        for _ in range(4):
            page = get(hub, url)
            seen += names(page)
            url = page.json()["metadata"].get("nextPage", "")
            if not url:
                break
        assert sorted(seen) == [f"model {number}" for number in range(1, 8)]


def test_there_are_no_totals(serve, get) -> None:
    metadata = get(serve(lora(1, "A"), lora(2, "B")), MODELS, params={"limit": 1, "page": 1}).json()[
        "metadata"
    ]
    assert set(metadata) == {"nextCursor", "nextPage", "currentPage", "pageSize"}


def test_next_page_echoes_every_parameter_the_token_too(serve, get) -> None:
    hub = serve(lora(1, "A"), lora(2, "B"))
    answer = get(hub, MODELS, params={"limit": 1, "types": ["LORA", "VAE"], "token": TOKEN})
    next_page = answer.json()["metadata"]["nextPage"]
    assert f"token={TOKEN}" in next_page
    assert "types=LORA&types=VAE" in next_page
    assert TOKEN not in str(list(hub.requests))


def test_a_cursor_of_another_sort_is_refused(serve, get) -> None:
    hub = serve(lora(1, "A"), lora(2, "B"))
    cursor = get(hub, MODELS, params={"limit": 1}).json()["metadata"]["nextCursor"]
    assert cursor.count("|") == 2
    assert get(hub, MODELS, params={"limit": 1, "sort": "Newest", "cursor": cursor}).status_code == 400
    assert get(hub, MODELS, params={"limit": 1, "query": "x", "cursor": cursor}).status_code == 400


def test_the_page_is_ignored_where_there_is_a_cursor(serve, get) -> None:
    hub = serve(lora(1, "A"), lora(2, "B"), lora(3, "C"))
    cursor = get(hub, MODELS, params={"limit": 1}).json()["metadata"]["nextCursor"]
    answer = get(hub, MODELS, params={"limit": 1, "page": 99, "cursor": cursor})
    assert names(answer) == ["B"]


def test_limits_and_depths_are_refused_in_their_own_ways(serve, get) -> None:
    hub = serve(lora(1, "A"))
    assert get(hub, MODELS, params={"limit": 101}).status_code == 400
    assert get(hub, MODELS, params={"limit": "many"}).status_code == 400
    deep = get(hub, MODELS, params={"page": 11})
    assert deep.status_code == 429
    assert deep.json() == {"error": "You've requested too many pages, please use cursors instead"}
    assert "retry-after" not in deep.headers
    both = get(hub, MODELS, params={"query": "a", "page": 1})
    assert (both.status_code, both.json()["error"][:6]) == (400, "Cannot")


def test_the_presence_of_favorites_asks_for_a_login(serve, get) -> None:
    hub = serve(lora(1, "A"))
    assert get(hub, MODELS, params={"favorites": "false"}).status_code == 401
    signed_in = get(hub, MODELS, params={"favorites": "false"}, headers={"Authorization": f"Bearer {TOKEN}"})
    assert signed_in.status_code == 200


def test_head_is_not_allowed(serve, get) -> None:
    answer = get(serve(lora(1, "A")), MODELS, method="HEAD")
    assert answer.status_code == 405
    assert get(serve(lora(1, "A")), MODELS, method="POST").json() == {"error": "Method not allowed"}


def test_caching_is_public_until_somebody_signs_in(serve, get) -> None:
    hub = serve(lora(1, "A"))
    assert get(hub, MODELS).headers["cache-control"].startswith("public, s-maxage=300")
    assert "private" in get(hub, MODELS, params={"token": TOKEN}).headers["cache-control"]


def test_hostile_numbers_are_answers_not_crashes(serve, get) -> None:
    hub = serve(lora(1, "A"))
    for params in (
        {"page": "9" * 30},
        {"ids": "9" * 30},
        {"cursor": "9" * 30, "query": "a"},
        {"query": '" OR *'},
    ):
        assert get(hub, MODELS, params=params).status_code in (200, 400, 429, 500)
