"""Where the list comes from: a file, or an address whose answer is kept for a day."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

from wfdeps.disk import atomic_write
from wfdeps.errors import SourceError, SourceUnavailableError, UnexpectedPayloadError
from wfdeps.sources.http_doors import JsonHttp

LIST_URL = "https://raw.githubusercontent.com/Comfy-Org/ComfyUI-Manager/main/model-list.json"
OFFICIAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "official.json")
"""Where ComfyUI's own templates say their models are to be had; made by `.github/scripts/build_official.py`."""
KEPT_FOR = 86400.0
"""Seconds."""
_LARGEST = 64 << 20


class ModelList:
    """The list as JSON: `place` is a path or an address, `kept_at` where the answer of an address is kept."""

    def __init__(
        self,
        http: JsonHttp,
        *,
        place: str = LIST_URL,
        kept_at: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._place = place
        self._kept_at = kept_at
        self._now = now

    def read(self) -> Any:
        """The list. An old copy is better than none when the address does not answer. Raises SourceError."""
        if "://" not in self._place:
            return _read(self._place)
        if self._age() < KEPT_FOR:
            return _read(self._kept_at)
        try:
            payload = self._http.json("GET", self._place)
        except SourceError:
            if self._kept_at and os.path.isfile(self._kept_at):
                return _read(self._kept_at)
            raise
        if self._kept_at:
            os.makedirs(os.path.dirname(self._kept_at), exist_ok=True)
            atomic_write(self._kept_at, json.dumps(payload).encode())
        return payload

    def _age(self) -> float:
        try:
            return abs(self._now() - os.path.getmtime(self._kept_at))
        except OSError:
            return float("inf")


def _read(path: str) -> Any:
    try:
        if os.path.getsize(path) > _LARGEST:
            raise UnexpectedPayloadError(f"`{path}` is too large for a model list")
        with open(path, encoding="utf-8-sig") as file:
            return json.load(file)
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read the model list `{path}`: {error.strerror}", final=True
        ) from error
    except ValueError as error:
        raise UnexpectedPayloadError(f"`{path}` is not JSON: {error}") from error
