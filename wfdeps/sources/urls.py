"""Plain https URLs that a workflow names: they are where the file is, and nobody has to be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from wfdeps.domain.candidates import Answer, Candidate
from wfdeps.domain.queries import Query, UrlQuery
from wfdeps.domain.urls import is_inside
from wfdeps.match.links import (
    CIVITAI_HOSTS,
    HUGGINGFACE_HOSTS,
    civitai_link,
    file_name_of,
    huggingface_link,
    huggingface_page,
)
from wfdeps.match.spelling import spell
from wfdeps.sources.base import answer_with, no_such

SOURCE = "url"
_SITES = CIVITAI_HOSTS | HUGGINGFACE_HOSTS
"""Sites whose other addresses are pages for people."""


class UrlSource:
    """Answers what no site of its own claims. `claimed` are base URLs of sources that know their own better."""

    def __init__(self, claimed: Sequence[str] = ()) -> None:
        self._claimed = frozenset(urlsplit(url).netloc for url in claimed)

    @property
    def name(self) -> str:
        return SOURCE

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As `ports.Source.find_all`: URLs only, without a request."""
        return {
            query: _answer(query.url)
            for query in queries
            if isinstance(query, UrlQuery) and self._is_plain(query.url)
        }

    def _is_plain(self, url: str) -> bool:
        try:
            host = urlsplit(url).netloc
        except ValueError:
            return False
        site_link = civitai_link(url) or huggingface_link(url) or huggingface_page(url)
        return host not in self._claimed and site_link is None


def _answer(url: str) -> Answer:
    parts, file_name = urlsplit(url), file_name_of(url)
    if parts.scheme != "https" or not parts.hostname:
        return no_such(SOURCE, "only https addresses are fetched")
    if is_inside(parts.hostname):
        return no_such(SOURCE, "the address is inside a private network")
    is_of_site = parts.hostname.removeprefix("www.") in _SITES
    if not file_name or (is_of_site and not spell(file_name).ending):
        return no_such(SOURCE, "the address names no file")
    return answer_with(SOURCE, (Candidate(SOURCE, file_name, url, page=url, creator=parts.hostname),))
