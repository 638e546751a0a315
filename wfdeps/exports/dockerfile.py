"""A Dockerfile on runpod/worker-comfyui: one instruction, and so one layer, a file, each checked by its hash.

`ADD --checksum` needs BuildKit and Dockerfile syntax 1.6. A file that needs a token is fetched by curl with the token as a
mounted secret, so that no layer holds it. Families stand together, the largest first; in each, bases stand before what
is applied to them, which changes more often, and a changed file builds only the layers below it anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from shlex import quote

from wfdeps.domain.air import Air
from wfdeps.domain.folders import model_type_of
from wfdeps.domain.model_types import APPLIED_TO_A_BASE
from wfdeps.errors import UsageError
from wfdeps.exports.remarks import comments, head, no_url, remark
from wfdeps.exports.values import Bundle, Format, ModelFile, Setting, TextFile

_PLAIN = re.compile(r"[\w.,+@%=-]+(?:/[\w.,+@%=-]+)*", re.ASCII)
"""Paths that ADD takes literally: it expands `$`, removes quotation marks and reads patterns in brackets."""
_NEVER = set("$`\"\\<>|?*'")
"""Signs that the builder may read for itself, even inside a shell's quotation marks (heredocs, variables)."""
_IMAGE = re.compile(r"[a-z0-9][\w./:@-]*", re.ASCII)
_FOLDER = re.compile(r"(/[\w.-]+)+", re.ASCII)


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    image, root = bundle.options["image"], bundle.options["models"].rstrip("/")
    if not _IMAGE.fullmatch(image):
        raise UsageError(f"`{image}` is no image", hint="--with image=runpod/worker-comfyui:5.5.0-base")
    if not _FOLDER.fullmatch(root):
        raise UsageError(f"`{root}` is no absolute path of plain names", hint="--with models=/comfyui/models")
    secrets = sorted({file.token for file in bundle.files if file.token})
    flags = "".join(f" --secret id={name},env={name}" for name in secrets)
    top = head(bundle, "Dockerfile", f"docker build{flags} .")
    body = "".join(
        f"\n{comments([remark(file)])}{_instruction(file, root)}" for file in in_layers(bundle.files)
    )
    text = (
        "# syntax=docker/dockerfile:1\n"
        f'{comments(top)}FROM {image}\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\n{body}'
    )
    return (TextFile(FORMAT.file_name, text),)


def in_layers(files: Iterable[ModelFile]) -> list[ModelFile]:
    """The files in the order of their layers."""
    sizes: dict[str, int] = {}
    files = tuple(files)
    for file in files:
        sizes[_family(file)] = sizes.get(_family(file), 0) + _bytes(file)
    return sorted(
        files,
        key=lambda file: (
            -sizes[_family(file)],
            _family(file),
            model_type_of(file.folder) in APPLIED_TO_A_BASE,
            -_bytes(file),
            file.path,
        ),
    )


def _family(file: ModelFile) -> str:
    """The base model's family by its AIR; empty where the lock does not know it."""
    try:
        return Air.parse(file.air or "").ecosystem or ""
    except ValueError:
        return ""


def _bytes(file: ModelFile) -> int:
    return file.size if file.size is not None else file.size_about or 0


def _instruction(file: ModelFile, root: str) -> str:
    target = f"{root}/{file.path}"
    if file.token or not _PLAIN.fullmatch(file.path):
        return _run(file, target, f"{root}/{file.directory}")
    checksum = f" --checksum=sha256:{file.sha256}" if file.sha256 else ""
    return f"ADD{checksum} --chmod=644 \\\n    {file.url} \\\n    {target}\n"


def _run(file: ModelFile, target: str, directory: str) -> str:
    part = quote(f"{directory}/.part")
    mount = f"--mount=type=secret,id={file.token},required=true " if file.token else ""
    secret = f'-H "Authorization: Bearer $(cat /run/secrets/{file.token})" ' if file.token else ""
    steps = [
        f"RUN {mount}mkdir -p {quote(directory)}",
        f"curl -fsSL --globoff --retry 5 {secret}-o {part} {quote(file.url)}",
        *([f"echo {quote(f'{file.sha256}  {directory}/.part')} | sha256sum -c -"] if file.sha256 else []),
        f"mv -n {part} {quote(target)}",
    ]
    return " \\\n && ".join(steps) + "\n"


def _refusal(file: ModelFile) -> str:
    if bad := sorted(_NEVER & set(file.path)):
        return f"a Dockerfile may read `{bad[0]}` in its path for itself"
    return no_url(file)


FORMAT = Format(
    "a Dockerfile for RunPod's worker-comfyui",
    "Dockerfile",
    _render,
    _refusal,
    {
        "image": Setting("runpod/worker-comfyui:5.5.0-base", "the image to start from"),
        "models": Setting("/comfyui/models", "the models folder in the image"),
    },
    is_anonymous=True,
)
