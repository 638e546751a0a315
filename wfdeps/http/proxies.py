"""Whether a proxy stands between us and the servers."""

from __future__ import annotations

import os
import sys


def has_proxies() -> bool:
    """Whether any proxy is set, by the environment or, on Windows and macOS, by the system."""
    if sys.platform in ("win32", "darwin"):
        from urllib.request import getproxies

        return bool(getproxies())
    # What getproxies reads here too, but its module takes 17 ms to import.
    return any(value and _names_a_proxy(name.lower()) for name, value in os.environ.items())


def _names_a_proxy(name: str) -> bool:
    return name.endswith("_proxy") and name != "no_proxy"
