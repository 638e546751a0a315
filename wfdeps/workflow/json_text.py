"""Bytes or text → JSON values, whatever the encoding, within limits."""

from __future__ import annotations

from json import loads

from wfdeps.errors import WorkflowError
from wfdeps.workflow.limits import MAX_JSON_BYTES

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decode(data: bytes) -> str:
    """The text of a JSON file: UTF-8, with or without its mark, or UTF-16. Raises WorkflowError for others."""
    if len(data) > MAX_JSON_BYTES:
        raise WorkflowError(
            f"too large for a workflow: {len(data):,} bytes of text, the limit is {MAX_JSON_BYTES:,}"
        )
    try:
        return data.decode(_encoding(data))
    except UnicodeDecodeError as error:
        raise WorkflowError("not text: neither UTF-8 nor UTF-16") from error


def parse(text: str | bytes) -> object:
    """The value of a JSON text. NaN and infinities are read as numbers; the last of double keys counts.

    Raises WorkflowError for what is no JSON, is nested too deep or too large.
    """
    if isinstance(text, bytes):
        text = decode(text)
    elif len(text) > MAX_JSON_BYTES:
        raise WorkflowError(
            f"too large for a workflow: {len(text):,} characters, the limit is {MAX_JSON_BYTES:,}"
        )
    try:
        return loads(text)
    except RecursionError:
        raise WorkflowError("nested too deep to be a workflow") from None
    except ValueError as error:
        raise WorkflowError(f"not JSON: {_where(error)}") from error


def parse_or_none(text: str | bytes) -> object | None:
    """As `parse`, but None for what cannot be read (a macro template, a half-written field)."""
    try:
        return parse(text)
    except WorkflowError:
        return None


def _encoding(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    # ASCII's first character in UTF-16 without a mark: one of its two bytes is zero.
    if data[1:2] == b"\0" and data[:1] != b"\0":
        return "utf-16-le"
    if data[:1] == b"\0" and data[1:2] != b"\0":
        return "utf-16-be"
    return "utf-8"


def _where(error: ValueError) -> str:
    from json import JSONDecodeError  # few texts are wrong

    if isinstance(error, JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"
    return "a number too long to read"
