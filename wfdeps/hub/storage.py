"""The second port: a bucket with presigned links. It knows no tokens, and refuses who brings one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from wfdeps.hub.endpoints import ANY_METHOD, site_of
from wfdeps.hub.faults import Fault
from wfdeps.hub.serving import serve_file


def storage_routes() -> list[BaseRoute]:
    """The one route of a bucket."""
    return [Route("/model/{version_id:int}/{file_id:int}/{key}", _object, methods=ANY_METHOD)]


async def _object(request: Request) -> Response:
    site, query = site_of(request), dict(request.query_params)
    if "authorization" in request.headers:
        return _xml(
            400,
            "InvalidRequest",
            "Only one auth mechanism allowed; presigned URL and Authorization were both sent",
        )
    version_id, file_id = request.path_params["version_id"], request.path_params["file_id"]
    # The signature is made for GET; a HEAD does not match it.
    if request.method != "GET" or not site.signer.is_genuine(version_id, file_id, query):
        return _xml(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
    if site.signer.is_expired(query, site.clock()):
        return _xml(403, "AccessDenied", "Request has expired")
    entry = site.version(version_id)
    file = entry[1].file(file_id) if entry else None
    path = site.path_of(file) if file else None
    if entry is None or file is None or path is None:
        return _xml(404, "NoSuchKey", "The specified key does not exist.")
    fault: Fault | None = request.scope.get("wfdeps.fault")
    etag = (file.row.get("etag") or file.hashes.get("SHA256") or f"{file_id:032x}").lower()[:32]
    return serve_file(
        request, path, etag=etag, disposition=query["response-content-disposition"], fault=fault
    )


def _xml(status: int, code: str, message: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(text, status, media_type="application/xml")
