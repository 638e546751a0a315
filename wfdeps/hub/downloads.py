"""`/api/download/models/:id`: from a version to a link that expires."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from wfdeps.hub.access import Visitor, choose_file, read_selection
from wfdeps.hub.endpoints import ANY_METHOD, NEVER, site_of
from wfdeps.hub.refusals import RefusedError, error
from wfdeps.hub.site import INT4, HubSite

_BROWSER = re.compile(r"mozilla|chrome|safari|firefox|opera|edge", re.IGNORECASE)


def download_routes() -> list[BaseRoute]:
    """The download route."""
    return [Route("/api/download/models/{id}", _download, methods=ANY_METHOD)]


async def _download(request: Request) -> Response:
    site = site_of(request)
    try:
        return RedirectResponse(_location(request, site), 307, {"cache-control": NEVER})
    except RefusedError as refusal:
        return _refused(request, refusal)


def _location(request: Request, site: HubSite) -> str:
    version_id, selection = request.path_params["id"], read_selection(dict(request.query_params))
    if not (version_id.isascii() and version_id.isdecimal()):
        raise error(400, "Invalid id: Invalid input: expected number, received NaN")
    entry = site.version(int(version_id)) if len(version_id) < 18 and int(version_id) <= INT4 else None
    model, version = entry or (None, None)
    # A HEAD is never recognised as signed in, whatever token it carries.
    visitor = Visitor() if request.method == "HEAD" else site.visitor(request)
    file = choose_file(
        model, version, selection, visitor, now=site.now(), login_everywhere=site.login_everywhere
    )
    if version is None or site.path_of(file) is None:
        raise RefusedError(404, {"error": "File not found"}, {"cache-control": NEVER})
    return site.storage_base(request) + site.signer.link(version.version_id, file, site.clock())


def _refused(request: Request, refusal: RefusedError) -> Response:
    """JSON, but a page or a redirect to one for what looks like a browser."""
    if not _BROWSER.search(request.headers.get("user-agent", "")):
        return JSONResponse(refusal.body, refusal.status, {"cache-control": NEVER, **refusal.headers})
    if refusal.status in (401, 403):
        return RedirectResponse(
            f"/login?returnUrl=/models/{request.path_params['id']}&reason=download-auth", 307
        )
    return HTMLResponse(str(refusal.body.get("error", "")), refusal.status)
