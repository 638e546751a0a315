"""By which proxy an address is reached, as the environment (or the system's settings) says: curl's rules.

`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` in either case, lower case first; `NO_PROXY` names hosts, domains, ports,
`*`, and networks such as `10.0.0.0/8`, which the engine alone would not understand.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import sys
from typing import Any
from urllib.parse import urlsplit

from wfdeps.errors import ConfigError
from wfdeps.http.dialing import Backend, Deadline, Dialer


def has_proxies() -> bool:
    """Whether any proxy is set, by the environment or, on Windows and macOS, by the system."""
    if sys.platform in ("win32", "darwin"):
        from urllib.request import getproxies

        return bool(getproxies())
    # What getproxies reads here too, but its module takes 17 ms to import.
    return any(value and _names_a_proxy(name.lower()) for name, value in os.environ.items())


def _names_a_proxy(name: str) -> bool:
    return name.endswith("_proxy") and name != "no_proxy"


def route_to(url: str) -> str | None:
    """The proxy for this address, with its login if it has one; None: straight there."""
    from urllib.request import getproxies  # 17 ms to import

    proxies = getproxies()
    parts = urlsplit(url)
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or _is_exempt(parts.hostname or "", parts.port, proxies.get("no", "")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def transport_over(engine: Any, route: str | None, dialer: Dialer, deadline: Deadline, **options: Any) -> Any:
    """The engine's transport by that route. Raises ConfigError for a proxy it cannot use; its login is in no message."""
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
        pool._network_backend = Backend(pool._network_backend, dialer, deadline)
    return transport


def _is_exempt(host: str, port: int | None, no_proxy: str) -> bool:
    from urllib.request import proxy_bypass

    if proxy_bypass(host if port is None else f"{host}:{port}"):
        return True
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        return any(address in network for network in _networks(no_proxy))
    return False


def _networks(no_proxy: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    networks = []
    for word in no_proxy.split(","):
        with contextlib.suppress(ValueError):
            networks.append(ipaddress.ip_network(word.strip().strip("[]"), strict=False))
    return networks
