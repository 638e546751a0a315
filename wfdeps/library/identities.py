"""What each file of the library is, read from its header once and remembered."""

from __future__ import annotations

import json
import os

from wfdeps.detect.headers import Corrupt, read_header
from wfdeps.detect.identify import identify
from wfdeps.domain.files import LocalFile
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import Certainty
from wfdeps.errors import LibraryError
from wfdeps.library.index import Index
from wfdeps.values import asdict, replace

_FACT = "identity/1"


def identity_of(file: LocalFile, index: Index) -> Identity:
    """What the file is; UNKNOWN with the reason where its header cannot be read. Raises LibraryError."""
    try:
        found = os.stat(file.path)
        known = index.facts(file.path, found).get(_FACT)
        if known is not None:
            return _from_json(known)
        identity = read_identity(file)
    except OSError as error:
        raise LibraryError(f"cannot read `{file.path}`: {error.strerror or error}") from error
    index.remember(file.path, found, {_FACT: json.dumps(asdict(identity))})
    return identity


def read_identity(file: LocalFile) -> Identity:
    """What the file is, read now; UNKNOWN with the reason where its header cannot be read. Raises OSError."""
    with open(file.path, "rb", buffering=0) as opened:

        def read(offset: int, length: int) -> bytes:
            opened.seek(offset)
            return opened.read(length)

        header = read_header(read, file.size, file.basename)
    if isinstance(header, Corrupt):
        return Identity(ModelType.UNKNOWN, reasons=(str(header.reason),))
    return replace(identify(header, file.basename), metadata=())


def _from_json(text: str) -> Identity:
    fields = json.loads(text)
    fields["model_type"] = ModelType(fields["model_type"])
    fields["certainty"] = Certainty(fields["certainty"])
    for name in ("architectures", "reasons", "trained_words"):
        fields[name] = tuple(fields[name])
    fields["metadata"] = ()
    return Identity(**fields)
