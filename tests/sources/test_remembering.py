"""What is remembered: answers, names, and a person's choices."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.hub import run_hub
from tests.match.making import answer, file, ref, sha256
from tests.sources.catalogue import ROWS, Row, civitai, http, row, sha256_of
from wfdeps.domain.access import Access, AccessState
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import HashQuery, NameQuery, Query
from wfdeps.domain.refs import NodeSite
from wfdeps.domain.resolutions import ChosenBy, Resolved
from wfdeps.errors import UnexpectedPayloadError
from wfdeps.hub.server import HubServer
from wfdeps.match.decide import decide
from wfdeps.match.queries import queries_for
from wfdeps.sources.answer_json import answer_of, json_of
from wfdeps.sources.answers import AnswerBook, AnswerScope
from wfdeps.sources.cached import AnswerCache, Cached
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import CivitaiSite
from wfdeps.sources.civitai.rows import candidate_of_row, row_of_candidate
from wfdeps.sources.civitai.walk import Step, walk
from wfdeps.sources.name_index import NameIndex
from wfdeps.values import replace

HASH = HashQuery(sha256("a"))
NAME = NameQuery("add_detail.safetensors", (ModelType.LORA,))
HOUR, DAY = 3600.0, 86400.0


class Counting:
    """A source that says the same to everything, and counts how often it is asked."""

    name = "civitai"

    def __init__(self, says: Answer) -> None:
        self.says = says
        self.asked = 0

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        self.asked += len(queries)
        return dict.fromkeys(queries, self.says)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> AnswerCache:
    return AnswerCache(str(tmp_path / "answers.sqlite"))


def test_what_was_found_is_not_asked_again(store: AnswerCache) -> None:
    source = Counting(answer(file("x.safetensors", digests=(sha256("a"),))))
    assert Cached(source, store).find_all([HASH]) == Cached(source, store).find_all([HASH])
    assert source.asked == 1


@pytest.mark.parametrize(
    ("query", "says", "lasts"),
    [
        (HASH, answer(file("x")), 20 * DAY),
        (HASH, answer(), HOUR),
        (NAME, answer(file("x")), 20 * HOUR),
        (NAME, answer(), 0.5 * HOUR),
    ],
)
def test_what_was_not_found_is_asked_again_sooner(
    store: AnswerCache, query: Query, says: Answer, lasts: float
) -> None:
    source, clock = Counting(says), Clock()
    cached = Cached(source, store, now=clock)
    cached.find_all([query])
    clock.now += lasts
    cached.find_all([query])
    assert source.asked == 1
    clock.now += 31 * DAY
    cached.find_all([query])
    assert source.asked == 2


@pytest.mark.parametrize("kind", [VerdictKind.UNREACHABLE, VerdictKind.RATE_LIMITED, VerdictKind.REFUSED])
def test_a_fault_is_never_remembered(store: AnswerCache, kind: VerdictKind) -> None:
    source = Counting(Answer((), Verdict("civitai", kind)))
    cached = Cached(source, store)
    cached.find_all([HASH])
    cached.find_all([HASH])
    assert source.asked == 2


def test_offline_nobody_is_asked_and_old_answers_do(store: AnswerCache) -> None:
    source, clock = Counting(answer(file("x"))), Clock()
    Cached(source, store, now=clock).find_all([HASH])
    clock.now += 300 * DAY
    offline = Cached(source, store, offline=True, now=clock).find_all([HASH, NAME])
    assert offline[HASH].candidates
    assert offline[NAME].verdict.kind is VerdictKind.UNREACHABLE
    assert source.asked == 1


def test_offline_a_source_says_nothing_of_what_it_does_not_understand(store: AnswerCache) -> None:
    source = Cached(Counting(answer()), store, offline=True, kinds=(HashQuery,))
    assert source.find_all([HASH, NAME]).keys() == {HASH}


def test_an_answer_from_the_future_is_not_believed(store: AnswerCache) -> None:
    source, clock = Counting(answer(file("x"))), Clock()
    cached = Cached(source, store, now=clock)
    cached.find_all([HASH])
    clock.now -= DAY
    cached.find_all([HASH])
    assert source.asked == 2


def test_another_server_or_a_login_is_another_memory(store: AnswerCache) -> None:
    source = Counting(answer(file("x")))
    for scope in ("https://one anonymous", "https://one signed in", "https://two anonymous"):
        Cached(source, store, scope=scope).find_all([HASH])
    assert source.asked == 3


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    path.write_bytes(b"this is no database, and it is long enough to be taken for one" * 100)
    source = Counting(answer(file("x")))
    assert Cached(source, AnswerCache(str(path))).find_all([HASH])[HASH].candidates
    assert len(list(tmp_path.glob("answers.sqlite.damaged-*"))) == 1


def test_an_entry_another_version_wrote_is_as_if_it_were_not_there(
    tmp_path: Path, store: AnswerCache
) -> None:
    source = Counting(answer(file("x")))
    Cached(source, store).find_all([HASH])
    store.close()
    with sqlite3.connect(tmp_path / "answers.sqlite") as database:
        database.execute("UPDATE answers SET body = '{\"verdict\": 7}'")
    database.close()
    Cached(source, store).find_all([HASH])
    assert source.asked == 2


_TEXT = st.text(max_size=12)
_CANDIDATES = st.builds(
    Candidate,
    source=_TEXT,
    file_name=_TEXT,
    url=_TEXT,
    model_type=st.sampled_from(ModelType),
    base_model=st.none() | _TEXT,
    size=st.none() | st.integers(0, 2**50),
    digests=st.sampled_from([(), (sha256("a"),), (sha256("a"), sha256("b"))]),
    air=st.sampled_from([None, Air("civitai", "1", "2", "3", "sd1", "lora", "safetensor")]),
    access=st.builds(Access, st.sampled_from(AccessState), _TEXT, st.none() | _TEXT),
    trained_words=st.lists(_TEXT, max_size=3).map(tuple),
    is_primary=st.booleans(),
    mirrors=st.lists(_TEXT, max_size=2).map(tuple),
)


@given(st.lists(_CANDIDATES, max_size=3), st.sampled_from(VerdictKind), _TEXT, st.booleans())
def test_an_answer_comes_back_as_it_went(
    candidates: list[Candidate], kind: VerdictKind, detail: str, is_whole: bool
) -> None:
    told = Answer(tuple(candidates), Verdict("civitai", kind, detail), is_whole)
    assert answer_of(json_of(told)) == told


@pytest.fixture
def index() -> NameIndex:
    index = NameIndex(":memory:")
    index.learn(
        [file("add_detail.safetensors", 1, digests=(sha256("a"),)), file("lyriel_v15.safetensors", 2)]
    )
    return index


@pytest.mark.parametrize(
    "written",
    [
        "add_detail.safetensors",
        "x/Add Detail (1).safetensors",
        "add_detail_fp16.ckpt",
        "add_detai.safetensors",
        "3f2a91c07b_add_detail_87153.safetensors.safetensors",
    ],
)
def test_the_index_knows_a_name_however_it_is_written(index: NameIndex, written: str) -> None:
    query = NameQuery(written)
    assert [candidate.file_id for candidate in index.find_all([query])[query].candidates] == [1]


def test_the_index_knows_hashes_and_leaves_the_rest_to_others(index: NameIndex) -> None:
    assert index.find_all([HASH])[HASH].candidates[0].file_id == 1
    assert index.find_all([NameQuery("unknown.safetensors"), HashQuery(sha256("f"))]) == {}


def test_what_is_newer_replaces_what_was_known(index: NameIndex) -> None:
    index.learn([replace(file("add_detail.safetensors", 1), downloads=99)])
    query = NameQuery("add_detail.safetensors")
    (found,) = index.find_all([query])[query].candidates
    assert found.downloads == 99


def test_everything_a_source_says_feeds_the_index() -> None:
    index = NameIndex(":memory:")
    with run_hub(ROWS) as hub, http() as client:
        civitai(hub, client, learn=index.learn).find_all([HashQuery(sha256_of("realMix_v10.ckpt"))])
    assert sum(index.count().values()) == 2


def test_a_row_comes_back_as_it_went() -> None:
    site = CivitaiSite("https://civitai.com", "2026-11-01T00:00:00")
    for one in ROWS:
        candidate = candidate_of_row(one, site)
        assert candidate is not None
        assert candidate_of_row(row_of_candidate(candidate), site) == candidate


LORA, CHECKPOINT = ModelType.LORA, ModelType.CHECKPOINT


def is_whole(index: NameIndex, model_type: ModelType = LORA) -> bool:
    """Whether the index holds its answer to a name of that type for all there is."""
    query = NameQuery("add_detail.safetensors", (model_type,))
    return index.find_all([query])[query].is_whole


def test_what_was_only_seen_is_not_all_there_is(index: NameIndex) -> None:
    assert not is_whole(index)


@pytest.mark.parametrize(
    ("types", "of_loras", "of_checkpoints"),
    [((), True, True), (("LORA", "LoCon", "DoRA"), True, False), (("LORA",), False, False)],
    ids=["of all types", "of all that a LoRA may be", "of some that a LoRA may be"],
)
def test_a_catalogue_is_whole_for_the_types_it_was_walked_for(
    index: NameIndex, types: tuple[str, ...], of_loras: bool, of_checkpoints: bool
) -> None:
    index.remember_whole(time.time(), types)
    assert (is_whole(index), is_whole(index, CHECKPOINT)) == (of_loras, of_checkpoints)


def test_a_whole_catalogue_grows_old() -> None:
    clock = Clock()
    index = NameIndex(":memory:", now=clock)
    index.learn([file("add_detail.safetensors")])
    index.remember_whole(clock.now)
    assert is_whole(index)
    clock.now += 31 * DAY
    assert not is_whole(index)
    clock.now -= 32 * DAY  # and nobody knows how old one is that was made tomorrow
    assert not is_whole(index)


def many(count: int) -> list[Row]:
    """So many models, the first published first, a second apart."""
    return [
        row(number, f"lora{number}.safetensors", published_at=_moment(number))
        for number in range(1, count + 1)
    ]


def _moment(number: int) -> str:
    return f"2026-01-01T00:{number // 60:02}:{number % 60:02}.000Z"


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    index = NameIndex(":memory:")
    with run_hub(many(250)) as hub, http() as client:
        yield Catalogue(hub, CivitaiClient(client, hub.url), index)


@dataclass(frozen=True)
class Catalogue:
    """A hub of 250 models, and an index that can be walked through it."""

    hub: HubServer
    client: CivitaiClient
    index: NameIndex

    def walk(self, **more: Any) -> Iterator[Step]:
        return walk(
            self.client, CivitaiSite(self.hub.url, "2026-11-01T00:00:00"), self.index, pause=0, **more
        )


def test_a_walk_learns_everything_and_goes_on_where_it_stopped(catalogue: Catalogue) -> None:
    first = catalogue.walk()
    next(first)
    first.close()
    assert catalogue.index.whole_since() is None
    assert [step.models for step in catalogue.walk()] == [100, 50]
    assert sum(catalogue.index.count().values()) == 250
    assert len(catalogue.hub.requests) == 3


def test_a_walk_that_came_to_its_end_made_the_index_whole_as_of_its_beginning(catalogue: Catalogue) -> None:
    first = catalogue.walk(now=lambda: 1000.0)
    next(first)
    first.close()
    list(catalogue.walk(now=lambda: 2000.0))
    assert catalogue.index.whole_since() == 1000.0
    assert catalogue.index.whole_since(("LORA",)) == 1000.0


def test_a_walk_since_a_day_makes_whole_only_what_was_whole_until_then(catalogue: Catalogue) -> None:
    list(catalogue.walk(since=_moment(200), now=lambda: 1000.0))
    assert catalogue.index.whole_since() is None
    list(catalogue.walk(now=lambda: 2_000_000_000.0))
    list(catalogue.walk(since="2026-01-01", now=lambda: 3_000_000_000.0))
    assert catalogue.index.whole_since() == 3_000_000_000.0


def test_a_new_version_of_an_old_model_does_not_end_a_walk_since_a_day() -> None:
    rows = many(250)
    rows += [rows[-1] | {"version_id": 9999, "file_id": 9999, "published_at": "2023-01-01T00:00:00.000Z"}]
    with run_hub(rows) as hub, http() as client:
        catalogue = Catalogue(hub, CivitaiClient(client, hub.url), NameIndex(":memory:"))
        assert [step.models for step in catalogue.walk(since=_moment(160))] == [100, 100]


def test_a_place_the_site_no_longer_takes_begins_the_walk_anew(catalogue: Catalogue) -> None:
    next(first := catalogue.walk())
    first.close()
    scope = f"{catalogue.hub.url}  "
    kept = catalogue.index.walk_of(scope)
    assert kept is not None
    catalogue.index.remember_walk(scope, replace(kept, cursor="of|another|sort|order"))
    assert [step.models for step in catalogue.walk()] == [100, 100, 50]


def test_pages_that_go_round_in_a_circle_are_no_catalogue() -> None:
    class Circle:
        """Answers two pages, each with the other's cursor."""

        def json(
            self, method: str, url: str, *, params: dict[str, object] | None = None, body: object = None
        ) -> Any:
            turn = {None: "a", "a": "b", "b": "a"}[(params or {}).get("cursor")]  # type: ignore[index]
            return {"items": [], "metadata": {"nextCursor": turn}}

    index = NameIndex(":memory:")
    steps = walk(CivitaiClient(Circle(), "https://x"), CivitaiSite("https://x", ""), index, pause=0)
    with pytest.raises(UnexpectedPayloadError, match="circle"):
        list(steps)
    assert index.whole_since() is None


