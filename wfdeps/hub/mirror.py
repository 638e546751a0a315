"""`GET /sha256/<hex>`: a store laid out by hash, for clients that know exactly what they want."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from wfdeps.hub.access import Selection, choose_file
from wfdeps.hub.endpoints import site_of
from wfdeps.hub.faults import Fault
from wfdeps.hub.refusals import RefusedError, error
from wfdeps.hub.serving import serve_file
from wfdeps.hub.signing import disposition
from wfdeps.hub.site import HubSite


def mirror_routes() -> list[BaseRoute]:
    """The one route of a mirror."""
    return [Route("/sha256/{digest}", _by_sha256, methods=["GET", "HEAD"])]


async def _by_sha256(request: Request) -> Response:
    site, digest = site_of(request), request.path_params["digest"].upper()
    try:
        name, path = _allowed(request, site, digest)
    except RefusedError as refusal:
        return JSONResponse(refusal.body, refusal.status, refusal.headers)
    fault: Fault | None = request.scope.get("wfdeps.fault")
    return serve_file(request, path, etag=digest.lower(), disposition=disposition(name), fault=fault)


def _allowed(request: Request, site: HubSite, digest: str) -> tuple[str, str]:
    """Name and path of a file of that hash that this visitor may have. Raises the last version's RefusedError.

    A mirror knows hashes, not rights: what a version withholds it withholds too, unless another gives it freely.
    What the catalogue does not know may stand in the store.
    """
    refusal = error(404, "File not found")
    versions = list(site.store.files_by_sha256([digest]))
    if not versions:
        return _kept(request, site, digest)
    for version_id, _, _ in versions:
        entry = site.version(version_id)
        if entry is None:
            continue
        model, version = entry
        for file in version.files:
            if file.hashes.get("SHA256") != digest or (path := site.path_of(file)) is None:
                continue
            try:
                choose_file(
                    model,
                    version,
                    Selection(file_id=file.file_id),
                    site.visitor(request),
                    now=site.now(),
                    login_everywhere=site.login_everywhere,
                )
            except RefusedError as reason:
                refusal = reason
            else:
                return file.name, path
    raise refusal


def _kept(request: Request, site: HubSite, digest: str) -> tuple[str, str]:
    path = site.kept(digest.lower()) if _SHA256.match(digest) else None
    if path is None:
        raise error(404, "File not found")
    if site.login_everywhere and not site.visitor(request).signed_in:
        raise error(401, "Unauthorized")
    return digest.lower(), path


_SHA256 = re.compile(r"[0-9A-F]{64}\Z")
