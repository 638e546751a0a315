"""CivArchive, which remembers files whose model Civitai has deleted: by SHA-256 only, and off unless configured.

`/api/sha256/:hash` answers with a version at the top, under `data`, `model` or `version`; a file lists mirrors, some of
them deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wfdeps.domain.candidates import Answer, Candidate
from wfdeps.domain.digests import Digest
from wfdeps.domain.model_types import from_civitai
from wfdeps.domain.queries import Query
from wfdeps.errors import UnexpectedPayloadError
from wfdeps.match.links import plain_url
from wfdeps.sources.base import JsonHttp, answers_by_sha256
from wfdeps.sources.json_values import bytes_of_kibibytes, record, records, text, texts

SOURCE = "civarchive"
BASE_URL = "https://civarchive.com"


class CivArchiveSource:
    """Asks one hash after the other; what it offers is taken only because the hash is equal."""

    def __init__(self, http: JsonHttp, base_url: str = BASE_URL) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")

    @property
    def name(self) -> str:
        return SOURCE

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """As `ports.Source.find_all`: SHA-256s only."""
        return answers_by_sha256(SOURCE, queries, self._look_up)

    def _look_up(self, digest: Digest) -> tuple[Candidate, ...]:
        payload = self._http.json("GET", f"{self._base_url}/api/sha256/{digest.value}")
        return candidates_of_archive(payload, digest)


def candidates_of_archive(payload: object, digest: Digest) -> tuple[Candidate, ...]:
    """The files whose hash is this one and no other, with a mirror that still stands."""
    if not isinstance(payload, dict):
        raise UnexpectedPayloadError("an object was due", payload=payload)
    data = record(payload.get("data")) or payload
    model = record(data.get("model")) or data
    version = record(data.get("version")) or record(model.get("version"))
    candidates = [
        candidate
        for file in _files(data, model, version)
        if text(file.get("sha256")).lower() == digest.value
        if (candidate := _candidate(file, model, version, digest)) is not None
    ]
    return tuple(dict.fromkeys(candidates))


def _files(*places: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for place in places:
        yield from records(place.get("files"))


def _candidate(
    file: Mapping[str, Any], model: Mapping[str, Any], version: Mapping[str, Any], digest: Digest
) -> Candidate | None:
    standing = [mirror for mirror in records(file.get("mirrors")) if mirror.get("deletedAt") is None]
    urls = [plain_url(text(mirror.get("url"))) for mirror in standing]
    urls = [url for url in (*urls, plain_url(text(file.get("downloadUrl")))) if url.startswith("https://")]
    names = [text(file.get("name")), *(text(mirror.get("filename")) for mirror in standing)]
    name = next((name for name in names if name), "")
    if not urls or not name:
        return None
    return Candidate(
        SOURCE,
        name,
        urls[0],
        model_type=from_civitai(text(model.get("type")) or None, text(file.get("type")) or None),
        base_model=text(version.get("baseModel")) or None,
        size=bytes_of_kibibytes(file.get("sizeKB")),
        digests=(digest,),
        model_name=text(model.get("name")),
        version_name=text(version.get("name")),
        creator=text(model.get("creator_username")) or text(model.get("username")) or None,
        source_type=text(model.get("type")),
        file_type=text(file.get("type")),
        trained_words=texts(version.get("trigger")),
        mirrors=tuple(dict.fromkeys(urls[1:])),
    )
