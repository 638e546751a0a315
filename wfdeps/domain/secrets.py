"""A value that never shows itself."""

from __future__ import annotations


class Secret:
    """Holds a token; has no text, no repr and no equality but its own. `reveal()` at the door only."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__
