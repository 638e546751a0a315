"""What goes wrong on purpose: answers that fail, links that break. For tests, and to try a client's patience."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from wfdeps.values import dataclass, replace

_BODIES: Mapping[int, Mapping[str, str]] = {
    403: {"error": "Forbidden"},
    429: {
        "error": "We've noticed an unusual amount of downloading from your account. "
        "Contact support@civitai.com or come back later."
    },
    451: {
        "error": "Access to this service is not available in your region due to legal restrictions.",
        "code": "REGION_BLOCKED",
    },
    500: {"message": "An unexpected error occurred", "error": "on purpose"},
    503: {"error": "Model search is temporarily overloaded — please retry."},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, `times` times; on a row it holds for that version's downloads."""

    status: int = 0
    """Answer with this; 0: answer, but badly, as the fields below say."""
    retry_after: float | str | None = None
    body: Any = None
    """A text, or a value that becomes JSON; None: what Civitai says with that status."""
    content_type: str = "application/json"
    times: int = 1
    """On a row, 0 means always."""
    path: str = ""
    """Only where the request's path begins so."""
    storage: bool = False
    """On the second port, where the bytes are."""
    delay: float = 0
    """Seconds of silence first."""
    bytes_per_second: int = 0
    cut_after: int = 0
    """Close the connection after so many bytes of the body."""
    ignore_range: bool = False
    """Answer 200 with the whole file."""
    no_length: bool = False
    """Chunked, without a Content-Length."""

    @property
    def answer(self) -> Any:
        return _BODIES.get(self.status, {"error": "on purpose"}) if self.body is None else self.body


class Faults:
    """Faults waiting to happen, in the order they were ordered."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, path: str, *, storage: bool, query: str = "") -> Fault | None:
        """The next fault for that request, used up once."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if fault.storage == storage and f"{path}?{query}".startswith(fault.path):
                    if fault.times > 1:
                        self._waiting[index] = replace(fault, times=fault.times - 1)
                    else:
                        del self._waiting[index]
                    return fault
        return None
