"""The promises of the Source door, kept by every source: with a hub, without one, and with one that misbehaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.hub import run_hub
from tests.match.making import file, ref
from tests.sources.catalogue import ROWS, http, row, sha256_of
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import VerdictKind
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, Query, UrlQuery
from wfdeps.http import Http
from wfdeps.hub import anatomy
from wfdeps.hub.samples import safetensors_bytes
from wfdeps.ports import Source
from wfdeps.sources.answers import AnswerBook, AnswerScope
from wfdeps.sources.cached import AnswerCache, Cached
from wfdeps.sources.civarchive import CivArchiveSource
from wfdeps.sources.huggingface import HuggingFaceClient, HuggingFaceSource
from wfdeps.sources.mirror import MirrorSource
from wfdeps.sources.model_list import CatalogueSource, ModelList
from wfdeps.sources.name_index import NameIndex
from wfdeps.sources.urls import UrlSource

HELD = safetensors_bytes(anatomy.SD1_LORA, "F16", {}, seed=1)
HELD_SHA256 = Digest(Algorithm.SHA256, hashlib.sha256(HELD).hexdigest())
HELD_ROW = row(
    20,
    "held.safetensors",
    path="held.safetensors",
    hashes={"SHA256": HELD_SHA256.value.upper()},
    hf={"repo": "org/name", "path": "split_files/loras/held.safetensors"},
)
NAMED = NameQuery("add_detail.safetensors", (ModelType.LORA,))


@dataclass(frozen=True)
class Subject:
    """A source to examine: how to build it, what it must know, and whether it goes to the network."""

    build: Callable[[str, Http, Path], Source]
    knows: Query
    networked: bool = True


def _huggingface(url: str, client: Http, folder: Path) -> Source:
    return HuggingFaceSource(HuggingFaceClient(client, url))


def _catalogue(url: str, client: Http, folder: Path) -> Source:
    path = folder / "model-list.json"
    entry = {
        "name": "Detail", "type": "lora", "base": "SD1.5", "save_path": "loras", "size": "37.9MB",
        "filename": "add_detail.safetensors", "url": "https://host.example/add_detail.safetensors",
    }  # fmt: skip
    path.write_text(json.dumps({"models": [entry, {"filename": "<huggingface>", "url": "x"}, None, 7]}))
    return CatalogueSource(ModelList(client, place=str(path)))


def _index(url: str, client: Http, folder: Path) -> Source:
    index = NameIndex(str(folder / "names.sqlite"))
    index.learn([file("add_detail.safetensors")])
    return index


def _answers(url: str, client: Http, folder: Path) -> Source:
    book = AnswerBook(str(folder / "book.sqlite"))
    book.save(ref("add_detail.safetensors"), file("other.safetensors"), AnswerScope.ALWAYS)
    return book


def _folder(url: str, client: Http, folder: Path) -> Source:
    (folder / "sha256").mkdir()
    (folder / "sha256" / f"{HELD_SHA256.value}.safetensors").write_bytes(HELD)
    return MirrorSource(client, folder.as_uri())


class _Archive:
    """CivArchive's one endpoint, over the same client: what the hub does not serve."""

    def __init__(self, client: Http, url: str) -> None:
        self._client, self._url = client, url

    def json(self, method: str, url: str, *, params: object = None, body: object = None) -> object:
        self._client.json("GET", f"{self._url}/api/v1/model-versions/1001")  # the network may fail here
        return {
            "name": "Gone",
            "type": "LORA",
            "version": {
                "name": "v1",
                "files": [
                    {"name": "gone.safetensors", "sha256": HELD_SHA256.value, "sizeKB": 1,
                     "mirrors": [{"url": "https://host.example/gone", "deletedAt": None}, {"url": "https://x", "deletedAt": "2025"}]},
                    {"name": "other.safetensors", "sha256": "f" * 64, "mirrors": [{"url": "https://host.example/other"}]},
                ],
            },
        }  # fmt: skip


def _archive(url: str, client: Http, folder: Path) -> Source:
    return CivArchiveSource(_Archive(client, url), url)


def _cached(url: str, client: Http, folder: Path) -> Source:
    from wfdeps.sources.civitai.client import CivitaiClient
    from wfdeps.sources.civitai.source import CivitaiSource

    return Cached(CivitaiSource(CivitaiClient(client, url)), AnswerCache(str(folder / "a.sqlite")))


def _civitai(url: str, client: Http, folder: Path) -> Source:
    from wfdeps.sources.civitai.client import CivitaiClient
    from wfdeps.sources.civitai.source import CivitaiSource

    return CivitaiSource(CivitaiClient(client, url))


