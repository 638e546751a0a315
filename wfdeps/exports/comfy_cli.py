"""A shell script of `comfy model download` lines (comfy-cli 1.23.0), each followed by the check of its hash."""

from __future__ import annotations

from shlex import quote

from wfdeps.exports.remarks import comments, head, no_url, remark
from wfdeps.exports.shell_words import line
from wfdeps.exports.values import Bundle, Format, ModelFile, TextFile


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    top = head(
        bundle,
        "comfy-cli script",
        "Run it in the ComfyUI workspace. Tokens: CIVITAI_API_TOKEN, HF_API_TOKEN.",
    )
    body = "".join(f"\n{comments([remark(file)])}{_lines(file)}" for file in bundle.files)
    return (TextFile(FORMAT.file_name, f"#!/bin/sh\n{comments(top)}set -eu\n{body}"),)


def _lines(file: ModelFile) -> str:
    """comfy-cli refuses where the file is there, and knows no hashes: so the script asks and checks itself."""
    path = f"models/{file.path}"
    download = line(
        "comfy", "--skip-prompt", "model", "download", "--url", file.url,
        "--relative-path", f"models/{file.directory}", f"--filename={file.name}",
    )  # fmt: skip
    check = f"echo {quote(f'{file.sha256}  {path}')} | sha256sum -c -\n" if file.sha256 else ""
    return f"[ -e {quote(path)} ] || {download}{check}"


FORMAT = Format("a script of `comfy model download` lines", "models-comfy-cli.sh", _render, no_url)
