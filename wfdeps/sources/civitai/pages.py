"""Civitai's JSON → model pages, for people who look around. Pure, and as forgiving as `payloads`."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from wfdeps.domain.pages import ModelPage, VersionPage
from wfdeps.errors import UnexpectedPayloadError
from wfdeps.sources.civitai.payloads import (
    CivitaiSite,
    access_of,
    creator_of,
    files_of,
    licence_of,
    next_cursor,
    object_of,
    published_of,
)
from wfdeps.sources.json_values import positive, record, records, text, texts, whole
from wfdeps.values import dataclass

LONGEST_NOTES = 4000
"""Characters of a version's notes that are kept."""


@dataclass(frozen=True, slots=True)
class PageOfModels:
    """One page of a list or a search. `cursor` is None at the end."""

    models: tuple[ModelPage, ...]
    cursor: str | None


def models_of(payload: object, site: CivitaiSite) -> PageOfModels:
    """The answer to `GET /models`. Raises UnexpectedPayloadError where it is none."""
    body = record(payload)
    if not isinstance(body.get("items"), list):
        raise UnexpectedPayloadError("a list of models was answered without `items`", payload=payload)
    return PageOfModels(tuple(model_page(model, site) for model in records(body["items"])), next_cursor(body))


def model_page(payload: object, site: CivitaiSite) -> ModelPage:
    """One model with all its versions. Raises UnexpectedPayloadError."""
    model = object_of(payload)
    versions = (_version_page(version, model, site) for version in records(model.get("modelVersions")))
    return _page(model, positive(model.get("id")), tuple(version for version in versions if version), site)


def version_page(payload: object, site: CivitaiSite) -> ModelPage:
    """A version asked for by itself: its model as far as it tells, with that one version. Raises UnexpectedPayloadError."""
    version = object_of(payload)
    model = record(version.get("model"))
    one = _version_page(version, model, site)
    if one is None:
        raise UnexpectedPayloadError("a version was answered without its number", payload=payload)
    return _page(model, positive(version.get("modelId")), (one,), site)


def plain_text(markup: object) -> str:
    """HTML as text: tags gone, blocks on lines of their own, no longer than LONGEST_NOTES."""
    if not isinstance(markup, str):
        return ""
    broken = _BLOCK.sub("\n", markup[: 8 * LONGEST_NOTES])
    lines = (
        " ".join(line.split())
        for line in html.unescape(_UNREADABLE.sub("", _TAG.sub("", broken))).split("\n")
    )
    return "\n".join(line for line in lines if line)[:LONGEST_NOTES]


_BLOCK = re.compile(r"<\s*(?:br|/?p|/?div|/?li|/?ul|/?ol|/?h\d)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_UNREADABLE = re.compile(r"&#x?[0-9a-f]{9,};?", re.IGNORECASE)
"""No character has such a number, and `html.unescape` raises ValueError at one of more than 4,300 digits."""


def _page(
    model: Mapping[str, Any], model_id: int | None, versions: tuple[VersionPage, ...], site: CivitaiSite
) -> ModelPage:
    stats = record(model.get("stats"))
    place = ""
    if model_id:
        place = f"/models/{model_id}"
    elif versions:
        place = f"/api/v1/model-versions/{versions[0].version_id}"
    return ModelPage(
        model_id=model_id,
        name=text(model.get("name")),
        source_type=text(model.get("type")),
        creator=creator_of(model),
        downloads=whole(stats.get("downloadCount")),
        likes=whole(stats.get("thumbsUpCount")),
        licence=licence_of(model),
        page=f"{site.base_url}{place}",
        versions=versions,
    )


def _version_page(
    version: Mapping[str, Any], model: Mapping[str, Any], site: CivitaiSite
) -> VersionPage | None:
    version_id = positive(version.get("id"))
    if version_id is None:
        return None
    return VersionPage(
        version_id=version_id,
        name=text(version.get("name")),
        base_model=text(version.get("baseModel")) or None,
        published=published_of(version),
        notes=plain_text(version.get("description")),
        trained_words=texts(version.get("trainedWords")),
        access=access_of(version, model, site),
        files=files_of(version, model, site),
    )
