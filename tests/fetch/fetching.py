"""Words for tests of the fetch room: a download, a fetcher that does not wait long, what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.outcomes import Fetched, FetchEvent, FetchFailed, FetchRetrying
from wfdeps.domain.plans import Download, Target
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.fetch.executor import Executor, open_fetcher
from wfdeps.fetch.limits import Limits
from wfdeps.http import Backoff, Http

QUICK = Limits(stall=1.0, slow_for=1.0, backoff=Backoff(0.01, 0.05), patience=3.0)


def download(
    root: Path,
    *urls: str,
    name: str = "model.bin",
    sha256: str | None = None,
    size: int | None = None,
    digests: tuple[Digest, ...] = (),
) -> Download:
    """A download to `root`; `size` counts as exact."""
    if sha256 is not None:
        digests = (Digest(Algorithm.SHA256, sha256), *digests)
    candidate = Candidate("url", name, urls[0], size=size, size_is_exact=size is not None)
    return Download((), candidate, Target("", str(root), name), urls, size, digests, ChosenBy.URL)


@dataclass(frozen=True, slots=True)
class Told:
    """The events of one run."""

    events: tuple[FetchEvent, ...]

    @property
    def final(self) -> Fetched | FetchFailed:
        (found,) = self.finals
        return found

    @property
    def finals(self) -> tuple[Fetched | FetchFailed, ...]:
        return tuple(event for event in self.events if isinstance(event, (Fetched, FetchFailed)))

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(event.reason for event in self.events if isinstance(event, FetchRetrying))

    @property
    def content(self) -> bytes:
        """The staged bytes; fails the test if there are none."""
        assert isinstance(self.final, Fetched), self.final
        return Path(self.final.staged).read_bytes()

    @property
    def sha256(self) -> str:
        """The hash of the staged bytes, read from the file: short enough to be shown when it differs."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def kind(self) -> str:
        """What a FetchFailed calls itself; fails the test if the download went well."""
        assert isinstance(self.final, FetchFailed), self.final
        return self.final.kind


@dataclass(frozen=True, slots=True)
class Way:
    """One of the ways in which a body comes."""

    direct: bool
    hand_off: bool


WAYS = {"direct": Way(True, True), "handed off": Way(False, True), "plain": Way(False, False)}
"""Over our own connections; over httpx with its socket; over httpx alone."""


class Ways:
    """The way that the running test takes."""

    current = WAYS["direct"]


def client(**options: object) -> Http:
    """A client that goes the current way."""
    return Http(direct=Ways.current.direct, **options)  # type: ignore[arg-type]


def quick_fetcher(http: Http, limits: Limits = QUICK, **options: object) -> Executor:
    """A fetcher whose waits are short."""
    given: dict[str, object] = {"hand_off": Ways.current.hand_off, **options}
    return open_fetcher(http, limits=limits, **given)  # type: ignore[arg-type]


def fetch(*downloads: Download, limits: Limits = QUICK, **options: object) -> Told:
    """Fetch with a client of its own, and tell all events."""
    with client() as http:
        return Told(tuple(quick_fetcher(http, limits, **options).fetch_all(downloads)))


def stop_after(events: Iterator[FetchEvent], count: int) -> Sequence[FetchEvent]:
    """The first events; then the iterator is closed, as Ctrl-C does."""
    seen = [event for event, _ in zip(events, range(count), strict=False)]
    events.close()  # type: ignore[attr-defined]
    return seen
