"""A file of a mirror that is a folder: copied into staging and hashed on the way, like one that comes over the net."""

from __future__ import annotations

import hashlib
import os

from wfdeps.detect.trouble import HEAD_BYTES, quick_trouble
from wfdeps.disk import as_library_error
from wfdeps.domain.outcomes import FetchProgressed, FetchStarted
from wfdeps.domain.plans import Download
from wfdeps.errors import NotTheFileError, SourceUnavailableError
from wfdeps.fetch.pull import StoppedError, Tools
from wfdeps.fetch.staging import Slot

BLOCK = 1 << 20
_REPORTED_EVERY = 64 << 20


def copy_in(path: str, handle: int, download: Download, slot: Slot, tools: Tools) -> tuple[str, int]:
    """The SHA-256 and the length of what now is in the part open as `handle`, from its beginning.

    Raises SourceUnavailableError where the file cannot be read, DiskFullError, NotTheFileError, StoppedError.
    """
    hasher, done = hashlib.sha256(), 0
    try:
        source = open(path, "rb", buffering=0)  # noqa: SIM115
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read `{path}`: {error.strerror or error}", final=True
        ) from error
    with source:
        size = os.fstat(source.fileno()).st_size
        tools.report(FetchStarted(download, size))
        while block := source.read(BLOCK):
            if tools.stopped():
                raise StoppedError
            if not done and (trouble := quick_trouble(block[:HEAD_BYTES], size)):
                raise NotTheFileError(f"`{path}` is no model: {trouble}")
            with as_library_error(slot.part):
                _write(handle, block, done)
            hasher.update(block)
            done += len(block)
            if done % _REPORTED_EVERY == 0:
                tools.report(FetchProgressed(download, done))
    return hasher.hexdigest(), done


def _write(handle: int, block: bytes, offset: int) -> None:
    view = memoryview(block)
    while view:
        count = os.pwrite(handle, view, offset)
        view, offset = view[count:], offset + count