HF_URL = "https://huggingface.co/org/name/resolve/main/split_files/loras/held.safetensors"
SUBJECTS = {
    "civitai": Subject(_civitai, HashQuery(sha256_of("add_detail.safetensors"))),
    "civitai, cached": Subject(_cached, HashQuery(sha256_of("add_detail.safetensors"))),
    "huggingface": Subject(_huggingface, UrlQuery(HF_URL)),
    "mirror": Subject(lambda url, client, folder: MirrorSource(client, url), HashQuery(HELD_SHA256)),
    "civarchive": Subject(_archive, HashQuery(HELD_SHA256)),
    "mirror in a folder": Subject(_folder, HashQuery(HELD_SHA256), networked=False),
    "catalogue": Subject(_catalogue, NAMED, networked=False),
    "url": Subject(
        lambda url, client, folder: UrlSource(),
        UrlQuery("https://host.example/x.safetensors"),
        networked=False,
    ),
    "name index": Subject(_index, NAMED, networked=False),
    "answers": Subject(_answers, NAMED, networked=False),
}
EVERYTHING: tuple[Query, ...] = (
    AirQuery(Air("civitai", "1", "1001")),
    AirQuery(Air("huggingface", "org/name")),
    AirQuery(Air("nowhere", "x")),
    HashQuery(sha256_of("nobody has this")),
    HashQuery(Digest(Algorithm.AUTOV2, "0123456789")),
    HashQuery(Digest(Algorithm.CRC32, "01234567")),
    UrlQuery("https://civitai.com/models/1"),
    UrlQuery("https://huggingface.co/org/name/resolve/main/no-such.safetensors"),
    UrlQuery("http://plain.example/x.safetensors"),
    UrlQuery("https://undefined/api/download/models/1"),
    UrlQuery("https://[bad"),
    UrlQuery("not a url", hint=True),
    NameQuery(""),
    NameQuery("..\\..\\x\x00.safetensors"),
    NameQuery("モデル.safetensors", (ModelType.CHECKPOINT,)),
    NameQuery("*?\"'%_.pt", (ModelType.EMBEDDING,)),
)


@pytest.fixture
def client() -> Iterator[Http]:
    with http() as opened:
        yield opened


@pytest.fixture(params=SUBJECTS.values(), ids=SUBJECTS.keys())
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    return found


@pytest.fixture(scope="module")
def hub_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    models = tmp_path_factory.mktemp("models")
    (models / "held.safetensors").write_bytes(HELD)
    with run_hub([*ROWS, HELD_ROW], models) as hub:
        yield hub.url


def test_it_finds_what_it_knows(subject: Subject, hub_url: str, client: Http, tmp_path: Path) -> None:
    answer = subject.build(hub_url, client, tmp_path).find_all([subject.knows])[subject.knows]
    assert answer.verdict.kind is VerdictKind.FOUND
    for candidate in answer.candidates:
        assert candidate.file_name
        assert candidate.url.startswith(("https://", "http://127.0.0.1", "file://"))
        assert "token" not in candidate.url


def test_a_candidate_for_a_hash_has_that_hash(
    subject: Subject, hub_url: str, client: Http, tmp_path: Path
) -> None:
    if not isinstance(subject.knows, HashQuery):
        pytest.skip("it is not asked by hash")
    for candidate in (
        subject.build(hub_url, client, tmp_path).find_all([subject.knows])[subject.knows].candidates
    ):
        assert any(subject.knows.digest.agrees(digest) for digest in candidate.digests)


def test_it_answers_only_what_it_was_asked_and_nothing_it_does_not_understand(
    subject: Subject, hub_url: str, client: Http, tmp_path: Path
) -> None:
    answers = subject.build(hub_url, client, tmp_path).find_all(EVERYTHING)
    assert set(answers) <= set(EVERYTHING)
    assert AirQuery(Air("nowhere", "x")) not in answers


def test_asked_nothing_it_says_nothing(subject: Subject, hub_url: str, client: Http, tmp_path: Path) -> None:
    assert subject.build(hub_url, client, tmp_path).find_all([]) == {}


def test_it_says_the_same_twice(subject: Subject, hub_url: str, client: Http, tmp_path: Path) -> None:
    source = subject.build(hub_url, client, tmp_path)
    assert source.find_all([subject.knows]) == source.find_all([subject.knows])


def test_without_a_network_it_gives_verdicts_not_errors(
    subject: Subject, client: Http, tmp_path: Path
) -> None:
    source = subject.build("http://127.0.0.1:9", client, tmp_path)
    answers = source.find_all([*EVERYTHING, subject.knows])
    if subject.networked:
        assert answers[subject.knows].verdict.kind is VerdictKind.UNREACHABLE
        assert answers[subject.knows].verdict.detail


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "times": 50},
        {"status": 503, "times": 50, "retry_after": 0},
        {"status": 451, "times": 50},
        {"status": 200, "body": "<!doctype html><p>hello", "content_type": "text/html", "times": 50},
        {"status": 200, "body": "[[[[", "times": 50},
        {"status": 200, "body": {"unexpected": None}, "times": 50},
        {"status": 403, "times": 50},
    ],
    ids=["429", "503", "451", "html", "broken json", "another object", "403"],
)
def test_whatever_a_server_answers_nothing_escapes(
    subject: Subject, client: Http, tmp_path: Path, fault: dict[str, object]
) -> None:
    if not subject.networked:
        pytest.skip("it asks no server")
    with run_hub([*ROWS, HELD_ROW]) as hub:
        hub.fail_next(**fault)  # type: ignore[arg-type]
        answer = subject.build(hub.url, client, tmp_path).find_all([subject.knows])[subject.knows]
    told = answer.verdict.kind
    assert told is not VerdictKind.FOUND or answer.candidates


def test_its_name_is_in_its_verdicts(subject: Subject, hub_url: str, client: Http, tmp_path: Path) -> None:
    source = subject.build(hub_url, client, tmp_path)
    assert source.find_all([subject.knows])[subject.knows].verdict.source == source.name
