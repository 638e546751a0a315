"""What a person is shown before they choose: one file, its candidates, and what speaks for each."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.domain.candidates import Access, AccessState, Candidate, RankedCandidate, Why
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.resolutions import Ambiguous
from wfdeps.domain.visible import visible
from wfdeps.report.sizes import size_text

SHOWN = 9
"""Candidates on the screen: as many as one key can name."""
SURE = 0.85
"""From this confidence on, Enter takes the first."""

_COLUMNS = ("conf", "file", "model / version", "creator", "base", "size", "downloads", "updated", "notes")
_WIDEST = {"file": 40, "model / version": 34, "creator": 14, "base": 14, "notes": 60}
_BAD_NEWS = (Why.BASE_DIFFERS, Why.TYPE_DIFFERS, Why.HASH_DIFFERS, Why.PRECISION_DIFFERS)


def enter_takes_first(question: Ambiguous) -> bool:
    """Whether the first is sure enough for Enter: high confidence, nothing against it, no pickle, no waiting."""
    first = question.candidates[0]
    against = any(piece.why in _BAD_NEWS for piece in first.evidence)
    rivalled = len(question.candidates) > 1 and question.candidates[1].confidence >= first.confidence
    risky = (
        bool(first.candidate.unsafe)
        or first.candidate.access.if_bought
        or question.reason.startswith("a pickle")
    )
    return first.confidence >= SURE and not (against or rivalled or risky) and first.candidate.access.is_open


def heading(question: Ambiguous, number: int, total: int) -> str:
    """`2 of 7  lora  "add_detail.safetensors"  node 14 LoraLoader.lora_name (also 22)`; `total` is 0 where nobody knows it."""
    ref = question.ref
    sites = [f"{site.node_class}.{site.input}" for site in ref.sites[:1]]
    first = f"node {ref.sites[0].node_id} {sites[0]}" if ref.sites else ref.folder
    others = ", ".join(site.node_id for site in ref.sites[1:6])
    also = f" (also {others})" if others else ""
    base = f"   workflow base: {', '.join(ref.base_models)}" if ref.base_models else ""
    kind = ref.model_type.replace("_", " ")
    place = f"{number} of {total}" if total else f"question {number}"
    return f'{place}  {kind}  "{visible(ref.name)}"   {first}{also}{base}\n  {question.reason}'


def table(candidates: Sequence[RankedCandidate]) -> str:
    """The candidates as numbered rows, best first."""
    rows = [_COLUMNS, *(_row(one) for one in candidates[:SHOWN])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = []
    for number, row in enumerate(rows):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        lines.append(f"  {number or ' '}  {cells}")
    left = len(candidates) - SHOWN
    return "\n".join(lines) + (f"\n     and {left} less likely" if left > 0 else "")


def details(one: RankedCandidate) -> str:
    """All that is known of one candidate."""
    candidate = one.candidate
    sha256 = find_digest(candidate.digests, Algorithm.SHA256)
    told = {
        "file": candidate.file_name,
        "of": candidate.title,
        "creator": candidate.creator,
        "base": candidate.base_model,
        "precision": " ".join(part for part in (candidate.precision, candidate.variant) if part),
        "trigger words": ", ".join(candidate.trained_words[:20]),
        "licence": "; ".join(candidate.licence),
        "access": access_in_words(candidate.access),
        "scanner": candidate.unsafe,
        "sha256": sha256.value if sha256 else None,
        "air": str(candidate.air) if candidate.air else None,
        "page": candidate.page,
        "why": "; ".join(str(piece) for piece in one.evidence),
    }
    return "\n".join(f"     {name:<14} {visible(value)}" for name, value in told.items() if value)


def access_in_words(access: Access) -> str:
    """What stands between us and the bytes; empty where nothing does."""
    if access.state is AccessState.OPEN:
        return access.detail
    until = f" until {access.until[:10]}" if access.until else ""
    return f"{access.state.replace('_', ' ')}{until}{f': {access.detail}' if access.detail else ''}"


def size_in_words(size: int | None) -> str:
    """`2.10 GB`; empty where nobody said."""
    return "" if size is None else size_text(size)


def _row(one: RankedCandidate) -> tuple[str, ...]:
    candidate = one.candidate
    precision = candidate.precision and f" {candidate.precision}"
    told = {
        "conf": f"{one.confidence:.2f}",
        "file": candidate.file_name,
        "model / version": candidate.title if candidate.model_name else "",
        "creator": candidate.creator or "",
        "base": candidate.base_model or "",
        "size": f"{size_in_words(candidate.size)}{precision}".strip(),
        "downloads": _short(candidate.downloads),
        "updated": (candidate.published or "")[:10],
        "notes": _notes(one),
    }
    return tuple(_cut(visible(told[column]), _WIDEST.get(column, 99)) for column in _COLUMNS)


def _notes(one: RankedCandidate) -> str:
    said = [piece.why.replace("_", " ") for piece in one.evidence if piece.why is not Why.POPULAR]
    access = access_in_words(one.candidate.access)
    unsafe = "scanner warns" if one.candidate.unsafe else ""
    return ", ".join(part for part in (unsafe, access, *said) if part)


def _short(count: int | None) -> str:
    if count is None:
        return ""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def of_one_model(one: Candidate, other: Candidate) -> bool:
    """Whether two are versions of one model by one creator: high and low noise, left and right."""
    return one.model_id is not None and one.model_id == other.model_id
