"""ComfyUI-Manager's list as a source: names, and the URLs it knows more of than the URL says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wfdeps.domain.candidates import Answer, Candidate
from wfdeps.domain.queries import NameQuery, Query
from wfdeps.errors import SourceError
from wfdeps.match.spelling import bare_key_of, key_of, spell
from wfdeps.sources.catalogue.client import ModelList
from wfdeps.sources.catalogue.payloads import SOURCE, candidates_of_list
from wfdeps.sources.verdicts import failed, found


class CatalogueSource:
    """Reads the list when first asked for a name."""

    def __init__(self, model_list: ModelList) -> None:
        self._list = model_list
        self._by_key: dict[str, list[Candidate]] | None = None

    @property
    def name(self) -> str:
        return SOURCE

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As the door promises: names only."""
        names = [query for query in queries if isinstance(query, NameQuery)]
        if not names:
            return {}
        try:
            known = self._known()
        except SourceError as error:
            return dict.fromkeys(names, failed(SOURCE, error))
        return {query: found(SOURCE, _same_name(known, query.name)) for query in names}

    def _known(self) -> dict[str, list[Candidate]]:
        if self._by_key is None:
            by_key: dict[str, list[Candidate]] = {}
            for candidate in candidates_of_list(self._list.read()):
                stem = spell(candidate.file_name).stem
                for key in {key_of(stem), bare_key_of(stem)}:
                    by_key.setdefault(key, []).append(candidate)
            self._by_key = by_key
        return self._by_key


def _same_name(known: Mapping[str, Sequence[Candidate]], name: str) -> tuple[Candidate, ...]:
    stem = spell(name).stem
    keys = (key_of(stem), bare_key_of(stem))
    return tuple(dict.fromkeys(candidate for key in keys for candidate in known.get(key, ())))
