"""A file that lies outside the model folders, looked at as if it lay inside."""

from __future__ import annotations

import os
import stat

from wfdeps.domain.files import LocalFile
from wfdeps.errors import LibraryError, os_error_words
from wfdeps.library.health import judgement_of


def file_at(path: str) -> LocalFile:
    """The file at that path. Raises LibraryError for what is none, cannot be read, or cannot be a model."""
    path = os.path.abspath(path)
    try:
        found = os.stat(path)
    except OSError as error:
        raise LibraryError(f"cannot read `{path}`: {os_error_words(error)}") from error
    if stat.S_ISDIR(found.st_mode):
        raise LibraryError(f"`{path}` is a folder", hint="name the model file in it")
    if not stat.S_ISREG(found.st_mode):
        raise LibraryError(f"`{path}` is no file")
    judgement = judgement_of(path, found.st_size)
    if judgement.trouble:
        raise LibraryError(f"`{path}` cannot be used: {judgement.trouble}", hint=judgement.hint or None)
    return LocalFile(path, "", os.path.basename(path), found.st_size, listed=False)
