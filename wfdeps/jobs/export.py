"""A lock in another tool's format."""

from __future__ import annotations

import os
from collections.abc import Mapping

from wfdeps.domain.locks import Lock
from wfdeps.domain.visible import encodable
from wfdeps.errors import UsageError, os_error_words
from wfdeps.exports.checked import checked_files
from wfdeps.exports.registry import Export, export
from wfdeps.wiring.exports import format_named


def export_lock(lock: Lock, form: str, options: Mapping[str, str]) -> Export:
    """The lock in the format of that name. Raises UsageError for an unknown format, and for an option it cannot use."""
    here = _files_below(options["upload"], lock) if options.get("upload") else ()
    return export(lock, format_named(form), options, here)


def _files_below(folder: str, lock: Lock) -> tuple[str, ...]:
    """The paths of the lock's files that lie below the folder, with the size that the lock says."""
    found = []
    for file in checked_files(lock)[0]:
        path = os.path.join(folder, *file.path.split("/"))
        if os.path.isfile(path) and file.size in (None, os.path.getsize(path)):
            found.append(file.path)
    return tuple(found)


def write_export(made: Export, path: str, *, replace: bool) -> tuple[str, ...]:
    """Write the main file to `path` and the others beside it; the paths. Raises UsageError.

    The person named only `path`: another file that already says something else is replaced only with `replace`.
    """
    folder = os.path.dirname(path)
    paths = (path, *(os.path.join(folder, file.name) for file in made.files[1:]))
    texts = [encodable(file.text).encode() for file in made.files]
    for place, text in zip(paths[1:], texts[1:], strict=True):
        if os.path.lexists(place) and not replace and not _says(place, text):
            raise UsageError(
                f"`{place}` is there and says something else", hint="--force, or -o in another folder"
            )
    for place, text in zip(paths, texts, strict=True):
        try:
            with open(place, "wb") as file:  # as bytes: a script with CRLF does not run
                file.write(text)
        except OSError as error:
            raise UsageError(f"cannot write `{place}`: {os_error_words(error)}") from error
    return paths


def _says(path: str, text: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read() == text
    except OSError:
        return False
