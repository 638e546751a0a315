"""`<file>.civitai.json`: what is known of a placed file, written beside it for people and other tools."""

from __future__ import annotations

import json
from collections.abc import Iterable

from wfdeps.domain.candidates import LOCAL, Candidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.identity import Identity
from wfdeps.domain.outcomes import Fetched
from wfdeps.domain.plans import Link
from wfdeps.domain.urls import without_secrets
from wfdeps.domain.visible import encodable


def sidecar_text(fetched: Fetched, identity: Identity) -> str:
    """The sidecar's JSON: ids, names, creator, base model, trained words, hashes, source; no secrets, no clock."""
    return _text(fetched.download.candidate, fetched.digests, fetched.size, fetched.verified_by, identity)


def sidecar_of_link(link: Link, identity: Identity) -> str | None:
    """The sidecar of bytes that were in the library already: what a source answered when asked by their hash."""
    origin, sha256 = link.origin, find_digest(link.file.digests, Algorithm.SHA256)
    if origin is None or origin.candidate.source == LOCAL or sha256 is None:
        return None
    return _text(origin.candidate, link.file.digests, link.file.size, sha256.algorithm.value, identity)


def _text(
    candidate: Candidate, digests: Iterable[Digest], size: int, verified_by: str, identity: Identity
) -> str:
    hashes = {digest.algorithm.value: digest.value for digest in (*candidate.digests, *digests)}
    document = {
        "schema": "wfdeps/sidecar/1",
        "source": candidate.source,
        "page": candidate.page,
        "url": without_secrets(candidate.url),
        "air": str(candidate.air) if candidate.air else None,
        "model_id": candidate.model_id,
        "version_id": candidate.version_id,
        "file_id": candidate.file_id,
        "model": candidate.model_name or None,
        "version": candidate.version_name or None,
        "creator": candidate.creator,
        "model_type": str(identity.model_type),
        "source_type": candidate.source_type or None,
        "base_model": candidate.base_model,
        "architectures": list(identity.architectures),
        "trained_words": list(candidate.trained_words or identity.trained_words),
        "licence": list(candidate.licence),
        "file_name": candidate.file_name,
        "file_type": candidate.file_type or None,
        "precision": candidate.precision or None,
        "variant": candidate.variant or None,
        "size": size,
        "hashes": dict(sorted(hashes.items())),
        "verified_by": verified_by,
    }
    return encodable(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
