"""A shell script of `hf download` lines (huggingface_hub ≥ 1.0): files come through Hugging Face's own cache."""

from __future__ import annotations

from wfdeps.exports.remarks import comments, head, no_url, remark
from wfdeps.exports.shell_words import line
from wfdeps.exports.values import Bundle, Format, ModelFile, TextFile
from wfdeps.match.links import HuggingFaceLink, huggingface_link

_FUNCTIONS = r"""
set -eu
cd -- "${1:-.}"
failed=0

fetch() { # PATH SHA256 REPOSITORY FILE REVISION; - for a hash that is not known
  if [ -e "$1" ] || [ -L "$1" ]; then return 0; fi
  cached=$(hf download "$3" "$4" --revision "$5" --quiet | tail -n 1 | sed 's/^path=//')
  if [ "$2" != - ] && [ "$(sha256sum <"$cached" | cut -d ' ' -f 1)" != "$2" ]; then
    echo "not the bytes of the lock: $1" >&2
    failed=1
    return 0
  fi
  mkdir -p -- "$(dirname -- "$1")"
  ln -s -- "$cached" "$1"
}

"""


def hub_file(file: ModelFile) -> HuggingFaceLink | None:
    """The first of the file's URLs that is a file of Hugging Face's; None where there is none."""
    return next((link for url in file.urls if (link := huggingface_link(url))), None)


def not_on_the_hub(file: ModelFile) -> str:
    """The clause for a file that Hugging Face does not have; empty where it has it."""
    return no_url(file) or ("" if hub_file(file) else "none of its URLs is a file of Hugging Face's")


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    top = head(
        bundle,
        "Hugging Face script",
        "Links each file from the cache into models/, in this folder or in the one named: sh models.hf.sh /ComfyUI",
        "For gated repositories: hf auth login.",
    )
    body = "".join(f"{comments([remark(file)])}{_line(file)}" for file in bundle.files)
    return (TextFile(FORMAT.file_name, f"#!/bin/sh\n{comments(top)}{_FUNCTIONS}{body}\nexit $failed\n"),)


def _line(file: ModelFile) -> str:
    link = hub_file(file)
    assert link is not None  # refused otherwise
    return line("fetch", f"models/{file.path}", file.sha256 or "-", link.repository, link.path, link.revision)


def _refusal(file: ModelFile) -> str:
    link = hub_file(file)
    if link and any(part.startswith("-") for part in (link.repository, link.path, link.revision)):
        return "a part of its URL begins with a dash, which `hf` takes for an option"
    return not_on_the_hub(file)


FORMAT = Format("a script of `hf download` lines", "models.hf.sh", _render, _refusal)
