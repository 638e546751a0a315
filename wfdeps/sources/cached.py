"""A Source around any Source, which remembers its answers: what was found for long, what was not for a while."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence

from wfdeps.domain.access import Access
from wfdeps.domain.candidates import Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, Query, UrlQuery
from wfdeps.ports import Source
from wfdeps.sources.answer_json import answer_of, json_of, key_of_query
from wfdeps.sources.database import Database
from wfdeps.values import replace

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0

# Seconds an answer is believed. A hash names the same bytes for ever, but the page around it changes; a 404 may
# have been kept by a network in between for an hour and a half, so ours ends soon after.
FOUND_FOR: dict[type, float] = {HashQuery: 30 * _DAY, AirQuery: 7 * _DAY, UrlQuery: 7 * _DAY, NameQuery: _DAY}
MISSED_FOR: dict[type, float] = {HashQuery: 2 * _HOUR, AirQuery: 2 * _HOUR, UrlQuery: _HOUR, NameQuery: _HOUR}
VERDICT_FOR: dict[VerdictKind, float] = {
    VerdictKind.EARLY_ACCESS: _HOUR,
    VerdictKind.GATED: 10 * _MINUTE,
    VerdictKind.DELETED: _DAY,
}
"""Shorter than what was found: a purchase or a login changes it."""

ACCESS_FOR = 30 * _MINUTE
"""A creator may ask for a login, or early access may end, at any time; what a download answers counts in the end."""

ALL_KINDS: tuple[type, ...] = (AirQuery, HashQuery, UrlQuery, NameQuery)

_NOT_KEPT = frozenset({VerdictKind.UNREACHABLE, VerdictKind.RATE_LIMITED, VerdictKind.REFUSED})

_SCHEMA = """
CREATE TABLE answers (
    scope TEXT NOT NULL, query TEXT NOT NULL, told REAL NOT NULL, until REAL NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (scope, query)
) WITHOUT ROWID;
"""


class AnswerCache:
    """Answers by scope and query, in one SQLite file that many processes may share."""

    def __init__(self, path: str) -> None:
        self._database = Database(path, _SCHEMA, version=1)

    def get(
        self, scope: str, queries: Sequence[Query], now: float, *, stale: bool = False
    ) -> dict[Query, Answer]:
        """What is remembered and still believed; with `stale`, whatever is remembered."""
        kept: dict[Query, Answer] = {}
        for query in queries:
            rows = self._database.rows(
                "SELECT told, until, body FROM answers WHERE scope = ? AND query = ?",
                (scope, key_of_query(query)),
                (float, float, str),
            )
            # An answer from the future was written by a wrong clock: nobody knows how old it is.
            if rows and (stale or rows[0][0] <= now < rows[0][1]) and (answer := _read(rows[0][2])):
                kept[query] = answer
        return kept

    def put(
        self, scope: str, answers: Mapping[Query, Answer], now: float, *, lifetime: float | None = None
    ) -> None:
        """Remember those worth remembering, for their usual time or for `lifetime` seconds."""
        rows = [
            (
                scope,
                key_of_query(query),
                now,
                now + (_lifetime(query, answer) if lifetime is None else lifetime),
                json.dumps(json_of(answer)),
            )
            for query, answer in answers.items()
            if answer.verdict.kind not in _NOT_KEPT
        ]
        self._database.run("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", rows)

    def forget(self, now: float | None = None) -> int:
        """Drop everything, or what is over by `now`; how many answers went."""
        if now is None:
            return self._database.run("DELETE FROM answers", [()])
        return self._database.run("DELETE FROM answers WHERE until <= ?", [(now,)])

    def close(self) -> None:
        self._database.close()


class Cached:
    """A source that is asked only what is not remembered. Offline, it is not asked at all.

    `scope` tells apart what must not be mixed: another server, with or without a login. `kinds` are the queries the
    source understands at all: offline, the others are left to those who do.
    """

    def __init__(
        self,
        source: Source,
        store: AnswerCache,
        *,
        scope: str = "",
        offline: bool = False,
        refresh: bool = False,
        kinds: tuple[type, ...] = ALL_KINDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._store = store
        self._scope = f"{source.name} {scope}".strip()
        self._offline = offline
        self._refresh = refresh
        self._kinds = kinds
        self._now = now

    @property
    def name(self) -> str:
        return self._source.name

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As `ports.Source.find_all`."""
        kept = (
            {} if self._refresh else self._store.get(self._scope, queries, self._now(), stale=self._offline)
        )
        missing = [query for query in queries if query not in kept]
        if self._offline:
            return kept | {query: self._not_asked() for query in missing if isinstance(query, self._kinds)}
        fresh = self._source.find_all(missing) if missing else {}
        self._store.put(self._scope, fresh, self._now())
        return {**kept, **fresh}

    def _not_asked(self) -> Answer:
        return Answer((), Verdict(self.name, VerdictKind.UNREACHABLE, "offline, and not remembered"))


class AccessMemory:
    """Who may download what, as answered a while ago: so that two runs ask once."""

    def __init__(self, store: AnswerCache, scope: str, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._scope = f"access {scope}"
        self._now = now

    def recall(self, candidate: Candidate) -> Access | None:
        """What was answered for this very file; None where nothing was, or too long ago."""
        if candidate.air is None:
            return None
        known = self._store.get(self._scope, [AirQuery(candidate.air)], self._now())
        return next((candidate.access for answer in known.values() for candidate in answer.candidates), None)

    def keep(self, candidate: Candidate, access: Access) -> None:
        """Remember it for ACCESS_FOR."""
        if candidate.air is not None:
            answer = Answer(
                (replace(candidate, access=access),), Verdict(candidate.source, VerdictKind.FOUND)
            )
            self._store.put(self._scope, {AirQuery(candidate.air): answer}, self._now(), lifetime=ACCESS_FOR)


def _lifetime(query: Query, answer: Answer) -> float:
    kind = answer.verdict.kind
    if kind in VERDICT_FOR:
        return VERDICT_FOR[kind]
    return (FOUND_FOR if answer.candidates else MISSED_FOR)[type(query)]


def _read(body: str) -> Answer | None:
    try:
        return answer_of(json.loads(body))
    except (ValueError, KeyError, TypeError, IndexError):
        return None  # written by another version: as if it were not there
