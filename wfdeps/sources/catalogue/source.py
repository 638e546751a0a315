"""ComfyUI-Manager's list as a source: names, and the URLs it knows more of than the URL says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wfdeps.domain.candidates import Answer, Candidate
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.queries import NameQuery, Query, UrlQuery
from wfdeps.errors import SourceError
from wfdeps.match.spelling import bare_key_of, key_of, keys_of, spell
from wfdeps.ports import Source
from wfdeps.sources.catalogue.client import ModelList
from wfdeps.sources.catalogue.payloads import SOURCE, candidates_of_list
from wfdeps.sources.verdicts import failed, found
from wfdeps.values import replace


class CatalogueSource:
    """Reads the list when first asked for a name. `details` knows more of the URLs the list gives (size, hash, access)."""

    def __init__(self, model_list: ModelList, *, name: str = SOURCE, details: Source | None = None) -> None:
        self._list = model_list
        self._name = name
        self._details = details
        self._by_key: dict[str, list[Candidate]] | None = None

    @property
    def name(self) -> str:
        return self._name

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As the door promises: names only."""
        names = [query for query in queries if isinstance(query, NameQuery)]
        if not names:
            return {}
        try:
            known = self._known()
        except SourceError as error:
            return dict.fromkeys(names, failed(self._name, error))
        named = {query: _same_name(known, query.name) for query in names}
        details = self._details_of(
            {UrlQuery(one.url): None for candidates in named.values() for one in candidates}
        )
        return {
            query: found(self._name, _once([_with_details(one, details) for one in candidates]))
            for query, candidates in named.items()
        }

    def _details_of(self, queries: Mapping[UrlQuery, None]) -> Mapping[Query, Answer]:
        return self._details.find_all(tuple(queries)) if self._details and queries else {}

    def _known(self) -> dict[str, list[Candidate]]:
        if self._by_key is None:
            by_key: dict[str, list[Candidate]] = {}
            for candidate in candidates_of_list(self._list.read(), self._name):
                stem = spell(candidate.file_name).stem
                for key in {key_of(stem), bare_key_of(stem)}:
                    by_key.setdefault(key, []).append(candidate)
            self._by_key = by_key
        return self._by_key


def _same_name(known: Mapping[str, Sequence[Candidate]], name: str) -> tuple[Candidate, ...]:
    keys = keys_of(spell(name).stem)
    return tuple(dict.fromkeys(candidate for key in keys for candidate in known.get(key, ())))


def _with_details(candidate: Candidate, details: Mapping[Query, Answer]) -> Candidate:
    """The candidate with what the site itself says of its bytes."""
    answer = details.get(UrlQuery(candidate.url))
    if answer is None or not answer.candidates:
        return candidate
    told = answer.candidates[0]
    return replace(
        candidate,
        url=told.url,
        size=told.size if told.size is not None else candidate.size,
        size_is_exact=told.size_is_exact,
        digests=told.digests or candidate.digests,
        access=told.access,
    )


def _once(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates, those with the same bytes as one that has the others' places as mirrors."""
    merged: dict[object, Candidate] = {}
    for one in candidates:
        key = find_digest(one.digests, Algorithm.SHA256) or one.url
        first = merged.get(key)
        merged[key] = replace(first, mirrors=(*first.mirrors, one.url)) if first else one
    return tuple(merged.values())
