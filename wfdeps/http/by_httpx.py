"""One hop over httpx: any method, proxies, compressed answers. httpx2, its continuation, is used where it is installed."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import import_module
from threading import Lock
from typing import Any

from wfdeps.http.dialing import Deadline, Dialer
from wfdeps.http.faults import unavailable
from wfdeps.http.identity import USER_AGENT
from wfdeps.http.replies import Reply
from wfdeps.http.routes import route_to, transport_over
from wfdeps.http.tap import Tap

ENGINES = ("httpx2", "httpx")
_importing = Lock()


class HttpxReply(Reply):
    """A reply of httpx."""

    def __init__(self, response: Any, errors: tuple[type[Exception], ...]) -> None:
        super().__init__(str(response.url), response.status_code, response.headers)
        self._response = response
        self._errors = errors
        self._begun: Iterator[bytes] | None = None

    def chunks(self) -> Iterator[bytes]:
        # No chunk size: httpx would copy everything once more, at a third of the speed.
        return self._guarded(self._response.iter_raw())

    def _decoded(self) -> Iterator[bytes]:
        return self._guarded(self._response.iter_bytes())

    def hang_up(self) -> None:
        stream = self._response.extensions.get("network_stream")
        body = stream.get_extra_info("socket") if stream is not None else None
        if isinstance(body, socket.socket):
            with contextlib.suppress(OSError):
                body.shutdown(socket.SHUT_RDWR)

    def tap(self, *, stall: float) -> Tap | None:
        if self._response.http_version != "HTTP/1.1" or not self.is_plain:
            return None
        stream = self._response.extensions.get("network_stream")
        body = stream.get_extra_info("socket") if stream is not None else None
        secured = stream.get_extra_info("ssl_object") if stream is not None else None
        if not isinstance(body, socket.socket) or isinstance(secured, ssl.SSLObject):
            return None  # a stand-in for a network, or TLS inside TLS: an SSLObject over the proxy's socket
        if (secured is None) == isinstance(body, ssl.SSLSocket):
            return None
        # What httpx has read beyond the headers comes first; after this nothing of the body is in its hands.
        # Kept alive: httpx would close the connection together with the iterator.
        self._begun = self.chunks()
        return Tap(next(self._begun, b""), body, stall=stall, took=lambda count: None)

    def _guarded(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from chunks
        except self._errors as error:
            raise unavailable(error, self.url) from error


class HttpxWire:
    """httpx clients, made when first needed. `close` it; it may be used again afterwards."""

    def __init__(
        self,
        connect_timeout: float,
        trust: Callable[[], ssl.SSLContext],
        dialer: Dialer,
        engine: str | None,
        transport: Any,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._trust = trust
        self._dialer = dialer
        self._deadline = Deadline()
        self._engine_name = engine
        self._transport = transport
        self._engine: Any = None
        self._clients: dict[tuple[bool, str | None], Any] = {}
        self._lock = Lock()

    @contextmanager
    def sent(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        timeout: float,
        within: float,
    ) -> Iterator[Reply]:
        """An open reply to this one request; no redirect is followed. Raises SourceError.

        `timeout`: seconds of silence; `within`: seconds until the head of the reply is here.
        """
        client = self._connected(url)
        engine = self._engine
        faults = (engine.HTTPError, engine.InvalidURL, engine.StreamError, UnicodeError)
        try:
            waits = engine.Timeout(timeout, connect=self._connect_timeout, pool=None)
            request = client.build_request(method, url, headers=headers, content=content, timeout=waits)
            with self._deadline.within(within):
                response = client.send(request, stream=True, follow_redirects=False)
        except faults as error:
            raise unavailable(error, url) from error
        try:
            yield HttpxReply(response, faults)
        finally:
            response.close()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            clients, self._clients = tuple(self._clients.values()), {}
        for client in clients:
            client.close()

    def _connected(self, url: str) -> Any:
        """The client for an address: plain http without a proxy needs no certificates, whose loading takes 0.1 s."""
        route = route_to(url)
        key = (url.startswith("https:") or route is not None, route)
        with self._lock:
            if key not in self._clients:
                self._engine = engine = load_engine(self._engine_name)
                self._clients[key] = engine.Client(
                    headers={"user-agent": USER_AGENT},
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                    transport=self._transport or self._transport_over(route, secure=key[0]),
                    trust_env=False,
                )
            return self._clients[key]

    def _transport_over(self, route: str | None, *, secure: bool) -> Any:
        limits = self._engine.Limits(
            max_connections=None, max_keepalive_connections=32, keepalive_expiry=30.0
        )
        # The bare context trusts nobody: were it ever asked for TLS, it would refuse.
        verify = self._trust() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return transport_over(self._engine, route, self._dialer, self._deadline, limits=limits, verify=verify)


def load_engine(name: str | None = None) -> Any:
    """The module to speak HTTP with: the one named, or the first of ENGINES that is installed."""
    if name is not None:
        return _import_lean(name)
    for known in ENGINES:
        try:
            return _import_lean(known)
        except ModuleNotFoundError as error:
            if error.name != known:
                raise
    raise ModuleNotFoundError("neither httpx2 nor httpx is installed", name="httpx")


def _import_lean(name: str) -> Any:
    # `import httpx` loads its own command line (click, rich, pygments): two thirds of its 268 ms. It treats a
    # command line that cannot be imported as one not installed, so for the moment of import it cannot.
    # https://github.com/encode/httpx/blob/0.28.1/httpx/__init__.py#L15
    hidden = f"{name}._main"
    with _importing:
        if name in sys.modules or hidden in sys.modules:
            return import_module(name)
        sys.modules[hidden] = None  # type: ignore[assignment]
        try:
            return import_module(name)
        finally:
            del sys.modules[hidden]
