"""Zip archives: the members that may hold a workflow."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO

from wfdeps.errors import WorkflowError
from wfdeps.workflow.containers.sniff import CONTAINER_ENDINGS
from wfdeps.workflow.limits import MAX_DOCUMENTS, MAX_INFLATED_BYTES, MAX_UNPACKED_BYTES


def members(data: bytes) -> Iterator[tuple[str, bytes | WorkflowError]]:
    """Name and bytes of each member, in the archive's order, or why it cannot be unpacked.

    A member may unpack to `MAX_INFLATED_BYTES`, all together to `MAX_UNPACKED_BYTES`.
    """
    left = MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            wanted = [
                member for member in archive.infolist() if member.filename.lower().endswith(CONTAINER_ENDINGS)
            ]
            for member in wanted[:MAX_DOCUMENTS]:
                body = _unpacked(archive, member, min(left, MAX_INFLATED_BYTES))
                left -= len(body) if isinstance(body, bytes) else 0
                yield member.filename, body
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise WorkflowError("a damaged zip archive") from error


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes | WorkflowError:
    try:
        with archive.open(member) as file:
            body = file.read(limit + 1)
    except Exception as error:  # zlib, lzma, bz2, a password: each has its own
        return WorkflowError(f"cannot be unpacked: {type(error).__name__}")
    return body if len(body) <= limit else WorkflowError(f"unpacks to more than {limit:,} bytes")
