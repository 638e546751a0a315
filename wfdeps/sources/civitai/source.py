"""Civitai as a source: ids, hashes in batches, its URLs, and names through a search that knows no file names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import TypeVar

from wfdeps.domain.candidates import Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, Query, UrlQuery
from wfdeps.errors import NotFoundError, SourceError
from wfdeps.match.links import CivitaiLink, civitai_link
from wfdeps.match.search_terms import UNSEARCHABLE, says_nothing
from wfdeps.sources.base import answer_with, failed, no_such, stops_the_rest
from wfdeps.sources.civitai.client import IDS_AT_ONCE, LARGEST_ID, VERSIONS_AT_ONCE, CivitaiClient
from wfdeps.sources.civitai.payloads import (
    SOURCE,
    CivitaiSite,
    candidates_of_model,
    candidates_of_version,
    candidates_of_versions,
    versions_by_hash,
)
from wfdeps.sources.civitai.search import Search
from wfdeps.sources.json_values import record, text
from wfdeps.values import replace

AT_ONCE = 4
"""Questions on their way at the same time."""
STOPPED_FOR = timedelta(seconds=60)
"""So long nobody is asked anew after a fault that the next question would meet too."""

_T = TypeVar("_T")
Learn = Callable[[Sequence[Candidate]], object]


class CivitaiSource:
    """Civitai, or a hub. `learn` hears of every candidate seen, asked for or not."""

    def __init__(
        self,
        client: CivitaiClient,
        *,
        signed_in: bool = False,
        learn: Learn = lambda candidates: None,
        requests_a_name: int = 8,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._learn = learn
        self._site = CivitaiSite(client.base_url, now().strftime("%Y-%m-%dT%H:%M:%S"), signed_in)
        self._requests_a_name = requests_a_name
        self._questions = _Questions(now)

    @property
    def name(self) -> str:
        return SOURCE

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As `ports.Source.find_all`. SHA-256s go in batches, all else one by one, a few at once."""
        answers: dict[Query, Answer] = {}
        sha256s = [query for query in queries if _is_sha256(query)]
        if sha256s:
            answers |= self._by_sha256(sha256s)
        asks = {query: ask for query in queries if query not in answers and (ask := self._question(query))}
        return answers | dict(zip(asks, self._questions.attempt_all(list(asks.values())), strict=True))

    def _question(self, query: Query) -> Callable[[], Answer] | None:
        """How this query is asked; None where it is not ours."""
        match query:
            case AirQuery(air) if air.source == SOURCE and (air.version_id or air.model_id):
                return lambda: self._by_id(air.model_id or None, air.version_id)
            case HashQuery():
                return lambda: self._by_hash(query)
            case UrlQuery(url) if link := civitai_link(url, base_url=self._client.base_url):
                return lambda: self._by_link(link)
            case NameQuery():
                return lambda: self._by_name(query)
            case _:
                return None

    def _by_sha256(self, queries: Sequence[Query]) -> dict[Query, Answer]:
        """At most two steps: which are known at all (only where many are asked), then their versions."""
        wanted = {query.digest.value: query for query in queries if isinstance(query, HashQuery)}
        failures: dict[str, Answer] = {}
        known = list(wanted)
        if len(known) > VERSIONS_AT_ONCE:
            known = []
            for batch in _batches(wanted, IDS_AT_ONCE):
                known_ids = self._questions.attempt(partial(self._ids_of, batch))
                if isinstance(known_ids, Answer):
                    failures |= dict.fromkeys(batch, known_ids)
                else:
                    known += [value for value in batch if value in known_ids]
        files: dict[str, list[Candidate]] = {}
        for batch in _batches(known, VERSIONS_AT_ONCE):
            versions = self._questions.attempt(partial(self._versions_of, batch))
            if isinstance(versions, Answer):
                failures |= dict.fromkeys(batch, versions)
                continue
            for file in versions:
                if sha256 := find_digest(file.digests, Algorithm.SHA256):
                    files.setdefault(sha256.value, []).append(file)
        return {
            query: failures.get(value) or answer_with(SOURCE, files.get(value, ()))
            for value, query in wanted.items()
        }

    def _ids_of(self, sha256s: list[str]) -> dict[str, tuple[int, ...]]:
        return versions_by_hash(self._client.ids_by_hash(sha256s))

    def _versions_of(self, sha256s: list[str]) -> tuple[Candidate, ...]:
        return self._learned(candidates_of_versions(self._client.versions_by_hash(sha256s), self._site))

    def _by_hash(self, query: HashQuery) -> Answer:
        files = self._learned(
            candidates_of_version(self._client.version_by_hash(query.digest.value), self._site)
        )
        # The answer is a version; only one of its files has the hash.
        same = [file for file in files if any(query.digest.agrees(digest) for digest in file.digests)]
        return answer_with(SOURCE, same)

    def _by_id(self, model_id: int | None, version_id: int | None) -> Answer:
        if max(model_id or 0, version_id or 0) > LARGEST_ID:
            return no_such(SOURCE, "no model and no version has so large a number")
        if version_id is None:
            assert model_id is not None
            return self._model(model_id)
        try:
            answer = self._version(version_id)
        except NotFoundError:
            if not model_id:
                return no_such(SOURCE, f"no version {version_id}: deleted, unpublished, or not shown to us")
            return self._after_a_lost_version(model_id, version_id)
        files = answer.candidates
        if model_id and any(file.model_id not in (None, model_id) for file in files):
            return no_such(SOURCE, f"version {version_id} is of model {files[0].model_id}, not of {model_id}")
        return answer

    def _after_a_lost_version(self, model_id: int, version_id: int) -> Answer:
        """A version that is gone: its model's other versions, or the word that the model is gone too."""
        try:
            others = self._model(model_id).candidates
        except NotFoundError:
            return Answer(
                (),
                Verdict(
                    SOURCE, VerdictKind.DELETED, f"model {model_id} and its version {version_id} are gone"
                ),
            )
        detail = f"version {version_id} is gone; model {model_id} has others"
        return Answer(others, Verdict(SOURCE, VerdictKind.DELETED, detail))

    def _by_link(self, link: CivitaiLink) -> Answer:
        answer = self._by_id(link.model_id, link.version_id)
        if answer.verdict.kind is not VerdictKind.FOUND:
            return answer
        fitting = [file for file in answer.candidates if _fits_link(file, link)]
        return answer_with(SOURCE, fitting or answer.candidates)

    def _by_name(self, query: NameQuery) -> Answer:
        if why := says_nothing(query.name):
            return no_such(SOURCE, f"{UNSEARCHABLE}: {why}")
        search = Search(self._client, self._site, self._learn, requests=self._requests_a_name)
        return answer_with(SOURCE, search.run(query))

    def _model(self, model_id: int) -> Answer:
        payload = self._client.model(model_id)
        return _answer_of_page(
            payload, self._learned(candidates_of_model(payload, self._front(model_id=model_id)))
        )

    def _version(self, version_id: int) -> Answer:
        payload = self._client.version(version_id)
        return _answer_of_page(
            payload, self._learned(candidates_of_version(payload, self._front(version_id=version_id)))
        )

    def _front(self, **numbers: int) -> CivitaiSite:
        return replace(self._site, base_url=self._client.front_of(**numbers))

    def _learned(self, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        self._learn(candidates)
        return candidates


class _Questions:
    """Puts questions to the site until a fault that the next one would meet too; then none until STOPPED_FOR is over."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._stopped: tuple[SourceError, datetime] | None = None
        """By what, and when."""

    def attempt(self, ask: Callable[[], _T]) -> _T | Answer:
        """What was asked for, or the answer that says why not."""
        if self._stopped is not None and self._now() - self._stopped[1] < STOPPED_FOR:
            return failed(SOURCE, self._stopped[0])
        try:
            return ask()
        except SourceError as error:
            if stops_the_rest(error):
                self._stopped = error, self._now()
            return failed(SOURCE, error)

    def attempt_all(self, asks: Sequence[Callable[[], Answer]]) -> list[Answer]:
        """Each answer in its place. The first alone, to see whether anybody is there, then a few at once.

        A search is mostly waiting; the client's limits for a host are shared by all who ask.
        """
        first = [self.attempt(ask) for ask in asks[:1]]
        if len(asks) < 2:
            return first
        workers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="civitai")
        try:
            return first + list(workers.map(self.attempt, asks[1:]))
        finally:
            # Ctrl-C waits for those on their way, not for those in the queue.
            workers.shutdown(cancel_futures=True)


def _answer_of_page(payload: object, files: Sequence[Candidate]) -> Answer:
    """The files a page lists; where it lists none, why: an archived model is shown without its files."""
    page = record(payload)
    mode = text(page.get("mode")) or text(record(page.get("model")).get("mode"))
    if not files and mode == "Archived":
        return Answer((), Verdict(SOURCE, VerdictKind.DELETED, "archived by its creator, its files are gone"))
    return answer_with(SOURCE, files, "" if files else "its page lists no file")


def _is_sha256(query: Query) -> bool:
    return isinstance(query, HashQuery) and query.digest.algorithm is Algorithm.SHA256


def _fits_link(file: Candidate, link: CivitaiLink) -> bool:
    """Whether a URL's own words for one file fit this one."""
    wanted_and_actual = (
        (link.file_type, file.file_type),
        (link.file_format, file.file_format),
        (link.size, file.variant),
        (link.precision, file.precision),
    )
    if link.file_id is not None:
        return file.file_id == link.file_id
    return all(not wanted or wanted.lower() == actual.lower() for wanted, actual in wanted_and_actual)


def _batches(values: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
