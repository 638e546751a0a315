"""What is this file? A path, a URL or an AIR → an Inspection; what fails is said of that file, the others go on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from wfdeps.detect.headers import Corrupt, Header, read_header
from wfdeps.detect.identify import identify
from wfdeps.detect.safetensors import FIRST_READ
from wfdeps.detect.shards import merged
from wfdeps.disk import reader
from wfdeps.domain.air import Air
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.identity import Inspection
from wfdeps.domain.queries import AirQuery
from wfdeps.domain.urls import without_secrets
from wfdeps.errors import SourceError, UsageError, WfdepsError
from wfdeps.library.hashing import hash_file
from wfdeps.values import replace

if TYPE_CHECKING:
    from wfdeps.cli.context import Context


def inspect_one(target: str, context: Context, *, hashes: bool) -> tuple[Inspection, WfdepsError | None]:
    """What the target is; beside it the error that stopped the looking, where one did."""
    shown = without_secrets(target) if is_url(target) else target
    try:
        if is_url(target):
            return inspect_url(target, shown, context), None
        if is_air(target):
            return inspect_url(url_of(Air.parse(target), context), shown, context), None
        return inspect_path(target, hashes=hashes), None
    except WfdepsError as error:
        return Inspection(shown, error=error.message), error


def is_url(target: str) -> bool:
    return target.lower().startswith(("http://", "https://"))


def is_air(target: str) -> bool:
    """Whether this is meant as an AIR; a file of that name wins."""
    return target.lower().startswith(("urn:air:", "air:", "civitai:")) and not os.path.exists(target)


def inspect_path(path: str, *, hashes: bool) -> Inspection:
    """A local file. Raises UsageError where it cannot be read."""
    try:
        size = os.path.getsize(path)
        with reader(path) as read:
            header = read_header(read, size, os.path.basename(path))
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {error.strerror or error}") from error
    digests = hash_file(path, _algorithms(size)) if hashes else None
    if isinstance(header, Header) and header.shards:
        header = _with_shards(path, header)
    return _told(path, header, size, digests, os.path.basename(path))


def _algorithms(size: int) -> tuple[Algorithm, ...]:
    """All six; Civitai computes no AutoV1 of a file below 2 MiB. Source: civitai/model-scanner `HashTask.cs`."""
    return tuple(one for one in Algorithm if one is not Algorithm.AUTOV1 or size >= 1 << 21)


def inspect_url(url: str, shown: str, context: Context) -> Inspection:
    """A remote file, from its front: two requests at most. Raises SourceError."""
    from wfdeps.fetch.peek import RemoteFile  # only those who ask about a URL pay for a client

    name = unquote(urlsplit(url).path.rpartition("/")[2])
    with RemoteFile(context.doors.http(), url) as remote:
        front = remote.read(0, FIRST_READ)
        header = read_header(remote.read, remote.size if front else 0, name, front_only=True)
    return _told(shown, header, remote.size, None, name)


def url_of(air: Air, context: Context) -> str:
    """Where the file an AIR names is downloaded. Raises SourceError where nobody knows."""
    if air.source == "civitai" and air.version_id is not None:
        url = f"{context.settings.civitai_url}/api/download/models/{air.version_id}"
        return f"{url}?fileId={air.file_id}" if air.file_id is not None else url
    for source in context.doors.sources():
        for answer in source.find_all([AirQuery(air)]).values():
            if found := next((candidate.url for candidate in answer.candidates if candidate.url), None):
                return found
    raise SourceError(f"no source knows `{air}`", hint="an AIR with a version (`…@123`) needs no search")


def _told(
    shown: str, header: Header | Corrupt, size: int | None, digests: tuple[Digest, ...] | None, name: str
) -> Inspection:
    if isinstance(header, Corrupt):
        told = identify(header.header, name) if header.header else None
        return Inspection(shown, told, size, digests, f"corrupt: {header.reason}")
    return Inspection(shown, identify(header, name), size, digests)


def _with_shards(path: str, index: Header) -> Header:
    """The index with the shapes its files tell, where every one of them lies beside it."""
    folder, parts = os.path.dirname(path), {}
    for name in index.shards:
        shard = os.path.join(folder, os.path.basename(name))
        if not os.path.isfile(shard):
            return index
        with reader(shard) as read:
            found = read_header(read, os.path.getsize(shard), name)
        if isinstance(found, Corrupt):
            return replace(index, metadata={**index.metadata, "damaged": f"{name}: {found.reason}"})
        parts[name] = found
    return merged(index, parts)
