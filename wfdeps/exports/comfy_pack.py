"""comfy-pack's `snapshot.json` (0.4.4, `package.py`): its `models[]`, which it fetches and keeps by SHA-256."""

from __future__ import annotations

import json
from typing import Any

from wfdeps.errors import UsageError
from wfdeps.exports.importing import document_of_json
from wfdeps.exports.remarks import no_hash, no_open_url
from wfdeps.exports.values import Bundle, ForeignFile, Format, LeftOut, ModelFile, Reader, Setting, TextFile
from wfdeps.match.links import civitai_link, huggingface_link


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    document = {
        "python": bundle.options["python"],
        "comfyui": bundle.options["comfyui"],
        "custom_nodes": [],
        "models": [_model(file) for file in bundle.files],
    }
    return (TextFile(FORMAT.file_name, json.dumps(document, indent=2, ensure_ascii=False) + "\n"),)


def _model(file: ModelFile) -> dict[str, Any]:
    source: dict[str, str] = {"download_url": file.url}
    if link := huggingface_link(file.url):
        source |= {
            "source": "huggingface",
            "repo": link.repository,
            "commit": link.revision,
            "path": link.path,
        }
    elif civitai_link(file.url):
        source["source"] = "civitai"
    size = {} if file.size is None else {"size": file.size}
    return {
        "filename": f"models/{file.path}", "sha256": file.sha256, **size, "disabled": False, "source": source
    }  # fmt: skip


def _refusal(file: ModelFile) -> str:
    return no_hash(file) or no_open_url(file)


FORMAT = Format(
    "snapshot.json of comfy-pack, its models only",
    "snapshot.json",
    _render,
    _refusal,
    {
        "python": Setting("3.11", "the Python version of the snapshot"),
        "comfyui": Setting("", "the commit of ComfyUI"),
    },
    is_anonymous=True,
)


def _read(text: str) -> tuple[ForeignFile | LeftOut, ...]:
    models = document_of_json(text, "snapshot.json").get("models")
    if not isinstance(models, list):
        raise UsageError("a comfy-pack snapshot has its files under `models`")
    return tuple(_foreign(row, number) for number, row in enumerate(models, 1))


def _foreign(row: object, number: int) -> ForeignFile | LeftOut:
    if not isinstance(row, dict) or not isinstance(row.get("filename"), str):
        return LeftOut(f"models[{number}]", "it has no `filename`")
    source = row.get("source")
    urls = [source.get(key) for key in ("download_url", "url")] if isinstance(source, dict) else []
    sha256, size = row.get("sha256"), row.get("size")
    return ForeignFile(
        row["filename"],
        tuple(dict.fromkeys(url for url in urls if isinstance(url, str) and url)),
        sha256 if isinstance(sha256, str) else None,
        size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
    )


READER = Reader(
    "comfy-pack's snapshot.json", lambda name, text: '"models"' in text and '"sha256"' in text and '"custom_nodes"' in text, _read
)  # fmt: skip
