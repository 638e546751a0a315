"""A streamed reply, and what a reply that is no success means."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from wfdeps import TYPE_CHECKING
from wfdeps.domain.secrets import Redactor
from wfdeps.domain.urls import without_secrets
from wfdeps.errors import (
    AuthRequiredError,
    NotFoundError,
    RateLimitError,
    RegionBlockedError,
    SourceError,
    SourceUnavailableError,
    UnexpectedPayloadError,
)
from wfdeps.http.origins import host_of
from wfdeps.http.waits import retry_after
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.http.tap import Tap

MIB = 1 << 20
_MESSAGE_CAP = 64 * 1024

_ENCODINGS = frozenset({"gzip", "deflate"})
"""What API calls ask for, and every version of httpx decodes."""
_FINAL_429 = ("too many pages", "use cursors", "amount of downloading", "quota", "download limit")
"""What the body of a 429 says when waiting a minute does not help: a page too deep, a used-up quota."""


class Reply:
    """An open reply: status, headers, and the body as it comes. Closed by who opened it.

    `url` is where the body really comes from, after redirects: it may hold a signature, so it is for machines.
    """

    keeps_connection = False
    """Whether a body read from its socket to the end leaves the connection fit for another request."""

    def __init__(self, url: str, status: int, headers: Mapping[str, str]) -> None:
        self.url = url
        self.status = status
        self.headers = headers
        self._redactor = Redactor()

    def hide(self, redactor: Redactor) -> None:
        """Hide these secrets in the headers, and in the server's words when they are read. Where it redirects to stays."""
        self._redactor = redactor
        if redactor and any(redactor.text(value) != value for value in self.headers.values()):
            self.headers = {
                name: value if name == "location" else redactor.text(value)
                for name, value in self.headers.items()
            }

    def hidden(self, data: bytes) -> bytes:
        """Words of the server without the secrets of this run, also where JSON spells their letters as `\\u0073`."""
        data = self._redactor.data(data)
        if not self._redactor or b"\\u00" not in data:
            return data
        try:
            plain = json.dumps(json.loads(data), ensure_ascii=False).encode("utf-8", "surrogatepass")
        except (ValueError, RecursionError):
            return data
        clean = self._redactor.data(plain)
        return data if clean == plain else clean

    def __repr__(self) -> str:
        return f"Reply({self.status}, {without_secrets(self.url)!r})"

    @property
    def is_plain(self) -> bool:
        """Whether the body is sent as it is, and its length is known."""
        headers = self.headers
        if "transfer-encoding" in headers or headers.get("content-encoding", "identity") != "identity":
            return False
        return headers.get("content-length", "").isdigit()

    @property
    def encoding(self) -> str:
        """The body's content encoding, `gzip` or `deflate`; empty for none.

        Raises UnexpectedPayloadError for one that nobody asked for, and for several on top of each other: 2 kB of
        `gzip, gzip` unpack to 2.5 GB, and what httpx does not know it hands out as it came.
        """
        encoding = self.headers.get("content-encoding", "").strip().lower()
        if encoding in ("", "identity"):
            return ""
        if encoding not in _ENCODINGS:
            raise UnexpectedPayloadError(
                f"`{host_of(self.url)}` sent a body encoded as `{encoding[:40]}`, which is not read",
                status=self.status,
            )
        return encoding

    def chunks(self) -> Iterator[bytes]:
        """The body as sent, in the sizes it arrives. Raises SourceUnavailableError when it is cut or stalls."""
        raise NotImplementedError

    def decoded(self) -> Iterator[bytes]:
        """The body without its content encoding. Raises as `chunks` and `encoding` do."""
        return self._decoded() if self.encoding else self.chunks()

    def _decoded(self) -> Iterator[bytes]:
        raise NotImplementedError

    def hang_up(self) -> None:
        """Break the connection from another thread: its reader gets an error at once."""
        raise NotImplementedError

    def tap(self, *, stall: float) -> Tap | None:
        """The socket to read the body from, past the client; then nothing else may read it.

        None where that is not safe: anything but HTTP/1.1 with a plain body of known length straight on TCP or TLS.
        `stall`: seconds without a byte until it counts as broken. Raises as `chunks` does.
        """
        return None

    def read(self, limit: int, *, until: float | None = None) -> bytes:
        """The whole body, decoded.

        Raises UnexpectedPayloadError once it grows beyond `limit` bytes, SourceUnavailableError when it is not here at
        `until`, a moment of `time.monotonic`.
        """
        parts: list[bytes] = []
        total = 0
        for chunk in in_time(self.decoded(), until, self.url):
            total += len(chunk)
            if total > limit:
                raise UnexpectedPayloadError(
                    f"`{host_of(self.url)}` sent more than {limit} bytes", status=self.status
                )
            parts.append(chunk)
        return b"".join(parts)

    def failure(self, *, to_program: bool = False) -> SourceError:
        """What a status that is no success means, with the server's own words; reads at most 64 KiB.

        `to_program`: JSON was due, so that a page for people comes from somebody in between.
        """
        return failure_of(self.url, self.status, self.headers, self._beginning(), to_program=to_program)

    def _beginning(self) -> bytes:
        body = b""
        try:
            for chunk in self.decoded():
                body += chunk
                if len(body) >= _MESSAGE_CAP:
                    break
        except SourceError:
            pass  # a cut error page still has its status
        return self.hidden(body[:_MESSAGE_CAP])


