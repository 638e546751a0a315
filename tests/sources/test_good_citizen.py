"""How much is asked, of whom, and how politely."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.hub import run_hub
from tests.match.making import ref
from tests.sources.catalogue import ROWS, civitai, http, row, sha256_of
from wfdeps.console.silent import NeverAsk, Silent
from wfdeps.domain.access import AccessState
from wfdeps.domain.air import Air
from wfdeps.domain.merging import merge_refs
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import Resolved
from wfdeps.domain.secrets import Secret
from wfdeps.http import Http
from wfdeps.match.decide import decide
from wfdeps.match.policy import Policy
from wfdeps.pipeline.resolve import ResolvingDoors, ask
from wfdeps.ports import Source
from wfdeps.sources.cached import AccessMemory, AnswerCache, Cached
from wfdeps.sources.civitai.access import AccessProbe
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import CivitaiSite
from wfdeps.sources.name_index import NameIndex

MANY = [
    row(
        number,
        f"harbour{number}_v10.safetensors",
        model_name=f"Harbour{number}",
        trained_words=[f"harbour{number}"],
    )
    for number in range(100, 140)
]
PAGE = {"status": 200, "body": "<!doctype html><title>Just a moment</title>", "content_type": "text/html"}
FAULTS = ({"status": 429, "body": {"error": "slow down"}, "retry_after": 0}, {"status": 503}, PAGE)


def settled(refs: Sequence[ModelRef], source: Source) -> list[bool]:
    """Which of these are resolved by this source alone."""
    answers = ask(refs, ResolvingDoors((source,), NeverAsk(), Silent()), Policy())
    return [isinstance(decide(wanted, answers.of(wanted)), Resolved) for wanted in refs]


def test_a_server_that_stumbles_now_and_then_is_asked_until_it_answers() -> None:
    chance = random.Random(7)
    refs = [ref(one["file_name"]) for one in MANY]
    with run_hub(MANY) as hub, http() as client:
        source = civitai(hub, client)
        found = []
        for wanted in refs:
            for _ in range(chance.randint(0, 1)):
                hub.fail_next(**chance.choice(FAULTS))  # type: ignore[arg-type]
            found += settled([wanted], source)
        stumbled = Counter(seen.status for seen in hub.requests)
    assert all(found)
    assert stumbled[429] and stumbled[503], "the faults did happen"


def test_fifty_workflows_of_the_same_files_cost_what_one_costs(tmp_path: Path) -> None:
    one = [ref("add_detail.safetensors"), ref("realMix_v10.safetensors", ModelType.CHECKPOINT)]
    one.append(ref("x.safetensors", digests=(sha256_of("jean1-000009.safetensors"),)))
    refs = merge_refs(one * 50)
    with run_hub(ROWS) as hub, http() as client:
        assert all(settled(one, civitai(hub, client)))
        alone = len(hub.requests)
        hub.requests.clear()
        source = Cached(civitai(hub, client), AnswerCache(str(tmp_path / "a.sqlite")), scope=hub.url)
        assert all(settled(refs, source))
        log = [f"{seen.method} {seen.path}" for seen in hub.requests]
        assert Counter(log) == {"POST /api/v1/model-versions/by-hash": 1, "GET /api/v1/models": len(log) - 1}
        assert len(log) == alone
        assert all(settled(refs, source))
        assert len(hub.requests) == len(log), "what is remembered costs nothing"


def test_we_say_who_we_are_and_never_pretend_to_be_a_browser() -> None:
    with run_hub(ROWS) as hub, http() as client:
        settled([ref("add_detail.safetensors")], civitai(hub, client))
        agents = {seen.user_agent.lower() for seen in hub.requests}
    assert all(agent.startswith("wfdeps/") for agent in agents)
    assert not any(
        word in agent for agent in agents for word in ("mozilla", "chrome", "safari", "edge", "opera")
    )


def test_a_token_never_stands_in_an_address(tmp_path: Path) -> None:
    store = AnswerCache(str(tmp_path / "a.sqlite"))
    with run_hub(ROWS, tokens=["secret-token"]) as hub, Http({hub.url: Secret("secret-token")}) as client:
        source = Cached(civitai(hub, client, signed_in=True), store)
        settled([ref("add_detail.safetensors"), ref("rio.safetensors")], source)
        assert all(seen.authorized for seen in hub.requests)
        assert "secret-token" not in "".join(map(str, hub.requests))
    store.close()
    assert b"secret-token" not in (tmp_path / "a.sqlite").read_bytes()


def test_what_one_search_tells_by_the_way_is_known_to_the_whole_run() -> None:
    """Its name shares no word with its model's; the search for another file of that model shows it all the same."""
    rows = [
        row(1, "harbour_v1.safetensors", model_name="Harbour"),
        row(1, "q7x-000004.safetensors", model_name="Harbour", version_id=1002, file_id=2002),
    ]
    refs = [ref("q7x-000004.safetensors"), ref("harbour_v1.safetensors")]
    index = NameIndex(":memory:")
    with run_hub(rows) as hub, http() as client:
        helpers = ResolvingDoors((index, civitai(hub, client, learn=index.learn)), NeverAsk(), Silent())
        answers = ask(refs, helpers, Policy())
    assert [type(decide(wanted, answers.of(wanted))) for wanted in refs] == [Resolved, Resolved]


