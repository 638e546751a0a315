"""A mirror as a source: it knows bytes by their SHA-256, and nothing else.

A hub, a store of ours as it lies, a bucket, any server of plain files (`https://mirror/…`) or a folder
(`file:///folder`): where in it a hash stands is one of LAYOUTS; in a folder also with an ending.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from wfdeps.domain.candidates import MIRROR, Answer, Candidate
from wfdeps.domain.digests import Digest
from wfdeps.domain.queries import Query
from wfdeps.domain.urls import file_address, path_of
from wfdeps.errors import AuthRequiredError, NotFoundError
from wfdeps.sources.base import RangedHttp, answers_by_sha256

_NamesIn = Callable[[str], Sequence[str]]

LAYOUTS = ("sha256/{hash}", "sha256/{start}/{hash}", "{start}/{hash}", "{hash}", "blobs/sha256/{hash}")
"""`start`: the first two digits. The last is that of OCI registries' stores."""


class MirrorSource:
    """One mirror, over HTTP or in a folder."""

    def __init__(self, http: RangedHttp, base_url: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._layouts: tuple[str, ...] = LAYOUTS

    @property
    def name(self) -> str:
        return MIRROR

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As `ports.Source.find_all`: SHA-256s only."""
        if not self._base_url.startswith("file:"):
            return answers_by_sha256(MIRROR, queries, self._at_server)
        names_in = cache(_names_in)  # each folder is listed once a call
        return answers_by_sha256(MIRROR, queries, lambda digest: self._in_folder(digest, names_in))

    def _at_server(self, digest: Digest) -> tuple[Candidate, ...]:
        """Every layout is tried until one has answered: from then on, that one."""
        refused: AuthRequiredError | None = None
        for layout in self._layouts:
            url = f"{self._base_url}/{_within(layout, digest.value)}"
            try:
                self._http.ranged(url, 0, 1)
            except NotFoundError:
                continue
            except AuthRequiredError as error:
                refused = error  # a bucket that may not be listed says so of every key it does not have
                continue
            self._layouts = (layout,)
            return (Candidate(MIRROR, digest.value, url, digests=(digest,)),)
        if refused is not None:
            raise refused
        return ()

    def _in_folder(self, digest: Digest, names_in: _NamesIn) -> tuple[Candidate, ...]:
        folder = path_of(self._base_url)
        for path in _places(folder, digest.value, names_in):
            if os.path.isfile(path):
                size = os.path.getsize(path)
                url = file_address(os.path.abspath(path))
                name = os.path.basename(path)
                return (Candidate(MIRROR, name, url, digests=(digest,), size=size, size_is_exact=True),)
        return ()


def _within(layout: str, sha256: str) -> str:
    return layout.format(hash=sha256, start=sha256[:2])


def _names_in(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _places(folder: str, sha256: str, names_in: _NamesIn) -> Iterator[str]:
    """Every path the file may have: by its hash alone first, then with an ending."""
    plain = [os.path.join(folder, *_within(layout, sha256).split("/")) for layout in LAYOUTS]
    yield from plain
    for parent in map(os.path.dirname, plain):
        named = (name for name in names_in(parent) if name.lower().startswith(f"{sha256}."))
        yield from (os.path.join(parent, name) for name in named)
