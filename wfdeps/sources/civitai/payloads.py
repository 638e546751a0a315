"""Civitai's JSON → candidates. Pure: nothing escapes whatever the JSON holds, but a body that is no object.

The same file looks different in a search, under its model and under its version; keys vanish when they are
empty, and anything may be null. Download URLs are always built anew from the version's and file's numbers: the
API's own have pointed at `https://undefined/…`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from wfdeps.domain.access import Access, AccessState
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import EMPTY_SHA256, Algorithm, Digest
from wfdeps.domain.ecosystems import air_words
from wfdeps.domain.model_types import ModelType, from_civitai
from wfdeps.errors import UnexpectedPayloadError
from wfdeps.sources.json_values import bytes_of_kibibytes, positive, record, records, text, texts, whole
from wfdeps.values import dataclass

SOURCE = "civitai"


@dataclass(frozen=True, slots=True)
class CivitaiSite:
    """Where Civitai stands, when it was asked, and whether we have a token for it."""

    base_url: str
    now: str
    """ISO 8601 in UTC, to tell early access that is over."""
    signed_in: bool = False


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of a search. `cursor` is None at the end."""

    candidates: tuple[Candidate, ...]
    cursor: str | None
    models: int


def page_of(payload: object, site: CivitaiSite) -> SearchPage:
    """The answer to `GET /models`. Raises UnexpectedPayloadError where it is none."""
    body = object_of(payload)
    if not isinstance(body.get("items"), list):
        raise UnexpectedPayloadError("a search answered without `items`", payload=payload)
    models = records(body["items"])
    candidates = tuple(candidate for model in models for candidate in candidates_of_model(model, site))
    return SearchPage(candidates, next_cursor(body), len(models))


def next_cursor(body: Mapping[str, Any]) -> str | None:
    """Where the next page of a list begins; None at the end. A number or a text, by the engine that answered."""
    cursor = record(body.get("metadata")).get("nextCursor")
    if isinstance(cursor, bool) or not isinstance(cursor, str | int):
        return None
    return str(cursor) or None


def candidates_of_model(payload: object, site: CivitaiSite) -> tuple[Candidate, ...]:
    """Every file of every version of a model, in its own order."""
    model = object_of(payload)
    return tuple(
        candidate
        for version in records(model.get("modelVersions"))
        for candidate in files_of(version, model, site)
    )


def candidates_of_version(payload: object, site: CivitaiSite) -> tuple[Candidate, ...]:
    """Every file of one version, as `/model-versions/…` tells it. Raises UnexpectedPayloadError where it is none."""
    version = object_of(payload)
    if "id" not in version and "files" not in version:
        raise UnexpectedPayloadError("a version was answered without its number and files", payload=payload)
    return files_of(version, record(version.get("model")), site)


def candidates_of_versions(payload: object, site: CivitaiSite) -> tuple[Candidate, ...]:
    """Every file of several versions: the batch answers a list with doubles, gaps and nulls."""
    if not isinstance(payload, list):
        raise UnexpectedPayloadError("a batch of hashes was not answered with a list", payload=payload)
    return tuple(
        candidate
        for version in records(payload)
        for candidate in files_of(version, record(version.get("model")), site)
    )


def versions_by_hash(payload: object) -> dict[str, tuple[int, ...]]:
    """SHA-256, lower-case, → version ids, from `by-hash/ids`."""
    if not isinstance(payload, list):
        raise UnexpectedPayloadError("a batch of hashes was not answered with a list", payload=payload)
    versions: dict[str, list[int]] = {}
    for row in records(payload):
        sha256, version_id = text(row.get("hash")).lower(), positive(row.get("modelVersionId"))
        if sha256 and version_id:
            versions.setdefault(sha256, []).append(version_id)
    return {sha256: tuple(ids) for sha256, ids in versions.items()}


def access_of_mini(payload: object, site: CivitaiSite) -> Access:
    """Whether a file can be downloaded, from `/model-versions/mini/:id`."""
    body = object_of(payload)
    early = _early_access(body, site)
    if early:
        return early
    if body.get("requireAuth") is True and not site.signed_in:
        return Access(AccessState.TOKEN, "its creator asks for a login")
    return Access()


def object_of(payload: object) -> Mapping[str, Any]:
    """The object a body holds. Raises UnexpectedPayloadError for anything else, and for an error sent with a 200."""
    if not isinstance(payload, dict):
        raise UnexpectedPayloadError("an object was due", payload=payload)
    if "error" in payload and "id" not in payload and "items" not in payload:
        raise UnexpectedPayloadError(f"an error with a good status: {text(payload['error']) or 'unreadable'}")
    return payload


def files_of(
    version: Mapping[str, Any], model: Mapping[str, Any], site: CivitaiSite
) -> tuple[Candidate, ...]:
    """Every file of one version of that model, in the site's order."""
    candidates = (_candidate(file, version, model, site) for file in records(version.get("files")))
    return tuple(candidate for candidate in candidates if candidate is not None)