@pytest.mark.parametrize("status", [429, 451])
def test_one_refusal_stops_the_whole_round(status: int) -> None:
    refs = [ref(one["file_name"]) for one in MANY]
    with run_hub(MANY) as hub, http() as client:
        hub.fail_next(status=status, times=1000)
        assert not any(settled(refs, civitai(hub, client)))
        assert len(hub.requests) <= 3


def test_who_may_download_what_is_asked_once_for_a_while(tmp_path: Path) -> None:
    with run_hub(ROWS) as hub, http() as client:
        clock = [1_800_000_000.0]
        memory = AccessMemory(AnswerCache(str(tmp_path / "a.sqlite")), hub.url, lambda: clock[0])
        query = AirQuery(Air("civitai", "1", "1001"))
        (wanted,) = civitai(hub, client).find_all([query])[query].candidates
        probe = AccessProbe(CivitaiClient(client, hub.url), client, CivitaiSite(hub.url, ""), memory)
        hub.requests.clear()
        assert [probe.access_of(wanted) for _ in range(3)] == [probe.access_of(wanted)] * 3
        assert len(hub.requests.to("/api/v1/")) == 1
        clock[0] += 3600
        probe.access_of(wanted)
        assert len(hub.requests.to("/api/v1/")) == 2


@pytest.mark.parametrize(
    ("token", "state", "asked"),
    [("", AccessState.TOKEN, 2), ("wrong", AccessState.TOKEN, 2), ("right", AccessState.OPEN, 0)],
)
def test_a_site_that_asks_everybody_for_a_login_is_tried_twice_and_only_without_one(
    token: str, state: AccessState, asked: int
) -> None:
    """Its pages say nothing of it, and a token that is wrong they take for none."""
    with ExitStack() as exits:
        hub = exits.enter_context(run_hub(MANY, tokens=["right"], login_everywhere=True))
        client = exits.enter_context(Http({hub.url: Secret(token)} if token else {}))
        queries = [AirQuery(Air("civitai", str(number), str(1000 + number))) for number in range(100, 105)]
        found = civitai(hub, client).find_all(queries)
        site = CivitaiSite(hub.url, "", signed_in=bool(token))
        probe = AccessProbe(CivitaiClient(client, hub.url), client, site)
        access = [probe.access_of(found[query].candidates[0]) for query in queries]
        assert [one.state for one in access] == [state] * 5
        assert access[0].detail.startswith("the token is wrong") is (token == "wrong")
        assert len(hub.requests.to("/api/download/")) == asked
        assert len(hub.requests.to("/api/v1/me")) == bool(token)


def test_one_file_that_is_not_for_all_says_nothing_of_the_others() -> None:
    rows = [MANY[0] | {"no_grant": True}, *MANY[1:3]]
    with run_hub(rows) as hub, http() as client:
        queries = [AirQuery(Air("civitai", str(number), str(1000 + number))) for number in range(100, 103)]
        found = civitai(hub, client).find_all(queries)
        probe = AccessProbe(CivitaiClient(client, hub.url), client, CivitaiSite(hub.url, ""))
        states = [probe.access_of(found[query].candidates[0]).state for query in queries]
    assert states == [AccessState.TOKEN, AccessState.OPEN, AccessState.OPEN]


def test_another_token_is_believed_at_once(tmp_path: Path) -> None:
    memory = AccessMemory(AnswerCache(str(tmp_path / "a.sqlite")), "signed in")
    query, states = AirQuery(Air("civitai", "100", "1100")), []
    with run_hub(MANY, tokens=["right"], login_everywhere=True) as hub:
        for token in ("wrong", "right"):
            with Http({hub.url: Secret(token)}) as client:
                (wanted,) = civitai(hub, client).find_all([query])[query].candidates
                site = CivitaiSite(hub.url, "", signed_in=True)
                probe = AccessProbe(CivitaiClient(client, hub.url), client, site, memory)
                states.append(probe.access_of(wanted).state)
    assert states == [AccessState.TOKEN, AccessState.OPEN]


def test_a_fault_while_asking_who_may_download_is_not_remembered(tmp_path: Path) -> None:
    with run_hub(ROWS) as hub, http() as client:
        memory = AccessMemory(AnswerCache(str(tmp_path / "a.sqlite")), hub.url)
        query = AirQuery(Air("civitai", "1", "1001"))
        (wanted,) = civitai(hub, client).find_all([query])[query].candidates
        hub.fail_next(status=404)
        AccessProbe(CivitaiClient(client, hub.url), client, CivitaiSite(hub.url, ""), memory).access_of(
            wanted
        )
        assert memory.recall(wanted) is None