@pytest.fixture
def book_path(tmp_path: Path) -> str:
    return str(tmp_path / "choices.sqlite")


def test_a_choice_is_kept_at_once_and_taken_next_time(book_path: str) -> None:
    wanted = replace(
        ref("add_detail.safetensors"), sites=(NodeSite("/w/one.json", "1", "LoraLoader", "lora_name"),)
    )
    AnswerBook(book_path).save(wanted, file("other.safetensors"), AnswerScope.WORKFLOW)
    book = AnswerBook(book_path, workflows=("/w/one.json",))
    query = queries_for(wanted)[-1]
    resolution = decide(wanted, [(query, book.find_all([query])[query])])
    assert isinstance(resolution, Resolved)
    assert resolution.chosen_by is ChosenBy.USER


@pytest.mark.parametrize(
    ("scope", "holds_here", "holds_elsewhere"),
    [
        (AnswerScope.WORKFLOW, True, False),
        (AnswerScope.PROJECT, True, False),
        (AnswerScope.ALWAYS, True, True),
    ],
)
def test_a_choice_holds_where_it_was_given(
    book_path: str, scope: AnswerScope, holds_here: bool, holds_elsewhere: bool
) -> None:
    wanted = replace(
        ref("add_detail.safetensors"), sites=(NodeSite("/w/one.json", "1", "LoraLoader", "lora_name"),)
    )
    AnswerBook(book_path, project="/p").save(wanted, file("other.safetensors"), scope)
    here = AnswerBook(book_path, project="/p", workflows=("/w",))
    elsewhere = AnswerBook(book_path, project="/q", workflows=("/v/one.json",))
    assert bool(here.find_all([NAME])) is holds_here
    assert bool(elsewhere.find_all([NAME])) is holds_elsewhere


