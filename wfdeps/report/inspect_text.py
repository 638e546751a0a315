"""What files are, for a person: a block each, the answer first and its reasons below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wfdeps.domain.identity import Identity, Inspection
from wfdeps.domain.visible import visible
from wfdeps.report.wording import Painter, View, count_text, pad, size_text

_LABEL = 12
_CLAIMS_SHOWN = ("modelspec.title", "ss_output_name", "ss_sd_model_name", "general.name", "tags")


def render(inspections: Iterable[Inspection], view: View | None = None) -> str:
    """A block for each file, with a blank line between, ending with a newline."""
    view = view or View()
    paint = Painter(color=view.color, ascii=view.ascii, width=view.width)
    return "\n\n".join("\n".join(_block(inspection, paint)) for inspection in inspections) + "\n"


def _block(inspection: Inspection, paint: Painter) -> Iterator[str]:
    yield paint.bold(visible(inspection.path), "command")
    if inspection.error:
        yield f"  {paint.glyph('bad')} {paint.tone(visible(inspection.error), 'bad')}"
    rows = _rows(inspection.identity, inspection) if inspection.identity else _bare_rows(inspection)
    for label, text in rows:
        yield f"  {paint.tone(pad(label, _LABEL), 'dim')}{visible(text)}"


def _rows(identity: Identity, inspection: Inspection) -> Iterator[tuple[str, str]]:
    yield "type", _type(identity)
    if identity.architectures:
        yield "fits", " or ".join(identity.architectures)
    yield "folder", identity.folder or "for a person to say"
    yield "weights", _weights(identity, inspection.size)
    for number, reason in enumerate((*identity.reasons,)):
        yield ("" if number else f"{identity.certainty}"), reason
    if identity.trained_words:
        yield "words", ", ".join(identity.trained_words)
    for key, claim in identity.metadata:
        if key in _CLAIMS_SHOWN:
            yield "says", f"{key}: {' '.join(claim.split())}"
    yield "safety", identity.safety
    yield from _digests(inspection)


def _bare_rows(inspection: Inspection) -> Iterator[tuple[str, str]]:
    if inspection.size is not None:
        yield "size", size_text(inspection.size)
    yield from _digests(inspection)


def _type(identity: Identity) -> str:
    word = identity.model_type.replace("_", " ")
    adapter = f" ({identity.adapter})" if identity.adapter and identity.adapter != identity.model_type else ""
    return word + adapter + (f", rank {identity.rank}" if identity.rank else "")


def _weights(identity: Identity, size: int | None) -> str:
    parts = [identity.format, identity.precision + _mix(identity)]
    if identity.parameters:
        parts.append(f"{_count(identity.parameters)} parameters")
    if identity.tensors:
        parts.append(count_text(identity.tensors, "tensor"))
    if size is not None:
        parts.append(size_text(size))
    return ", ".join(part for part in parts if part)


def _mix(identity: Identity) -> str:
    """` (fp16 97%, fp32 3%)` where more than one dtype has a share worth a word."""
    whole = sum(size for _, size in identity.dtypes)
    shares = [(word, round(100 * size / whole)) for word, size in identity.dtypes]
    named = [f"{word} {share}%" for word, share in shares if share]
    return f" ({', '.join(named)})" if len(named) > 1 else ""


def _count(number: int) -> str:
    for unit, name in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return str(number)


def _digests(inspection: Inspection) -> Iterator[tuple[str, str]]:
    for digest in inspection.digests or ():
        yield str(digest.algorithm), digest.value
