"""What each file of the library is, read from its header once and remembered."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any
from zlib import crc32

from wfdeps.detect.headers import Corrupt, Header, read_header
from wfdeps.detect.identify import identify
from wfdeps.detect.rules import rules_text
from wfdeps.detect.shards import merged
from wfdeps.detect.trouble import UNKNOWN_FORMAT
from wfdeps.disk.filesystem import reader
from wfdeps.domain.files import LocalFile, split_ending
from wfdeps.domain.folders import WEIGHTS_ENDINGS
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import Certainty
from wfdeps.errors import LibraryError, os_error_words
from wfdeps.library.health import judged
from wfdeps.library.index import Index
from wfdeps.values import asdict, replace


@cache
def _fact() -> str:
    """The name under which an answer is remembered: another set of rules may answer otherwise."""
    return f"identity/8 {crc32(rules_text()):08x}"


def identity_of(file: LocalFile, index: Index) -> Identity:
    """What the file is; UNKNOWN with the reason where its header cannot be read. Raises LibraryError."""
    return _of(*look(file.path, index))


def read_identity(file: LocalFile) -> Identity:
    """What the file is, read now; UNKNOWN with the reason where its header cannot be read. Raises OSError."""
    return _of(*_identity_or_fault(_read(file.path, file.size), file.basename))


def look(path: str, index: Index) -> tuple[Identity | None, str]:
    """What the header at an absolute path tells, and what is wrong with the file; read once, then remembered.

    What is wrong is what the judge says, and beyond what it judges, why there is no header. A damaged file may still
    tell what it was to be. Raises LibraryError.
    """
    try:
        found = os.stat(path)
        trouble = judged(path, found, index).trouble
        known = index.facts(path, found).get(_fact())
        if known is not None:
            row = json.loads(known)
            return _from_json(row["identity"]), trouble or row["trouble"]
        header = _read(path, found.st_size)
    except OSError as error:
        raise LibraryError(f"cannot read `{path}`: {os_error_words(error)}") from error
    identity, fault = _identity_or_fault(header, os.path.basename(path))
    if isinstance(header, Corrupt) or not header.shards:  # an index's answer hangs on files beside it
        row = {"identity": asdict(identity) if identity else None, "trouble": fault}
        index.remember(path, found, {_fact(): json.dumps(row)})
    return identity, trouble or fault


def _identity_or_fault(header: Header | Corrupt, name: str) -> tuple[Identity | None, str]:
    if isinstance(header, Corrupt):
        ending = split_ending(name)[1].lower()
        by_judge = ending in WEIGHTS_ENDINGS - {".onnx"}
        if by_judge or (header.reason == UNKNOWN_FORMAT and ending not in (*WEIGHTS_ENDINGS, "")):
            # The judge says whether it is broken; what it does not judge is only of no known type.
            told = identify(header.header, name) if header.header else None
            return told or Identity(ModelType.UNKNOWN, reasons=(header.reason,)), ""
        return identify(header.header, name) if header.header else None, header.reason
    identity = identify(header, name)
    if not header.missing:
        return identity, ""
    more = f" and {len(header.missing) - 1} more" if len(header.missing) > 1 else ""
    return replace(identity, reasons=(*identity.reasons, f"not beside it: `{header.missing[0]}`{more}")), ""


def _of(identity: Identity | None, trouble: str) -> Identity:
    """In one value; a damaged file is of no known type, whatever it was to be."""
    if trouble or identity is None:
        return Identity(ModelType.UNKNOWN, reasons=(trouble,))
    return replace(identity, metadata=())


def _read(path: str, size: int) -> Header | Corrupt:
    with reader(path) as read:
        header = read_header(read, size, os.path.basename(path))
    return _with_shards(path, header) if isinstance(header, Header) and header.shards else header


def _with_shards(path: str, index: Header) -> Header | Corrupt:
    """The index with the shapes its files tell, where every one of them lies beside it; Corrupt where one is damaged."""
    folder, parts = os.path.dirname(path), {}
    names = {name: os.path.basename(name) for name in index.shards}
    missing = tuple(name for name in names.values() if not os.path.isfile(os.path.join(folder, name)))
    if missing:
        return replace(index, missing=missing)
    for name, own in names.items():
        shard = os.path.join(folder, own)
        with reader(shard) as read:
            found = read_header(read, os.path.getsize(shard), name)
        if isinstance(found, Corrupt):
            return Corrupt(f"its part `{own}`: {found.reason}", index)
        parts[name] = found
    return merged(index, parts)


def _from_json(fields: dict[str, Any] | None) -> Identity | None:
    if fields is None:
        return None
    fields["model_type"] = ModelType(fields["model_type"])
    fields["certainty"] = Certainty(fields["certainty"])
    for name in ("architectures", "reasons", "trained_words"):
        fields[name] = tuple(fields[name])
    for name in ("metadata", "dtypes"):
        fields[name] = tuple((key, value) for key, value in fields[name])
    return Identity(**fields)
