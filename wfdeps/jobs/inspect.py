"""What a file is: a path, a URL or an AIR → an Inspection. An error is of one file; the others go on."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from wfdeps.detect.headers import Corrupt
from wfdeps.detect.identify import identify
from wfdeps.domain.air import Air
from wfdeps.domain.digests import Algorithm
from wfdeps.domain.files import LocalFile
from wfdeps.domain.identity import Inspection
from wfdeps.domain.queries import AirQuery
from wfdeps.domain.urls import without_secrets
from wfdeps.errors import LibraryError, SourceError, UsageError, WfdepsError, os_error_words
from wfdeps.library.digesting import digests_of
from wfdeps.library.identities import look
from wfdeps.match.links import bytes_url, civitai_link

if TYPE_CHECKING:
    from wfdeps.wiring.doors import Doors


def inspect_target(target: str, doors: Doors, *, hashes: bool) -> tuple[Inspection, WfdepsError | None]:
    """What the target is, and the error that kept it from being read; None where there was none."""
    shown = without_secrets(target) if is_url(target) else target
    try:
        if is_url(target):
            return inspect_url(address_of(target, doors), shown, doors), None
        if is_air(target):
            return inspect_url(url_of(_air(target), doors), shown, doors), None
        return inspect_path(target, doors, hashes=hashes), None
    except WfdepsError as error:
        return Inspection(shown, error=error.message), error


def is_url(target: str) -> bool:
    return target.lower().startswith(("http://", "https://"))


def is_air(target: str) -> bool:
    """Whether this is meant as an AIR; a file of that name wins."""
    return target.lower().startswith(("urn:air:", "air:", "civitai:")) and not os.path.exists(target)


def _air(text: str) -> Air:
    """The AIR a text is. Raises UsageError for one that only begins like one."""
    try:
        return Air.parse(text)
    except ValueError as error:
        raise UsageError(
            str(error), hint="urn:air:sdxl:lora:civitai:58390@62833, or civitai:58390@62833"
        ) from error


def inspect_path(path: str, doors: Doors, *, hashes: bool) -> Inspection:
    """A local file; what is remembered of it is not read again. Raises UsageError where it cannot be read."""
    memory, absolute = doors.memory(), os.path.abspath(path)
    try:
        status = os.stat(absolute)
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "no file: a device or a pipe"
            raise UsageError(f"cannot read `{path}`: it is {what}")
        identity, trouble = look(absolute, memory)
        size = status.st_size
        file = LocalFile(absolute, "", os.path.basename(path), size)
        digests = digests_of(file, tuple(Algorithm), memory).digests if hashes else None
    except LibraryError as error:
        raise UsageError(error.message.replace(absolute, path)) from error
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {os_error_words(error)}") from error
    return Inspection(path, identity, size, digests, f"corrupt: {trouble}" if trouble else "")


def inspect_url(url: str, shown: str, doors: Doors) -> Inspection:
    """A remote file, from its front: two requests at most. Raises SourceError."""
    from wfdeps.fetch.peek import remote_header  # only those who ask about a URL pay for a client

    name = unquote(urlsplit(url).path.rpartition("/")[2])
    header, size = remote_header(doors.http(), url, name)
    if isinstance(header, Corrupt):
        identity = identify(header.header, name) if header.header else None
        return Inspection(shown, identity, size, None, f"corrupt: {header.reason}")
    return Inspection(shown, identify(header, name), size)


def address_of(url: str, doors: Doors) -> str:
    """Where the bytes are that a model's page at Civitai or Hugging Face shows; any other URL as it is.

    Raises SourceError where nobody knows, UsageError for what is no URL.
    """
    try:
        if not urlsplit(url).hostname:
            raise ValueError
    except ValueError as error:
        raise UsageError(f"not an address: `{without_secrets(url)}`") from error
    link = civitai_link(url, base_url=doors.settings.civitai_url)
    if link is not None and link.model_id is not None:
        version = f"@{link.version_id}" if link.version_id is not None else ""
        return url_of(Air.parse(f"civitai:{link.model_id}{version}"), doors)
    return bytes_url(url)


def url_of(air: Air, doors: Doors) -> str:
    """Where the file an AIR names is downloaded. Raises SourceError where nobody knows."""
    if air.source == "civitai" and air.version_id is not None:
        url = f"{doors.settings.civitai_url}/api/download/models/{air.version_id}"
        return f"{url}?fileId={air.file_id}" if air.file_id is not None else url
    for source in doors.sources():
        for answer in source.find_all([AirQuery(air)]).values():
            if address := next((candidate.url for candidate in answer.candidates if candidate.url), None):
                return address
    raise SourceError(f"no source knows `{air}`", hint="an AIR with a version (`…@123`) needs no search")
