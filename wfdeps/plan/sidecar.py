"""`<file>.civitai.json`: what is known of a placed file, written beside it for people and other tools."""

from __future__ import annotations

import json

from wfdeps.domain.identity import Identity
from wfdeps.domain.outcomes import Fetched
from wfdeps.domain.urls import without_secrets


def sidecar_text(fetched: Fetched, identity: Identity) -> str:
    """The sidecar's JSON: ids, names, creator, base model, trained words, hashes, source; no secrets, no clock."""
    candidate = fetched.download.candidate
    hashes = {digest.algorithm.value: digest.value for digest in (*candidate.digests, *fetched.digests)}
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
        "size": fetched.size,
        "hashes": dict(sorted(hashes.items())),
        "verified_by": fetched.verified_by,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair stays the escape it was
