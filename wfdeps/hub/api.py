"""The routes below `/api/v1`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from wfdeps.detect.tensors import Corrupt
from wfdeps.domain.ecosystems import ECOSYSTEMS
from wfdeps.hub.access import primary_file
from wfdeps.hub.catalogue import File, Version
from wfdeps.hub.contents import header_of
from wfdeps.hub.endpoints import LONG_CACHED, mixed, ok, post_only, public
from wfdeps.hub.payloads import mini_body, model_body, models_page, version_body
from wfdeps.hub.refusals import error
from wfdeps.hub.search import find_models, read_wanted
from wfdeps.hub.site import INT4, HubSite
from wfdeps.hub.vocabulary import BASE_MODEL_TYPES, FILE_TYPES, MODEL_TYPES

MOST_OBJECTS, MOST_IDS = 100, 10_000
_LONGEST_BODY = 4 << 20
_NOT_HASHES = "Request must include an array of SHA256 Hashes. "


def api_routes() -> list[BaseRoute]:
    """All of them; the fixed paths stand before those with an id."""
    return [
        mixed("/api/v1/models", _models),
        public("/api/v1/models/{id}", _model),
        public("/api/v1/model-versions/by-hash/ids", _ids_by_hash),
        post_only("/api/v1/model-versions/by-hash", _versions_by_hash),
        public("/api/v1/model-versions/by-hash/{hash}", _version_by_hash, cache=LONG_CACHED),
        mixed("/api/v1/model-versions/mini/{id}", _mini),
        mixed("/api/v1/model-versions/{id}", _version),
        mixed("/api/v1/model-files/{id}/tensor-metadata", _tensors),
        public("/api/v1/enums", _enums),
        public("/api/v1/creators", _creators),
        public("/api/v1/tags", _tags),
        public("/api/v1/images", _images),
        mixed("/api/v1/me", _me),
    ]


async def _models(request: Request, site: HubSite) -> Response:
    wanted = read_wanted(request.query_params, signed_in=site.visitor(request).signed_in)
    result = find_models(site.store, wanted, site.clock())
    base = site.base(request)
    return ok(
        models_page(
            result, wanted, base=base, next_page=_next_page(request, result.next_cursor, base), now=site.now()
        )
    )


def _next_page(request: Request, cursor: str | None, base: str) -> str | None:
    """The URL of the next page, with its cursor: it echoes every parameter, `token` too."""
    if cursor is None:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{base}{request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"


async def _model(request: Request, site: HubSite) -> Response:
    model_id = _number(request.path_params["id"])
    if model_id is None or not 0 < model_id <= INT4:
        raise error(400, "✖ Invalid input: expected number, received NaN\n  → at id")
    model = site.store.model(model_id)
    # A poi model is hidden here, though its versions answer by id and by hash.
    if model is None or not model.is_published or model.claims("poi"):
        raise error(404, f"No model with id {model_id}")
    return ok(model_body(model, base=site.base(request), now=site.now()))


async def _version(request: Request, site: HubSite) -> Response:
    version_id = _number(request.path_params["id"])
    if version_id is None:
        raise error(400, "✖ Invalid input: expected number, received NaN\n  → at id")
    if version_id == 0:
        raise error(400, "Missing modelVersionId")
    if abs(version_id) > INT4:
        raise error(500, "Failed to fetch model version details")
    return ok(_version_body(site, version_id, base=site.base(request), with_vae=True))


async def _version_by_hash(request: Request, site: HubSite) -> Response:
    version_id = site.store.version_by_hash(request.path_params["hash"].upper())
    if version_id is None:
        raise error(404, "Model not found")
    return ok(_version_body(site, version_id, base=site.base(request)))


def _version_body(site: HubSite, version_id: int, *, base: str, with_vae: bool = False) -> dict[str, Any]:
    entry = site.version(version_id)
    if entry is None or not entry[0].is_published:
        raise error(404, "Model not found")
    model, version = entry
    body = version_body(model, version, base=base, linked=_linked_vae(site, version) if with_vae else ())
    if body is None:
        raise error(404, "Missing model file")
    return body


def _linked_vae(site: HubSite, version: Version) -> list[tuple[Version, File]]:
    entry = site.version(version.row.get("vae_version_id") or 0)
    return [(entry[1], file) for file in entry[1].files] if entry else []


async def _versions_by_hash(request: Request, site: HubSite) -> Response:
    hashes = await _read_hashes(request, most=MOST_OBJECTS)
    # Built from a header that nobody sends, so every URL in a batch names this host.
    base = "https://undefined"
    version_ids = sorted(version_id for version_id, _, _ in site.store.files_by_sha256(hashes))
    return ok([_batch_item(site, version_id, base) for version_id in version_ids])


def _batch_item(site: HubSite, version_id: int, base: str) -> dict[str, Any] | None:
    entry = site.version(version_id)
    if entry is None or entry[1].row.get("null_in_batch"):
        return None
    return version_body(*entry, base=base)


async def _ids_by_hash(request: Request, site: HubSite) -> Response:
    hashes = await _read_hashes(request, most=MOST_IDS)
    return ok(
        [
            {"modelVersionId": version_id, "modelId": model_id, "hash": digest}
            for version_id, model_id, digest in site.store.files_by_sha256(hashes)
        ]
    )


async def _read_hashes(request: Request, *, most: int) -> list[str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise error(413, "Body exceeded 4mb limit")
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise error(400, "Invalid JSON") from None
    if not isinstance(given, list):
        raise error(400, _NOT_HASHES + _issue("invalid_type", [], "Invalid input: expected array"))
    if len(given) > most:
        raise error(400, _NOT_HASHES + _issue("too_big", [], "Too many hashes"))
    for index, digest in enumerate(given):
        if not isinstance(digest, str) or len(digest) != 64 or not digest.isascii():
            raise error(400, _NOT_HASHES + _issue("custom", [index], "Invalid hash"))
    return list(dict.fromkeys(digest.upper() for digest in given))


def _issue(code: str, path: list[int], message: str) -> str:
    return json.dumps([{"code": code, "path": path, "message": message}], indent=2)


async def _mini(request: Request, site: HubSite) -> Response:
    version_id = _number(request.path_params["id"])
    if version_id is None or not 0 < version_id <= INT4:
        raise error(400, "✖ Invalid input: expected number, received NaN\n  → at id")
    # The schema asks for a number and nobody makes one of the text: any epoch is refused.
    if "epoch" in request.query_params:
        raise error(400, "✖ Invalid input: expected number, received string\n  → at epoch")
    entry = site.version(version_id)
    if entry is None or not entry[0].is_published:
        raise error(404, "Model not found")
    model, version = entry
    file_id = _number(request.query_params.get("modelFileId", ""))
    file = version.file(file_id) if file_id else primary_file(version.files)
    if file is None:
        raise error(
            404,
            f"Model file {file_id} not found in version {version_id}" if file_id else "Missing model file",
        )
    return ok(mini_body(model, version, file, chosen=bool(file_id), base=site.base(request), now=site.now()))


async def _tensors(request: Request, site: HubSite) -> Response:
    place = site.store.version_of_file(_number(request.path_params["id"]) or 0)
    entry = site.version(place[1]) if place else None
    file = entry[1].file(int(request.path_params["id"])) if entry else None
    if entry is None or file is None or (path := site.path_of(file)) is None:
        raise error(404, "File not found")
    if entry[0].mode == "Archived":
        raise error(410, "Model archived")
    header = header_of(path)
    if isinstance(header, Corrupt):
        raise error(422, header.reason)
    body: dict[str, Any] = {"tensorCount": len(header.tensors), "metadata": dict(header.metadata)}
    if request.query_params.get("summaryOnly") == "true":
        return ok(body)
    tensors = {
        name: {"dtype": tensor.dtype, "shape": tensor.shape} for name, tensor in header.tensors.items()
    }
    return ok(body | {"tensors": tensors})


async def _enums(request: Request, site: HubSite) -> Response:
    return ok(
        {
            "ModelType": list(MODEL_TYPES),
            "ModelFileType": list(FILE_TYPES),
            "ActiveBaseModel": sorted(ECOSYSTEMS),
            "BaseModel": sorted(ECOSYSTEMS),
            "BaseModelType": list(BASE_MODEL_TYPES),
        }
    )


async def _creators(request: Request, site: HubSite) -> Response:
    limit, page = _paging(request)
    pattern = f"%{request.query_params.get('query', '').lower()}%"
    where = "FROM models WHERE creator != '' AND listed AND creator LIKE ?"
    rows = site.store.fetch(
        f"SELECT creator, count(*) {where} GROUP BY creator ORDER BY 2 DESC, 1 LIMIT ? OFFSET ?",
        (pattern, limit or -1, (page - 1) * limit),
    )
    (total,) = site.store.fetch(f"SELECT count(DISTINCT creator) {where}", (pattern,))[0]
    base = site.base(request)
    items = [
        {"username": name, "modelCount": count, "link": f"{base}/api/v1/models?username={name}"}
        for name, count in rows
    ]
    return ok({"items": items, "metadata": _page_metadata(request, base, total, limit, page)})


async def _tags(request: Request, site: HubSite) -> Response:
    limit, page = _paging(request)
    rows = site.store.fetch(
        "SELECT tag, count(*) FROM tags WHERE tag LIKE ? GROUP BY tag ORDER BY 2 DESC, 1 LIMIT ? OFFSET ?",
        (f"%{request.query_params.get('query', '')}%", limit or -1, (page - 1) * limit),
    )
    base = site.base(request)
    items = [{"name": tag, "link": f"{base}/api/v1/models?tag={tag}"} for tag, _ in rows]
    return ok({"items": items, "metadata": _page_metadata(request, base, 0, limit, page)})


async def _images(request: Request, site: HubSite) -> Response:
    return ok({"items": [], "metadata": {}})


async def _me(request: Request, site: HubSite) -> Response:
    visitor = site.visitor(request)
    if not visitor.signed_in:
        raise error(401, "Unauthorized")
    return ok(
        {
            "id": 1,
            "username": "hub-user",
            "tier": "founder" if visitor.has_bought else "free",
            "status": "active",
        }
    )


def _paging(request: Request) -> tuple[int, int]:
    limit, page = (
        _number(request.query_params.get("limit", "20")),
        _number(request.query_params.get("page", "1")),
    )
    if limit is None or not 0 <= limit <= 200 or page is None or not 1 <= page <= INT4:
        raise error(400, "✖ Invalid input: limit is 0 to 200, page starts at 1")
    return limit, page


def _page_metadata(request: Request, base: str, total: int, limit: int, page: int) -> dict[str, Any]:
    pages = -(-total // limit) if limit and total else 1
    body: dict[str, Any] = {"totalItems": total, "currentPage": page, "pageSize": limit, "totalPages": pages}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "page"]
    for name, other in (("nextPage", page + 1), ("prevPage", page - 1)):
        if 1 <= other <= pages and other != page:
            body[name] = f"{base}{request.url.path}?{urlencode([*kept, ('page', other)])}"
    return body


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.removeprefix("-").isdecimal() and len(text) < 18 else None
