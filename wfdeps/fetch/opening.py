"""What a reply to a range request really is. Decides by status and headers alone; the body is not touched."""

from __future__ import annotations

from wfdeps.errors import FetchError
from wfdeps.fetch.state import Validator
from wfdeps.http import Reply
from wfdeps.http.replies import content_range, total_of_unsatisfied
from wfdeps.values import dataclass


class ChangedError(FetchError):
    """The object is another one than before, or cannot be continued: what is here of it is worthless.

    `ranges` is false where the next try should not ask for parts.
    """

    def __init__(self, message: str, *, ranges: bool = True) -> None:
        super().__init__(message)
        self.ranges = ranges


class WrongRangeError(FetchError):
    """Another range came than was asked for: nothing of it may be used."""


class BeyondEndError(FetchError):
    """416: the server has no bytes there. `total` is what it says it has, None where it does not."""

    def __init__(self, total: int | None) -> None:
        super().__init__(f"the server has only {total} bytes" if total is not None else "no such range")
        self.total = total


@dataclass(frozen=True, slots=True)
class Opening:
    """A body that can be used: it starts at `start`; `stop` and `total` where the server says them."""

    start: int
    stop: int | None
    total: int | None
    validator: Validator
    ranges: bool
    """Whether the server showed that it can send parts."""
    encoded: bool = False
    """The body is compressed although we asked for identity: its lengths are not the file's."""

    @property
    def length(self) -> int | None:
        """Bytes of body to come, None where unknown."""
        return None if self.stop is None else self.stop - self.start


def read_opening(reply: Reply, start: int, *, alone: bool) -> Opening:
    """What came for a request from `start` on; `alone` where no other connection holds bytes of this file.

    Raises the error a bad status stands for, WrongRangeError or BeyondEndError. A 200 starts at nothing: the
    caller sees `start == 0` and begins again.
    """
    headers = reply.headers
    validator = Validator.of(headers)
    encoded = headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")
    if reply.status == 416:
        raise BeyondEndError(total_of_unsatisfied(headers))
    if reply.status not in (200, 206):
        raise reply.failure()
    if headers.get("content-type", "").lower().startswith("multipart/byteranges"):
        raise WrongRangeError("the server sends several ranges in one body")
    held = content_range(headers)
    if held is not None and (reply.status == 206 or held.start == start):
        # Some servers answer 200 and mean 206 (ModelScope); the Content-Range is what counts.
        if encoded:
            raise WrongRangeError("a compressed part came, though none was asked for")
        if held.start != start:
            raise WrongRangeError(f"asked for bytes from {start}, got them from {held.start}")
        if headers.get("content-length", str(held.stop - held.start)) != str(held.stop - held.start):
            raise WrongRangeError("the length of what came and its range contradict each other")
        return Opening(start, held.stop, held.total, validator, True)
    if reply.status == 206 and start > 0:
        raise WrongRangeError("a part came without saying which")
    if not alone:
        raise WrongRangeError("the whole file came instead of a part")
    length = headers.get("content-length", "")
    total = int(length) if length.isdigit() and not encoded else None
    return Opening(0, total, total, validator, False, encoded)
