"""URLs as text a person or a file may see: without what opens doors."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address
    from urllib.parse import SplitResult

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


@lru_cache(1024)  # of one file, it is asked a dozen times
def without_secrets(url: str) -> str:
    """The URL without user name, password, fragment and every query value that opens a door.

    What is dropped: tokens and keys by name, and all of a signed URL's `X-Amz-…`/`X-Goog-…` values.
    A URL that cannot be read comes back as `(unreadable url)`.
    """
    if _is_plain(url):
        return url
    from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit  # with ipaddress, a tenth of a check

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


def is_http(url: str) -> bool:
    """Whether this is an http or https address that can be read: a host, a port that is one, no blanks."""
    from urllib.parse import urlsplit  # only for who has an address of their own

    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for `:70000`
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url


def host_in(url: str) -> str:
    """The host of an address, in small letters."""
    from urllib.parse import urlsplit

    return (urlsplit(url).hostname or "").lower().rstrip(".")


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine by its own name or number: what is sent there leaves on no wire."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    from ipaddress import ip_address

    try:
        return unwrapped(ip_address(host)).is_loopback
    except ValueError:
        return False


def file_address(path: str) -> str:
    """The `file:` URL of an absolute path; `path_of` gives the path back."""
    from urllib.request import pathname2url  # only for who has files of their own

    return f"file://{pathname2url(path)}"


def path_of(url: str) -> str:
    """The path that a `file:` URL names."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return url2pathname(urlsplit(url).path)


def has_secrets(url: str) -> bool:
    """Whether a URL carries something that opens a door (user info, a token, a signature)."""
    if _is_plain(url):
        return False
    from urllib.parse import parse_qsl, urlsplit  # most URLs are plain

    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return "@" in parts.netloc or any(
        _is_secret(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)
    )


def _is_plain(url: str) -> bool:
    """Whether nothing can be hidden in it: a host as everybody writes it, a path, no query."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    return (
        scheme in ("http", "https")
        and url.isascii()
        and url.isprintable()
        and host.replace("-", "").replace(".", "").isalnum()
        and host == host.lower()
        and not any(sign in rest for sign in "?#")
    )


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{parts.port}" if parts.port else host


def _is_secret(name: str) -> bool:
    name = name.lower()
    return name in _SECRET or name.startswith(("x-amz-", "x-goog-", "x-ms-"))


def is_inside(host: str) -> bool:
    """Whether a name or number means this machine or its neighbours: where no file from outside may send us.

    However it is spelled: `127.1`, `2130706433` and `①②⑦.0.0.1` are numbers to a resolver, so a name whose last part
    is one and that is no plain address counts as inside, as does a name without a dot: a neighbour's, or no name at all
    (`https://undefined/…`).
    """
    host = _plain_host(host)
    if host.endswith(_NEIGHBOURS) or not host.strip("."):
        return True
    from ipaddress import ip_address  # only for those who follow an address

    try:
        return not unwrapped(ip_address(host)).is_global
    except ValueError:
        last = host.rpartition(".")[2]
        return "." not in host or ":" in host or last.isdecimal() or last.startswith("0x")


_NEIGHBOURS = (".localhost", ".local", ".internal", ".localdomain", ".lan", ".home.arpa")


def _plain_host(host: str) -> str:
    if not host.isascii():
        from unicodedata import normalize

        host = normalize("NFKC", host).replace("\u3002", ".")
    return host.casefold().rstrip(".").strip("[]")


def unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for (mapped, compatible, 6to4, NAT64); any other as it is."""
    if address.version == 4:
        return address
    from ipaddress import IPv4Address

    low, high = int(address) & 0xFFFFFFFF, int(address) >> 32
    if high in (0xFFFF, 0x64FF9B << 64) or (high == 0 and low > 1):
        return IPv4Address(low)
    return address.sixtofour or address


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where sites really stand for this person (a hub, a mirror endpoint), and what everybody calls them.

    A lock names sites as everybody does, so that it does not depend on who wrote it.
    """

    pairs: tuple[tuple[str, str], ...]
    """(public base, the base used here), without a trailing slash."""

    def public(self, url: str) -> str:
        """The URL as everybody would write it."""
        return _rebased(url, ((here, public) for public, here in self.pairs))

    def here(self, url: str) -> str:
        """The URL as it is asked from here."""
        return _rebased(url, self.pairs)


AS_WRITTEN = Addresses(())
"""Every site stands where its URL says."""


def _rebased(url: str, pairs: Iterable[tuple[str, str]]) -> str:
    for old, new in pairs:
        if url == old or url.startswith(f"{old}/"):
            return new + url[len(old) :]
    return url
