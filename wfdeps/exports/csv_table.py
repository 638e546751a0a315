"""A table for a spreadsheet: one row a file, those that are left out with the reason in the last column."""

from __future__ import annotations

import csv
import io

from wfdeps.exports.values import Bundle, Format, TextFile

COLUMNS = ("path", "folder", "sha256", "size", "url", "needs", "air", "page", "used_by")


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for file in bundle.files:
        size = "" if file.size is None else str(file.size)
        row = (
            file.path,
            file.folder,
            file.sha256 or "",
            size,
            file.url,
            file.token,
            file.air or "",
            file.page or "",
        )
        writer.writerow(map(_literal, (*row, " ".join(file.used_by))))
    return (TextFile(FORMAT.file_name, out.getvalue()),)


def _literal(text: str) -> str:
    """The text so that a spreadsheet does not take it for a formula (OWASP: a cell that begins with = + - @)."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


FORMAT = Format("a table for a spreadsheet", "models.csv", _render, lambda file: "")
