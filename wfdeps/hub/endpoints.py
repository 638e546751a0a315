"""The classes of Civitai's endpoints: how each treats methods, caches and what went wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wfdeps.hub.refusals import RefusedError
from wfdeps.hub.site import HubSite

Endpoint = Callable[[Request, HubSite], Awaitable[Response]]

ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CACHED = "public, s-maxage=300, stale-while-revalidate=150"
LONG_CACHED = "public, s-maxage=3600, stale-while-revalidate=1800"
PRIVATE = "max-age=0, private, no-cache"
NEVER = "no-store"


def site_of(request: Request) -> HubSite:
    """The hub this request came to."""
    site: HubSite = request.app.state.site
    return site


def public(path: str, endpoint: Endpoint, *, cache: str = CACHED) -> Route:
    """Answers every method alike. What went wrong is cached like what went right."""

    async def answer(request: Request) -> Response:
        return await _guarded(endpoint, request, {"cache-control": cache})

    return Route(path, answer, methods=ANY_METHOD)


def mixed(path: str, endpoint: Endpoint) -> Route:
    """GET only, so 405 to HEAD too; cached for everybody only while nobody is signed in."""

    async def answer(request: Request) -> Response:
        visitor = site_of(request).visitor(request)
        headers = {"cache-control": PRIVATE if visitor.signed_in else CACHED}
        if request.method != "GET":
            return JSONResponse({"error": "Method not allowed"}, 405, headers)
        return await _guarded(endpoint, request, headers)

    return Route(path, answer, methods=ANY_METHOD)


def post_only(path: str, endpoint: Endpoint) -> Route:
    """POST only."""

    async def answer(request: Request) -> Response:
        headers = {"cache-control": CACHED}
        if request.method != "POST":
            return JSONResponse({"error": "Method not allowed"}, 405, headers)
        return await _guarded(endpoint, request, headers)

    return Route(path, answer, methods=ANY_METHOD)


def ok(body: Any) -> JSONResponse:
    """200 with that body."""
    return JSONResponse(body)


async def _guarded(endpoint: Endpoint, request: Request, headers: Mapping[str, str]) -> Response:
    try:
        response = await endpoint(request, site_of(request))
    except RefusedError as refusal:
        response = JSONResponse(refusal.body, refusal.status, refusal.headers)
    except Exception:  # a bug of ours becomes what the API says of its own, and nothing of what it was
        response = JSONResponse({"error": "An unexpected error occurred"}, 500)
    if origin := site_of(request).allow_origin:
        response.headers.setdefault("access-control-allow-origin", origin)
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    return response
