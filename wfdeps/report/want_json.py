"""A WantResult as the JSON object that `wfdeps/batch-result/1` and the events of `download --json` hold."""

from __future__ import annotations

from wfdeps.domain.wants import WantResult


def want_json(result: WantResult) -> dict[str, object]:
    """The result as a JSON object; no secret is in it."""
    want = result.want
    return {
        "name": str(want),
        "source": want.source.value,
        "model_id": want.model_id or None,
        "version_id": want.version_id or None,
        "state": result.state.value,
        "path": result.path or None,
        "size": result.size,
        "sha256": result.sha256 or None,
        "verified_by": result.verified_by or None,
        "reason": result.reason,
        "hint": result.hint,
    }
