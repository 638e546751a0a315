"""A hub that runs: two ports, one thread.

with HubServer(catalogue="catalogue.jsonl", models="models") as hub:
    httpx.get(f"{hub.url}/api/v1/models?query=detail")
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from wfdeps.errors import UsageError, os_error_words
from wfdeps.hub.api import api_routes
from wfdeps.hub.catalogue import Row, read_rows
from wfdeps.hub.downloads import download_routes
from wfdeps.hub.faults import Fault
from wfdeps.hub.gate import IDLE_SECONDS, MOST_AT_ONCE, Gate, hang_up_on_the_slow, own_names
from wfdeps.hub.huggingface import huggingface_routes
from wfdeps.hub.journal import Journal, Seen
from wfdeps.hub.mirror import mirror_routes
from wfdeps.hub.monitor import Monitor
from wfdeps.hub.shelf import Shelf, take_stock
from wfdeps.hub.signing import Signer
from wfdeps.hub.site import HubSite
from wfdeps.hub.storage import storage_routes
from wfdeps.hub.store import CatalogueStore

_LOOPBACKS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
"""Every address of the machine → the one to reach it by from itself."""


class HubServer:
    """A Civitai-compatible hub over a catalogue and a folder of models; a context manager.

    `catalogue` is a file of JSON lines, or rows; `models` a folder, or several. Either may be left out. Port 0 is a free one.
    `kept` says where a file of that SHA-256 stands besides: a mirror of it, under `/sha256/`.
    `tokens` are the API tokens it knows; those in `buyers` have bought all early access besides. Where other machines reach
    it and it knows a token, nobody reads without one. `names` are names it answers to besides this machine's own;
    `allow_origin` is whose pages may read it in a browser (CORS): nobody's, unless it is told.
    """

    def __init__(
        self,
        catalogue: str | os.PathLike[str] | Iterable[Row] | None = None,
        models: str | os.PathLike[str] | Iterable[str] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        storage_port: int = 0,
        tokens: Iterable[str] = (),
        buyers: Iterable[str] = (),
        login_everywhere: bool = False,
        link_seconds: int = 86_400,
        index: str | None = None,
        listener: Callable[[Seen], None] | None = None,
        clock: Callable[[], datetime] | None = None,
        kept: Callable[[str], str | None] | None = None,
        names: Iterable[str] = (),
        allow_origin: str = "",
    ) -> None:
        folders = [os.fspath(models)] if isinstance(models, str | os.PathLike) else [*(models or ())]
        shelf = Shelf(*folders, index=index) if folders else None
        store = CatalogueStore()
        store.add(take_stock(_rows(catalogue), shelf))
        self.site = HubSite(
            store,
            shelf,
            Signer(seconds=link_seconds),
            Journal(listener),
            tokens=frozenset(tokens),
            buyers=frozenset(buyers),
            login_everywhere=login_everywhere,
            allow_origin=allow_origin,
        )
        self._names = own_names(host, names)
        if clock:
            self.site.clock = clock
        if kept:
            self.site.kept = kept
        self._host, self._port, self._storage_port = host, port, storage_port
        self._servers: list[uvicorn.Server] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it is reached from this machine: what WFDEPS_CIVITAI_URL, or HF_ENDPOINT, is set to."""
        host = _LOOPBACKS.get(self._host, self._host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    @property
    def is_open(self) -> bool:
        """Whether other machines can reach it too."""
        return self._host in _LOOPBACKS or not _is_loopback(self._host)

    @property
    def needs_token(self) -> bool:
        """Whether nobody reads without a token."""
        return self.is_open and bool(self.site.tokens or self.site.buyers)

    @property
    def storage_port(self) -> int:
        """The port the bytes come from."""
        return self._storage_port

    @property
    def requests(self) -> Journal:
        """Every request seen."""
        return self.site.journal

    @property
    def skipped(self) -> list[str]:
        """Model files that could not be read, and so are not served."""
        return self.site.shelf.skipped if self.site.shelf else []

    @property
    def hidden(self) -> list[str]:
        """Model files that are not served, since an earlier folder has a file of the same path."""
        return self.site.shelf.hidden if self.site.shelf else []

    def summary(self) -> str:
        """How much there is: `9839 models, 15280 versions, 17229 files, 6 of them here`."""
        count = self.site.store.fetch(
            "SELECT (SELECT count(*) FROM models), (SELECT count(*) FROM versions), count(*), count(path) FROM files"
        )[0]
        return f"{count[0]} models, {count[1]} versions, {count[2]} files, {count[3]} of them here"

    def fail_next(self, status: int = 0, **fault: Any) -> None:
        """Let the next request that fits go wrong; the keys are those of `faults.Fault`."""
        self.site.faults.order(Fault(status, **fault))

    def row(
        self,
        *,
        model_id: int | None = None,
        version_id: int | None = None,
        file_id: int | None = None,
        file_name: str | None = None,
        **switches: Any,
    ) -> None:
        """Change the rows of a model, version or file while the hub runs: `row(version_id=3, archived=True)`."""
        model_id = model_id or self._model_of(version_id, file_id, file_name)
        if file_name and file_id is None:
            file_id = next(
                row["file_id"] for row in self.site.store.rows(model_id) if row["file_name"] == file_name
            )
        self.site.store.change(switches, model_id=model_id, version_id=version_id, file_id=file_id)

    def publish(self, rows: Iterable[Row]) -> None:
        """Add models while the hub runs; one that is there already is replaced."""
        self.site.store.add(take_stock(rows, self.site.shelf, strays=False))

    def expire_links(self) -> None:
        """Let every link made so far be past its time."""
        self.site.signer.expire()

    def start(self) -> Self:
        """Listen on both ports and serve from a thread. Raises UsageError where a port is taken."""
        listening = [_listen(self._host, self._port)]
        try:
            listening.append(_listen(self._host, self._storage_port))
        except UsageError:
            listening[0].close()
            raise
        self._port, self._storage_port = (each.getsockname()[1] for each in listening)
        self.site.storage_port = self._storage_port
        self._servers = [_server(self._app()), _server(self._storage_app())]
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._serve, args=(listening, ready), name="wfdeps-hub", daemon=True
        )
        self._thread.start()
        ready.wait()
        return self

    def stop(self) -> None:
        """Let go of both ports, now: what is on its way is cut off."""
        if self._thread and self._loop and self._serving:
            self._loop.call_soon_threadsafe(self._serving.cancel)
            self._thread.join()
        self._thread = None
        self.site.store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _app(self) -> ASGIApp:
        app = Starlette(routes=[*api_routes(), *download_routes(), *mirror_routes(), *huggingface_routes()])
        app.state.site = self.site
        gated = Gate(app, self.site, self._names, needs_token=self.needs_token)
        return Monitor(gated, self.site, storage=False)

    def _storage_app(self) -> ASGIApp:
        app = Starlette(routes=storage_routes())
        app.state.site = self.site
        return Monitor(Gate(app, self.site, self._names, needs_token=False), self.site, storage=True)

    def _serve(self, listening: list[socket.socket], ready: threading.Event) -> None:
        async def both() -> None:
            self._loop, self._serving = asyncio.get_running_loop(), asyncio.current_task()
            ready.set()
            try:
                pairs = zip(self._servers, listening, strict=True)
                serving = (server.serve(sockets=[each]) for server, each in pairs)
                await asyncio.gather(*serving, hang_up_on_the_slow(self._servers))
            except asyncio.CancelledError:
                # uvicorn's own way out sleeps a quarter of a second; a test suite does this a thousand times.
                for server in self._servers:
                    for connection in list(server.server_state.connections):
                        if connection.transport is not None:
                            connection.transport.abort()
            finally:
                for each in listening:
                    each.close()

        asyncio.run(both())

    def _model_of(self, version_id: int | None, file_id: int | None, file_name: str | None) -> int:
        store = self.site.store
        if version_id is not None:
            rows = store.fetch("SELECT model_id FROM versions WHERE version_id = ?", (version_id,))
        elif file_id is not None:
            rows = store.fetch("SELECT model_id FROM files WHERE file_id = ?", (file_id,))
        else:
            rows = store.fetch(
                "SELECT model_id FROM models WHERE instr(body, ?) > 0", (f'"file_name":"{file_name}"',)
            )
        if not rows:
            raise UsageError("no such row in the catalogue")
        return int(rows[0][0])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _rows(catalogue: str | os.PathLike[str] | Iterable[Row] | None) -> Iterable[Row]:
    if catalogue is None:
        return []
    if not isinstance(catalogue, str | os.PathLike):
        return catalogue
    path = os.fspath(catalogue)
    try:
        with open(path, encoding="utf-8") as file:
            return list(read_rows(file, path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the catalogue `{path}`: {error}") from error


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio switches Nagle off; without it, every answer waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        # Elsewhere this option lets two programs share one port.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(512)
    except OverflowError as error:
        listening.close()
        raise UsageError(f"no such port: {port}") from error
    except OSError as error:
        listening.close()
        raise UsageError(
            f"cannot listen on {host}:{port}: {os_error_words(error)}", hint="`--port 0` takes a free one"
        ) from error
    return listening


def _server(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_keep_alive=int(IDLE_SECONDS),
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    return uvicorn.Server(config)
