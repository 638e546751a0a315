"""`wfdeps/inspect/1`: what files are, as JSON. Its schema is `schemas/inspect-1.schema.json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wfdeps.domain.identity import Identity, Inspection
from wfdeps.domain.model_types import ModelType
from wfdeps.report.wording import document_text

SCHEMA = "wfdeps/inspect/1"

Fields = dict[str, Any]
_NOTHING = Identity(ModelType.UNKNOWN, safety="unsafe or unknown: its header could not be read")


def render(inspections: Iterable[Inspection]) -> str:
    """One document, however many files."""
    document = {"schema": SCHEMA, "files": [inspection_fields(inspection) for inspection in inspections]}
    return document_text(document)


def inspection_fields(inspection: Inspection) -> Fields:
    """One file; where its header could not be read, `error` says why and the rest is unknown."""
    identity = inspection.identity or _NOTHING
    fields = {
        "path": inspection.path,
        "model_type": str(identity.model_type),
        "architectures": list(identity.architectures),
        "adapter": identity.adapter,
        "folder": identity.folder,
        "certainty": str(identity.certainty),
        "reasons": list(identity.reasons),
        "precision": identity.precision or None,
        "dtypes": dict(identity.dtypes),
        "parameters": identity.parameters,
        "size": inspection.size,
        "trained_words": list(identity.trained_words),
        "safety": identity.safety,
        "format": identity.format or None,
        "tensors": identity.tensors,
        "rank": identity.rank,
        "metadata": dict(identity.metadata),
        "error": inspection.error or None,
    }
    if inspection.digests is not None:
        fields["digests"] = {str(digest.algorithm): digest.value for digest in inspection.digests}
    return fields
