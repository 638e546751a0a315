"""What workflows reference, for a person: by folder, one line a file, and where it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from wfdeps.domain.refs import Certainty, ModelRef, Notice, RefStatus, UnreadableWorkflow, WorkflowRefs
from wfdeps.domain.visible import visible
from wfdeps.report.wording import Painter, View, columns, count_text, no_files_text, pad, shown_name

_GLYPH = {RefStatus.REQUIRED: "item", RefStatus.AUTO_DOWNLOAD: "next", RefStatus.PLACEHOLDER: "warn"}
_TONE = {RefStatus.REQUIRED: "", RefStatus.AUTO_DOWNLOAD: "command", RefStatus.PLACEHOLDER: "warn"}
_WORD = {RefStatus.AUTO_DOWNLOAD: "fetched by its node"}
_WIDEST_NAME = 60
_SITES_SHOWN = 3

Reading = WorkflowRefs | UnreadableWorkflow


def render(readings: Iterable[Reading], view: View | None = None) -> str:
    """A block for each workflow, with a blank line between, ending with a newline."""
    view = view or View()
    paint = Painter(color=view.color, ascii=view.ascii, width=max(view.width, 40))
    return "\n\n".join("\n".join(_block(reading, paint)) for reading in readings) + "\n"


def _block(reading: Reading, paint: Painter) -> Iterator[str]:
    if isinstance(reading, UnreadableWorkflow):
        yield f"{paint.bold(visible(reading.path), 'bad')}  {visible(reading.message)}"
        if reading.hint:
            yield paint.tone(f"  hint: {visible(reading.hint)}", "dim")
        return
    yield f"{paint.bold(visible(reading.path), 'command')}  {_summary(reading)}"
    width = min(max((columns(_name(ref)) for ref in reading.refs), default=0), _WIDEST_NAME)
    for folder, refs in groupby(reading.refs, key=lambda ref: ref.folder):
        yield f"\n  {paint.bold(_folder_title(folder), 'dim')}"
        yield from (_line(ref, width, paint) for ref in refs)
    if reading.warnings:
        yield ""
        yield from _warnings(reading.warnings, paint)


def _summary(reading: WorkflowRefs) -> str:
    required = sum(ref.status is RefStatus.REQUIRED for ref in reading.refs)
    rest = len(reading.refs) - required
    needs = f"needs {count_text(required, 'file')}" if required else no_files_text(reading.warnings)
    return needs + (f", names {rest} more" if rest else "") + f"  ({_form(reading)})"


def _form(reading: WorkflowRefs) -> str:
    container = "" if reading.container == "json" else f" in {reading.container}"
    return f"{reading.format}{container}"


def _folder_title(folder: str) -> str:
    return f"{visible(folder)}/" if folder else "folder unknown"


def _line(ref: ModelRef, width: int, paint: Painter) -> str:
    glyph = paint.tone(
        paint.glyph(_GLYPH.get(ref.status, "dim")), _GLYPH.get(ref.status, "dim").replace("next", "command")
    )
    name = pad(_name(ref), width)
    tone = _TONE.get(ref.status, "dim")
    facts = [_WORD.get(ref.status, str(ref.status))] if ref.status is not RefStatus.REQUIRED else []
    facts += ["a guess"] if ref.certainty is Certainty.GUESS else []
    facts += ["or one its pattern finds"] if ref.accepts else []
    facts += ["hash known"] if ref.digests else []
    facts += ["link known"] if ref.urls else ["link in a note"] if ref.hints else []
    note = paint.tone(f"  {', '.join(facts)}", "dim") if facts else ""
    return f"    {glyph} {paint.tone(name, tone) if tone else name}  {paint.tone(_sites(ref), 'dim')}{note}"


def _name(ref: ModelRef) -> str:
    return visible(shown_name(ref.name))


def _sites(ref: ModelRef) -> str:
    shown = [
        f"{visible(site.node_class)} {visible(site.node_id)}".strip() for site in ref.sites[:_SITES_SHOWN]
    ]
    more = len(ref.sites) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _warnings(warnings: Sequence[Notice], paint: Painter) -> Iterator[str]:
    for notice in warnings:
        yield f"  {paint.tone(paint.glyph('warn'), 'warn')} {visible(notice.message)}"
