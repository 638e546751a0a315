"""A server that misbehaves on request: raw sockets, the fault in the query, seeded bodies of any length.

`/file.bin?size=1000000&seed=7&cut=5000` is a body that is cut after 5,000 bytes. `times=2` limits a fault to the
first two requests of that path and query; later ones are answered well. Every request is logged, for assertions.
`/hop?...` redirects; `/signed?...` is a store whose addresses expire. See `FAULTS` in `table.py` for the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from hashlib import sha256
from random import Random
from urllib.parse import parse_qsl, urlencode, urlsplit

BLOCK = 1 << 20
CHUNK = 1 << 18


@lru_cache(maxsize=8)
def _base(seed: int) -> bytes:
    return Random(seed).randbytes(BLOCK)


def body(seed: int, start: int, stop: int) -> bytes:
    """Any part of a seeded body: no two of its blocks are equal, and none has to be stored."""
    parts = []
    while start < stop:
        number, within = divmod(start, BLOCK)
        block = struct.pack(">Q", number) + _base(seed)[8:]
        take = min(stop - start, BLOCK - within)
        parts.append(block[within : within + take])
        start += take
    return b"".join(parts)


@lru_cache(maxsize=64)
def body_sha256(seed: int, size: int) -> str:
    """The SHA-256 of a whole seeded body."""
    digest = sha256()
    for start in range(0, size, BLOCK):
        digest.update(body(seed, start, min(size, start + BLOCK)))
    return digest.hexdigest()


@dataclass(slots=True)
class Request:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    port: int
    at: float
    sent: int = 0
    """Body bytes that were sent for it."""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


@dataclass
class FaultServer:
    """Runs in a thread, on two ports of 127.0.0.1. Use as a context manager."""

    tls: ssl.SSLContext | None = None
    log: list[Request] = field(default_factory=list)
    port: int = 0
    other_port: int = 0
    _seen: Counter[str] = field(default_factory=Counter)
    _ready: threading.Event = field(default_factory=threading.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _expired: set[str] = field(default_factory=set)
    _open: Counter[str] = field(default_factory=Counter)

    def url(self, path: str = "/file.bin", **options: object) -> str:
        """An address on the first port."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}{path}" + ("?" + urlencode(options) if options else "")

    def __enter__(self) -> FaultServer:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        servers = [await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self.tls) for _ in range(2)]
        self.port, self.other_port = (server.sockets[0].getsockname()[1] for server in servers)
        self._ready.set()
        await self._closing.wait()
        for server in servers:
            server.close()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            keep = True
            while keep:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")
                method, target, _ = lines[0].split(" ", 2)
                headers = {
                    k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)
                }
                port = writer.get_extra_info("sockname")[1]
                request = Request(method, target, headers, port, time.monotonic())
                self.log.append(request)
                keep = await Answer(self, request, writer).give()
        with contextlib.suppress(Exception):
            writer.close()

    def count(self, key: str) -> int:
        """How often this was asked, this time included."""
        self._seen[key] += 1
        return self._seen[key]


_REASONS = {
    200: "OK",
    206: "Partial Content",
    302: "Found",
    307: "Temporary Redirect",
    416: "Range Not Satisfiable",
}


