"""Bytes posted to an address that a person named: a webhook. One try; nobody is told twice by accident."""

from __future__ import annotations

from collections.abc import Mapping

from wfdeps.http.client import Http


def post(http: Http, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer, always 2xx. Raises SourceError for any other, as `Http.json` does."""
    with http.opened("POST", url, headers, body) as reply:
        if reply.status // 100 != 2:
            raise reply.failure()
        return int(reply.status)
