"""What a person chose and the project's lock keeps: an answer for all who share it, after one's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from wfdeps.domain.candidates import Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.folders import canonical_key, model_type_of
from wfdeps.domain.locks import LockEntry
from wfdeps.domain.queries import NameQuery, Query
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.lock.refs import DownloadRoutes, candidate_of
from wfdeps.match.evidence import ANSWERS
from wfdeps.match.spelling import spell
from wfdeps.sources.base import answer_key


class LockedChoices:
    """The entries that a person chose. A pickle is none of them: whether it may run code each says for themselves."""

    def __init__(self, entries: Iterable[LockEntry], routes: DownloadRoutes) -> None:
        self._chosen = [entry for entry in entries if entry.chosen_by is ChosenBy.USER]
        self._routes = routes

    @property
    def name(self) -> str:
        return ANSWERS

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """Names that the lock answers; all others are left to the next source, without a verdict."""
        verdict = Verdict(ANSWERS, VerdictKind.FOUND, "by a person, as the lock says")
        return {
            query: Answer((candidate,), verdict)
            for query in queries
            if isinstance(query, NameQuery)
            for candidate in self._chosen_for(query)
        }

    def _chosen_for(self, query: NameQuery) -> Iterator[Candidate]:
        for entry in self._chosen:
            fits = not query.model_types or model_type_of(canonical_key(entry.folder)) in query.model_types
            if fits and answer_key(entry.name) == answer_key(query.name):
                located = candidate_of(entry, self._routes)
                if located is not None and not spell(located.candidate.file_name).is_pickle:
                    yield located.candidate
                    return
