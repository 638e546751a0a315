"""A certificate that nobody vouches for."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificate(folder: Path) -> Path:
    """Self-signed, for 127.0.0.1, with its key in the same file. Needs the `openssl` program."""
    key, found = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", found],
        check=True, capture_output=True,
    )  # fmt: skip
    found.write_text(found.read_text() + key.read_text())
    return found
