"""Hugging Face as a source: its URLs and AIRs. It cannot be asked by hash, and not well by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Access, AccessState, Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.queries import AirQuery, Query, UrlQuery
from wfdeps.errors import AuthRequiredError, SourceError
from wfdeps.match.links import HuggingFaceLink, huggingface_link, huggingface_page
from wfdeps.sources.huggingface.client import HuggingFaceClient
from wfdeps.sources.huggingface.payloads import SOURCE, candidate_of_link, candidates_of_repository
from wfdeps.sources.verdicts import failed, found, no_such, stops_the_rest


class HuggingFaceSource:
    """Hugging Face, or a mirror of it. A repository is listed once a call, however many of its files are asked for."""

    def __init__(self, client: HuggingFaceClient, *, signed_in: bool = False) -> None:
        self._client = client
        self._signed_in = signed_in

    @property
    def name(self) -> str:
        return SOURCE

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As the door promises."""
        answers: dict[Query, Answer] = {}
        listings: dict[tuple[str, str], tuple[Candidate, ...] | SourceError] = {}
        stopped: SourceError | None = None
        for query in queries:
            asked = self._meant(query)
            if asked is None:
                continue
            repository, revision, link = asked
            key = (repository, revision)
            if key not in listings:
                listings[key] = stopped or self._listing(repository, revision)
            listing = listings[key]
            if isinstance(listing, SourceError):
                stopped = listing if stops_the_rest(listing) else stopped
                answers[query] = self._refused(listing, link)
            else:
                answers[query] = _picked(listing, link)
        return answers

    def _meant(self, query: Query) -> tuple[str, str, HuggingFaceLink | None] | None:
        match query:
            case UrlQuery(url) if link := self._link(url):
                return link.repository, link.revision, link
            case AirQuery(Air(source="huggingface", id=repository, version=revision)) if (
                repository.count("/") == 1
            ):
                return repository, revision or "main", None
            case _:
                return None

    def _link(self, url: str) -> HuggingFaceLink | None:
        """A file, or a page that lists files."""
        endpoint = self._client.endpoint
        return huggingface_link(url, base_url=endpoint) or huggingface_page(url, base_url=endpoint)

    def _listing(self, repository: str, revision: str) -> tuple[Candidate, ...] | SourceError:
        try:
            payload = self._client.repository(repository, revision)
            return candidates_of_repository(
                payload, repository, revision, self._client.endpoint, signed_in=self._signed_in
            )
        except SourceError as error:
            return error

    def _refused(self, error: SourceError, link: HuggingFaceLink | None) -> Answer:
        """To a stranger, a repository that does not exist looks like one he may not see."""
        if not isinstance(error, AuthRequiredError) or link is None or not link.file_name:
            return failed(SOURCE, error)
        state = AccessState.BLOCKED if self._signed_in else AccessState.TOKEN
        access = Access(
            state, f"`{link.repository}` is gated, private or gone: see its page, then set HF_TOKEN"
        )
        candidate = candidate_of_link(link, self._client.endpoint, access)
        return Answer((candidate,), Verdict(SOURCE, VerdictKind.GATED, error.message))


def _picked(listing: tuple[Candidate, ...], link: HuggingFaceLink | None) -> Answer:
    if link is None:
        return found(SOURCE, listing)
    if not link.file_name:
        return found(SOURCE, [file for file in listing if _path_of(file).startswith(link.path)])
    same = [file for file in listing if _path_of(file) == link.path]
    return found(SOURCE, same) if same else no_such(SOURCE, f"`{link.repository}` has no `{link.path}`")


def _path_of(file: Candidate) -> str:
    return "/".join(part for part in (file.version_name, file.file_name) if part)
