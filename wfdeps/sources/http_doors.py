"""What sources need of HTTP, and no more: `wfdeps.http.Http` fits both. Raise SourceError as it says."""

from __future__ import annotations

from typing import Any, Protocol


class JsonHttp(Protocol):
    """One API call, tried again where that helps, its answer decoded."""

    def json(
        self, method: str, url: str, *, params: dict[str, object] | None = None, body: object = None
    ) -> Any: ...


class RangedHttp(Protocol):
    """A few bytes of a file: enough to know that it is there and may be had."""

    def ranged(self, url: str, offset: int, length: int) -> bytes: ...
