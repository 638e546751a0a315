"""A value that never shows itself, and what hides it in texts that others wrote."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable


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


class Redactor:
    """Hides the secrets of one run in any text, however they are spelled there: as they are, for a URL, in Basic.

    A server that was sent a token can say it back, in a message, a header or a model's name.
    """

    def __init__(self, secrets: Iterable[Secret | None] = ()) -> None:
        self._forms: tuple[str, ...] = ()
        self._bytes: tuple[bytes, ...] = ()
        for secret in secrets:
            if secret is not None:
                self.learn(secret.reveal())

    def learn(self, value: str) -> None:
        """Hide this from now on. What is shorter than any token is no secret, and would be found in every text."""
        if len(value) < SHORTEST:
            return
        forms = {value, _for_url(value), _for_url(value, plus=True)}
        for login in (value, f":{value}", f"{value}:"):
            forms.add(b2a_base64(login.encode("utf-8", "replace"), newline=False).decode().rstrip("="))
        self._forms = tuple(sorted({*self._forms, *forms}, key=len, reverse=True))
        self._bytes = tuple(form.encode("utf-8", "replace") for form in self._forms)

    def __bool__(self) -> bool:
        return bool(self._forms)

    def text(self, text: str) -> str:
        """The text with `***` in the place of every secret."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, "***")
        return text

    def data(self, data: bytes) -> bytes:
        """As `text`, for bytes."""
        for form in self._bytes:
            if form in data:
                data = data.replace(form, b"***")
        return data


SHORTEST = 8
"""Characters of a token. Civitai's have 32, Hugging Face's 37."""
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")


def _for_url(value: str, *, plus: bool = False) -> str:
    """As `urllib.parse.quote`, which takes longer to import than a check has."""
    return "".join(
        letter
        if letter in _PLAIN
        else "+"
        if plus and letter == " "
        else "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "replace"))
        for letter in value
    )
