"""Another tool's file as a lock."""

from __future__ import annotations

import os

from wfdeps.errors import UsageError, did_you_mean, os_error_words
from wfdeps.exports.registry import READERS, WFDEPS_LOCK, import_text, recognised
from wfdeps.exports.values import Imported

_LARGEST = 64 << 20


def import_file(path: str, form: str | None = None) -> Imported:
    """The lock that a foreign file makes, and what could not be taken from it.

    `form` is its format; where it is None, the file's name and text tell it. Raises UsageError for a file that cannot be
    read or whose format nobody knows, LockError for a damaged lock of ours.
    """
    text = _text(path)
    known = (*READERS, WFDEPS_LOCK)
    if form is not None and form not in known:
        raise UsageError(
            f"unknown format `{form}`", hint=did_you_mean(form, known) or f"one of {', '.join(known)}"
        )
    form = form or recognised(path, text)
    if form is None:
        raise UsageError(
            f"`{path}` is in no format that is read here", hint=f"--from says which: {', '.join(known)}"
        )
    return import_text(text, form, os.path.basename(path))


def _text(path: str) -> str:
    try:
        if os.path.getsize(path) > _LARGEST:
            raise UsageError(f"`{path}` is larger than {_LARGEST >> 20} MiB")
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {os_error_words(error)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read `{path}`: it is not text") from error
