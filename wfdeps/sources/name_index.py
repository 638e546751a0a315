"""Our own index: file name and hash → the file at its source, fed by every answer seen.

Civitai cannot be asked for a file name, so its answers are kept. What the index answers is verified like
any other candidate. Where it holds a whole catalogue it saves the search; else the search is made as well, for a
file that it has not seen may bear the same name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from wfdeps.domain.candidates import Answer, Candidate
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.model_types import TO_CIVITAI, ModelType
from wfdeps.domain.queries import HashQuery, NameQuery, Query
from wfdeps.match.spelling import bare_key_of, key_of, keys_of, spell
from wfdeps.sources.answer_json import candidate_of, json_of_candidate
from wfdeps.sources.base import answer_with
from wfdeps.sources.database import Database
from wfdeps.values import dataclass, replace

NAME = "name index"
_MOST = 200
"""Rows read for one name: some names (`vae.pt`) have hundreds."""
WHOLE_FOR = 30 * 86400.0
"""Seconds a catalogue counts as whole after it was walked: new files come every day."""

ALL_TYPES = ""

_SCHEMA = """
CREATE TABLE files (
    url TEXT PRIMARY KEY, source TEXT NOT NULL, file_name TEXT NOT NULL, key TEXT NOT NULL, bare TEXT NOT NULL,
    sha256 TEXT, model_type TEXT NOT NULL, seen REAL NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX by_key ON files (key);
CREATE INDEX by_bare ON files (bare);
CREATE INDEX by_sha256 ON files (sha256);
CREATE TABLE walks (scope TEXT PRIMARY KEY, cursor TEXT NOT NULL, begun REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE wholes (type TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through a catalogue that has not come to its end: the next page, and when it was begun."""

    cursor: str
    begun: float


class NameIndex:
    """A Source over one SQLite file, and the place where candidates are remembered."""

    def __init__(self, path: str, *, now: Callable[[], float] = time.time) -> None:
        self._database = Database(path, _SCHEMA, version=2)
        self._now = now

    @property
    def name(self) -> str:
        return NAME

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """Names and SHA-256s; what it does not know is left to the next source, without a verdict."""
        answers: dict[Query, Answer] = {}
        for query in queries:
            match query:
                case NameQuery(name, model_types):
                    candidates = self._by_name(name)
                    is_whole = self._is_whole(model_types)
                case HashQuery(digest) if digest.algorithm is Algorithm.SHA256:
                    candidates, is_whole = self._read("sha256 = ?", (digest.value,)), True
                case _:
                    continue
            if candidates:
                answers[query] = replace(answer_with(NAME, candidates), is_whole=is_whole)
        return answers

    def learn(self, candidates: Iterable[Candidate]) -> int:
        """Remember these; what is newer replaces what was known of the same file. How many."""
        rows = [self._row(candidate) for candidate in candidates if candidate.url and candidate.file_name]
        self._database.run("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return len(rows)

    def count(self) -> dict[str, int]:
        """Files by model type, most first."""
        return dict(
            self._database.rows(
                "SELECT model_type, count(*) FROM files GROUP BY model_type ORDER BY count(*) DESC, 1",
                types=(str, int),
            )
        )

    def seen(self) -> tuple[float | None, float | None]:
        """When the oldest and the newest entry were answered, in seconds since 1970."""
        ((oldest, newest),) = self._database.rows(
            "SELECT min(seen), max(seen) FROM files", types=(float, float)
        )
        return oldest, newest

    def candidates(self) -> Iterator[Candidate]:
        """All of them, by URL."""
        last = ""
        while rows := self._database.rows(
            "SELECT url, body FROM files WHERE url > ? ORDER BY url LIMIT 1000", (last,), (str, str)
        ):
            yield from _readable(body for _, body in rows)
            last = rows[-1][0]

    def walk_of(self, scope: str) -> Walk | None:
        """Where a walk through a catalogue stopped; None where none is under way."""
        rows = self._database.rows("SELECT cursor, begun FROM walks WHERE scope = ?", (scope,), (str, float))
        return Walk(*rows[0]) if rows else None

    def remember_walk(self, scope: str, walk: Walk | None) -> None:
        """So that it can be taken up again; None: there is nothing to take up."""
        if walk is None:
            self._database.run("DELETE FROM walks WHERE scope = ?", [(scope,)])
        else:
            row = (scope, walk.cursor, walk.begun)
            self._database.run("INSERT OR REPLACE INTO walks VALUES (?, ?, ?)", [row])

    def remember_whole(self, at: float, types: Sequence[str] = ()) -> None:
        """It holds every file there was at that time (seconds since 1970), of these of Civitai's types or of all."""
        self._database.run(
            "INSERT OR REPLACE INTO wholes VALUES (?, ?)", [(word, at) for word in types or (ALL_TYPES,)]
        )

    def wholes(self) -> dict[str, float]:
        """Of which of Civitai's types every file is here, up to when; `ALL_TYPES` stands for every type."""
        return dict(self._database.rows("SELECT type, at FROM wholes ORDER BY type", types=(str, float)))

    def whole_since(self, types: Sequence[str] = ()) -> float | None:
        """The time up to which every file of these types, or of all, is here; None where some may be missing."""
        known = self.wholes()
        times = [max(known.get(word, 0.0), known.get(ALL_TYPES, 0.0)) for word in types or (ALL_TYPES,)]
        return min(times) or None

    def close(self) -> None:
        self._database.close()

    def _is_whole(self, model_types: Sequence[ModelType]) -> bool:
        """Whether no file of these types can be missing that Civitai had lately."""
        words_of_each = [TO_CIVITAI.get(model_type, ()) for model_type in model_types]
        words = [word for words in words_of_each for word in words] if all(words_of_each) else ()
        whole_since = self.whole_since(words)
        return whole_since is not None and 0 <= self._now() - whole_since < WHOLE_FOR

    def _by_name(self, name: str) -> tuple[Candidate, ...]:
        """Files of that name however it is written, and those whose name has up to two letters more."""
        stem = spell(name).stem
        if not (key := key_of(stem)):
            return ()
        same = tuple(
            candidate
            for any_key in keys_of(stem)
            for candidate in self._read("key = ? OR bare = ?", (any_key, any_key))
        )
        longer = self._read(
            "key > ? AND key < ? AND length(key) <= ?", (key, key + "\U0010ffff", len(key) + 2)
        )
        return tuple(dict.fromkeys((*same, *longer)))

    def _read(self, condition: str, values: Sequence[object]) -> tuple[Candidate, ...]:
        rows = self._database.rows(f"SELECT body FROM files WHERE {condition} LIMIT {_MOST}", values, (str,))  # noqa: S608
        return tuple(_readable(body for (body,) in rows))

    def _row(self, candidate: Candidate) -> tuple[object, ...]:
        stem = spell(candidate.file_name).stem
        sha256 = find_digest(candidate.digests, Algorithm.SHA256)
        return (
            candidate.url,
            candidate.source,
            candidate.file_name,
            key_of(stem),
            bare_key_of(stem),
            sha256.value if sha256 else None,
            candidate.model_type.value,
            self._now(),
            json.dumps(json_of_candidate(candidate), separators=(",", ":")),
        )


def _readable(bodies: Iterable[str]) -> Iterator[Candidate]:
    """The candidates among them; what cannot be read is as if it were not there, and is learned again."""
    for body in bodies:
        with suppress(ValueError, TypeError, LookupError, AttributeError):
            yield candidate_of(json.loads(body))
