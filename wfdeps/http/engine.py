"""httpx under one name: httpx2, its maintained continuation, where it is installed, else httpx."""

from __future__ import annotations

import sys
from importlib import import_module
from threading import Lock
from typing import Any

ENGINES = ("httpx2", "httpx")
_importing = Lock()


def load_engine(name: str | None = None) -> Any:
    """The module to speak HTTP with: the one named, or the first of ENGINES that is installed."""
    if name is not None:
        return _import_lean(name)
    for known in ENGINES:
        try:
            return _import_lean(known)
        except ModuleNotFoundError as error:
            if error.name != known:
                raise
    raise ModuleNotFoundError("neither httpx2 nor httpx is installed", name="httpx")


def _import_lean(name: str) -> Any:
    # `import httpx` loads its own command line (click, rich, pygments): two thirds of its 268 ms. It treats a
    # command line that cannot be imported as one not installed, so for the moment of import it cannot.
    # https://github.com/encode/httpx/blob/0.28.1/httpx/__init__.py#L15
    hidden = f"{name}._main"
    with _importing:
        if name in sys.modules or hidden in sys.modules:
            return import_module(name)
        sys.modules[hidden] = None  # type: ignore[assignment]
        try:
            return import_module(name)
        finally:
            del sys.modules[hidden]