@pytest.mark.parametrize("inner", ["/w/all.zip!in/one.json", "/w/all.zip#3", "/w/all.zip/one.json"])
def test_a_choice_for_a_workflow_inside_an_archive_holds_when_the_archive_is_named(
    book_path: str, inner: str
) -> None:
    wanted = replace(ref("add_detail.safetensors"), sites=(NodeSite(inner, "1", "LoraLoader", "lora_name"),))
    AnswerBook(book_path).save(wanted, file("other.safetensors"), AnswerScope.WORKFLOW)
    assert AnswerBook(book_path, workflows=("/w/all.zip",)).find_all([NAME])
    assert not AnswerBook(book_path, workflows=("/w/all.zip2",)).find_all([NAME])


def test_a_choice_for_a_lora_is_none_for_a_checkpoint_of_that_name(book_path: str) -> None:
    AnswerBook(book_path).save(ref("add_detail.safetensors"), file("other.safetensors"), AnswerScope.ALWAYS)
    assert (
        AnswerBook(book_path).find_all([NameQuery("add_detail.safetensors", (ModelType.CHECKPOINT,))]) == {}
    )


def test_optional_is_an_answer_too(book_path: str) -> None:
    book = AnswerBook(book_path)
    book.save(ref("add_detail.safetensors"), None, AnswerScope.ALWAYS)
    assert book.is_optional(ref("add_detail.safetensors"))
    assert book.find_all([NAME]) == {}


