"""`weights:` of a Baseten truss (truss 0.18.36): repositories of Hugging Face, each mounted at a place of its own.

A mounted repository keeps its folders, and two sources may not share a mount: `link-models.sh` links each file to where
ComfyUI looks for it.
"""

from __future__ import annotations

from shlex import quote

from wfdeps.exports.hf import hub_file, not_on_the_hub
from wfdeps.exports.remarks import comments, head, remark
from wfdeps.exports.shell_words import line
from wfdeps.exports.values import Bundle, Format, ModelFile, Setting, TextFile
from wfdeps.exports.yaml_out import yaml_block

_MOUNTS = "/app/weights"


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    weights: dict[str, list[str]] = {}
    links = []
    for file in bundle.files:
        link = hub_file(file)
        assert link is not None  # refused otherwise
        source = f"hf://{link.repository}@{link.revision}"
        weights.setdefault(source, []).append(link.path)
        links.append(
            f"mkdir -p -- {quote(f'models/{file.directory}')}\n"
            + line("ln", "-sn", "--", f"{_mount(source)}/{link.path}", f"models/{file.path}")
        )
    rows = [
        {"source": source, "mount_location": _mount(source), "allow_patterns": sorted(set(paths))}
        for source, paths in sorted(weights.items())
    ]
    top = comments([*head(bundle, "config.yaml of a truss"), *map(remark, bundle.files)])
    text = yaml_block({"model_name": bundle.options["name"], "weights": rows})
    script = comments(["Run it once in ComfyUI's folder."]) + 'set -eu\ncd -- "${1:-.}"\n' + "".join(links)
    return TextFile(FORMAT.file_name, top + text), TextFile("link-models.sh", f"#!/bin/sh\n{script}")


def _mount(source: str) -> str:
    """`hf://org/repo@main` → `/app/weights/org--repo--main`: one place for each repository and revision."""
    return f"{_MOUNTS}/{source.removeprefix('hf://').replace('/', '--').replace('@', '--')}"


def _refusal(file: ModelFile) -> str:
    link = hub_file(file)
    if link and set(link.path) & set("*?[]"):
        return "its path in the repository has a wildcard or a bracket, which `allow_patterns` would not take literally"
    return not_on_the_hub(file)


FORMAT = Format(
    "config.yaml of a Baseten truss, with link-models.sh",
    "config.yaml",
    _render,
    _refusal,
    {"name": Setting("comfyui", "the truss's `model_name`")},
)
