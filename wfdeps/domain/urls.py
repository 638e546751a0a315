"""URLs as text a person or a file may see: without what opens doors."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

_SECRET = frozenset(
    {
        "token",
        "api_key",
        "apikey",
        "key",
        "access_token",
        "auth",
        "signature",
        "sig",
        "password",
        "secret",
        "policy",
        "key-pair-id",
        "verify",
        "hmac",
        "expires",
    }
)


def without_secrets(url: str) -> str:
    """The same URL without user name, password, fragment and every query value that opens a door.

    What is dropped: tokens and keys by name, and all of a signed URL's `X-Amz-…`/`X-Goog-…` values.
    A URL that cannot be read comes back as `(unreadable url)`.
    """
    try:
        parts = urlsplit(url)
        host = _host(parts)
    except ValueError:
        return "(unreadable url)"
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _is_secret(name)
    ]
    return SplitResult(parts.scheme, host, parts.path, urlencode(kept), "").geturl()


def has_secrets(url: str) -> bool:
    """Whether a URL carries something that opens a door (user info, a token, a signature)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return "@" in parts.netloc or any(
        _is_secret(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)
    )


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{parts.port}" if parts.port else host


def _is_secret(name: str) -> bool:
    name = name.lower()
    return name in _SECRET or name.startswith(("x-amz-", "x-goog-", "x-ms-"))
