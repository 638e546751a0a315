"""Around every route: writes the journal, and lets happen what was ordered to go wrong."""

from __future__ import annotations

import json
import re
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wfdeps.hub.faults import Fault
from wfdeps.hub.journal import Seen
from wfdeps.hub.serving import CutOffError
from wfdeps.hub.site import HubSite

_DOWNLOAD = re.compile(r"/api/download/models/(\d{1,10})$")
_OBJECT = re.compile(r"/model/(\d{1,10})/\d+/")
_TOKEN = re.compile(r"(^|&)(token)=[^&]*")


class Monitor:
    """An ASGI app around another."""

    def __init__(self, app: ASGIApp, site: HubSite, *, storage: bool) -> None:
        self._app, self._site, self._storage = app, site, storage
        self._row_faults_used: dict[int, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, status = Request(scope), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # Before the answer is out, so that a client that has it finds its request in the journal.
                self._site.journal.write(_seen(request, status, self._storage))
            await send(message)

        fault = self._fault(request)
        if fault and fault.delay:
            await anyio.sleep(fault.delay)
        if fault and fault.status:
            await _failure(fault)(scope, receive, noting)
            return
        scope["wfdeps.fault"] = fault
        try:
            await self._app(scope, receive, noting)
        except CutOffError:
            # The server sees a response without its end, and closes the connection.
            return

    def _fault(self, request: Request) -> Fault | None:
        ordered = self._site.faults.take(request.url.path, storage=self._storage, query=request.url.query)
        return ordered or self._row_fault(request.url.path)

    def _row_fault(self, path: str) -> Fault | None:
        match = (_OBJECT if self._storage else _DOWNLOAD).match(path)
        of_version = self._site.version(int(match.group(1))) if match else None
        described: Any = of_version[1].row.get("fault") if of_version else None
        if of_version is None or not isinstance(described, dict):
            return None
        fault, version_id = Fault(**described), of_version[1].version_id
        used = self._row_faults_used.get(version_id, 0)
        if fault.storage != self._storage or used >= fault.times > 0:
            return None
        self._row_faults_used[version_id] = used + 1
        return fault


def _seen(request: Request, status: int, storage: bool) -> Seen:
    headers = request.headers
    return Seen(
        request.method,
        request.url.path,
        _TOKEN.sub(r"\1\2=***", request.url.query),
        status,
        storage,
        "authorization" in headers,
        headers.get("range", ""),
        headers.get("user-agent", ""),
    )


def _failure(fault: Fault) -> Response:
    body = (
        fault.answer
        if isinstance(fault.answer, str | bytes)
        else json.dumps(fault.answer, ensure_ascii=False)
    )
    headers = {"cache-control": "no-store"}
    if fault.retry_after is not None:
        headers["retry-after"] = str(fault.retry_after)
    return Response(body, fault.status, headers, media_type=fault.content_type)
