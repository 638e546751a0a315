"""Who is let in at all: requests that name this hub, and, where other machines reach it, those with a token.

A page in a browser can make its own name resolve to this machine (DNS rebinding) and then read what the hub serves: it
must send its own name as Host, so a hub that answers to its own names alone is closed to it. An address written in digits
is nobody's name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Iterable

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from wfdeps.hub.site import HubSite

HEAD_SECONDS = 20.0
"""For a request's head to be complete, from the moment the connection is made or was used last."""
IDLE_SECONDS = 75.0
"""A connection may lie idle between two requests."""
STALLED_SECONDS = 60.0
"""A reader may take nothing of what is ready for it."""
MOST_AT_ONCE = 1_000
"""Connections; who comes later is told 503."""


class Gate:
    """An ASGI app around another."""

    def __init__(self, app: ASGIApp, site: HubSite, names: Iterable[str], *, needs_token: bool) -> None:
        self._app, self._site, self._needs_token = app, site, needs_token
        self._names = frozenset(name.lower().rstrip(".") for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            given = request.headers.getlist("host")
            if len(given) > 1 or (given and not self._is_ours(given[0])):
                body = {
                    "error": "Misdirected Request",
                    "message": "`--host-name` adds a name to this hub's own",
                }
                await JSONResponse(body, 421)(scope, receive, send)
                return
            if self._needs_token and not self._site.visitor(request).signed_in:
                await JSONResponse({"error": "Unauthorized"}, 401)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_ours(self, given: str) -> bool:
        host = given.lower()
        host, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        if not colon:
            host, port = given.lower(), ""
        if port and not (port.isascii() and port.isdecimal()):
            return False
        host = host.rstrip(".")
        if host in self._names:
            return True
        try:
            ipaddress.ip_address(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
        except ValueError:
            return False
        return True


def own_names(host: str, more: Iterable[str]) -> tuple[str, ...]:
    """What this hub is called: this machine's own names, the one it listens on, and those it was told."""
    machine = socket.gethostname()
    return ("localhost", host, machine, f"{machine.partition('.')[0]}.local", *more)


async def hang_up_on_the_slow(servers: Iterable[uvicorn.Server], pause: float = 1.0) -> None:
    """Look at every connection now and then, for ever: uvicorn waits without end for a head, and for a reader."""
    servers = tuple(servers)
    since: dict[int, tuple[object, float]] = {}
    while True:
        await asyncio.sleep(pause)
        now, seen = time.monotonic(), {}
        for connection in [each for server in servers for each in server.server_state.connections]:
            transport = getattr(connection, "transport", None)
            if transport is None:
                continue
            state, patience = _state_of(connection, transport)
            known, at = since.get(id(connection), (None, now))
            seen[id(connection)] = (state, at if known == state else now)
            if patience is not None and known == state and now - at > patience:
                transport.abort()
        since = seen


def _state_of(connection: object, transport: asyncio.Transport) -> tuple[object, float | None]:
    """What it is doing, equal as long as nothing moves, and the seconds it may do that; None: as long as it likes."""
    cycle = getattr(connection, "cycle", None)
    waiting = transport.get_write_buffer_size()
    if waiting:
        return ("reading", id(cycle), waiting), STALLED_SECONDS
    if cycle is None:
        return ("first head",), HEAD_SECONDS
    if getattr(cycle, "response_complete", False):
        return ("next head", id(cycle)), IDLE_SECONDS + HEAD_SECONDS
    return ("answering", id(cycle)), None
