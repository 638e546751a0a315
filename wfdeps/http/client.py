"""One polite client for everything: API calls, streamed bodies, single ranges."""

from __future__ import annotations

import json as json_format
import random
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from threading import Lock, Timer
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import unquote, urlencode, urlsplit

from wfdeps import TYPE_CHECKING
from wfdeps.domain.secrets import Redactor, Secret
from wfdeps.errors import (
    RateLimitError,
    SourceError,
    SourceUnavailableError,
    UnexpectedPayloadError,
    UnsafeRedirectError,
)
from wfdeps.http.dialing import Dialer
from wfdeps.http.direct import DirectWire, NotPlainError, suits
from wfdeps.http.origins import host_of, origin_of, redirected
from wfdeps.http.replies import MIB, Reply, content_range, in_time, is_page
from wfdeps.http.routes import has_proxies
from wfdeps.http.waits import LONGEST_WAIT, Backoff, HostGate

if TYPE_CHECKING:
    import ssl

    from wfdeps.http.by_httpx import HttpxWire

REDIRECTS = 20
_REDIRECTING = frozenset({301, 302, 303, 307, 308})
_T = TypeVar("_T")


class Http:
    """One client: identity, pool, TLS context, credentials, limits. Safe to share between threads; `close` it.

    `credentials` maps origins (`https://civitai.com`) to bearer tokens. Proxies come from the environment,
    `.netrc` does not. Cookies are never kept. `timeout`: seconds of silence; `within`: seconds for a whole API call, and
    for the head of a body, however steadily it drips. `on_wait` hears, from any thread, what an API call waits for once
    that takes longer than `said_after` seconds. `direct`: bodies may be fetched without httpx, where no proxy is set,
    no engine named and no transport given. What answers say of the credentials, of logins in URLs and of `secrets` is
    hidden before anybody reads it; bodies of files are left alone.

        with Http({"https://civitai.com": token}) as http:
            model = http.json("GET", "https://civitai.com/api/v1/models/257749")
    """

    def __init__(
        self,
        credentials: Mapping[str, Secret] | None = None,
        *,
        offline: bool = False,
        per_host: int = 16,
        timeout: float = 30.0,
        connect_timeout: float = 10.0,
        within: float = 120.0,
        on_wait: Callable[[str], None] | None = None,
        said_after: float = 5.0,
        backoff: Backoff | None = None,
        patience: float = LONGEST_WAIT,
        allow_insecure_redirects: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        engine: str | None = None,
        transport: Any = None,
        direct: bool = True,
        secrets: Iterable[Secret | None] = (),
    ) -> None:
        self._credentials = {origin_of(url): token for url, token in (credentials or {}).items()}
        self._redactor = Redactor((*(credentials or {}).values(), *secrets))
        self._offline = offline
        self._per_host = per_host
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._within = within
        self._on_wait = on_wait
        self._said_after = said_after
        self._backoff = backoff or Backoff()
        self._patience = patience
        self._allow_insecure = allow_insecure_redirects
        self._sleep = sleep
        self._now = now
        self._chance = chance
        self._engine = engine
        self._transport = transport
        self._trusted: ssl.SSLContext | None = None
        self._wire: HttpxWire | None = None
        self._direct: DirectWire | None = None
        self._dialer = Dialer()
        if direct and engine is None and transport is None and not has_proxies():
            self._direct = DirectWire(connect_timeout, self._trust, self._dialer)
        self._gates: dict[tuple[str, str], HostGate] = {}
        self._bodies: set[Reply] = set()
        self._lock = Lock()
        self._trusting = Lock()

    def json(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, object] | None = None,
        body: object = None,
        limit: int = 64 * MIB,
    ) -> Any:
        """The decoded JSON an API answers with; `body` is sent as JSON, `limit` bounds the answer's decoded bytes.

        Faults that may pass (transport, 5xx, most 429) are tried again first, with growing waits or as long as
        the server asks. Raises NotFoundError, AuthRequiredError, RateLimitError, RegionBlockedError,
        UnsafeRedirectError, SourceUnavailableError or UnexpectedPayloadError.
        """
        content = None if body is None else json_format.dumps(body, separators=(",", ":")).encode()
        headers = {"accept": "application/json", "accept-encoding": "gzip, deflate"}
        if content is not None:
            headers["content-type"] = "application/json"
        full = _with_params(url, params)

        def ask() -> Any:
            until = time.monotonic() + self._within
            with self._saying_waits(full), self._opened(method, full, headers, content, "api") as reply:
                if reply.status // 100 != 2:
                    raise reply.failure(to_program=True)
                return _decoded(reply, limit, until)

        return self._tried(ask, full)

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        stopped: Callable[[], bool] | None = None,
        timeout: float | None = None,
    ) -> AbstractContextManager[Reply]:
        """An open reply to GET, redirects followed, whatever its status; one try, the body not yet read.

        Asks for identity encoding. Takes a slot at the host that sends the body until it is left; `stopped` is
        looked at while waiting for one, `timeout` is how long it may be silent (seconds). Raises SourceUnavailableError or UnsafeRedirectError.
        """
        wanted = {"accept-encoding": "identity", **(headers or {})}
        return self._opened("GET", url, wanted, None, "body", stopped, timeout)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send bytes to an address that a person named (a webhook), once; the status, always 2xx.

        Raises SourceError for any other. There is no second try, so nobody gets it twice.
        """
        with self._opened("POST", url, headers, body, "api") as reply:
            if reply.status // 100 != 2:
                raise reply.failure()
            return int(reply.status)

    def ranged(self, url: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`: fewer at the end of the file, none beyond it.

        A server that ignores Range is cut off as soon as the bytes are here; where that would mean reading more
        than 8 MiB first, UnexpectedPayloadError. Tried again and failing as `json` does.
        """

        def ask() -> bytes:
            wanted = {"range": f"bytes={offset}-{offset + length - 1}", "accept-encoding": "identity"}
            until = time.monotonic() + self._within
            with self._saying_waits(url), self._opened("GET", url, wanted, None, "api") as reply:
                return _slice_of(reply, offset, length, until)

        return self._tried(ask, url)

    def complain(self, url: str, pause: float) -> None:
        """Tell all workers that this host asked for less: half as many at once, none before `pause` seconds."""
        self._gate("body", url).complain(pause)

    def thank(self, url: str) -> None:
        """Tell all workers that this host does well."""
        self._gate("body", url).thank()

    def hang_up(self) -> None:
        """Break off every body that is being read: their readers, blocked or not, get an error at once."""
        with self._lock:
            open_ = tuple(self._bodies)
        for reply in open_:
            reply.hang_up()

    def close(self) -> None:
        """Close every connection. The object may be used again afterwards."""
        for wire in (self._direct, self._wire):
            if wire is not None:
                wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Http({', '.join(sorted(self._credentials)) or 'anonymous'})"

    def _tried(self, ask: Callable[[], _T], url: str) -> _T:
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = ask()
            except SourceError as error:
                delay = self._delay(error, attempt)
                if delay is None:
                    raise
                if self._on_wait is not None and delay > self._said_after:
                    self._on_wait(f"waiting {delay:.0f} seconds: {error.message}")
                if isinstance(error, RateLimitError):
                    self._gate("api", url).complain(delay)  # the next slot is given when the pause is over
                else:
                    self._sleep(delay)
            else:
                self._gate("api", url).thank()
                return answer

    @contextmanager
    def _saying_waits(self, url: str) -> Iterator[None]:
        """Say once that the host is slow, where what is done in it takes long."""
        if self._on_wait is None:
            yield
            return
        timer = Timer(self._said_after, self._on_wait, (f"waiting for an answer of `{host_of(url)}`",))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _delay(self, error: SourceError, attempt: int) -> float | None:
        """Seconds until the next try; None where there should be none."""
        if not isinstance(error, (RateLimitError, SourceUnavailableError, _GarbledError)):
            return None
        if getattr(error, "final", False):
            return None
        # A page or broken JSON with a 200 is a portal or a bug: two more tries, then the person should hear of it.
        most = 3 if error.status == 200 else self._backoff.attempts
        if attempt >= most:
            return None
        asked = getattr(error, "retry_after", None)
        if asked is not None and asked > self._patience:
            return None
        return self._backoff.delay(attempt, self._chance) if asked is None else float(asked)

    @contextmanager
    def _opened(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        lane: str,
        stopped: Callable[[], bool] | None = None,
        timeout: float | None = None,
    ) -> Iterator[Reply]:
        first, basic = _without_login(_checked(url))
        for value in basic.values():
            login = value.removeprefix("Basic ")
            self._redactor.learn(login)
            self._redactor.learn(b64decode(login).decode().partition(":")[2])
        if self._offline:
            raise SourceUnavailableError(f"offline: `{host_of(url)}` was not asked", final=True)
        given = {**headers, **basic}
        current, seen = first, set[str]()
        for _ in range(REDIRECTS + 1):
            seen.add(current)
            with self._gate(lane, current).slot(stopped) as entered:
                if not entered:
                    raise SourceUnavailableError("stopped before it began", final=True)
                hop = self._headers_for(current, first, given)
                with self._sent(lane, method, current, hop, content, timeout or self._timeout) as reply:
                    location = reply.headers.get("location")
                    reply.hide(self._redactor)
                    if reply.status not in _REDIRECTING or not location:
                        with self._listed(reply, lane):
                            yield reply
                        return
                    _drain(reply)
            current = redirected(current, location, asked=first, allow_insecure=self._allow_insecure)
            if current in seen:
                raise UnsafeRedirectError("redirects go in a circle", target=host_of(current))
            if reply.status == 303 or (reply.status in (301, 302) and method == "POST"):
                method, content = "GET", None
        raise UnsafeRedirectError(f"more than {REDIRECTS} redirects", target=host_of(current))

    @contextmanager
    def _listed(self, reply: Reply, lane: str) -> Iterator[None]:
        """While it is open, `hang_up` knows of it: bodies only, API calls are short."""
        if lane != "body":
            yield
            return
        with self._lock:
            self._bodies.add(reply)
        try:
            yield
        finally:
            with self._lock:
                self._bodies.discard(reply)

    @contextmanager
    def _sent(
        self,
        lane: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        timeout: float,
    ) -> Iterator[Reply]:
        """One hop: a body's directly where that can be, anything else over httpx."""
        with ExitStack() as exits:
            reply = None
            if self._direct is not None and lane == "body" and suits(url):
                with suppress(NotPlainError):
                    reply = exits.enter_context(self._direct.sent(url, headers, timeout, self._within))
            if reply is None:
                reply = exits.enter_context(
                    self._over_httpx().sent(method, url, headers, content, timeout, self._within)
                )
            yield reply

    def _over_httpx(self) -> HttpxWire:
        with self._lock:
            if self._wire is None:
                from wfdeps.http.by_httpx import HttpxWire  # 0.1 s to import

                self._wire = HttpxWire(
                    self._connect_timeout, self._trust, self._dialer, self._engine, self._transport
                )
            return self._wire

    def _trust(self) -> ssl.SSLContext:
        """The one TLS context of all connections, made when first needed."""
        with self._trusting:
            if self._trusted is None:
                from wfdeps.http.identity import tls_context

                self._trusted = tls_context()
            return self._trusted

    def _headers_for(self, url: str, first: str, given: Mapping[str, str]) -> dict[str, str]:
        """The headers of one hop: a credential only where it belongs, the caller's own only at the first origin."""
        origin = origin_of(url)
        own = origin == origin_of(first)
        headers = {
            name: value for name, value in given.items() if own or name.lower() not in _PRIVATE_HEADERS
        }
        token = self._credentials.get(origin)
        if token is not None:
            headers.setdefault("authorization", f"Bearer {token.reveal()}")
        return headers

    def _gate(self, lane: str, url: str) -> HostGate:
        key = (lane, host_of(url))
        with self._lock:
            if key not in self._gates:
                self._gates[key] = HostGate(self._per_host, self._now, self._sleep)
            return self._gates[key]


