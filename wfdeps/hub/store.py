"""The catalogue in SQLite: models by id, version, hash, or a search over names.

A model's rows are kept as they were given and become values when asked for; the columns beside them are what
questions are asked by. Full-text search covers what Civitai's does: model name, creator, hashes but AutoV1,
and trigger words. Never file names.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from wfdeps.hub.catalogue import Model, Row, model_from_rows
from wfdeps.hub.words import words_of

_SCHEMA = """
CREATE TABLE models (
    model_id INTEGER PRIMARY KEY, name TEXT, type TEXT, creator TEXT, nsfw_level INTEGER, thumbs INTEGER,
    downloads INTEGER, published_at TEXT, base_models TEXT, listed INTEGER, archived INTEGER, minor INTEGER,
    early INTEGER, checkpoint_type TEXT, body TEXT NOT NULL
);
CREATE INDEX by_rating ON models (thumbs DESC, downloads DESC, model_id DESC);
CREATE INDEX by_downloads ON models (downloads DESC, thumbs DESC, model_id DESC);
CREATE INDEX by_date ON models (published_at DESC, model_id DESC);
CREATE INDEX by_creator ON models (creator);
CREATE TABLE versions (version_id INTEGER PRIMARY KEY, model_id INTEGER, published INTEGER);
CREATE INDEX version_models ON versions (model_id);
CREATE TABLE files (file_id INTEGER, version_id INTEGER, model_id INTEGER, path TEXT, PRIMARY KEY (file_id, version_id));
CREATE INDEX file_models ON files (model_id);
CREATE TABLE hashes (
    hash TEXT, kind TEXT, file_id INTEGER, version_id INTEGER, model_id INTEGER, published_at TEXT, published INTEGER
);
CREATE INDEX by_hash ON hashes (hash);
CREATE INDEX hash_models ON hashes (model_id);
CREATE TABLE tags (tag TEXT, model_id INTEGER);
CREATE INDEX by_tag ON tags (tag);
CREATE INDEX tag_models ON tags (model_id);
CREATE TABLE repositories (repo TEXT, path TEXT, model_id INTEGER, version_id INTEGER, file_id INTEGER);
CREATE INDEX by_repo ON repositories (repo);
CREATE VIRTUAL TABLE search USING fts5 (name, username, hashes, words, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (search, row);
"""


class Store:
    """All models of a hub. May be used from several threads."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.executescript(_SCHEMA)
        self._lock = threading.RLock()
        self._long_words: dict[int, list[str]] | None = None

    def close(self) -> None:
        self._database.close()

    def add(self, rows: Iterable[Row]) -> None:
        """Take in complete rows. Those of one model belong into one call: a later one replaces it."""
        by_model: dict[int, list[Row]] = {}
        for row in rows:
            by_model.setdefault(row["model_id"], []).append(row)
        with self._lock, self._database:
            for model_id, of_model in by_model.items():
                if self.rows(model_id):
                    self._delete(model_id)
                self._insert(model_from_rows(of_model), of_model)
            self._long_words = None

    def change(
        self, switches: Row, *, model_id: int, version_id: int | None = None, file_id: int | None = None
    ) -> None:
        """Put these keys into the rows of a model, or of one version or file of it."""
        rows = self.rows(model_id)
        for row in rows:
            if version_id in (None, row["version_id"]) and file_id in (None, row["file_id"]):
                row.update(switches)
        with self._lock, self._database:
            self._delete(model_id)
            self._insert(model_from_rows(rows), rows)

    def rows(self, model_id: int) -> list[dict[str, Any]]:
        """A model's rows; empty for an id nobody has."""
        found = self.fetch("SELECT body FROM models WHERE model_id = ?", (model_id,))
        return json.loads(found[0][0]) if found else []

    def model(self, model_id: int) -> Model | None:
        rows = self.rows(model_id)
        return model_from_rows(rows) if rows else None

    def models(self, model_ids: Sequence[int]) -> list[Model]:
        """The models of these ids, in this order."""
        marks = ",".join("?" * len(model_ids))
        bodies = dict(self.fetch(f"SELECT model_id, body FROM models WHERE model_id IN ({marks})", model_ids))  # noqa: S608
        return [model_from_rows(json.loads(bodies[model_id])) for model_id in model_ids if model_id in bodies]

    def model_of_version(self, version_id: int) -> Model | None:
        found = self.fetch("SELECT model_id FROM versions WHERE version_id = ?", (version_id,))
        return self.model(found[0][0]) if found else None

    def version_by_hash(self, digest: str) -> int | None:
        """The published version with a file of that hash, whatever the algorithm; the earliest, then the lowest id."""
        found = self.fetch(
            "SELECT version_id FROM hashes WHERE hash = ? AND published ORDER BY published_at, version_id LIMIT 1",
            (digest,),
        )
        return found[0][0] if found else None

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
        found = self.fetch(
            "SELECT model_id, version_id FROM files WHERE file_id = ? ORDER BY version_id", (file_id,)
        )
        return found[0] if found else None

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

    def _insert(self, model: Model, rows: Sequence[Row]) -> None:
        run = self._database.execute
        published = model.is_published
        listed = published and not model.claims("unsearchable") and not model.claims("poi")
        creator = model.row.get("creator")
        run(
            "INSERT OR REPLACE INTO models VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                model.model_id, model.name, model.type, (creator or "").lower(), model.nsfw_level, model.thumbs_up,
                model.downloads, model.published_at, _set_of(version.base_model for version in model.versions),
                listed, model.mode == "Archived", model.claims("minor"),
                model.claims("early_access"), model.row.get("checkpoint_type"), json.dumps(rows, separators=(",", ":")),
            ),
        )  # fmt: skip
        run(
            "INSERT INTO search (rowid, name, username, hashes, words) VALUES (?,?,?,?,?)", _searchable(model)
        )
        for tag in model.row.get("tags") or ():
            run("INSERT INTO tags VALUES (?,?)", (tag, model.model_id))
        for version in model.versions:
            run(
                "INSERT OR REPLACE INTO versions VALUES (?,?,?)",
                (version.version_id, model.model_id, published),
            )
            for file in version.files:
                place = (file.file_id, version.version_id, model.model_id)
                run("INSERT OR REPLACE INTO files VALUES (?,?,?,?)", (*place, file.path))
                self._database.executemany(
                    "INSERT INTO hashes VALUES (?,?,?,?,?,?,?)",
                    [
                        (value, kind, *place, version.published_at, published)
                        for kind, value in file.hashes.items()
                    ],
                )
                if hf := file.row.get("hf"):
                    run(
                        "INSERT INTO repositories VALUES (?,?,?,?,?)",
                        (hf["repo"], hf["path"], model.model_id, version.version_id, file.file_id),
                    )

    def _delete(self, model_id: int) -> None:
        self._database.execute("DELETE FROM search WHERE rowid = ?", (model_id,))
        for table in ("models", "versions", "files", "hashes", "tags", "repositories"):
            self._database.execute(f"DELETE FROM {table} WHERE model_id = ?", (model_id,))  # noqa: S608


def _searchable(model: Model) -> tuple[int, str, str, str, str]:
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
