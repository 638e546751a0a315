"""A mirror as a source: it knows bytes by their SHA-256, and nothing else.

`https://mirror/…` answers `GET {base}/sha256/<hex>`; `file:///folder` holds `sha256/<hex>`, `<hh>/<hex>` or
`<hex>`, with or without an ending.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence

from wfdeps.domain.candidates import Answer, Candidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.queries import HashQuery, Query
from wfdeps.domain.urls import file_address, path_of
from wfdeps.errors import NotFoundError, SourceError
from wfdeps.sources.http_doors import RangedHttp
from wfdeps.sources.verdicts import failed, found, no_such, stops_the_rest

SOURCE = "mirror"


class MirrorSource:
    """One mirror, over HTTP or in a folder."""

    def __init__(self, http: RangedHttp, base_url: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")

    @property
    def name(self) -> str:
        return SOURCE

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As the door promises: SHA-256s only."""
        answers: dict[Query, Answer] = {}
        stopped: SourceError | None = None
        look: Callable[[Digest], Candidate | None] = (
            self._in_folder if self._base_url.startswith("file:") else self._at_server
        )
        for query in queries:
            if not isinstance(query, HashQuery) or query.digest.algorithm is not Algorithm.SHA256:
                continue
            if stopped is not None:
                answers[query] = failed(SOURCE, stopped)
                continue
            try:
                candidate = look(query.digest)
            except SourceError as error:
                stopped = error if stops_the_rest(error) else None
                answers[query] = failed(SOURCE, error)
            else:
                answers[query] = found(SOURCE, (candidate,)) if candidate else no_such(SOURCE)
        return answers

    def _at_server(self, digest: Digest) -> Candidate | None:
        url = f"{self._base_url}/sha256/{digest.value}"
        try:
            self._http.ranged(url, 0, 1)
        except NotFoundError:
            return None
        return Candidate(SOURCE, digest.value, url, digests=(digest,))

    def _in_folder(self, digest: Digest) -> Candidate | None:
        folder = path_of(self._base_url)
        for path in _places(folder, digest.value):
            if os.path.isfile(path):
                size = os.path.getsize(path)
                url = file_address(os.path.abspath(path))
                return Candidate(
                    SOURCE, os.path.basename(path), url, digests=(digest,), size=size, size_is_exact=True
                )
        return None


def _places(folder: str, value: str) -> Iterator[str]:
    for parent in (os.path.join(folder, "sha256"), os.path.join(folder, value[:2]), folder):
        yield os.path.join(parent, value)
        try:
            names = sorted(os.listdir(parent))
        except OSError:
            continue
        yield from (os.path.join(parent, name) for name in names if name.lower().startswith(f"{value}."))
