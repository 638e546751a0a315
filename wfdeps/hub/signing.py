"""Links that expire: the query a presigned URL carries, made and checked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from wfdeps.hub.catalogue import File

_STAMP = "%Y%m%dT%H%M%SZ"


class Signer:
    """Signs paths for a while. Links made before `expire()` are past their time."""

    def __init__(self, *, seconds: int = 86_400) -> None:
        self.seconds = seconds
        self._key = secrets.token_bytes(32)
        self._epoch = 0

    def link(self, version_id: int, file: File, now: datetime) -> str:
        """Path and query for one file: its key is not its name, as in any bucket."""
        stem, _, suffix = file.name.rpartition(".")
        shuffle = hashlib.sha256(f"{file.file_id}".encode()).hexdigest()[:4]
        path = f"/model/{version_id}/{file.file_id}/{quote((stem or file.name)[:60], safe='')}.{shuffle}.{quote(suffix, safe='')}"
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Date": now.astimezone(UTC).strftime(_STAMP),
            "X-Amz-Expires": str(self.seconds),
            "X-Amz-SignedHeaders": "host",
            "epoch": str(self._epoch),
            "response-content-disposition": disposition(file.override_name or file.name),
        }
        query["X-Amz-Signature"] = self._signature(version_id, file.file_id, query)
        return f"{path}?{urlencode(query, quote_via=quote)}"

    def is_genuine(self, version_id: int, file_id: int, query: Mapping[str, str]) -> bool:
        return hmac.compare_digest(
            self._signature(version_id, file_id, query), query.get("X-Amz-Signature", "")
        )

    def is_expired(self, query: Mapping[str, str], now: datetime) -> bool:
        """Whether a genuine link's time is over."""
        made = datetime.strptime(query["X-Amz-Date"], _STAMP).replace(tzinfo=UTC)
        return int(query["epoch"]) < self._epoch or now > made + timedelta(
            seconds=int(query["X-Amz-Expires"])
        )

    def expire(self) -> None:
        """End the time of every link made so far."""
        self._epoch += 1

    def _signature(self, version_id: int, file_id: int, query: Mapping[str, str]) -> str:
        signed = [str(version_id), str(file_id)]
        signed += [
            query.get(name, "")
            for name in ("X-Amz-Date", "X-Amz-Expires", "epoch", "response-content-disposition")
        ]
        return hmac.new(self._key, "\n".join(signed).encode(), hashlib.sha256).hexdigest()


def disposition(name: str) -> str:
    """A Content-Disposition for a name with anything in it."""
    safe = name.replace("\\", "_").replace('"', "'").replace("\r", " ").replace("\n", " ")
    if safe.isascii():
        return f'attachment; filename="{safe}"'
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