def _candidate(
    file: Mapping[str, Any], version: Mapping[str, Any], model: Mapping[str, Any], site: CivitaiSite
) -> Candidate | None:
    link = text(file.get("downloadUrl"))
    version_id = positive(version.get("id")) or _number_in(_VERSION_IN_URL, link)
    file_name = text(file.get("overrideName")) or text(file.get("name"))
    if version_id is None or not file_name:
        return None
    model_id = positive(version.get("modelId")) or positive(model.get("id"))
    file_id = positive(file.get("id")) or _number_in(_FILE_IN_URL, link)
    metadata = record(file.get("metadata"))
    file_type, source_type = text(file.get("type")), text(model.get("type"))
    preview, preview_rating = _preview(version.get("images"))
    return Candidate(
        source=SOURCE,
        file_name=file_name,
        url=_download_url(site, version_id, file_id, file_type, metadata),
        model_type=_model_type(source_type, file_type, version),
        base_model=text(version.get("baseModel")) or None,
        size=bytes_of_kibibytes(file.get("sizeKB")),
        digests=_digests(file.get("hashes")),
        air=_air(
            model_id,
            version_id,
            file_id,
            file,
            (text(version.get("air")), text(version.get("baseModel")), source_type),
        ),
        access=access_of(version, model, site),
        page=_page(site, model_id, version_id),
        model_id=model_id,
        version_id=version_id,
        file_id=file_id,
        model_name=text(model.get("name")),
        version_name=text(version.get("name")),
        creator=creator_of(model),
        source_type=source_type,
        file_type=file_type,
        file_format=text(metadata.get("format")),
        precision=text(metadata.get("fp")),
        variant=text(metadata.get("quantType")) or text(metadata.get("size")),
        is_primary=file.get("primary") is True,
        downloads=_downloads(version, model),
        published=published_of(version),
        trained_words=texts(version.get("trainedWords")),
        licence=licence_of(model),
        unsafe=_unsafe(file),
        preview=preview,
        preview_rating=preview_rating,
    )


def published_of(version: Mapping[str, Any]) -> str | None:
    """When a version was published, else made, ISO 8601; lists leave out `createdAt`, and any key may be gone that is null."""
    return text(version.get("publishedAt")) or text(version.get("createdAt")) or None


def creator_of(model: Mapping[str, Any]) -> str | None:
    """The name of a model's creator; None where `creator` is absent, as of deleted users."""
    return text(record(model.get("creator")).get("username")) or None


def _preview(images: object) -> tuple[str | None, str]:
    """The tamest of a version's pictures, and how it is rated."""
    rated = [(_level(image), text(image.get("url"))) for image in records(images)]
    level, url = min(((level, url) for level, url in rated if url.startswith("https://")), default=(0, None))
    return url, next((word for bit, word in _RATINGS if level and level <= bit), "")


def _level(image: Mapping[str, Any]) -> int:
    """Civitai's bit for the picture's level; before 2024 it was a word."""
    return positive(image.get("nsfwLevel")) or _LEVELS.get(text(image.get("nsfw")), 0)


_RATINGS = ((1, "PG"), (2, "PG-13"), (4, "R"), (8, "X"), (16, "XXX"), (1 << 62, "blocked"))
_LEVELS = {"None": 1, "Soft": 2, "Mature": 4, "X": 8}


def _model_type(source_type: str, file_type: str, version: Mapping[str, Any]) -> ModelType:
    """By the file, else the model, else the AIR: a version asked for by itself may not tell its model's type."""
    known = from_civitai(source_type or None, file_type or None)
    if known is not ModelType.UNKNOWN:
        return known
    try:
        return _FROM_AIR.get(Air.parse(text(version.get("air"))).type or "", ModelType.UNKNOWN)
    except ValueError:
        return ModelType.UNKNOWN


_FROM_AIR: dict[str, ModelType] = {
    "checkpoint": ModelType.CHECKPOINT,
    "lora": ModelType.LORA,
    "lycoris": ModelType.LORA,
    "dora": ModelType.LORA,
    "embedding": ModelType.EMBEDDING,
    "hypernet": ModelType.HYPERNETWORK,
    "motion": ModelType.MOTION_MODULE,
    "upscaler": ModelType.UPSCALER,
    "vae": ModelType.VAE,
    "controlnet": ModelType.CONTROLNET,
    "text_encoders": ModelType.TEXT_ENCODER,
    "unet": ModelType.DIFFUSION_MODEL,
    "diffusionmodel": ModelType.DIFFUSION_MODEL,
    "clipvision": ModelType.CLIP_VISION,
    "clip": ModelType.TEXT_ENCODER,
}


_VERSION_IN_URL = re.compile(r"/api/download/models/(\d{1,15})")
_FILE_IN_URL = re.compile(r"[?&]fileId=(\d{1,15})")


def _number_in(pattern: re.Pattern[str], url: str) -> int | None:
    match = pattern.search(url)
    return int(match[1]) or None if match else None


