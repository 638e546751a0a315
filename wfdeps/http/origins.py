"""Which redirects are followed, and to whom a credential may go. Decides; only `addresses_of` asks the network."""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache
from urllib.parse import SplitResult, urljoin, urlsplit

from wfdeps.domain.urls import unwrapped, without_secrets
from wfdeps.errors import UnsafeRedirectError

_DEFAULT_PORTS = {"http": 80, "https": 443}


@lru_cache(1024)
def origin_of(url: str) -> str:
    """Scheme, host and port in one spelling: `https://civitai.com:443`. Raises ValueError for no http(s) URL."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"not an http address: `{without_secrets(url)}`")
    host = parts.hostname.lower().rstrip(".")
    return f"{parts.scheme}://{host}:{parts.port or _DEFAULT_PORTS[parts.scheme]}"


@lru_cache(1024)
def host_of(url: str) -> str:
    """The host alone, lower case: what messages name and limits count by."""
    return (urlsplit(url).hostname or "").lower().rstrip(".")


def redirected(current: str, location: str, *, asked: str, allow_insecure: bool = False) -> str:
    """Where a `Location` leads. Raises UnsafeRedirectError for a place we do not go.

    `asked` is the URL the person or the plan gave: a private host is only followed to when it is the one named
    there. Addresses are checked by what the name resolves to, so `http://2130706433/` is no way in.
    """
    target = urljoin(current, location.strip())
    parts = _split(target)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise UnsafeRedirectError(
            f"redirect to `{parts.scheme or location[:20]}:` refused", target=without_secrets(target)
        )
    if parts.username is not None or parts.password is not None:
        raise UnsafeRedirectError("redirect with a user name in it refused", target=without_secrets(target))
    if urlsplit(current).scheme == "https" and parts.scheme == "http" and not allow_insecure:
        raise UnsafeRedirectError(
            f"redirect from https to http refused: `{without_secrets(target)}`",
            target=without_secrets(target),
        )
    if not _may_reach(host_of(target), host_of(asked)):
        raise UnsafeRedirectError(
            f"redirect into a private network refused: `{host_of(target)}`", target=without_secrets(target)
        )
    return target


def _split(url: str) -> SplitResult:
    try:
        if any(ord(letter) < 0x21 or ord(letter) == 0x7F for letter in url):
            raise ValueError("control character")
        parts = urlsplit(url)
        _ = parts.port  # raises for `:70000`
        return parts
    except ValueError as error:
        raise UnsafeRedirectError(
            "redirect to an unreadable address refused", target="(unreadable)"
        ) from error


def _may_reach(host: str, asked: str) -> bool:
    if host == asked:
        return True
    addresses = addresses_of(host)
    if not any(is_private(address) for address in addresses):
        return True
    # A hub on this machine may hand over to a second port under another name of this machine; nothing else.
    return (
        all(map(_is_loopback, addresses))
        and bool(named := addresses_of(asked))
        and all(map(_is_loopback, named))
    )


def is_private(address: str) -> bool:
    """Whether an IP address is not one of the public internet (loopback, link-local, RFC 1918, CGNAT, …)."""
    return not unwrapped(ipaddress.ip_address(address)).is_global


def addresses_of(host: str) -> tuple[str, ...]:
    """The addresses a name stands for; empty where it does not resolve (a proxy may still know it)."""
    try:
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(sorted({str(entry[4][0]).partition("%")[0] for entry in rows}))


def _is_loopback(address: str) -> bool:
    return unwrapped(ipaddress.ip_address(address)).is_loopback
