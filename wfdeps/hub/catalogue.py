"""A catalogue: one JSON object a line, one line a file → models, versions and files (pure but for reading).

What a row may say; everything but a name is optional:

| key | |
|---|---|
| model_id, model_name, model_type, version_id, version_name, file_id, file_name | ids missing are given |
| base_model, base_model_type, trained_words, creator, tags, description, published_at, download_count | |
| file_type, file_format, file_fp, file_size_variant, file_quant, file_size_kb, override_name, primary | |
| hashes | `{"SHA256": …, "AutoV2": …}`; where absent, those of the file in the folder of models |
| path | the file, relative to the folder of models; else found there by SHA-256, or by name |
| checkpoint_type | `Trained` or `Merge` |
| nsfw_level, model_nsfw, poi, minor, unsearchable, archived, taken_down, deleted, unpublished | the model |
| require_auth, early_access (a date, or true: for good), downloads_disabled, no_grant, vae_version_id | access |
| no_hashes, stats_hidden | not yet scanned; figures that are null |
| fault | see `faults.Fault` |
| hf | `{"repo", "path", "revision", "gated"}`: where it is to be had in Hugging Face's manner |
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from wfdeps.errors import UsageError
from wfdeps.values import dataclass, field

Row = Mapping[str, Any]
"""One line of a catalogue."""


KINDS: Final[dict[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(
        ("file_name", "model_name", "version_name", "model_type", "base_model", "file_type"), str
    ),
    **dict.fromkeys(("file_format", "creator", "path", "override_name", "published_at"), str),
    **dict.fromkeys(("file_fp", "file_size_variant"), str),
    **dict.fromkeys(("model_id", "version_id", "file_id", "vae_version_id", "nsfw_level"), int),
    **dict.fromkeys(("file_size_kb", "download_count"), (int, float)),
    **dict.fromkeys(("trained_words", "tags"), list),
    **dict.fromkeys(("hashes", "hf", "fault"), dict),
}
_SAID: Final = {str: "text", int: "whole number", (int, float): "number", list: "list", dict: "object"}


@dataclass(frozen=True, slots=True)
class File:
    """One file of a version."""

    file_id: int
    name: str
    type: str
    format: str | None
    fp: str | None
    size_variant: str | None
    quant: str | None
    size_kb: float
    hashes: Mapping[str, str]
    override_name: str | None
    path: str | None
    """Below the folder of models; None: the catalogue knows it, the folder does not hold it."""
    row: Row = field(repr=False)


@dataclass(frozen=True, slots=True)
class Version:
    """One release of a model."""

    version_id: int
    name: str
    base_model: str
    files: tuple[File, ...]
    row: Row = field(repr=False)
    """The first of its rows: what holds for the whole version is read there."""

    @property
    def published_at(self) -> str:
        return _iso(self.row.get("published_at"))

    @property
    def usage_control(self) -> str:
        return self.row.get("usage_control") or (
            "Generation" if self.row.get("downloads_disabled") else "Download"
        )

    def early_access(self, now: str) -> bool:
        """Whether it must still be bought at that moment (ISO 8601, UTC)."""
        until = self.row.get("early_access")
        return bool(until) and (until is True or str(until) > now)

    @property
    def early_access_ends_at(self) -> str | None:
        until = self.row.get("early_access")
        return until if isinstance(until, str) else None

    def file(self, file_id: int) -> File | None:
        return next((file for file in self.files if file.file_id == file_id), None)


@dataclass(frozen=True, slots=True)
class Model:
    """One model with its versions, newest first."""

    model_id: int
    name: str
    type: str
    versions: tuple[Version, ...]
    row: Row = field(repr=False)

    def claims(self, switch: str) -> bool:
        """Whether any of its rows carries that switch (`archived`, `poi` …)."""
        return any(version_row.get(switch) for version_row in self.rows())

    def rows(self) -> Iterator[Row]:
        for version in self.versions:
            for file in version.files:
                yield file.row

    @property
    def nsfw_level(self) -> int:
        level = self.row.get("nsfw_level")
        return int(level) if level is not None else (28 if self.row.get("model_nsfw") else 1)

    @property
    def mode(self) -> str | None:
        return "Archived" if self.claims("archived") else "TakenDown" if self.claims("taken_down") else None

    @property
    def is_published(self) -> bool:
        return not (self.claims("deleted") or self.claims("unpublished"))

    @property
    def downloads(self) -> int:
        return max((int(row.get("download_count") or 0) for row in self.rows()), default=0)

    @property
    def thumbs_up(self) -> int:
        given = [int(row["thumbs_up"]) for row in self.rows() if row.get("thumbs_up") is not None]
        return max(given) if given else self.downloads // 8

    @property
    def published_at(self) -> str:
        return max((version.published_at for version in self.versions), default="")

    def version(self, version_id: int) -> Version | None:
        return next((version for version in self.versions if version.version_id == version_id), None)


def read_rows(lines: Iterable[str], source: str = "catalogue") -> Iterator[dict[str, Any]]:
    """The rows of a catalogue file. Raises UsageError, naming the line that cannot be read."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(f"`{source}` line {number} is not JSON: {error}") from error
        if not isinstance(row, dict) or not row.get("file_name"):
            raise UsageError(f"`{source}` line {number} names no file", hint='each line needs a "file_name"')
        for key, kind in KINDS.items():
            if row.get(key) is not None and not isinstance(row[key], kind):
                raise UsageError(f"`{source}` line {number}: `{key}` is no {_SAID[kind]}")
        yield row


def model_from_rows(rows: Iterable[Row]) -> Model:
    """The model its rows describe; ids and hashes must have been given."""
    versions: dict[int, list[Row]] = {}
    for row in rows:
        versions.setdefault(row["version_id"], []).append(row)
    built = sorted(
        (_version(of_version) for of_version in versions.values()),
        key=lambda version: (version.published_at, version.version_id),
        reverse=True,
    )
    first = built[0].row
    return Model(first["model_id"], first["model_name"], first["model_type"], tuple(built), first)


def _version(rows: list[Row]) -> Version:
    first = rows[0]
    return Version(
        first["version_id"],
        first.get("version_name") or "v1.0",
        first.get("base_model") or "Other",
        tuple(_file(row) for row in rows if not row.get("no_file")),
        first,
    )


def _file(row: Row) -> File:
    return File(
        row["file_id"],
        row["file_name"],
        row.get("file_type") or "Model",
        row.get("file_format"),
        row.get("file_fp"),
        row.get("file_size_variant"),
        row.get("file_quant"),
        row.get("file_size_kb") or 0,
        {} if row.get("no_hashes") else (row.get("hashes") or {}),
        row.get("override_name"),
        row.get("path"),
        row,
    )


def _iso(moment: Any) -> str:
    """A moment as the API writes it; older rows lack the `Z`."""
    text = str(moment or "2024-01-01T00:00:00.000Z")
    return text if text.endswith("Z") else text + "Z"
