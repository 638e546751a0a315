"""Plain https URLs that a workflow names: they are where the file is, and nobody has to be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from wfdeps.domain.candidates import Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.queries import Query, UrlQuery
from wfdeps.domain.urls import is_inside
from wfdeps.match.links import civitai_link, file_name_of, huggingface_link
from wfdeps.sources.verdicts import found

SOURCE = "url"


class UrlSource:
    """Answers what no site of its own claims. `claimed` are base URLs of sources that know their own better."""

    def __init__(self, claimed: Sequence[str] = ()) -> None:
        self._claimed = frozenset(urlsplit(url).netloc for url in claimed)

    @property
    def name(self) -> str:
        return SOURCE

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As the door promises: URLs only, without a request."""
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
        return host not in self._claimed and civitai_link(url) is None and huggingface_link(url) is None


def _answer(url: str) -> Answer:
    parts, file_name = urlsplit(url), file_name_of(url)
    if parts.scheme != "https" or not parts.hostname:
        return Answer((), Verdict(SOURCE, VerdictKind.REFUSED, "only https addresses are fetched"))
    if is_inside(parts.hostname):
        return Answer((), Verdict(SOURCE, VerdictKind.REFUSED, "the address is inside a private network"))
    if not file_name:
        return Answer((), Verdict(SOURCE, VerdictKind.REFUSED, "the address names no file"))
    return found(SOURCE, (Candidate(SOURCE, file_name, url, page=url, creator=parts.hostname),))
