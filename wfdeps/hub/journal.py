"""Every request a hub saw, without secrets: what a test asserts and `wfdeps hub -v` prints."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from wfdeps.domain.urls import without_secrets
from wfdeps.values import dataclass

_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One request and the status it got."""

    method: str
    path: str
    query: str
    """As sent, but for the value of `token`."""
    status: int
    storage: bool
    """It came to the second port."""
    authorized: bool
    """It carried an Authorization header."""
    range: str
    user_agent: str

    def __str__(self) -> str:
        shown = without_secrets(f"http://hub{self.path}?{self.query}").removeprefix("http://hub")
        return (
            f"{self.method} {shown} {self.status}"
            + (f" [{self.range}]" if self.range else "")
            + (" storage" if self.storage else "")
        )


class Journal:
    """The latest requests, oldest first."""

    def __init__(self, listener: Callable[[Seen], None] | None = None) -> None:
        self._seen: deque[Seen] = deque(maxlen=_KEPT)
        self._listener = listener

    def write(self, seen: Seen) -> None:
        self._seen.append(seen)
        if self._listener:
            self._listener(seen)

    def clear(self) -> None:
        self._seen.clear()

    def __iter__(self) -> Iterator[Seen]:
        return iter(tuple(self._seen))

    def __len__(self) -> int:
        return len(self._seen)

    def to(self, beginning: str, *, method: str | None = None) -> list[Seen]:
        """Those whose path begins so."""
        return [seen for seen in self if seen.path.startswith(beginning) and method in (None, seen.method)]
