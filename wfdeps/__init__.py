"""wfdeps: the dependency resolver for ComfyUI workflows.

The public names are loaded when first used (PEP 562), so ``import wfdeps`` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what type checkers take for `typing.TYPE_CHECKING`, without importing typing

__version__ = "0.1.0"

if TYPE_CHECKING:
    from wfdeps.api import (
        Lock,
        Settings,
        check,
        find_refs,
        get,
        load_settings,
        plan,
        read_workflow,
        resolve,
    )

_HOMES: dict[str, str] = {
    "Lock": "wfdeps.api",
    "Settings": "wfdeps.api",
    "check": "wfdeps.api",
    "find_refs": "wfdeps.api",
    "get": "wfdeps.api",
    "load_settings": "wfdeps.api",
    "plan": "wfdeps.api",
    "read_workflow": "wfdeps.api",
    "resolve": "wfdeps.api",
}
"""Public name → the module that holds it."""

__all__ = [
    "Lock",
    "Settings",
    "__version__",
    "check",
    "find_refs",
    "get",
    "load_settings",
    "plan",
    "read_workflow",
    "resolve",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module `wfdeps` has no attribute `{name}`")
    from importlib import import_module

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