def _download_url(
    site: CivitaiSite, version_id: int, file_id: int | None, file_type: str, metadata: Mapping[str, Any]
) -> str:
    url = f"{site.base_url}/api/download/models/{version_id}"
    if file_id is not None:
        return f"{url}?fileId={file_id}"
    words = {"type": file_type, **{key: text(metadata.get(key)) for key in ("format", "size", "fp")}}
    query = urlencode({key: value for key, value in words.items() if value})
    return f"{url}?{query}" if query else url


def _page(site: CivitaiSite, model_id: int | None, version_id: int) -> str:
    if model_id is None:
        return f"{site.base_url}/api/v1/model-versions/{version_id}"
    return f"{site.base_url}/models/{model_id}?modelVersionId={version_id}"


def _air(
    model_id: int | None,
    version_id: int,
    file_id: int | None,
    file: Mapping[str, Any],
    words: tuple[str, str, str],
) -> Air | None:
    """The file's full name. `words`: the version's own AIR, its base model, its model's type."""
    if model_id is None:
        return None
    version_air, base_model, source_type = words
    try:
        known = Air.parse(version_air)
        ecosystem, kind = known.ecosystem, known.type
    except ValueError:
        main_file = text(file.get("type")) if file.get("primary") is True else ""
        ecosystem, kind = air_words(base_model, source_type, main_file) if source_type else (None, None)
    return Air(SOURCE, str(model_id), str(version_id), str(file_id) if file_id else None, ecosystem, kind)


def _digests(value: object) -> tuple[Digest, ...]:
    digests = []
    for name, hex_digits in record(value).items():
        try:
            digest = Digest.of(Algorithm(name.lower()), hex_digits)
        except (ValueError, AttributeError):
            continue  # a kind of hash we do not know, or one of the wrong length
        if not EMPTY_SHA256.startswith(digest.value):
            digests.append(digest)
    return tuple(sorted(digests, key=lambda digest: digest.strength))


def _downloads(version: Mapping[str, Any], model: Mapping[str, Any]) -> int | None:
    of_version = whole(record(version.get("stats")).get("downloadCount"))
    return whole(record(model.get("stats")).get("downloadCount")) if of_version is None else of_version


def access_of(version: Mapping[str, Any], model: Mapping[str, Any], site: CivitaiSite) -> Access:
    """Whether a version's files can be downloaded, as far as its page says."""
    if model.get("mode") == "Archived":
        return Access(AccessState.ARCHIVED, "archived by its creator")
    if model.get("mode") == "TakenDown":
        return Access(AccessState.DELETED, "taken down")
    control = text(version.get("usageControl"))
    if control and control != "Download":
        return Access(AccessState.DISABLED, "its creator has switched downloads off")
    return _early_access(version, site) or _login(version, site)


def _early_access(version: Mapping[str, Any], site: CivitaiSite) -> Access | None:
    """None where it is over, or there is none. With a token, its owner may have bought it."""
    paid = record(version.get("paidAccess"))
    until = text(version.get("earlyAccessEndsAt")) or text(paid.get("endsAt")) or None
    state = AccessState.OPEN if site.signed_in else AccessState.EARLY_ACCESS
    if paid.get("permanent") is True:
        return Access(state, "has to be bought", if_bought=site.signed_in)
    if until is not None:
        is_over = until[:19] <= site.now[:19]
        return None if is_over else Access(state, "early access", until, site.signed_in)
    if version.get("availability") == "EarlyAccess":
        return Access(state, "early access", if_bought=site.signed_in)
    return None


def _login(version: Mapping[str, Any], site: CivitaiSite) -> Access:
    if version.get("requireAuth") is True and not site.signed_in:
        return Access(AccessState.TOKEN, "its creator asks for a login")
    return Access()


def licence_of(model: Mapping[str, Any]) -> tuple[str, ...]:
    """What its creator allows and asks for, a statement each; empty where the page does not tell."""
    statements = []
    if "allowCommercialUse" in model:
        uses = [word for item in texts(model["allowCommercialUse"]) for word in re.findall(r"\w+", item)]
        allowed = ", ".join(use for use in uses if use != "None")
        statements.append(f"commercial use: {allowed or 'none'}")
    for key, words in _LICENCE_FLAGS.items():
        if model.get(key) is False:
            statements.append(words)
    return tuple(statements)


_LICENCE_FLAGS = {
    "allowNoCredit": "credit required",
    "allowDerivatives": "no derivatives",
    "allowDifferentLicense": "same licence for derivatives",
}


def _unsafe(file: Mapping[str, Any]) -> str:
    if file.get("virusScanResult") == "Danger":
        return text(file.get("virusScanMessage")) or "a virus scanner found something"
    if file.get("pickleScanResult") == "Danger":
        message = " ".join(
            re.sub(r"[*#`]", "", text(file.get("pickleScanMessage")).replace("\n", " ")).split()
        )
        return message[:200] or "dangerous pickle imports"
    return ""
