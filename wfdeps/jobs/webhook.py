"""A document posted to an address that a person named, signed with their secret."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from wfdeps.domain.secrets import Secret
from wfdeps.wiring.doors import Doors

SIGNATURE = "x-wfdeps-signature-256"
"""The header that holds `sha256=` and the HMAC-SHA256 of the body, in hex."""


def post_document(url: str, document: dict[str, Any], doors: Doors, *, secret: Secret | None) -> None:
    """Post the document as compact JSON, once; unsigned without a secret. Raises SourceError where it did not arrive."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json"}
    if secret is not None:
        headers[SIGNATURE] = f"sha256={hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()}"
    doors.http().post(url, body, headers)