_PRIVATE_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


class _GarbledError(UnexpectedPayloadError):
    """JSON that does not parse: cut on the way, or a bug at the other end."""


def _checked(url: str) -> str:
    try:
        origin_of(url)
    except ValueError as error:
        raise UnexpectedPayloadError(str(error), hint="only http and https addresses are fetched") from error
    return url


def _without_login(url: str) -> tuple[str, dict[str, str]]:
    """The URL without `user:password@`, and the header that says the same."""
    parts = urlsplit(url)
    if parts.username is None and parts.password is None:
        return url, {}
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return bare, {"authorization": "Basic " + b64encode(login.encode()).decode()}


def _with_params(url: str, params: Mapping[str, object] | None) -> str:
    """The URL with more query values; None is left out, a sequence repeats its name."""
    kept = {name: _plain(value) for name, value in (params or {}).items() if value is not None}
    if not kept:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(kept, doseq=True, errors="replace")


def _plain(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _decoded(reply: Reply, limit: int, until: float) -> Any:
    body = reply.hidden(reply.read(limit, until=until))
    if is_page(reply.headers, body):
        raise SourceUnavailableError(
            f"`{host_of(reply.url)}` sent a page where JSON was due",
            status=reply.status,
            hint="a login page, a portal of this network, or a firewall in between",
        )
    try:
        return json_format.loads(body)
    except (ValueError, RecursionError) as error:
        raise _GarbledError(
            f"`{host_of(reply.url)}` sent JSON that does not parse", status=reply.status
        ) from error


def _slice_of(reply: Reply, offset: int, length: int, until: float) -> bytes:
    if reply.status == 416:
        return b""
    if reply.status in (200, 206) and reply.encoding:
        raise UnexpectedPayloadError(f"`{host_of(reply.url)}` sends the file compressed", status=reply.status)
    if reply.status == 206:
        begins = content_range(reply.headers)
        if begins is None or begins.start != offset:
            raise UnexpectedPayloadError(f"`{host_of(reply.url)}` sent another range than asked", status=206)
        return _first(reply, length, until)
    if reply.status != 200:
        raise reply.failure()
    if offset > _MOST_SKIPPED:
        raise UnexpectedPayloadError(f"`{host_of(reply.url)}` sends no ranges", status=200)
    return _first(reply, offset + length, until)[offset:]


_MOST_SKIPPED = 8 * MIB


def _first(reply: Reply, length: int, until: float) -> bytes:
    body = bytearray()
    for chunk in in_time(reply.chunks(), until, reply.url):
        body += chunk
        if len(body) >= length:
            break
    return bytes(body[:length])


def _drain(reply: Reply) -> None:
    """Read the few bytes of a redirect, so that its connection can be used again."""
    if reply.headers.get("content-length", "").isdigit() and int(reply.headers["content-length"]) <= _DRAINED:
        for _ in reply.chunks():
            pass


_DRAINED = 64 * 1024
