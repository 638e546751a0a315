"""By which proxy an address is reached, as the environment (or the system's settings) says: curl's rules.

`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` in either case, lower case first; `NO_PROXY` names hosts, domains, ports,
`*`, and networks such as `10.0.0.0/8`, which the engine alone would not understand.
"""

from __future__ import annotations

import contextlib
import ipaddress
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from wfdeps.errors import ConfigError
from wfdeps.http.dialing import Backend, Dialer


def route_to(url: str) -> str | None:
    """The proxy for this address, with its login if it has one; None: straight there."""
    proxies = getproxies()
    parts = urlsplit(url)
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or _is_exempt(parts.hostname or "", parts.port, proxies.get("no", "")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def transport_over(engine: Any, route: str | None, dialer: Dialer, **options: Any) -> Any:
    """The engine's transport by that route. Raises ConfigError for a proxy it cannot use; its login is never told."""
    try:
        transport = engine.HTTPTransport(proxy=route, **options)
    except (ValueError, ImportError) as error:
        scheme = urlsplit(route or "").scheme
        raise ConfigError(
            f"a proxy of the kind `{scheme}` cannot be used",
            hint="http://, https:// and socks5:// are understood",
        ) from error
    pool: Any = getattr(transport, "_pool", None)
    if hasattr(
        pool, "_network_backend"
    ):  # no public door leads there: without it, addresses are tried in order
        pool._network_backend = Backend(pool._network_backend, dialer)
    return transport


def _is_exempt(host: str, port: int | None, no_proxy: str) -> bool:
    if proxy_bypass(host if port is None else f"{host}:{port}"):
        return True
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        return any(address in network for network in _networks(no_proxy))
    return False


def _networks(no_proxy: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = []
    for word in no_proxy.split(","):
        with contextlib.suppress(ValueError):
            found.append(ipaddress.ip_network(word.strip().strip("[]"), strict=False))
    return found
