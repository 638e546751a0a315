"""`rclone copyurl --urls` (rclone 1.7x): a CSV of URL and path. It knows no hashes, so `SHA256SUMS` goes with it."""

from __future__ import annotations

import csv
import io

from wfdeps.exports.remarks import no_open_url, sums
from wfdeps.exports.values import Bundle, Format, TextFile


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    """No comment lines: rclone would take them for rows. The command is in the format's summary."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows((file.url, file.path) for file in bundle.files)
    return TextFile(FORMAT.file_name, out.getvalue()), TextFile("SHA256SUMS", sums(bundle.files))


FORMAT = Format(
    "rows for `rclone copyurl --urls FILE DEST:`, then `rclone checksum sha256 SHA256SUMS DEST:`",
    "models.rclone.csv",
    _render,
    no_open_url,
    is_anonymous=True,
)
