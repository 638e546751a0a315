"""Our own index: file name and hash → the file at its source, fed by every answer seen.

Civitai cannot be asked for a file name, so what it told once is kept. What the index answers is verified like
any other candidate. It saves the search only where a whole catalogue was walked through or imported: of what was
learned by the way nobody knows which rivals were never seen.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from wfdeps.domain.candidates import Answer, Candidate
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.model_types import TO_CIVITAI, ModelType
from wfdeps.domain.queries import HashQuery, NameQuery, Query
from wfdeps.match.spelling import bare_key_of, key_of, spell
from wfdeps.sources.answer_json import candidate_of, json_of_candidate
from wfdeps.sources.database import Database
from wfdeps.sources.verdicts import found
from wfdeps.values import replace

NAME = "name index"
_MOST = 200
"""Rows read for one name: some names (`vae.pt`) have hundreds."""

_SCHEMA = """
CREATE TABLE files (
    url TEXT PRIMARY KEY, source TEXT NOT NULL, file_name TEXT NOT NULL, key TEXT NOT NULL, bare TEXT NOT NULL,
    sha256 TEXT, model_type TEXT NOT NULL, seen REAL NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX by_key ON files (key);
CREATE INDEX by_bare ON files (bare);
CREATE INDEX by_sha256 ON files (sha256);
CREATE TABLE walks (scope TEXT PRIMARY KEY, cursor TEXT, done INTEGER NOT NULL) WITHOUT ROWID;
"""


def walk_scope(place: str, types: Sequence[str] = (), since: str = "") -> str:
    """What a walk goes through: Civitai's types there, or all of them, back to that day, or to the first."""
    return f"{place} {','.join(sorted(types))} {since}"


class NameIndex:
    """A Source over one SQLite file, and the place where candidates are remembered."""

    def __init__(self, path: str, *, now: Callable[[], float] = time.time) -> None:
        self._database = Database(path, _SCHEMA, version=1)
        self._now = now

    @property
    def name(self) -> str:
        return NAME

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """Names and SHA-256s; what it does not know is left to the next source, without a verdict."""
        answers: dict[Query, Answer] = {}
        for query in queries:
            match query:
                case NameQuery(name):
                    candidates = self._by_name(name)
                case HashQuery(digest) if digest.algorithm is Algorithm.SHA256:
                    candidates = self._read("sha256 = ?", (digest.value,))
                case _:
                    continue
            if candidates:
                whole = isinstance(query, HashQuery) or self._has_all(query.model_types)
                answers[query] = replace(found(NAME, candidates), is_whole=whole)
        return answers

    def _has_all(self, model_types: Sequence[ModelType]) -> bool:
        """Whether all of these types was walked through, or imported."""
        walked = {
            kind
            for (scope,) in self._database.rows("SELECT scope FROM walks WHERE done = 1")
            for _, kinds, since in (scope.split(" "),)
            if not since
            for kind in kinds.split(",")
        }
        wanted = {kind for model_type in model_types for kind in TO_CIVITAI.get(model_type, ())}
        return "" in walked or (bool(wanted) and wanted <= walked)

    def learn(self, candidates: Iterable[Candidate]) -> int:
        """Remember these; what is newer replaces what was known of the same file. How many."""
        rows = [self._row(candidate) for candidate in candidates if candidate.url and candidate.file_name]
        self._database.run("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return len(rows)

    def count(self) -> dict[str, int]:
        """Files by model type, most first."""
        return dict(
            self._database.rows(
                "SELECT model_type, count(*) FROM files GROUP BY model_type ORDER BY count(*) DESC, 1"
            )
        )

    def seen(self) -> tuple[float | None, float | None]:
        """When the oldest and the newest entry were told, in seconds since 1970."""
        ((oldest, newest),) = self._database.rows("SELECT min(seen), max(seen) FROM files")
        return oldest, newest

    def candidates(self) -> Iterator[Candidate]:
        """All of them, by URL."""
        last = ""
        while rows := self._database.rows(
            "SELECT url, body FROM files WHERE url > ? ORDER BY url LIMIT 1000", (last,)
        ):
            yield from (candidate_of(json.loads(body)) for _, body in rows)
            last = rows[-1][0]

    def has_imported(self) -> None:
        """A whole catalogue was learned from a file."""
        self.remember_walk(walk_scope("import"), None, done=True)

    def walk_of(self, scope: str) -> tuple[str | None, bool]:
        """Where a walk through a whole catalogue stopped, and whether it came to the end."""
        rows = self._database.rows("SELECT cursor, done FROM walks WHERE scope = ?", (scope,))
        return (rows[0][0], bool(rows[0][1])) if rows else (None, False)

    def remember_walk(self, scope: str, cursor: str | None, *, done: bool) -> None:
        """So that it can be taken up again."""
        self._database.run("INSERT OR REPLACE INTO walks VALUES (?, ?, ?)", [(scope, cursor, int(done))])

    def close(self) -> None:
        self._database.close()

    def _by_name(self, name: str) -> tuple[Candidate, ...]:
        """The same name however it is written; else those it is the beginning of, short of a letter or two."""
        stem = spell(name).stem
        key, bare = key_of(stem), bare_key_of(stem)
        if not key:
            return ()
        same = self._read("key = ?", (key,)) + self._read("bare = ? OR key = ?", (bare, bare))
        longer = self._read(
            "key > ? AND key < ? AND length(key) <= ?", (key, key + "\U0010ffff", len(key) + 2)
        )
        return tuple(dict.fromkeys((*same, *longer)))

    def _read(self, condition: str, values: Sequence[object]) -> tuple[Candidate, ...]:
        rows = self._database.rows(f"SELECT body FROM files WHERE {condition} LIMIT {_MOST}", values)  # noqa: S608
        return tuple(candidate_of(json.loads(body)) for (body,) in rows)

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
