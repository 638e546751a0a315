"""Civitai as a source, against a hub that speaks its API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.hub import run_hub
from tests.match.making import ref, settle
from tests.sources.catalogue import ROWS, civitai, http, row, sha256_of
from wfdeps.domain.access import AccessState
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Candidate, VerdictKind, Why
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, Query, UrlQuery
from wfdeps.domain.resolutions import Ambiguous, Resolved
from wfdeps.domain.secrets import Secret
from wfdeps.errors import SourceUnavailableError
from wfdeps.http import Http
from wfdeps.hub import anatomy
from wfdeps.hub.samples import safetensors_bytes
from wfdeps.hub.server import HubServer
from wfdeps.match.decide import decide
from wfdeps.sources.civitai.access import AccessProbe
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import CivitaiSite
from wfdeps.sources.civitai.source import CivitaiSource

LORA = (ModelType.LORA,)
CHECKPOINT = (ModelType.CHECKPOINT,)


@pytest.fixture(scope="module")
def hub() -> Iterator[HubServer]:
    with run_hub(ROWS) as running:
        yield running


@pytest.fixture
def client() -> Iterator[Http]:
    with http() as opened:
        yield opened


@pytest.fixture
def source(hub: HubServer, client: Http) -> CivitaiSource:
    hub.requests.clear()
    return civitai(hub, client)


def names(source: CivitaiSource, query: Query) -> list[str]:
    """The file names that answer one query, best first."""
    return [candidate.file_name for candidate in source.find_all([query])[query].candidates]


def test_a_few_hashes_cost_one_request(source: CivitaiSource, hub: HubServer) -> None:
    known = [HashQuery(sha256_of(name)) for name in ("add_detail.safetensors", "realMix_v10.ckpt")]
    unknown = HashQuery(sha256_of("nobody has this"))
    answers = source.find_all([*known, unknown])
    assert [answers[query].verdict.kind for query in known] == [VerdictKind.FOUND] * 2
    assert answers[unknown].verdict.kind is VerdictKind.NO_SUCH
    assert [seen.path for seen in hub.requests] == ["/api/v1/model-versions/by-hash"]


def test_many_hashes_cost_one_request_for_all_and_one_for_each_hundred_known(
    source: CivitaiSource, hub: HubServer
) -> None:
    known = HashQuery(sha256_of("add_detail.safetensors"))
    unknown = [HashQuery(sha256_of(f"unknown {number}")) for number in range(250)]
    answers = source.find_all([known, *unknown])
    assert len(answers) == 251
    assert answers[known].candidates[0].file_id == 2001
    assert [seen.path for seen in hub.requests] == [
        "/api/v1/model-versions/by-hash/ids",
        "/api/v1/model-versions/by-hash",
    ]


def test_a_hash_is_a_file_not_its_version(source: CivitaiSource) -> None:
    assert names(source, HashQuery(sha256_of("realMix_v10.ckpt"))) == ["realMix_v10.ckpt"]


@pytest.mark.parametrize(
    "digest",
    [
        Digest(Algorithm.AUTOV2, sha256_of("add_detail.safetensors").value[:10]),
        Digest(Algorithm.AUTOV3, "000000000001"),
    ],
)
def test_other_hashes_are_asked_one_by_one(source: CivitaiSource, digest: Digest) -> None:
    assert names(source, HashQuery(digest)) == ["add_detail.safetensors"]


def test_a_version_and_a_file_have_numbers(source: CivitaiSource) -> None:
    assert len(names(source, AirQuery(Air("civitai", "3", "1003")))) == 2
    assert names(source, UrlQuery("https://civitai.com/api/download/models/1003?fileId=2103")) == [
        "realMix_v10.ckpt"
    ]
    assert names(source, UrlQuery("https://www.civitai.red/models/1/detail?modelVersionId=1001")) == [
        "add_detail.safetensors"
    ]


def test_a_lost_version_of_a_standing_model_is_said_to_be_gone(source: CivitaiSource) -> None:
    query = AirQuery(Air("civitai", "3", "999999"))
    answer = source.find_all([query])[query]
    assert answer.verdict.kind is VerdictKind.DELETED
    assert answer.candidates, "its other versions are worth showing"


def test_a_lost_version_of_an_unknown_model_is_only_not_there(source: CivitaiSource) -> None:
    query = AirQuery(Air("civitai", "0", "999999"))
    assert source.find_all([query])[query].verdict.kind is VerdictKind.NO_SUCH


def test_what_is_not_ours_is_left_out(source: CivitaiSource, hub: HubServer) -> None:
    assert source.find_all([UrlQuery("https://host.example/x"), AirQuery(Air("huggingface", "o/r"))]) == {}
    assert len(hub.requests) == 0


@pytest.mark.parametrize(
    ("name", "types", "found"),
    [
        ("add_detail.safetensors", LORA, "add_detail.safetensors"),
        ("SDXL/add_detail.safetensors", LORA, "add_detail.safetensors"),
        ("Add Detail (1).safetensors", LORA, "add_detail.safetensors"),
        ("jean1-000009.safetensors", LORA, "jean1-000009.safetensors"),
        ("realMix_v10.safetensors", CHECKPOINT, "realMix_v10.safetensors"),
        ("realMix_v1.safetensors", CHECKPOINT, "realMix_v10.safetensors"),
    ],
)
def test_a_search_of_models_finds_files(
    source: CivitaiSource, name: str, types: tuple[ModelType, ...], found: str
) -> None:
    assert names(source, NameQuery(name, types))[0] == found


def test_a_search_asks_for_all_levels_and_repeats_the_types(source: CivitaiSource, hub: HubServer) -> None:
    source.find_all([NameQuery("add_detail.safetensors", LORA)])
    seen = next(iter(hub.requests))
    assert "nsfw=true" in seen.query
    assert "types=LORA&types=LoCon&types=DoRA" in seen.query


def test_two_files_of_one_name_are_both_found(source: CivitaiSource) -> None:
    query = NameQuery("rio.safetensors", LORA)
    found = source.find_all([query])[query].candidates
    assert isinstance(settle(ref("rio.safetensors"), *found), Ambiguous)


def test_a_name_that_says_nothing_costs_no_request(source: CivitaiSource, hub: HubServer) -> None:
    query = NameQuery("pytorch_lora_weights.safetensors", LORA)
    answer = source.find_all([query])[query]
    assert "cannot be searched" in answer.verdict.detail
    assert len(hub.requests) == 0


def test_a_site_closed_for_hashes_is_not_asked_for_names_a_moment_later(client: Http) -> None:
    moments = [datetime(2026, 11, 1, tzinfo=UTC)]
    name = "add_detail.safetensors"
    by_hash, by_name = HashQuery(sha256_of(name)), NameQuery(name, LORA)
    with run_hub(ROWS) as closed:
        closed.fail_next(status=451, times=50)
        source = civitai(closed, client, now=lambda: moments[-1])
        for query in (by_hash, by_name):
            assert source.find_all([query])[query].verdict.kind is VerdictKind.UNREACHABLE
        assert len(closed.requests) == 1
        moments.append(moments[-1] + timedelta(minutes=2))
        source.find_all([by_name])
        assert len(closed.requests) == 2


def test_a_closed_site_is_asked_again_after_a_minute_however_often_it_was_wanted_meanwhile(
    client: Http,
) -> None:
    begun = datetime(2026, 11, 1, tzinfo=UTC)
    moments = [begun]
    query = NameQuery("add_detail.safetensors", LORA)
    with run_hub(ROWS) as hub:
        hub.fail_next(status=451)
        source = civitai(hub, client, now=lambda: moments[-1])
        for seconds in range(0, 60, 20):
            moments.append(begun + timedelta(seconds=seconds))
            assert source.find_all([query])[query].candidates == ()
        moments.append(begun + timedelta(seconds=61))
        assert source.find_all([query])[query].verdict.kind is VerdictKind.FOUND


@pytest.mark.parametrize(
    "name",
    ["civitai:1@77777", "urn:air:sd1:lora:civitai:1@77777", "https://civitai.com/models/1?modelVersionId=7"],
)
def test_an_address_is_not_searched_for_as_a_name(source: CivitaiSource, hub: HubServer, name: str) -> None:
    query = NameQuery(name, LORA)
    assert "it is an address" in source.find_all([query])[query].verdict.detail
    assert len(hub.requests) == 0


def test_a_number_no_model_can_have_is_not_asked_for(source: CivitaiSource, hub: HubServer) -> None:
    queries = [
        AirQuery(Air("civitai", "1", "4294967296")),
        UrlQuery("https://civitai.com/models/99999999999"),
    ]
    assert {answer.verdict.kind for answer in source.find_all(queries).values()} == {VerdictKind.NO_SUCH}
    assert len(hub.requests) == 0


def test_a_name_costs_no_more_than_its_budget(hub: HubServer, client: Http) -> None:
    hub.requests.clear()
    civitai(hub, client, requests_a_name=3).find_all(
        [NameQuery("Wholly_Unknown_Thing_v12.safetensors", LORA)]
    )
    assert len(hub.requests) == 3


def test_everything_seen_is_learned(hub: HubServer, client: Http) -> None:
    learned: list[Candidate] = []
    civitai(hub, client, learn=learned.extend).find_all([HashQuery(sha256_of("realMix_v10.ckpt"))])
    assert {candidate.file_name for candidate in learned} == {"realMix_v10.ckpt", "realMix_v10.safetensors"}


def test_early_access_is_known_before_the_first_byte(source: CivitaiSource) -> None:
    query = HashQuery(sha256_of("early.safetensors"))
    answer = source.find_all([query])[query]
    assert answer.candidates[0].access.state is AccessState.EARLY_ACCESS
    assert answer.verdict.kind is VerdictKind.EARLY_ACCESS


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 503, "times": 9}, VerdictKind.UNREACHABLE),
        ({"status": 429, "times": 9, "body": {"error": "slow down"}}, VerdictKind.RATE_LIMITED),
        ({"status": 429, "times": 1}, VerdictKind.RATE_LIMITED),
        ({"status": 451, "times": 1}, VerdictKind.UNREACHABLE),
        ({"status": 401, "times": 1, "body": {"error": "Unauthorized"}}, VerdictKind.GATED),
        ({"status": 200, "times": 9, "body": "<html>sorry</html>", "content_type": "text/html"}, VerdictKind.UNREACHABLE),
        ({"status": 200, "times": 9, "body": "{\"id\": 1", "content_type": "application/json"}, VerdictKind.UNREACHABLE),
    ],
)  # fmt: skip
def test_a_fault_becomes_a_verdict(client: Http, fault: dict[str, object], kind: VerdictKind) -> None:
    with run_hub(ROWS) as hub:
        hub.fail_next(**fault)  # type: ignore[arg-type]
        query = AirQuery(Air("civitai", "1", "1001"))
        answer = civitai(hub, client).find_all([query])[query]
    assert answer.verdict.kind is kind
    assert answer.candidates == ()


def test_a_passing_fault_is_waited_out(client: Http) -> None:
    with run_hub(ROWS) as hub:
        hub.fail_next(503, times=1)
        assert names(civitai(hub, client), HashQuery(sha256_of("add_detail.safetensors"))) == [
            "add_detail.safetensors"
        ]


def test_nobody_is_asked_again_once_it_is_known_that_nobody_is_there(client: Http) -> None:
    with run_hub(ROWS) as hub:
        source = civitai(hub, client)
    queries = [AirQuery(Air("civitai", "1", str(number))) for number in range(1, 40)]
    answers = source.find_all(queries)
    assert {answer.verdict.kind for answer in answers.values()} == {VerdictKind.UNREACHABLE}
    assert len({answer.verdict.detail for answer in answers.values()}) == 1


def test_a_name_and_its_resolution_in_one(source: CivitaiSource) -> None:
    query = NameQuery("add_detail.safetensors", LORA)
    resolution = settle(ref("add_detail.safetensors"), *source.find_all([query])[query].candidates)
    assert isinstance(resolution, Resolved)
    assert resolution.choice.candidate.version_id == 1001


def test_an_endless_cursor_ends() -> None:
    class Endless:
        """Answers every search with a page that promises another."""

        asked = 0

        def json(self, method: str, url: str, *, params: object = None, body: object = None) -> object:
            self.asked += 1
            return {"items": [], "metadata": {"nextCursor": str(self.asked)}}

    endless = Endless()
    source = CivitaiSource(CivitaiClient(endless, "https://civitai.com"), requests_a_name=6)
    source.find_all([NameQuery("some_name_v1.safetensors", LORA)])
    assert endless.asked <= 6


def test_the_hub_row_builder_makes_distinct_files() -> None:
    assert len({built["hashes"]["SHA256"] for built in ROWS}) >= len(ROWS) - 1
    assert row(9, "x.safetensors")["version_id"] == 1009


def test_a_login_that_a_creator_asks_for_is_known_before_the_first_byte(client: Http) -> None:
    with run_hub([row(1, "x.safetensors", require_auth=True)]) as hub:
        (found,) = (
            civitai(hub, client).find_all([HashQuery(sha256_of("x.safetensors"))]).popitem()[1].candidates
        )
        probe = AccessProbe(
            CivitaiClient(client, hub.url), client, CivitaiSite(hub.url, "2026-11-01T00:00:00")
        )
        access = probe.access_of(found)
    assert found.access.is_open
    assert access.state is AccessState.TOKEN


@pytest.mark.parametrize(
    ("token", "state"), [("known", AccessState.EARLY_ACCESS), ("buyer", AccessState.OPEN)]
)
def test_a_purchase_is_told_by_a_try(tmp_path: Path, token: str, state: AccessState) -> None:
    (tmp_path / "x.safetensors").write_bytes(safetensors_bytes(anatomy.SD1_LORA, "F16", {}, seed=1))
    early = row(1, "x.safetensors", early_access="2999-01-01T00:00:00.000Z", path="x.safetensors", hashes={})
    known = run_hub([early], tmp_path, tokens=["known"], buyers=["buyer"])
    with known as hub, Http({hub.url: Secret(token)}) as signed_in:
        query = AirQuery(Air("civitai", "1", "1001"))
        (found,) = civitai(hub, signed_in, signed_in=True).find_all([query])[query].candidates
        site = CivitaiSite(hub.url, "2026-11-01T00:00:00", signed_in=True)
        access = AccessProbe(CivitaiClient(signed_in, hub.url), signed_in, site).access_of(found)
    assert found.access.if_bought
    assert access.state is state


def test_a_version_of_another_model_than_the_air_names_is_not_it(source: CivitaiSource) -> None:
    row = next(row for row in ROWS if row["file_name"] == "add_detail.safetensors")
    right = AirQuery(Air("civitai", str(row["model_id"]), str(row["version_id"])))
    wrong = AirQuery(Air("civitai", "999999999", str(row["version_id"])))
    answers = source.find_all([right, wrong])
    assert [one.file_name for one in answers[right].candidates] == ["add_detail.safetensors"]
    assert answers[wrong].candidates == ()
    assert "not of 999999999" in answers[wrong].verdict.detail


# ── the site's two fronts


@pytest.fixture
def fronts(client: Http) -> Iterator[tuple[CivitaiSource, HubServer, HubServer]]:
    """A source whose first front does not show model 2, and whose second shows all."""
    shown = [row for row in ROWS if row["model_id"] != 2]
    with run_hub(shown) as first, run_hub(ROWS) as second:
        yield CivitaiSource(CivitaiClient(client, first.url, second.url)), first, second


def test_what_the_first_front_hides_is_asked_at_the_second_once_and_had_from_there(
    fronts: tuple[CivitaiSource, HubServer, HubServer],
) -> None:
    source, first, second = fronts
    query = AirQuery(Air("civitai", "2", "1002"))
    for _ in range(2):
        (found,) = source.find_all([query])[query].candidates
    assert found.file_name == "jean1-000009.safetensors"
    assert found.url.startswith(second.url)
    assert (found.page or "").startswith(second.url)
    assert (len(first.requests), len(second.requests)) == (1, 2), "from then on it is asked there first"


def test_what_neither_front_shows_costs_one_more_request_a_number(
    fronts: tuple[CivitaiSource, HubServer, HubServer],
) -> None:
    source, first, second = fronts
    query = AirQuery(Air("civitai", "0", "999999"))
    assert source.find_all([query])[query].verdict.kind is VerdictKind.NO_SUCH
    assert (len(first.requests), len(second.requests)) == (1, 1)


def test_hashes_and_names_are_asked_at_the_first_front_only(
    fronts: tuple[CivitaiSource, HubServer, HubServer],
) -> None:
    source, _, second = fronts
    source.find_all(
        [NameQuery("nobody-has-this.safetensors", LORA), HashQuery(Digest.parse("autov3:" + "f" * 12))]
    )
    assert len(second.requests) == 0


@pytest.mark.parametrize(
    "host", ["civitai.com", "www.civitai.com", "civitai.red", "www.civitai.red", "civitai.green"]
)
@pytest.mark.parametrize(
    "path",
    ["/models/2?modelVersionId=1002", "/models/2/a-slug?modelVersionId=1002", "/api/download/models/1002"],
)
def test_an_address_at_any_host_of_civitai_means_the_same_file(
    source: CivitaiSource, host: str, path: str
) -> None:
    assert names(source, UrlQuery(f"https://{host}{path}")) == ["jean1-000009.safetensors"]


def test_an_archived_model_is_told_to_be_and_not_to_be_nothing() -> None:
    queries = [AirQuery(Air("civitai", "1", "1001")), AirQuery(Air("civitai", "1"))]
    with run_hub([ROWS[0] | {"archived": True}]) as hub, http() as client:
        told = civitai(hub, client).find_all(queries)
    for query in queries:
        assert told[query].candidates == ()
        assert told[query].verdict.kind is VerdictKind.DELETED
        assert "archived by its creator" in told[query].verdict.detail


def test_the_uploaded_name_of_the_closest_files_is_asked_for_and_never_taken_alone(client: Http) -> None:
    """Workflows from before the site named files by its rule say what the creator had called them."""
    renamed = row(1, "harbourNights_v10.safetensors", model_name="Harbour Nights", model_type="Checkpoint")
    with run_hub([renamed | {"uploaded_name": "harbour-nights_final2.safetensors"}]) as running:
        source = civitai(running, client)
        query = NameQuery("harbour-nights_final2.safetensors", CHECKPOINT)
        answer = source.find_all([query])[query]
    assert [file.uploaded_name for file in answer.candidates] == ["harbour-nights_final2.safetensors"]
    wanted = ref("harbour-nights_final2.safetensors", model_type=ModelType.CHECKPOINT)
    resolution = decide(wanted, [(query, answer)])
    assert isinstance(resolution, Ambiguous)
    assert Why.NAME_EXACT in [piece.why for piece in resolution.candidates[0].evidence]


def test_a_link_to_a_page_may_name_one_file_of_the_version(source: CivitaiSource, hub: HubServer) -> None:
    first = source.find_all([NAME_QUERY])[NAME_QUERY].candidates[0]
    page = f"https://civitai.com/models/{first.model_id}?modelVersionId={first.version_id}"
    query = UrlQuery(f"{page}&fileId={first.file_id}")
    assert [file.file_id for file in source.find_all([query])[query].candidates] == [first.file_id]


NAME_QUERY = NameQuery("add_detail.safetensors", LORA)


def test_what_was_found_is_kept_where_the_uploaded_name_cannot_be_asked_for(client: Http) -> None:
    renamed = row(1, "harbourNights_v10.safetensors", model_name="Harbour Nights", model_type="Checkpoint")

    class Unanswered(CivitaiClient):
        def mini(self, version_id: int, file_id: int | None = None) -> object:
            raise SourceUnavailableError("no answer")

    with run_hub([renamed]) as running:
        query = NameQuery("harbour-nights_final2.safetensors", CHECKPOINT)
        answer = CivitaiSource(Unanswered(client, running.url)).find_all([query])[query]
    assert [file.file_name for file in answer.candidates] == ["harbourNights_v10.safetensors"]
