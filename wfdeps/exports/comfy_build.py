"""`comfy-build.yaml` of comfy-cli 1.23.0 (`build_spec.py`, `build_validation.py`).

Its builder fetches anonymously: a file of Civitai's would pass `comfy build validate` and fail in the cloud.
"""

from __future__ import annotations

import re

from wfdeps.errors import UsageError
from wfdeps.exports.importing import document_of_yaml
from wfdeps.exports.remarks import comments, head, no_open_url, remark
from wfdeps.exports.values import Bundle, ForeignFile, Format, LeftOut, ModelFile, Reader, Setting, TextFile
from wfdeps.exports.yaml_out import yaml_block

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_MOST_MODELS = 512
_RESERVED_ROOTS = frozenset({"configs", "custom_nodes"})


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    if len(bundle.files) > _MOST_MODELS:
        raise UsageError(
            f"comfy-build.yaml holds {_MOST_MODELS} models at most, and the lock has {len(bundle.files)}"
        )
    models = [
        {
            "type": file.directory,
            "filename": file.name,
            **({"sha256": file.sha256} if file.sha256 else {}),
            **_source(file),
        }
        for file in sorted(bundle.files, key=lambda file: (file.directory, file.name))
    ]
    text = yaml_block(
        {
            "schema": "comfy-build/1",
            "id": None,
            "name": bundle.options["name"],
            "description": "",
            "syncedRevision": None,
            "definition": {
                "schema": "distribution-definition/0",
                "baseComfyVersion": bundle.options["comfyui"],
                "models": models,
                "customNodes": [],
            },
        }
    )
    top = comments([*head(bundle, "comfy-build.yaml"), *map(remark, bundle.files)])
    return (TextFile(FORMAT.file_name, top + text),)


def _source(file: ModelFile) -> dict[str, str]:
    """Where the builder has it from; `localPath` is relative to comfy-cli's `--models-dir`."""
    if file.open_urls:
        return {"sourceUri": file.url}
    return {"source": "local", "localPath": file.path}


def _refusal(file: ModelFile) -> str:
    segments = file.directory.split("/")
    if segments[0].lower() in _RESERVED_ROOTS:
        return f"comfy-build takes no models in `{segments[0]}`"
    for part in (*segments, file.name):
        if not _SEGMENT.fullmatch(part) or part.endswith("."):
            return f"comfy-build takes no name with a blank, a bracket or another sign than A-Z a-z 0-9 . _ -: `{part}`"
    if ".." in file.name:
        return "comfy-build takes no file name with `..`"
    if len(file.directory) > 255:
        return "its folder is longer than 255 characters"
    reason = no_open_url(file)
    return "" if file.is_here else reason and f"{reason}; --with upload=DIR takes it from your models folder"


FORMAT = Format(
    "comfy-build.yaml of comfy-cli",
    "comfy-build.yaml",
    _render,
    _refusal,
    {
        "name": Setting("wfdeps", "the build's name"),
        "upload": Setting(
            "", "your models folder: what cannot be fetched without a login is uploaded from there"
        ),
        "comfyui": Setting("v0.3.40", "`baseComfyVersion`: a tag, a branch or a commit of ComfyUI"),
    },
    is_anonymous=True,
)


def _read(text: str) -> tuple[ForeignFile | LeftOut, ...]:
    document = document_of_yaml(text, "comfy-build.yaml")
    definition = document.get("definition")
    models = definition.get("models") if isinstance(definition, dict) else None
    if not isinstance(models, list):
        raise UsageError("comfy-build.yaml has its models under `definition.models`")
    return tuple(_model(row, number) for number, row in enumerate(models, 1))


def _model(row: object, number: int) -> ForeignFile | LeftOut:
    if not isinstance(row, dict) or not isinstance(row.get("type"), str):
        return LeftOut(f"models[{number}]", "it has no `type`")
    url = row.get("sourceUri")
    name = row.get("filename") or (url.rpartition("/")[2] if isinstance(url, str) else None)
    if not isinstance(name, str) or not name:
        return LeftOut(f"models[{number}]", "it has no `filename`")
    urls = (url,) if isinstance(url, str) else ()
    sha256 = row.get("sha256")
    return ForeignFile(f"models/{row['type']}/{name}", urls, sha256 if isinstance(sha256, str) else None)


READER = Reader(
    "comfy-build.yaml", lambda name, text: "comfy-build/1" in text and "definition" in text, _read
)
