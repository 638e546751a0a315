"""Questions about models, put to Civitai: a search as a person filters it, and what stands behind a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.pages import ModelPage
from wfdeps.domain.type_words import civitai_types
from wfdeps.errors import NotFoundError, SourceError, UsageError
from wfdeps.match.links import civitai_link
from wfdeps.sources.civitai.client import MODELS_AT_ONCE, CivitaiClient
from wfdeps.sources.civitai.pages import model_page, models_of, version_page
from wfdeps.values import dataclass, replace
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.sources import site_of

SORTS: dict[str, Callable[[ModelPage], Any] | None] = {
    "Highest Rated": lambda model: -(model.likes or 0),
    "Most Downloaded": lambda model: -(model.downloads or 0),
    "Most Liked": lambda model: -(model.likes or 0),
    "Most Discussed": None,
    "Most Collected": None,
    "Most Images": None,
    "Newest": lambda model: [-ord(letter) for letter in _published(model)],
    "Oldest": lambda model: _published(model) or "9999",
}
"""Civitai's orders, exactly as it spells them; with how we order a search, which it always orders by relevance."""

LARGEST_LIMIT = 100
"""Models that one search returns at most."""
_PAGES = 10
"""Pages that a filtered search may cost."""


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """What a search is narrowed to."""

    query: str = ""
    types: tuple[str, ...] = ()
    base_models: tuple[str, ...] = ()
    sort: str | None = None
    limit: int = 5

    @property
    def ignores_sort(self) -> bool:
        """Whether Civitai orders by relevance although another order is wanted, and we cannot tell that order."""
        return bool(self.sort and self.query and SORTS[self.sort] is None)


def search_filter(
    query: str = "",
    types: Sequence[str] = (),
    base_models: Sequence[str] = (),
    *,
    sort: str | None = None,
    limit: int = 5,
) -> SearchFilter:
    """A filter of a person's words, in any case. Raises UsageError for a type, an order or a limit that Civitai has not."""
    sorts = {name.lower(): name for name in SORTS}
    if sort is not None and sort.lower() not in sorts:
        raise UsageError(f"unknown order `{sort}`", hint=f"one of {', '.join(SORTS)}")
    if not 1 <= limit <= LARGEST_LIMIT:
        raise UsageError(f"`--limit` goes from 1 to {LARGEST_LIMIT}")
    return SearchFilter(
        query=query.strip(),
        types=tuple(dict.fromkeys(name for word in types for name in civitai_types(word))),
        base_models=tuple(base_models),
        sort=sorts[sort.lower()] if sort else None,
        limit=limit,
    )


class PageKind(StrEnum):
    """What a page, or a bare number, is of."""

    MODEL = "model"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class LookupResult:
    """The page that a number, an AIR or a URL names."""

    model: ModelPage
    kind: PageKind
    remark: str = ""
    """What else the number could have meant."""


