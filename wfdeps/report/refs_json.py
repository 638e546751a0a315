"""`wfdeps/refs/1`: what workflows reference, as JSON. Its schema is `schemas/refs-1.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from wfdeps.domain.refs import ModelRef, NodeSite, Pairing, UnreadableWorkflow, WorkflowRefs
from wfdeps.domain.urls import without_secrets
from wfdeps.report.wording import document_text, json_text, shown_name

SCHEMA = "wfdeps/refs/1"
_FEW = 20

Fields = dict[str, Any]
Reading = WorkflowRefs | UnreadableWorkflow


def render(readings: Sequence[Reading]) -> str:
    """One document, however many files; indented for a few, a line each for many."""
    document = {"schema": SCHEMA, "workflows": [workflow_fields(reading) for reading in readings]}
    if len(readings) <= _FEW:
        return document_text(document)
    # Indenting is done in Python, ten times slower than the encoder in C.
    lines = ",\n".join(json.dumps(workflow, ensure_ascii=False) for workflow in document["workflows"])
    return json_text(f'{{"schema": "{SCHEMA}", "workflows": [\n{lines}\n]}}') + "\n"


def render_lines(readings: Iterable[Reading]) -> str:
    """One workflow a line, each with the schema it keeps."""
    return "".join(
        json_text(
            json.dumps(
                {"schema": SCHEMA, **workflow_fields(workflow)}, ensure_ascii=False, separators=(",", ":")
            )
        )
        + "\n"
        for workflow in readings
    )


def workflow_fields(reading: Reading) -> Fields:
    """One workflow, or why it could not be read."""
    if isinstance(reading, UnreadableWorkflow):
        return {"path": reading.path, "error": reading.message, "hint": reading.hint}
    return {
        "path": reading.path,
        "format": reading.format,
        "container": reading.container,
        "sha256": reading.sha256,
        "refs": [_ref(ref) for ref in reading.refs],
        "pairings": [_pairing(pairing) for pairing in reading.pairings],
        "warnings": [{"code": notice.code, "message": notice.message} for notice in reading.warnings],
    }


def _ref(ref: ModelRef) -> Fields:
    return {
        "name": shown_name(ref.name),
        "model_type": str(ref.model_type),
        "folders": list(ref.folders),
        "status": str(ref.status),
        "certainty": str(ref.certainty),
        "why": ref.why,
        "sites": [_site(site) for site in ref.sites],
        "digests": [str(digest) for digest in ref.digests],
        "urls": [without_secrets(url) for url in ref.urls],
        "hints": [without_secrets(url) for url in ref.hints],
        "air": str(ref.air) if ref.air else None,
        "version_id": ref.version_id,
        "base_models": list(ref.base_models),
        "accepts": ref.accepts or None,
    }


def _site(site: NodeSite) -> Fields:
    return {"node_id": site.node_id, "node_class": site.node_class, "input": site.input, "title": site.title}


def _pairing(pairing: Pairing) -> Fields:
    return {"dependent": _site(pairing.dependent), "base": _site(pairing.base)}
