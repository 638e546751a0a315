"""`wfdeps/resolution/1`: how names were resolved, one entry a name, in the order they were given. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from wfdeps.domain.candidates import RankedCandidate, Verdict
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import Ambiguous, Present, Resolution, Resolved, Unresolved
from wfdeps.domain.urls import without_secrets
from wfdeps.report.ref_fields import told_fields
from wfdeps.report.states import choose_command

SCHEMA = "wfdeps/resolution/1"


def resolution_document(resolutions: Sequence[Resolution]) -> dict[str, Any]:
    """The document, ready for `json.dumps`."""
    return {"schema": SCHEMA, "resolutions": [_resolution(resolution) for resolution in resolutions]}


def _candidate_fields(option: RankedCandidate, ref: ModelRef) -> dict[str, Any]:
    """One candidate as the document shows it, with the command that takes it."""
    candidate = option.candidate
    sha256 = find_digest(candidate.digests, Algorithm.SHA256)
    return {
        "source": candidate.source,
        "model_id": candidate.model_id,
        "version_id": candidate.version_id,
        "file_id": candidate.file_id,
        "file_name": candidate.file_name,
        "sha256": sha256.value if sha256 else None,
        "evidence": [str(piece) for piece in option.evidence],
        "confidence": option.confidence,
        "title": candidate.title,
        "creator": candidate.creator,
        "model_type": candidate.model_type.value,
        "base_model": candidate.base_model,
        "size": candidate.size,
        "access": candidate.access.state.value,
        "air": str(candidate.air) if candidate.air else None,
        "url": without_secrets(candidate.url),
        "page": without_secrets(candidate.page) if candidate.page else None,
        **told_fields(candidate),
        "choose": choose_command(ref, option),
    }


def _resolution(resolution: Resolution) -> dict[str, Any]:
    ref = resolution.ref
    common: dict[str, Any] = {"name": ref.name, "folder": ref.folder or None}
    match resolution:
        case Present(finding=finding):
            return common | _fields(ref, "present", None, (), finding.detail, ())
        case Resolved(choice=choice, rivals=rivals, chosen_by=chosen_by, verdicts=verdicts):
            reason = (
                f"by {chosen_by.value}: {choice.evidence[0]}" if choice.evidence else f"by {chosen_by.value}"
            )
            return common | _fields(ref, "resolved", choice, (choice, *rivals), reason, verdicts)
        case Ambiguous(candidates=candidates, reason=reason, verdicts=verdicts):
            return common | _fields(ref, "ambiguous", None, candidates, reason, verdicts)
        case Unresolved(candidates=candidates, reason=reason, verdicts=verdicts, state=state, hint=hint):
            fields = _fields(ref, "unresolved", None, candidates, reason, verdicts)
            return common | fields | {"state": state.value, "hint": hint or None}
        case _:
            assert_never(resolution)


def _fields(
    ref: ModelRef,
    outcome: str,
    chosen: RankedCandidate | None,
    candidates: Sequence[RankedCandidate],
    reason: str,
    verdicts: Sequence[Verdict],
) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "chosen": _candidate_fields(chosen, ref) if chosen else None,
        "candidates": [_candidate_fields(option, ref) for option in candidates],
        "reason": reason,
        "verdicts": [
            {"source": verdict.source, "verdict": verdict.kind.value, "detail": verdict.detail}
            for verdict in verdicts
        ],
    }
