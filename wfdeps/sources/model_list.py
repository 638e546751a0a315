"""Lists of models in the form of ComfyUI-Manager's `model-list.json`: its own, and ours of ComfyUI's templates.

Answers names only. A list comes from a file, or from an address whose answer is kept for a day.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wfdeps.disk.writing import atomic_write
from wfdeps.domain.candidates import Answer, Candidate
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.folders import FOLDER_KEYS, canonical_key, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import NameQuery, Query, UrlQuery
from wfdeps.errors import SourceError, SourceUnavailableError, UnexpectedPayloadError, os_error_words
from wfdeps.match.links import plain_url
from wfdeps.match.spelling import bare_key_of, key_of, keys_of, spell
from wfdeps.ports import Source
from wfdeps.sources.base import JsonHttp, answer_with, failed
from wfdeps.sources.json_values import record, records, sha256_digests, text
from wfdeps.values import replace

LIST_URL = "https://raw.githubusercontent.com/Comfy-Org/ComfyUI-Manager/main/model-list.json"
OFFICIAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "official.json")
"""Where ComfyUI's own templates say their models are to be had; made by `.github/scripts/build_official.py`."""
KEPT_FOR = 86400.0
"""Seconds."""
_LARGEST = 64 << 20
SOURCE = "catalogue"

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([KMGT]?)i?B", re.I)

# The list's own words for types where its folder says nothing (`default`, or a custom pack's), besides ours.
_TYPES: dict[str, ModelType] = {
    **{model_type.value: model_type for model_type in ModelType if model_type is not ModelType.OTHER},
    "checkpoints": ModelType.CHECKPOINT,
    "unet": ModelType.DIFFUSION_MODEL,
    "taesd": ModelType.VAE_APPROX,
    "clip": ModelType.TEXT_ENCODER,
    "text_encoders": ModelType.TEXT_ENCODER,
    "t2i-adapter": ModelType.T2I_ADAPTER,
    "ip-adapter": ModelType.IP_ADAPTER,
    "embeddings": ModelType.EMBEDDING,
    "upscale": ModelType.UPSCALER,
    "animatediff": ModelType.MOTION_MODULE,
    "motion lora": ModelType.MOTION_LORA,
}


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
        """As `ports.Source.find_all`: names only."""
        names = [query for query in queries if isinstance(query, NameQuery)]
        if not names:
            return {}
        try:
            known = self._known()
        except SourceError as error:
            return dict.fromkeys(names, failed(self._name, error))
        named = {query: _same_name(known, query.name) for query in names}
        details = self._details_of(
            {UrlQuery(candidate.url): None for candidates in named.values() for candidate in candidates}
        )
        return {
            query: answer_with(
                self._name, _merged_by_bytes([_with_details(candidate, details) for candidate in candidates])
            )
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
    known = answer.candidates[0]
    return replace(
        candidate,
        url=known.url,
        size=known.size if known.size is not None else candidate.size,
        size_is_exact=known.size_is_exact,
        digests=known.digests or candidate.digests,
        access=known.access,
    )


def _merged_by_bytes(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates, those with the same bytes as one that has the others' places as mirrors."""
    merged: dict[object, Candidate] = {}
    for candidate in candidates:
        key = find_digest(candidate.digests, Algorithm.SHA256) or candidate.url
        first = merged.get(key)
        merged[key] = replace(first, mirrors=(*first.mirrors, candidate.url)) if first else candidate
    return tuple(merged.values())


class ModelList:
    """The list as JSON: `place` is a path or an address, `kept_at` where the answer of an address is kept."""

    def __init__(
        self,
        http: JsonHttp,
        *,
        place: str = LIST_URL,
        kept_at: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._place = place
        self._kept_at = kept_at
        self._now = now

    def read(self) -> Any:
        """The list. An old copy is better than none when the address does not answer. Raises SourceError."""
        if "://" not in self._place:
            return _read_json(self._place)
        if self._age() < KEPT_FOR:
            return _read_json(self._kept_at)
        try:
            payload = self._http.json("GET", self._place)
        except SourceError:
            if self._kept_at and os.path.isfile(self._kept_at):
                return _read_json(self._kept_at)
            raise
        if self._kept_at:
            os.makedirs(os.path.dirname(self._kept_at), exist_ok=True)
            atomic_write(self._kept_at, json.dumps(payload).encode())
        return payload

    def _age(self) -> float:
        try:
            return abs(self._now() - os.path.getmtime(self._kept_at))
        except OSError:
            return float("inf")


def _read_json(path: str) -> Any:
    try:
        if os.path.getsize(path) > _LARGEST:
            raise UnexpectedPayloadError(f"`{path}` is too large for a model list")
        with open(path, encoding="utf-8-sig") as file:
            return json.load(file)
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read the model list `{path}`: {os_error_words(error)}", final=True
        ) from error
    except ValueError as error:
        raise UnexpectedPayloadError(f"`{path}` is not JSON: {error}") from error


def candidates_of_list(payload: object, source: str = SOURCE) -> tuple[Candidate, ...]:
    """Every file of the list, as that source's. Raises UnexpectedPayloadError where this is no such list."""
    models = record(payload).get("models")
    if not isinstance(models, list):
        raise UnexpectedPayloadError("a model list has its entries under `models`")
    return tuple(
        candidate for row in records(models) if (candidate := _candidate_of_row(row, source)) is not None
    )


def _candidate_of_row(row: Mapping[str, Any], source: str) -> Candidate | None:
    file_name, url = text(row.get("filename")), plain_url(text(row.get("url")))
    # `<huggingface>` stands for a whole repository.
    if not file_name or file_name.startswith("<") or not url.startswith("https://"):
        return None
    folder = text(row.get("save_path"))
    return Candidate(
        source=source,
        file_name=file_name,
        url=url,
        model_type=_model_type(folder, text(row.get("type"))),
        base_model=text(row.get("base")) or None,
        size=_size(text(row.get("size"))),
        digests=sha256_digests(row.get("sha256")),
        page=text(row.get("reference")) or None,
        model_name=text(row.get("name")),
        source_type=text(row.get("type")),
    )


def _model_type(folder: str, listed: str) -> ModelType:
    for part in folder.replace("\\", "/").split("/"):
        if (key := canonical_key(part)) in FOLDER_KEYS:
            return model_type_of(key)
    return _TYPES.get(listed.lower(), ModelType.UNKNOWN)


def _size(words: str) -> int | None:
    match = _SIZE.fullmatch(words.strip())
    return round(float(match[1]) * _UNITS[match[2].upper()]) if match else None