class Pages:
    """The pages of Civitai's models. Every method raises SourceError."""

    def __init__(self, doors: Doors) -> None:
        settings = doors.settings
        self._client = CivitaiClient(doors.http(), settings.civitai_url, settings.civitai_fallback)
        self._site = site_of(settings)

    def search(self, wanted: SearchFilter) -> tuple[ModelPage, ...]:
        """The models that fit, at most `limit` of them.

        Civitai cuts a search to a page before it filters by base model, so further pages are asked for until there
        are enough. It orders a search by relevance whatever `sort` says: then what one page holds is ordered here.
        """
        key = SORTS.get(wanted.sort or "") if wanted.query else None
        enough = MODELS_AT_ONCE if key else wanted.limit
        at_once = MODELS_AT_ONCE if key or (wanted.query and wanted.base_models) else wanted.limit
        models: list[ModelPage] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            payload = self._client.models(
                query=wanted.query, types=wanted.types, base_models=wanted.base_models,
                sort=None if wanted.query else wanted.sort, limit=at_once, cursor=cursor,
            )  # fmt: skip
            page = models_of(payload, self._site)
            models += page.models
            if len(models) >= enough or page.cursor is None or page.cursor == cursor:
                break
            cursor = page.cursor
        return tuple(sorted(models, key=key) if key else models)[: wanted.limit]

    def model(self, model_id: int) -> ModelPage:
        return model_page(self._client.model(model_id), self._site)

    def models(self, model_ids: Sequence[int]) -> tuple[ModelPage, ...]:
        """Those of these models that a list shows (at most a hundred are asked for at once); others may exist."""
        payload = self._client.models(ids=model_ids, limit=MODELS_AT_ONCE)
        return models_of(payload, self._site).models

    def version(self, version_id: int) -> ModelPage:
        """A version with what its model's page adds; the model may be hidden while its versions are not."""
        own = version_page(self._client.version(version_id), self._site)
        if own.model_id is None:
            return own
        try:
            return replace(self.model(own.model_id), versions=own.versions)
        except NotFoundError:
            return own

    def look_up(self, text: str, *, as_what: PageKind | None = None) -> LookupResult:
        """What a person means by a number, an AIR or a URL. Raises UsageError for anything else.

        A bare number is a model's first, as in the site's own addresses; else a version's.
        """
        if text.strip().isdecimal():
            return self._number(int(text), as_what)
        model_id, version_id = ids_of(text, self._client.base_url)
        if version_id is not None:
            return LookupResult(self.version(version_id), PageKind.VERSION)
        return LookupResult(self.model(model_id or 0), PageKind.MODEL)

    def _number(self, number: int, as_what: PageKind | None) -> LookupResult:
        if as_what is PageKind.VERSION:
            return LookupResult(self.version(number), PageKind.VERSION)
        try:
            model = self.model(number)
        except NotFoundError:
            if as_what is PageKind.MODEL:
                raise
            try:
                return LookupResult(self.version(number), PageKind.VERSION, f"there is no model {number}")
            except NotFoundError as error:
                raise NotFoundError(
                    f"neither a model nor a version has the number {number}", status=error.status
                ) from error
        return LookupResult(model, PageKind.MODEL, self._also_a_version(number) if as_what is None else "")

    def _also_a_version(self, number: int) -> str:
        try:
            other = version_page(self._client.version(number), self._site)
        except NotFoundError:
            return ""
        return f"a version has that number too, of `{other.name}`: `--as version` shows it"


def with_page_facts(candidates: Sequence[Candidate], doors: Doors) -> tuple[Candidate, ...]:
    """These candidates, with creator and licence of the model's page where a version asked for by itself tells neither.

    What cannot be asked, or is hidden from lists, stays as it is.
    """
    wanted = sorted({number for candidate in candidates if (number := _model_to_ask(candidate))})
    pages: dict[int, ModelPage] = {}
    try:
        for start in range(0, len(wanted), MODELS_AT_ONCE):
            models = Pages(doors).models(wanted[start : start + MODELS_AT_ONCE])
            pages |= {page.model_id: page for page in models if page.model_id is not None}
    except SourceError:
        pass
    return tuple(_with_page(candidate, pages.get(_model_to_ask(candidate) or 0)) for candidate in candidates)


def _model_to_ask(candidate: Candidate) -> int | None:
    is_told = candidate.licence or candidate.creator is not None
    return None if is_told or candidate.source != "civitai" else candidate.model_id


def _with_page(candidate: Candidate, page: ModelPage | None) -> Candidate:
    return candidate if page is None else replace(candidate, creator=page.creator, licence=page.licence)


def ids_of(text: str, base_url: str) -> tuple[int | None, int | None]:
    """(model id, version id) of a Civitai AIR or URL. Raises UsageError for anything else."""
    if "://" in text:
        link = civitai_link(text, base_url=base_url)
        if link is not None and (link.model_id or link.version_id):
            return link.model_id, link.version_id
    else:
        try:
            air = Air.parse(text)
        except ValueError:
            air = None
        if air is not None and (air.model_id or air.version_id):
            return air.model_id, air.version_id
    raise UsageError(
        f"names no model of Civitai's: `{text}`",
        hint="a number, urn:air:…:civitai:4384@128713, or a page's address",
    )


def _published(model: ModelPage) -> str:
    return max((version.published or "" for version in model.versions), default="")
