"""What Civitai knows, for a person: the table of types, what a search found, one model in full. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wfdeps.domain.access import Access
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.civitai_types import TypeRow
from wfdeps.domain.pages import ModelPage, VersionPage
from wfdeps.domain.visible import visible
from wfdeps.report.wording import Painter, View, pad, size_text

_LABEL = 10
NOTES_SHOWN = 5
"""Lines of a version's notes that are shown."""


def render_types(rows: Iterable[TypeRow]) -> str:
    """The table: Civitai's type, our default folder, a better witness."""
    table = [("Civitai type", "default folder", "a better witness")]
    table += [(row.civitai_type, row.directory or "(not placed)", row.better_witness) for row in rows]
    return _columns(table)


def render_found(models: Sequence[ModelPage]) -> str:
    """A search: a block for each model, with the number `info` and `download` take."""
    return "\n".join(line for model in models for line in _result_lines(model))


def render_model(model: ModelPage, taken_for: str, view: View) -> str:
    """One model in full. `taken_for` says what its number was taken for."""
    paint = Painter(color=view.color, ascii=view.ascii, width=view.width)
    return "\n".join(_model(model, taken_for, paint))


def _result_lines(model: ModelPage) -> Iterator[str]:
    figures = [model.source_type, model.creator or "", _count(model.downloads, "downloads")]
    yield f"{model.model_id}  {visible(model.name)}  [{visible(', '.join(word for word in figures if word))}]"
    newest = next(iter(model.versions), None)
    if newest is not None:
        yield "    " + visible(_version_line(newest))
        if newest.main_file is not None:
            yield "    " + visible(_file_line(newest.main_file))


def _model(model: ModelPage, taken_for: str, paint: Painter) -> Iterator[str]:
    yield paint.bold(visible(model.name or "(no name)"), "command") + f"  ({taken_for})"
    rows = (
        ("type", model.source_type),
        ("creator", model.creator or "unknown"),
        ("liked by", f"{model.likes:,}" if model.likes is not None else ""),
        ("downloads", f"{model.downloads:,}" if model.downloads is not None else ""),
        ("licence", "; ".join(model.licence) or "not told"),
        ("page", model.page),
    )
    for label, text in rows:
        if text:
            yield f"  {paint.tone(pad(label, _LABEL), 'dim')}{visible(text)}"
    for version in model.versions:
        yield ""
        yield from _version(version, paint)


def _version(version: VersionPage, paint: Painter) -> Iterator[str]:
    yield "  " + paint.bold(visible(_version_line(version)), "command")
    yield f"    {paint.tone(pad('access', _LABEL), 'dim')}{visible(access_text(version.access))}"
    if version.trained_words:
        words = ", ".join(version.trained_words)
        yield f"    {paint.tone(pad('words', _LABEL), 'dim')}{visible(words)}"
    for number, line in enumerate(version.notes.split("\n")[:NOTES_SHOWN] if version.notes else ()):
        yield f"    {paint.tone(pad('' if number else 'notes', _LABEL), 'dim')}{visible(line)}"
    if not version.files:
        yield "    no files are listed"
    for file in version.files:
        yield f"    {visible(_file_line(file))}"
        for digest in file.digests:
            yield f"      {digest.algorithm}: {digest.value}"
        if file.air:
            yield f"      {file.air}"
        if file.unsafe:
            yield f"      {paint.tone('unsafe: ' + visible(file.unsafe), 'bad')}"


def _version_line(version: VersionPage) -> str:
    facts = ", ".join(filter(None, (version.base_model, (version.published or "")[:10])))
    return f"version {version.version_id}  {version.name}" + (f"  [{facts}]" if facts else "")


def _file_line(file: Candidate) -> str:
    facts = [file.file_type, file.file_format, file.precision, file.variant, size_text(file.size)]
    primary = "primary " if file.is_primary else ""
    return f"{primary}file {file.file_id or '?'}  {file.file_name}  [{', '.join(word for word in facts if word)}]"


def access_text(access: Access) -> str:
    """Whether it can be downloaded, in words."""
    words = access.words
    return (
        f"{words} (a download needs a token that may)"
        if access.is_open and words
        else words or "open to a token"
    )


def _count(number: int | None, noun: str) -> str:
    return "" if number is None else f"{number:,} {noun}"


def _columns(table: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ("  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)) for row in table)
    return "\n".join(line.rstrip() for line in lines)