def test_optional_in_one_workflow_is_still_needed_by_another(book_path: str) -> None:
    one, other = (NodeSite(f"/w/{name}.json", "1", "LoraLoader", "lora_name") for name in ("one", "other"))
    wanted = ref("add_detail.safetensors")
    book = AnswerBook(book_path)
    book.save(replace(wanted, sites=(one,)), None, AnswerScope.WORKFLOW)
    assert book.is_optional(replace(wanted, sites=(one,)))
    assert not book.is_optional(replace(wanted, sites=(one, other)))
    assert book.is_answered(replace(wanted, sites=(one, other)))


def test_a_file_chosen_for_one_workflow_is_stronger_than_optional_always(book_path: str) -> None:
    site = NodeSite("/w/one.json", "1", "LoraLoader", "lora_name")
    wanted = replace(ref("add_detail.safetensors"), sites=(site,))
    book = AnswerBook(book_path)
    book.save(wanted, None, AnswerScope.ALWAYS)
    book.save(wanted, file("other.safetensors"), AnswerScope.WORKFLOW)
    assert not book.is_optional(wanted)


def test_what_is_forgotten_is_asked_again(book_path: str) -> None:
    book = AnswerBook(book_path)
    for name in ("a.safetensors", "b.safetensors", "c.safetensors"):
        book.save(ref(name), file(name), AnswerScope.ALWAYS)
    assert book.forget(name="x/A.safetensors") == 1
    assert book.forget(number=book.choices()[0].number) == 1
    assert [choice.name for choice in book.choices()] == ["c.safetensors"]
    assert book.forget() == 1
