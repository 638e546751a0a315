"""What is inside a file of the hub, by its own header."""

from __future__ import annotations

import os

from wfdeps.detect.headers import Corrupt, Header, read_header
from wfdeps.detect.identify import identify
from wfdeps.domain.folders import DEFAULT_KEY


def header_of(path: str) -> Header | Corrupt:
    """The directory of a model file, or why it has none. Raises OSError."""
    with open(path, "rb") as file:

        def read(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        return read_header(read, os.path.getsize(path), path)


def folder_key_of(path: str) -> str:
    """The ComfyUI folder a file belongs into; empty where its header does not tell."""
    try:
        header = header_of(path)
    except OSError:
        return ""
    return DEFAULT_KEY.get(identify(header).model_type, "") if isinstance(header, Header) else ""
