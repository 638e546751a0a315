"""Models, versions and files → the bodies of Civitai's API (pure).

The shapes differ by route, as they do there: a version inside a model carries no `modelId`, a version by itself
no `availability`; `primary` is absent or true in one and true or false in the other; and `/models/:id` loses
every null and every empty list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from wfdeps.hub.access import primary_file
from wfdeps.hub.catalogue import File, Model, Version
from wfdeps.hub.search import SearchResult, Wanted
from wfdeps.hub.vocabulary import air_of

_PUBLIC = "Public"


def models_page(
    result: SearchResult, wanted: Wanted, *, base: str, next_page: str | None, now: str
) -> dict[str, Any]:
    """The body of `GET /models`: no totals, and no `nextCursor` at the end."""
    metadata: dict[str, Any] = {}
    if result.next_cursor is not None:
        metadata |= {"nextCursor": result.next_cursor, "nextPage": next_page}
    if wanted.page and not wanted.cursor:
        metadata |= {"currentPage": wanted.page, "pageSize": wanted.limit}
    items = [_listed_model(model, wanted, base=base, now=now) for model in result.models]
    return {"items": items, "metadata": metadata}


def _listed_model(model: Model, wanted: Wanted, *, base: str, now: str) -> dict[str, Any]:
    body = _model(model, base=base, now=now)
    versions = [
        version
        for version in model.versions
        if not wanted.version_ids or version.version_id in wanted.version_ids
        if not wanted.base_models or version.base_model in wanted.base_models
    ]
    body["modelVersions"] = [
        _nested_version(
            model, version, index, base=base, now=now, primary_only=wanted.primary_file_only, detailed=False
        )
        for index, version in enumerate(versions)
        if version.files
    ]
    return body


def model_body(model: Model, *, base: str, now: str) -> dict[str, Any]:
    """The body of `GET /models/:id`."""
    body = _model(model, base=base, now=now)
    body["modelVersions"] = [
        _nested_version(model, version, index, base=base, now=now, primary_only=False, detailed=True)
        for index, version in enumerate(model.versions)
    ]
    complete: dict[str, Any] = _without_empty(body)
    return complete


def version_body(
    model: Model, version: Version, *, base: str, linked: Sequence[tuple[Version, File]] = ()
) -> dict[str, Any] | None:
    """The body of `GET /model-versions/:id` and by-hash; None where the version has no file.

    `linked` are the files of the VAE a version names, which only the former appends.
    """
    files = [*version.files, *(file for _, file in linked)]
    primary = primary_file(files)
    if primary is None:
        return None
    row, air = version.row, air_of(version.base_model, model.type, model.model_id, version.version_id)
    body: dict[str, Any] = {
        "id": version.version_id,
        "modelId": model.model_id,
        "name": version.name,
        "nsfwLevel": model.nsfw_level,
        "createdAt": version.published_at,
        "updatedAt": version.published_at,
        "status": "Published",
        "publishedAt": version.published_at,
        "trainedWords": list(row.get("trained_words") or ()),
        "trainingStatus": None,
        "trainingDetails": None,
        "baseModel": version.base_model,
        "baseModelType": row.get("base_model_type"),
        "description": row.get("version_description"),
        "uploadType": "Created",
        "usageControl": version.usage_control,
        "licensingFee": None,
        "paidAccess": _paid_access(version),
        "air": air,
        "stats": {
            "downloadCount": _figure(row, "download_count"),
            "thumbsUpCount": _figure(row, "thumbs_up"),
        },
        "model": _without_none(
            {
                "name": model.name,
                "type": model.type,
                "nsfw": bool(model.row.get("model_nsfw")),
                "poi": model.claims("poi"),
                "mode": model.mode,
            }
        ),
        "files": [],
        "images": [],
    }
    if model.mode != "Archived":
        several = len(files) > 1
        body["files"] = [
            _file(file, metadata=_basic_metadata(file))
            | {
                "primary": file is primary,
                "downloadUrl": base + _by_file_id(version, file) if several else base + _download(version),
            }
            for file in version.files
        ]
        body["files"] += [
            _file(file, metadata=_basic_metadata(file))
            | {"primary": file is primary, "downloadUrl": base + _download(version, type="VAE")}
            for _, file in linked
        ]
        body["downloadUrl"] = base + _download(version)
    return body


def mini_body(
    model: Model, version: Version, file: File, *, chosen: bool, base: str, now: str
) -> dict[str, Any]:
    """The body of `GET /model-versions/mini/:id`: one file, and what access needs.

    `chosen`: the caller named the file, so URL and AIR name it too.
    """
    early = version.early_access(now)
    body = {
        "air": air_of(
            version.base_model,
            model.type,
            model.model_id,
            version.version_id,
            primary=file.type,
            file_id=file.file_id if chosen else 0,
        ),
        "versionName": version.name,
        "modelName": model.name,
        "userId": 1,
        "baseModel": version.base_model,
        "availability": _availability(model, version, now),
        "publishedAt": version.published_at,
        "size": file.size_kb,
        "fileType": file.type,
        # The name it was uploaded under, which is not the one the other routes show.
        "fileName": file.row.get("uploaded_name") or file.name,
        "hashes": dict(file.hashes),
        "downloadUrls": [base + (_by_file_id(version, file) if chosen else _download(version))],
        "format": file.format,
        "canGenerate": False,
        "isFeatured": False,
        "requireAuth": bool(version.row.get("require_auth")),
        "checkPermission": early,
        "additionalResourceCharge": False,
        "minor": model.claims("minor"),
        "sfwOnly": False,
        "fees": [],
        "payoutEnabled": True,
    }
    return body | ({"earlyAccessEndsAt": version.early_access_ends_at} if early else {})


def _model(model: Model, *, base: str, now: str) -> dict[str, Any]:
    row, hidden = model.row, model.claims("stats_hidden")
    body: dict[str, Any] = {
        "id": model.model_id,
        "name": model.name,
        "description": row.get("description"),
        "allowNoCredit": True,
        "allowCommercialUse": row.get("allow_commercial_use", ["Image", "RentCivit"]),
        "allowDerivatives": True,
        "allowDifferentLicense": True,
        "type": model.type,
        "minor": model.claims("minor"),
        "sfwOnly": False,
        "poi": model.claims("poi"),
        "nsfw": bool(row.get("model_nsfw")),
        "nsfwLevel": model.nsfw_level,
        "availability": "Unsearchable" if model.claims("unsearchable") else _PUBLIC,
        "userId": 1,
        "baseModels": sorted({version.base_model for version in model.versions}),
        "cosmetic": None,
        "supportsGeneration": False,
        "stats": {
            "downloadCount": None if hidden else model.downloads,
            "thumbsUpCount": None if hidden else model.thumbs_up,
            "thumbsDownCount": None if hidden else 0,
            "commentCount": None if hidden else 0,
            "tippedAmountCount": None if hidden else 0,
        },
    }
    if model.mode:
        body["mode"] = model.mode
    if row.get("creator"):
        body["creator"] = {"username": row["creator"], "image": None}
    return body | {"tags": list(row.get("tags") or ())}


def _nested_version(
    model: Model, version: Version, index: int, *, base: str, now: str, primary_only: bool, detailed: bool
) -> dict[str, Any]:
    row, primary = version.row, primary_file(version.files)
    body: dict[str, Any] = {
        "id": version.version_id,
        "index": index,
        "name": version.name,
        "baseModel": version.base_model,
        "baseModelType": row.get("base_model_type"),
        "publishedAt": version.published_at,
        "flags": 0,
        "availability": _availability(model, version, now),
        "nsfwLevel": model.nsfw_level,
        "description": row.get("version_description"),
        "trainedWords": list(row.get("trained_words") or ()),
        "vaeId": row.get("vae_version_id"),
        "paidAccess": _paid_access(version),
        "stats": {
            "downloadCount": _figure(row, "download_count"),
            "thumbsUpCount": _figure(row, "thumbs_up"),
            "thumbsDownCount": None if row.get("stats_hidden") else 0,
        },
        "supportsGeneration": False,
        "files": [],
        "images": [],
    }
    if detailed:
        body |= {"createdAt": version.published_at, "status": "Published"}
    if model.mode != "Archived":
        shown = [primary] if primary_only and primary else version.files
        body["files"] = [_nested_file(version, file, is_primary=file is primary, base=base) for file in shown]
        body["downloadUrl"] = base + _download(version)
    return body


def _nested_file(version: Version, file: File, *, is_primary: bool, base: str) -> dict[str, Any]:
    body = _file(file, metadata=_without_none({**_basic_metadata(file), "isRequired": False}))
    body["overrideName"] = file.override_name
    if is_primary:
        return body | {"primary": True, "downloadUrl": base + _download(version)}
    wanted = {"type": file.type, "format": file.format, "size": file.size_variant, "fp": file.fp}
    return body | {"downloadUrl": base + _download(version, **wanted)}


def _file(file: File, *, metadata: Mapping[str, Any]) -> dict[str, Any]:
    scanned = bool(file.hashes)
    result = file.row.get("pickle_scan") or ("Success" if scanned else "Pending")
    return {
        "id": file.file_id,
        "sizeKB": file.size_kb,
        "name": file.override_name or file.name,
        "type": file.type,
        "pickleScanResult": result,
        "pickleScanMessage": _scan_message(file, result),
        "virusScanResult": "Success" if scanned else "Pending",
        "virusScanMessage": None,
        "scannedAt": _scanned_at(file) if scanned else None,
        "metadata": dict(metadata),
        "hashes": dict(file.hashes),
    }


def _scan_message(file: File, result: str) -> str | None:
    if result == "Danger":
        return "**Detected Pickle imports (1)**\n*Dangerous import detected*\n```\nos.system\n```"
    return "No Pickle imports" if result == "Success" and file.format == "PickleTensor" else None


def _scanned_at(file: File) -> str:
    return str(file.row.get("scanned_at") or file.row.get("published_at") or "2024-01-01T00:00:00.000Z")


def _basic_metadata(file: File) -> dict[str, Any]:
    return {"format": file.format, "size": file.size_variant, "fp": file.fp} | (
        {"quantType": file.quant} if file.quant else {}
    )


def _paid_access(version: Version) -> dict[str, Any] | None:
    until = version.row.get("early_access")
    return {"permanent": until is True, "endsAt": version.early_access_ends_at} if until else None


def _availability(model: Model, version: Version, now: str) -> str:
    return (
        "EarlyAccess"
        if version.early_access(now)
        else "Unsearchable"
        if model.claims("unsearchable")
        else _PUBLIC
    )


def _figure(row: Mapping[str, Any], key: str) -> int | None:
    if row.get("stats_hidden"):
        return None
    given = row.get(key)
    return int(given) if given is not None else int(row.get("download_count") or 0) // 8


def _download(version: Version, **wanted: str | None) -> str:
    query = "&".join(f"{key}={quote(value)}" for key, value in wanted.items() if value)
    return f"/api/download/models/{version.version_id}" + (f"?{query}" if query else "")


def _by_file_id(version: Version, file: File) -> str:
    return f"/api/download/models/{version.version_id}?fileId={file.file_id}"


def _without_none(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}


def _without_empty(value: Any) -> Any:
    """The value without nulls and empty lists, at every depth: what Civitai's `removeEmpty` leaves."""
    if isinstance(value, Mapping):
        return {
            key: _without_empty(inner) for key, inner in value.items() if inner is not None and inner != []
        }
    if isinstance(value, list):
        return [_without_empty(inner) for inner in value]
    return value
