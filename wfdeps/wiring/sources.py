"""Settings → the sources, in the order they are asked, each remembering what it said."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

from wfdeps.domain.queries import AirQuery, HashQuery, UrlQuery
from wfdeps.errors import ConfigError
from wfdeps.http import Http
from wfdeps.lock.refs import DownloadRoutes
from wfdeps.ports import Source
from wfdeps.sources.cached import ALL_KINDS, AccessMemory, AnswerCache, Cached
from wfdeps.sources.civarchive import BASE_URL, CivArchiveSource
from wfdeps.sources.civitai.access import AccessProbe
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import CivitaiSite
from wfdeps.sources.civitai.source import CivitaiSource
from wfdeps.sources.huggingface import HuggingFaceClient, HuggingFaceSource
from wfdeps.sources.locked import LockedChoices
from wfdeps.sources.mirror import MirrorSource
from wfdeps.sources.model_list import LIST_URL, OFFICIAL, CatalogueSource, ModelList
from wfdeps.sources.name_index import NameIndex
from wfdeps.sources.urls import UrlSource
from wfdeps.values import dataclass
from wfdeps.wiring.answers import locked_entries, open_answers
from wfdeps.wiring.config import CIVITAI
from wfdeps.wiring.settings import Settings


def build_sources(
    settings: Settings, http: Http, exits: ExitStack, *, workflows: Sequence[str] = (), lock: str = ""
) -> Sequence[Source]:
    """A person's answers, those of the lock, then those of `[resolve] sources` in its order, else the usual ones.

    Raises ConfigError for a source nobody knows.
    """
    unknown = [name for name in settings.sources if name not in _BUILDERS]
    if unknown:
        raise ConfigError(f"unknown source `{unknown[0]}`", hint=f"one of {', '.join(_BUILDERS)}")
    parts = _Parts(settings, http, open_index(settings, exits), _store(settings, exits))
    book = open_answers(settings, exits, workflows=workflows)
    chosen = LockedChoices(locked_entries(lock), DownloadRoutes(settings.addresses))
    return (book, chosen, *(source for name in settings.sources for source in _BUILDERS[name](parts)))


def open_index(settings: Settings, exits: ExitStack) -> NameIndex:
    """The person's own index of names, for one server."""
    place = "names.sqlite" if _is_real(settings) else f"names-{_slug(settings.civitai_url)}.sqlite"
    index = NameIndex(os.path.join(settings.cache_dir, place))
    exits.callback(index.close)
    return index


def build_probe(settings: Settings, http: Http, exits: ExitStack) -> AccessProbe:
    """What asks Civitai whether a file can be had from here, and remembers it for a while."""
    client = CivitaiClient(http, settings.civitai_url, settings.civitai_fallback)
    site = site_of(settings)
    memory = AccessMemory(_store(settings, exits), f"{site.base_url} {_login(signed_in=site.signed_in)}")
    return AccessProbe(client, http, site, memory)


def site_of(settings: Settings) -> CivitaiSite:
    """Civitai as this run sees it."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return CivitaiSite(settings.civitai_url, now, settings.signs_in_at(settings.civitai_url))


@dataclass(frozen=True, slots=True)
class _Parts:
    settings: Settings
    http: Http
    index: NameIndex
    store: AnswerCache

    def cached(
        self, source: Source, scope: str, *, signed_in: bool = False, kinds: tuple[type, ...] = ALL_KINDS
    ) -> Source:
        """Another server, or a login, makes other answers."""
        login = _login(signed_in=signed_in)
        return Cached(
            source, self.store, scope=f"{scope} {login}", offline=self.settings.offline, kinds=kinds
        )


def _store(settings: Settings, exits: ExitStack) -> AnswerCache:
    store = AnswerCache(os.path.join(settings.cache_dir, "answers.sqlite"))
    exits.callback(store.close)
    return store


def _civitai(parts: _Parts) -> Sequence[Source]:
    settings = parts.settings
    client = CivitaiClient(parts.http, settings.civitai_url, settings.civitai_fallback)
    signed_in = settings.signs_in_at(settings.civitai_url)
    source = CivitaiSource(client, signed_in=signed_in, learn=parts.index.learn)
    return (parts.cached(source, settings.civitai_url, signed_in=signed_in),)


def _huggingface(parts: _Parts) -> Sequence[Source]:
    settings = parts.settings
    signed_in = settings.signs_in_at(settings.hf_endpoint)
    source = HuggingFaceSource(HuggingFaceClient(parts.http, settings.hf_endpoint), signed_in=signed_in)
    return (parts.cached(source, settings.hf_endpoint, signed_in=signed_in, kinds=(AirQuery, UrlQuery)),)


def _index(parts: _Parts) -> Sequence[Source]:
    return (parts.index,) if parts.settings.name_index else ()


def _url(parts: _Parts) -> Sequence[Source]:
    return (UrlSource(claimed=(parts.settings.civitai_url, parts.settings.hf_endpoint)),)


def _catalogue(parts: _Parts) -> Sequence[Source]:
    """The Manager's list. An address is asked only beside the real Civitai: a hub is often alone on its network."""
    settings = parts.settings
    usual = LIST_URL if _is_real(settings) else ""
    place = usual if settings.model_list is None else settings.model_list
    if not place:
        return ()
    kept_at = os.path.join(settings.cache_dir, "model-list.json")
    return (CatalogueSource(ModelList(parts.http, place=place, kept_at=kept_at)),)


def _official(parts: _Parts) -> Sequence[Source]:
    """What ComfyUI's own templates name: Hugging Face says how large, and by which hash."""
    source = CatalogueSource(
        ModelList(parts.http, place=OFFICIAL), name="official", details=_huggingface(parts)[0]
    )
    return (source,)


def build_mirrors(settings: Settings, http: Http) -> Sequence[Source]:
    """The stores this person names, in their order."""
    return tuple(MirrorSource(http, url) for url in settings.mirrors)


def _mirrors(parts: _Parts) -> Sequence[Source]:
    return build_mirrors(parts.settings, parts.http)


def _civarchive(parts: _Parts) -> Sequence[Source]:
    url = parts.settings.civarchive_url or BASE_URL
    return (parts.cached(CivArchiveSource(parts.http, url), url, kinds=(HashQuery,)),)


def _login(*, signed_in: bool) -> str:
    return "signed in" if signed_in else "anonymous"


def _is_real(settings: Settings) -> bool:
    return settings.civitai_url == CIVITAI


def _slug(url: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in url.partition("://")[2])


_BUILDERS: dict[str, Callable[[_Parts], Sequence[Source]]] = {
    "mirror": _mirrors,
    "index": _index,
    "civitai": _civitai,
    "huggingface": _huggingface,
    "url": _url,
    "official": _official,
    "catalogue": _catalogue,
    "civarchive": _civarchive,
}
