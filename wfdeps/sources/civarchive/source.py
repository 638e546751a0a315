"""CivArchive as a source: by SHA-256 only, for models that are gone from Civitai."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wfdeps.domain.candidates import Answer
from wfdeps.domain.digests import Algorithm
from wfdeps.domain.queries import HashQuery, Query
from wfdeps.errors import NotFoundError, SourceError
from wfdeps.sources.civarchive.payloads import SOURCE, candidates_of_archive
from wfdeps.sources.http_doors import JsonHttp
from wfdeps.sources.verdicts import failed, found, no_such, stops_the_rest

BASE_URL = "https://civarchive.com"


class CivArchiveSource:
    """Asks one hash after the other; what it offers is taken only because the hash is equal."""

    def __init__(self, http: JsonHttp, base_url: str = BASE_URL) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")

    @property
    def name(self) -> str:
        return SOURCE

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As the door promises: SHA-256s only."""
        answers: dict[Query, Answer] = {}
        stopped: SourceError | None = None
        for query in queries:
            if not isinstance(query, HashQuery) or query.digest.algorithm is not Algorithm.SHA256:
                continue
            if stopped is not None:
                answers[query] = failed(SOURCE, stopped)
                continue
            try:
                payload = self._http.json("GET", f"{self._base_url}/api/sha256/{query.digest.value}")
                answers[query] = found(SOURCE, candidates_of_archive(payload, query.digest))
            except NotFoundError:
                answers[query] = no_such(SOURCE)
            except SourceError as error:
                stopped = error if stops_the_rest(error) else None
                answers[query] = failed(SOURCE, error)
        return answers
