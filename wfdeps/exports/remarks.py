"""What an export says beside its data: one line a file, and one for each that is left out."""

from __future__ import annotations

from collections.abc import Iterable

from wfdeps.domain.visible import visible
from wfdeps.exports.values import Bundle, LeftOut, ModelFile
from wfdeps.report.wording import count_text, size_text


def remark(file: ModelFile) -> str:
    """`detail.safetensors  228 MB  loras  needs CIVITAI_API_TOKEN`, on one line."""
    known = file.size if file.size is not None else file.size_about
    words = [
        file.name,
        size_text(known) if file.size is not None or known is None else f"about {size_text(known)}",
        file.directory,
        *([f"needs {file.token}"] if file.token else []),
        *(["SHA-256 unknown"] if file.sha256 is None else []),
    ]
    return visible("  ".join(words))


def left_out_line(one: LeftOut) -> str:
    """`not carried: loras/a b.safetensors: its name has a blank`, on one line."""
    return visible(f"not carried: {one.what}: {one.reason}")


def head(bundle: Bundle, title: str, *more: str) -> list[str]:
    """The first lines of an export as plain sentences, without a sign of comment."""
    return [
        f"{title}: {count_text(len(bundle.files), 'file')} of a wfdeps lock",
        *more,
        *bundle.notes,
        *map(left_out_line, bundle.left_out),
    ]


def comments(lines: Iterable[str], sign: str = "#") -> str:
    """The lines as comments, each ended."""
    return "".join(f"{sign} {line}".rstrip() + "\n" for line in lines)


def sums(files: Iterable[ModelFile], prefix: str = "", suffix: str = "") -> str:
    """A `SHA256SUMS` file of the files whose hash is known, as `sha256sum -c` reads it."""
    return "".join(f"{file.sha256}  {prefix}{file.path}{suffix}\n" for file in files if file.sha256)


def no_url(file: ModelFile) -> str:
    """The clause for a file that nobody can fetch; empty where there is a URL."""
    return "" if file.urls else "the lock knows no https URL for it"


def no_open_url(file: ModelFile) -> str:
    """The clause for a file that cannot be fetched without a login; empty where there is an open URL."""
    if file.token:
        return f"it needs {file.token}, and this format fetches anonymously"
    return no_url(file)


def no_hash(file: ModelFile) -> str:
    """The clause for a file whose SHA-256 is unknown; empty where it is known."""
    return "" if file.sha256 else "its SHA-256 is unknown"