class Answer:
    """One answer. Options come from the query; what they break is broken here."""

    def __init__(self, server: FaultServer, request: Request, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.request = request
        self.writer = writer
        self.options = dict(parse_qsl(urlsplit(request.target).query))
        # What the world does now, told in what a client takes for a signature: the same file all the time.
        self.options |= dict(parse_qsl(self.options.pop("X-Amz-World", "")))
        self.size = self.number("size", 1 << 20)
        self.seed = self.number("seed", 1)
        self.turn = server.count(request.target)
        if self.turn > 1 and self.has("then_size"):
            self.size = self.number("then_size", self.size)
        if self.turn > self.number("times", 1 << 30):
            keep = ("size", "then_size", "bare416", "seed", "etag", "weak", "novalidator", "lastmod")
            self.options = {k: v for k, v in self.options.items() if k in keep}

    def number(self, name: str, default: int) -> int:
        return int(self.options.get(name, default))

    def has(self, name: str) -> bool:
        return name in self.options

    async def give(self) -> bool:
        """Answer; whether the connection is still good."""
        path = self.request.path
        if path == "/hop":
            return await self.hop()
        if path == "/signed":
            return await self.signed()
        if self.has("wait"):
            await asyncio.sleep(float(self.options["wait"]))
        if self.has("drop"):
            return False
        if self.has("cap") and not self._within_cap():
            return await self.simple(503, b"too many connections", {"retry-after": "0"})
        try:
            if self.has("status"):
                return await self.status()
            if self.has("html"):
                page = b"<!DOCTYPE html><html><body>Please log in</body></html>" * self.number("html", 1)
                return await self.simple(200, page, {"content-type": "text/html; charset=utf-8"})
            if self.has("json"):
                return await self.simple(
                    200, b'{"error":"Unauthorized","message":"log in"}', {"content-type": "application/json"}
                )
            if self.has("lfs"):
                pointer = (
                    b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 123\n"
                )
                return await self.simple(200, pointer, {"content-type": "text/plain"})
            if self.request.method == "HEAD" and self.has("nohead"):
                return await self.simple(405, b"", {})
            if self.has("needs_no_auth") and "authorization" in self.request.headers:
                return await self.simple(
                    400, b"<Error>InvalidRequest</Error>", {"content-type": "application/xml"}
                )
            return await self.file()
        finally:
            if self.has("cap"):
                self.server._open["cap"] -= 1

    def _within_cap(self) -> bool:
        self.server._open["cap"] += 1
        if self.server._open["cap"] <= self.number("cap", 1):
            return True
        self.server._open["cap"] -= 1
        self.options.pop("cap")
        return False

    # ── the kinds of answer ──

    async def status(self) -> bool:
        code = self.number("status", 500)
        headers = {"content-type": self.options.get("type", "text/plain")}
        if self.has("retry_after"):
            headers["retry-after"] = self.options["retry_after"]
        if self.has("retry_date"):
            skew = self.number("skew", 0)
            headers["date"] = formatdate(time.time() + skew, usegmt=True)
            headers["retry-after"] = formatdate(
                time.time() + skew + self.number("retry_date", 1), usegmt=True
            )
        if self.has("challenge"):
            headers |= {"cf-mitigated": "challenge", "content-type": "text/html"}
        return await self.simple(code, self.options.get("text", "no").encode(), headers)

    async def hop(self) -> bool:
        options = dict(self.options)
        left = int(options.pop("hops", 1))
        code = int(options.pop("code", 307))
        location = options.pop("to", None)
        if location is None and left > 1:
            location = "/hop?" + urlencode({**options, "hops": left - 1, "code": code})
        elif location is None:
            port = self.server.other_port if options.pop("other", None) else self.server.port
            location = f"http://127.0.0.1:{port}{options.pop('then', '/file.bin')}?" + urlencode(options)
        if location == "self":
            location = self.request.target
        return await self.simple(code, b"", {"location": location.replace("\\r\\n", "\r\n")})

    async def signed(self) -> bool:
        """An API address: redirects to a store whose signature holds for `lives` requests."""
        number = self.server.count("signature")
        options = {**self.options, "X-Amz-Signature": f"s{number}"}
        location = f"http://127.0.0.1:{self.server.other_port}/store?" + urlencode(options)
        return await self.simple(307, b"", {"location": location})

    async def simple(self, status: int, content: bytes, headers: dict[str, str]) -> bool:
        await self.head(status, {"content-length": str(len(content)), **headers})
        if self.request.method != "HEAD":
            self.writer.write(content)
            self.request.sent += len(content)
        await self.writer.drain()
        return True

    async def file(self) -> bool:
        if self.request.path == "/store" and self._signature_is_worn():
            content = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
            return await self.simple(403, content, {"content-type": "application/xml"})
        start, stop, ranged = self._range()
        if ranged and start >= self.size and not self.has("ignore_range"):
            headers = {} if self.has("bare416") else {"content-range": f"bytes */{self.size}"}
            return await self.simple(416, b"", headers)
        status = 206 if ranged else 200
        headers = self._file_headers()
        total = "*" if self.has("startotal") else str(self.number("total", self.size))
        if ranged:
            stop = min(stop, start + self.number("most", stop))
            begins = max(0, start + self.number("shift", 0))
            if not self.has("norangeheader"):
                headers["content-range"] = f"bytes {begins}-{stop - 1}/{total}"
            start = begins
            if self.has("as200"):
                status = 200
            if self.has("multipart"):
                headers["content-type"] = "multipart/byteranges; boundary=x"
        return await self.send(status, headers, start, stop)

    def _signature_is_worn(self) -> bool:
        signature = self.options.get("X-Amz-Signature", "")
        used = self.server.count("use " + signature)
        return used > self.number("lives", 1 << 30)

    def _range(self) -> tuple[int, int, bool]:
        asked = self.request.headers.get("range", "")
        if not asked.startswith("bytes=") or self.has("ignore_range"):
            return 0, self.size, False
        condition = self.request.headers.get("if-range")
        if condition is not None and condition not in (self._etag(), self._last_modified()):
            return 0, self.size, False
        first, _, last = asked.removeprefix("bytes=").partition("-")
        stop = min(self.size, int(last) + 1) if last else self.size
        return int(first), stop, True

    def _etag(self) -> str:
        if self.has("changing_etag"):
            return f'"v{self.turn}"'
        if self.has("versions"):
            return f'"v{self.turn % 2}"'
        tag = self.options.get("etag", f"{self.seed}-{self.size}")
        return f'W/"{tag}"' if self.has("weak") else f'"{tag}"'

    def _last_modified(self) -> str:
        return self.options.get("lastmod", "Tue, 03 Nov 2026 10:00:00 GMT")

    def _file_headers(self) -> dict[str, str]:
        headers = {
            "content-type": self.options.get("type", "application/octet-stream"),
            "accept-ranges": "bytes",
        }
        if not self.has("novalidator"):
            headers |= {"etag": self._etag(), "last-modified": self._last_modified()}
        if self.has("disposition"):
            headers["content-disposition"] = self.options["disposition"]
        return headers

    async def send(self, status: int, headers: dict[str, str], start: int, stop: int) -> bool:
        options = self.options
        if self.has("bomb_headers"):
            headers |= {f"x-{n}": "y" * 100 for n in range(self.number("bomb_headers", 10000))}
        if self.has("early"):
            self.writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")
        if self.has("gzip"):
            return await self.simple(
                status,
                gzip.compress(body(self.seed, start, stop), 1),
                {**headers, "content-encoding": "gzip" if options["gzip"] == "1" else options["gzip"]},
            )
        if self.has("chunked"):
            return await self.chunked(status, headers, start, stop)
        if self.request.method == "HEAD" and self.has("headlength"):
            headers["content-length"] = self.options["headlength"]
        elif not self.has("nolength"):
            headers["content-length"] = str(self.number("length", stop - start))
        if self.has("twolengths"):
            headers["Content-Length"] = str(stop - start + 5)
        if self.has("nolength") or self.has("http10"):
            headers["connection"] = "close"
        await self.head(status, headers)
        if self.request.method == "HEAD":
            return True
        if self.has("versions") and self.turn % 2 == 0:
            self.seed += 1
        limit = min(stop, start + self.number("cut", 1 << 60))
        flip = self.number("flip", -1)
        position = start
        while position < limit:
            take = min(CHUNK, limit - position)
            if self.has("stall") and position - start >= self.number("stall", 0):
                await asyncio.sleep(3600)
            if self.has("drip"):
                take = 1
                await asyncio.sleep(float(options["drip"]))
            if self.has("stall"):
                take = min(take, max(1, self.number("stall", 0) - (position - start)))
            data = body(
                self.seed if not self.has("swap") else self.seed + 1000 + self.turn % 2,
                position,
                position + take,
            )
            if position <= flip < position + take:
                data = (
                    data[: flip - position] + bytes([data[flip - position] ^ 1]) + data[flip - position + 1 :]
                )
            self.writer.write(data)
            self.request.sent += take
            await self.writer.drain()
            if self.has("speed"):
                await asyncio.sleep(take / self.number("speed", 1))
            position += take
        if self.has("extra"):
            self.writer.write(b"x" * self.number("extra", 1))
        if self.has("rst"):
            raw = self.writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
            return False
        await self.writer.drain()
        return (
            limit == stop
            and not self.has("nolength")
            and not self.has("http10")
            and not self.has("extra")
            and not self.has("length")
        )

    async def chunked(self, status: int, headers: dict[str, str], start: int, stop: int) -> bool:
        await self.head(status, {**headers, "transfer-encoding": "chunked"})
        stop += self.number("overrun", 0)
        limit = min(stop, start + self.number("cut", 1 << 60))
        for position in range(start, limit, CHUNK):
            data = body(self.seed, position, min(limit, position + CHUNK))
            self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.request.sent += len(data)
            await self.writer.drain()
        if limit < stop:
            return False
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True

    async def head(self, status: int, headers: dict[str, str]) -> None:
        version = "HTTP/1.0" if self.has("http10") else "HTTP/1.1"
        lines = [f"{version} {status} {_REASONS.get(status, 'Whatever')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if self.has("cuthead"):
            self.writer.write(f"{lines[0]}\r\nserver: x\r\n".encode("latin-1"))
            raise ConnectionAbortedError
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        await self.writer.drain()


def main() -> None:
    """Serve until interrupted, for trying things by hand; prints both ports."""
    with FaultServer() as server:
        print(json.dumps({"port": server.port, "other_port": server.other_port}), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    main()
