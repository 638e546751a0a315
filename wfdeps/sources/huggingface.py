"""Hugging Face, or what stands at `HF_ENDPOINT`: its URLs and AIRs. It cannot be asked by hash, and not well by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from wfdeps.domain.access import Access, AccessState
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.folders import FOLDER_KEYS, canonical_key, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, Query, UrlQuery
from wfdeps.errors import AuthRequiredError, SourceError, UnexpectedPayloadError
from wfdeps.match.links import HuggingFaceLink, file_url, huggingface_link, huggingface_page
from wfdeps.match.spelling import NOT_MODELS, spell
from wfdeps.sources.base import JsonHttp, answer_with, failed, no_such, stops_the_rest
from wfdeps.sources.json_values import record, records, sha256_digests, text, whole

SOURCE = "huggingface"


class HuggingFaceClient:
    """Returns decoded JSON and raises SourceError."""

    def __init__(self, http: JsonHttp, endpoint: str) -> None:
        self._http = http
        self.endpoint = endpoint.rstrip("/")

    def repository(self, repository: str, revision: str) -> Any:
        """Its files with size and LFS hash (`blobs`), and whether it is gated, in one request."""
        url = f"{self.endpoint}/api/models/{repository}/revision/{quote(revision, safe='')}"
        return self._http.json("GET", url, params={"blobs": True})

    def whoami(self) -> Any:
        """Who the token belongs to. Raises AuthRequiredError where it belongs to nobody."""
        return self._http.json("GET", f"{self.endpoint}/api/whoami-v2")


class HuggingFaceSource:
    """Hugging Face, or a mirror of it. A repository is listed once a call, however many of its files are asked for."""

    def __init__(self, client: HuggingFaceClient, *, signed_in: bool = False) -> None:
        self._client = client
        self._signed_in = signed_in

    @property
    def name(self) -> str:
        return SOURCE

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As `ports.Source.find_all`: URLs and AIRs."""
        answers: dict[Query, Answer] = {}
        listings: dict[tuple[str, str], tuple[Candidate, ...] | SourceError] = {}
        stopped: SourceError | None = None
        for query in queries:
            wanted = self._wanted(query)
            if wanted is None:
                continue
            repository, revision, link = wanted
            key = (repository, revision)
            if key not in listings:
                listings[key] = stopped or self._listing(repository, revision)
            listing = listings[key]
            if isinstance(listing, SourceError):
                stopped = listing if stops_the_rest(listing) else stopped
                answers[query] = self._refused(listing, link)
            else:
                answers[query] = _answer_from(listing, link)
        return answers

    def _wanted(self, query: Query) -> tuple[str, str, HuggingFaceLink | None] | None:
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
        """Without a token Hugging Face answers 401 for a repository that does not exist, as for one that is private."""
        if link is None or not link.file_name:
            return failed(SOURCE, error)
        if not isinstance(error, AuthRequiredError):
            return self._by_its_address(error, link)
        state = AccessState.BLOCKED if self._signed_in else AccessState.TOKEN
        access = Access(
            state, f"`{link.repository}` is gated, private or gone: see its page, then set HF_TOKEN"
        )
        candidate = candidate_of_link(link, self._client.endpoint, access)
        return Answer((candidate,), Verdict(SOURCE, VerdictKind.GATED, error.message))

    def _by_its_address(self, error: SourceError, link: HuggingFaceLink) -> Answer:
        """At an endpoint of the person's own, the file by its address alone: many mirrors serve files and no API."""
        if self._client.endpoint == "https://huggingface.co":
            return failed(SOURCE, error)
        candidate = candidate_of_link(link, self._client.endpoint, Access())
        # Not remembered, as no answer of a site that cannot be reached is: the API tells the hash once it is back.
        detail = f"its API does not answer: {error.message}"
        return Answer((candidate,), Verdict(SOURCE, VerdictKind.UNREACHABLE, detail))


def _answer_from(listing: tuple[Candidate, ...], link: HuggingFaceLink | None) -> Answer:
    if link is None:
        return answer_with(SOURCE, listing)
    if not link.file_name:
        return answer_with(SOURCE, [file for file in listing if _path_of(file).startswith(link.path)])
    same = [file for file in listing if _path_of(file) == link.path]
    if same:
        return answer_with(SOURCE, same)
    # Repositories are tidied up: the file of that name in another folder is offered (Comfy-Org/workflow_templates#211).
    moved = [file for file in listing if file.file_name == link.file_name]
    if moved:
        return answer_with(SOURCE, moved, f"`{link.path}` is now `{_path_of(moved[0])}`")
    return no_such(SOURCE, f"`{link.repository}` has no `{link.path}`")


def _path_of(file: Candidate) -> str:
    return "/".join(part for part in (file.version_name, file.file_name) if part)


def candidates_of_repository(
    payload: object, repository: str, revision: str, endpoint: str, *, signed_in: bool
) -> tuple[Candidate, ...]:
    """Every model file of a repository. Raises UnexpectedPayloadError where this is no repository."""
    body = record(payload)
    if not isinstance(body.get("siblings"), list):
        raise UnexpectedPayloadError("a repository was answered without its files", payload=payload)
    access = _access(body, repository, signed_in)
    return tuple(
        _candidate(sibling, HuggingFaceLink(repository, revision, path), endpoint, access)
        for sibling in records(body["siblings"])
        if (path := text(sibling.get("rfilename"))) and _is_model(path)
    )


def candidate_of_link(link: HuggingFaceLink, endpoint: str, access: Access) -> Candidate:
    """What the URL alone says of a file."""
    return _candidate({}, link, endpoint, access)


def _is_model(path: str) -> bool:
    ending = spell(path).ending
    return bool(ending) and ending not in NOT_MODELS


def _access(body: Mapping[str, Any], repository: str, signed_in: bool) -> Access:
    gated = body.get("gated")
    if not gated:
        return Access()
    if not signed_in:
        return Access(AccessState.TOKEN, f"`{repository}` is gated: accept its terms there and set HF_TOKEN")
    return Access(AccessState.OPEN, f"`{repository}` is gated: its terms must have been accepted")


def _candidate(sibling: Mapping[str, Any], link: HuggingFaceLink, endpoint: str, access: Access) -> Candidate:
    lfs = record(sibling.get("lfs"))
    size = whole(lfs.get("size")) or whole(sibling.get("size"))
    return Candidate(
        source=SOURCE,
        file_name=link.file_name,
        url=file_url(link, endpoint),
        model_type=_type_by_folder(link.path),
        size=size,
        size_is_exact=size is not None,
        digests=sha256_digests(lfs.get("sha256")) or sha256_digests(lfs.get("oid")),
        access=access,
        page=f"{endpoint}/{link.repository}",
        model_name=link.repository,
        version_name=link.path.rpartition("/")[0],
        creator=link.repository.partition("/")[0],
    )


def _type_by_folder(path: str) -> ModelType:
    """`split_files/text_encoders/x.safetensors` says what it is; most repositories say nothing."""
    folders = [canonical_key(folder) for folder in path.split("/")[:-1]]
    return next(
        (model_type_of(folder) for folder in reversed(folders) if folder in FOLDER_KEYS), ModelType.UNKNOWN
    )