def in_time(chunks: Iterator[bytes], until: float | None, url: str) -> Iterator[bytes]:
    """The chunks, while they come before `until`. Raises SourceUnavailableError: a byte every few seconds is no answer."""
    for chunk in chunks:
        if until is not None and time.monotonic() > until:
            raise SourceUnavailableError(f"`{host_of(url)}` takes too long to send its answer")
        yield chunk


def failure_of(
    url: str, status: int, headers: Mapping[str, str], body: bytes, *, to_program: bool = False
) -> SourceError:
    """The error a status stands for."""
    host = host_of(url)
    payload = _json_or_none(body)
    message = message_in(payload)
    tail = f": {message}" if message else ""
    more: dict[str, Any] = {"status": status, "payload": payload}
    page = is_page(headers, body)
    if status == 429:
        final = any(words in message.lower() for words in _FINAL_429)
        pause = retry_after(headers)
        wait = f"asks us to wait{f' {pause:.0f} seconds' if pause else ''}"
        return RateLimitError(
            f"`{host}` {'refuses more for now' if final else wait}{tail} (429)",
            retry_after=pause,
            final=final,
            **more,
        )
    if status == 403 and page and (to_program or "cf-mitigated" in headers):
        return SourceUnavailableError(
            f"`{host}` blocked us with a page for people (403)",
            final=True,
            hint="its firewall wants a browser; try later or from another network",
            **more,
        )
    if status in (401, 403):
        return AuthRequiredError(f"`{host}` refuses: {message or _REFUSALS[status]} ({status})", **more)
    if status in (404, 410):
        return NotFoundError(f"`{host}` does not have it{tail} ({status})", **more)
    if status == 407:
        return SourceUnavailableError(
            "the proxy wants a login (407)", final=True, hint="see HTTPS_PROXY", **more
        )
    if status == 451:
        return RegionBlockedError(f"`{host}` is not available in this region{tail} (451)", final=True, **more)
    if status >= 500 or status == 408:
        return SourceUnavailableError(
            f"`{host}` answered {status}{tail}", retry_after=retry_after(headers), **more
        )
    return UnexpectedPayloadError(f"`{host}` answered {status}{tail}", **more)


_REFUSALS = {401: "a token or login is needed", 403: "access is forbidden"}


def is_page(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether this is a page for people: by its type, or by how it begins."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    start = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return media_type in ("text/html", "application/xhtml+xml") or start.startswith(
        (b"<!doctype html", b"<html")
    )


def message_in(payload: object) -> str:
    """The server's sentence in an error body, whatever its shape; empty where there is none."""
    if isinstance(payload, str):
        return payload
    if not isinstance(payload, dict):
        return ""
    words = [payload.get(key) for key in ("message", "error", "detail", "name")]
    for word in words:
        if isinstance(word, dict):
            word = message_in(word)
        if isinstance(word, str) and word:
            return " ".join(word.split())[:300]
    return ""


@dataclass(frozen=True, slots=True)
class ContentRange:
    """Which bytes a reply holds: from `start` up to, not including, `stop`, of `total` (None where unsaid)."""

    start: int
    stop: int
    total: int | None


def content_range(headers: Mapping[str, str]) -> ContentRange | None:
    """The reply's Content-Range; None where there is none that makes sense."""
    match = _RANGE.fullmatch(headers.get("content-range", "").strip())
    if match is None:
        return None
    start, stop = int(match["start"]), int(match["last"]) + 1
    total = None if match["total"] == "*" else int(match["total"])
    if stop <= start or (total is not None and stop > total):
        return None
    return ContentRange(start, stop, total)


def total_of_unsatisfied(headers: Mapping[str, str]) -> int | None:
    """The size in the `Content-Range: bytes */N` of a 416; None where it says none."""
    match = re.fullmatch(r"bytes \*/(\d{1,18})", headers.get("content-range", "").strip())
    return int(match[1]) if match else None


_RANGE = re.compile(r"bytes (?P<start>\d{1,18})-(?P<last>\d{1,18})/(?P<total>\d{1,18}|\*)")


def _json_or_none(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
