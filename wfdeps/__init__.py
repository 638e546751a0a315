"""wfdeps: the dependency resolver for ComfyUI workflows.

The public names are loaded when first used (PEP 562), so ``import wfdeps`` costs nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

_HOMES: dict[str, str] = {}
"""Public name → the module that holds it."""

__all__ = ["__version__"]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module `wfdeps` has no attribute `{name}`")
    from importlib import import_module

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
