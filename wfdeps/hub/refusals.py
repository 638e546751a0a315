"""What the API says instead of an answer: a status and a body, whose shapes differ from route to route."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class RefusedError(Exception):
    """An answer other than the one asked for."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def error(status: int, text: str) -> RefusedError:
    """The usual shape: `{"error": text}`."""
    return RefusedError(status, {"error": text})


def invalid(parameter: str, message: str, code: str = "invalid_value") -> RefusedError:
    """A 400 whose `error` is an object: a ZodError, its issues a JSON text inside the JSON."""
    issues = [{"code": code, "path": [parameter], "message": message}]
    return RefusedError(400, {"error": {"name": "ZodError", "message": json.dumps(issues, indent=2)}})
