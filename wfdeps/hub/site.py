"""What the routes of one hub share: its store, its files, who may come in, and the clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.requests import Request

from wfdeps.hub.access import Visitor
from wfdeps.hub.catalogue import File, Model, Version
from wfdeps.hub.faults import Faults
from wfdeps.hub.journal import Journal
from wfdeps.hub.shelf import Shelf
from wfdeps.hub.signing import Signer
from wfdeps.hub.store import CatalogueStore
from wfdeps.values import dataclass, field

INT4 = 2**31 - 1


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class HubSite:
    """One hub. `tokens` are known to it; the owners of those in `buyers` have bought all early access."""

    store: CatalogueStore
    shelf: Shelf | None
    signer: Signer
    journal: Journal = field(default_factory=Journal)
    faults: Faults = field(default_factory=Faults)
    tokens: frozenset[str] = field(default=frozenset(), repr=False)
    buyers: frozenset[str] = field(default=frozenset(), repr=False)
    login_everywhere: bool = False
    allow_origin: str = ""
    """Whose pages may read it in a browser: an origin, or `*`; empty: nobody's."""
    storage_port: int = 0
    clock: Callable[[], datetime] = _utc_now
    kept: Callable[[str], str | None] = lambda sha256: None
    """Where the file of that SHA-256 stands in a store; None where it does not."""

    def now(self) -> str:
        """As the API writes moments."""
        return self.clock().strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def visitor(self, request: Request) -> Visitor:
        """Who asks. A header counts before `?token=`, any scheme word will do, and a bad token is nobody."""
        header = request.headers.get("authorization")
        if header is not None:
            token = [*header.split(" "), ""][1]
        else:
            token = request.query_params.get("token", "")
        return Visitor(token in self.tokens or token in self.buyers, token in self.buyers)

    def base(self, request: Request) -> str:
        """Scheme and host as the client spelled them."""
        return f"{request.url.scheme}://{request.url.netloc}"

    def storage_base(self, request: Request) -> str:
        """The second port, under the name the client used for the first."""
        host = request.url.hostname or "127.0.0.1"
        return f"{request.url.scheme}://{f'[{host}]' if ':' in host else host}:{self.storage_port}"

    def path_of(self, file: File) -> str | None:
        """Where a file lies on this machine; None where the hub does not hold it."""
        return self.shelf.real_path(file.path) if self.shelf and file.path else None

    def version(self, version_id: int) -> tuple[Model, Version] | None:
        """A version and its model."""
        model = self.store.model_of_version(version_id) if 0 < version_id <= INT4 else None
        version = model.version(version_id) if model else None
        return (model, version) if model and version else None

    def size_of(self, file: File) -> int | None:
        """Bytes on this machine's disk."""
        path = self.path_of(file)
        return os.path.getsize(path) if path else None
