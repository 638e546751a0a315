"""The catalogue in SQLite: models by id, version, hash, or a search over names.

A model's rows are kept as they were given and become values when asked for; the columns beside them are what
questions are asked by. Full-text search covers what Civitai's does: model name, creator, hashes but AutoV1,
and trigger words. Never file names.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from wfdeps.disk.database import MEMORY, open_database, transaction
from wfdeps.hub.catalogue import File, Model, Row, Version, model_from_rows
from wfdeps.hub.words import words_of

TABLES: Final[dict[str, tuple[str, ...]]] = {
    "models": (
        "model_id INTEGER PRIMARY KEY", "name TEXT", "type TEXT", "creator TEXT", "nsfw_level INTEGER",
        "thumbs INTEGER", "downloads INTEGER", "published_at TEXT", "base_models TEXT", "listed INTEGER",
        "archived INTEGER", "minor INTEGER", "early INTEGER", "checkpoint_type TEXT", "body TEXT NOT NULL",
    ),
    "versions": ("version_id INTEGER PRIMARY KEY", "model_id INTEGER", "published INTEGER"),
    "files": ("file_id INTEGER", "version_id INTEGER", "model_id INTEGER", "path TEXT"),
    "hashes": (
        "hash TEXT", "kind TEXT", "file_id INTEGER", "version_id INTEGER", "model_id INTEGER",
        "published_at TEXT", "published INTEGER",
    ),
    "tags": ("tag TEXT", "model_id INTEGER"),
    "repositories": ("repo TEXT", "path TEXT", "model_id INTEGER", "version_id INTEGER", "file_id INTEGER"),
}  # fmt: skip

INDEXES: Final = (
    "models (thumbs DESC, downloads DESC, model_id DESC)",
    "models (downloads DESC, thumbs DESC, model_id DESC)",
    "models (published_at DESC, model_id DESC)",
    "models (creator)",
    "versions (model_id)",
    "files (file_id)",
    "files (model_id)",
    "hashes (hash)",
    "hashes (model_id)",
    "tags (tag)",
    "tags (model_id)",
    "repositories (repo)",
)

SEARCH: Final = "search (rowid, name, username, hashes, words)"
"""What is searched: nothing else, and no file names."""

Record = tuple[Any, ...]

_INSERTS = {
    # Two models may claim one version, in a catalogue put together by hand: the later has it.
    **{
        table: f"INSERT OR REPLACE INTO {table} VALUES ({','.join('?' * len(columns))})"  # noqa: S608
        for table, columns in TABLES.items()
    },
    "search": f"INSERT INTO {SEARCH} VALUES (?,?,?,?,?)",  # noqa: S608
}
_SCHEMA = ";".join(
    (
        *(f"CREATE TABLE {table} ({', '.join(columns)})" for table, columns in TABLES.items()),
        "CREATE VIRTUAL TABLE search USING fts5"
        " (name, username, hashes, words, tokenize = 'unicode61 remove_diacritics 2')",
        "CREATE VIRTUAL TABLE vocabulary USING fts5vocab (search, row)",
    )
)


class CatalogueStore:
    """All models of a hub. May be used from several threads."""

    def __init__(self) -> None:
        self._database = open_database(MEMORY, _SCHEMA, version=1, any_thread=True)
        self._lock = threading.RLock()
        self._long_words: dict[int, list[str]] | None = None

    def close(self) -> None:
        self._database.close()

    def add(self, rows: Iterable[Row]) -> None:
        """Take in complete rows. Those of one model belong into one call: a later one replaces it."""
        by_model: dict[int, list[Row]] = {}
        for row in rows:
            by_model.setdefault(row["model_id"], []).append(row)
        with self._lock, transaction(self._database):
            for (model_id,) in self.fetch("SELECT model_id FROM models"):
                if model_id in by_model:
                    self._delete(model_id)
            self._insert(by_model.values())
            # After the first load, not before: to fill a table is quicker than to keep twelve indexes.
            for number, columns in enumerate(INDEXES):
                self._database.execute(f"CREATE INDEX IF NOT EXISTS index_{number} ON {columns}")

    def change(
        self, switches: Row, *, model_id: int, version_id: int | None = None, file_id: int | None = None
    ) -> None:
        """Put these keys into the rows of a model, or of one version or file of it."""
        rows = self.rows(model_id)
        for row in rows:
            if version_id in (None, row["version_id"]) and file_id in (None, row["file_id"]):
                row.update(switches)
        with self._lock, transaction(self._database):
            self._delete(model_id)
            self._insert([rows])

    def rows(self, model_id: int) -> list[dict[str, Any]]:
        """A model's rows; empty for an id nobody has."""
        rows = self.fetch("SELECT body FROM models WHERE model_id = ?", (model_id,))
        return json.loads(rows[0][0]) if rows else []

    def model(self, model_id: int) -> Model | None:
        rows = self.rows(model_id)
        return model_from_rows(rows) if rows else None

    def models(self, model_ids: Sequence[int]) -> list[Model]:
        """The models of these ids, in this order."""
        marks = ",".join("?" * len(model_ids))
        bodies = dict(self.fetch(f"SELECT model_id, body FROM models WHERE model_id IN ({marks})", model_ids))  # noqa: S608
        return [model_from_rows(json.loads(bodies[model_id])) for model_id in model_ids if model_id in bodies]

    def model_of_version(self, version_id: int) -> Model | None:
        rows = self.fetch("SELECT model_id FROM versions WHERE version_id = ?", (version_id,))
        return self.model(rows[0][0]) if rows else None

    def version_by_hash(self, digest: str) -> int | None:
        """The published version with a file of that hash, whatever the algorithm; the earliest, then the lowest id."""
        rows = self.fetch(
            "SELECT version_id FROM hashes WHERE hash = ? AND published ORDER BY published_at, version_id LIMIT 1",
            (digest,),
        )
        return rows[0][0] if rows else None

    def files_by_sha256(self, digests: Sequence[str]) -> Iterator[tuple[int, int, str]]:
        """Version id, model id and hash of every published file with one of these hashes."""
        for start in range(0, len(digests), 500):
            part = digests[start : start + 500]
            marks = ",".join("?" * len(part))
            yield from self.fetch(
                f"SELECT version_id, model_id, hash FROM hashes WHERE hash IN ({marks}) AND kind = 'SHA256' AND published",  # noqa: S608
                part,
            )

    def version_of_file(self, file_id: int) -> tuple[int, int] | None:
        """Model id and version id of a file; the first where it is in several."""
        rows = self.fetch(
            "SELECT model_id, version_id FROM files WHERE file_id = ? ORDER BY version_id", (file_id,)
        )
        return rows[0] if rows else None

    def long_words(self, length: int) -> list[str]:
        """The words of the index that have that many letters."""
        with self._lock:
            if self._long_words is None:
                self._long_words = {}
                for (word,) in self.fetch("SELECT term FROM vocabulary WHERE length(term) >= 10"):
                    self._long_words.setdefault(len(word), []).append(word)
            return self._long_words.get(length, [])

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows a query gives."""
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def _insert(self, models: Iterable[Sequence[Row]]) -> None:
        records: dict[str, list[Record]] = {table: [] for table in _INSERTS}
        for rows in models:
            for table, record in records_of(model_from_rows(rows), rows):
                records[table].append(record)
        for table, of_table in records.items():
            self._database.executemany(_INSERTS[table], of_table)
        self._long_words = None

    def _delete(self, model_id: int) -> None:
        self._database.execute("DELETE FROM search WHERE rowid = ?", (model_id,))
        for table in ("models", "versions", "files", "hashes", "tags", "repositories"):
            self._database.execute(f"DELETE FROM {table} WHERE model_id = ?", (model_id,))  # noqa: S608


def records_of(model: Model, rows: Sequence[Row]) -> Iterator[tuple[str, Record]]:
    """Table and record, for everything there is to know of a model; `rows` are kept as they are."""
    yield "models", _model_record(model, rows)
    yield "search", _search_record(model)
    for tag in model.row.get("tags") or ():
        yield "tags", (tag, model.model_id)
    published = model.is_published
    for version in model.versions:
        yield "versions", (version.version_id, model.model_id, published)
        for file in version.files:
            yield from _file_records(model.model_id, version, file, published)


def _model_record(model: Model, rows: Sequence[Row]) -> Record:
    return (
        model.model_id,
        model.name,
        model.type,
        (model.row.get("creator") or "").lower(),
        model.nsfw_level,
        model.thumbs_up,
        model.downloads,
        model.published_at,
        _set_of(version.base_model for version in model.versions),
        model.is_published and not model.claims("unsearchable") and not model.claims("poi"),
        model.mode == "Archived",
        model.claims("minor"),
        model.claims("early_access"),
        model.row.get("checkpoint_type"),
        json.dumps(rows, separators=(",", ":")),
    )


def _file_records(
    model_id: int, version: Version, file: File, published: bool
) -> Iterator[tuple[str, Record]]:
    place = (file.file_id, version.version_id, model_id)
    yield "files", (*place, file.path)
    moment = version.published_at
    for kind, value in file.hashes.items():
        yield "hashes", (value, kind, *place, moment, published)
    if hf := file.row.get("hf"):
        yield "repositories", (hf["repo"], hf["path"], model_id, version.version_id, file.file_id)


def _search_record(model: Model) -> Record:
    triggers = {word for row in model.rows() for word in row.get("trained_words") or ()}
    digests = {
        value
        for version in model.versions
        for file in version.files
        for kind, value in file.hashes.items()
        if kind != "AutoV1"
    }
    return (
        model.model_id,
        " ".join(words_of(model.name)),
        " ".join(words_of(model.row.get("creator") or "")),
        " ".join(sorted(digests)),
        " ".join(words_of(" ".join(sorted(triggers)))),
    )


def _set_of(names: Iterable[str]) -> str:
    return "|" + "|".join(sorted(set(names))) + "|"
