"""ComfyUI-Manager's `model-list.json` (4.3): each entry has exactly nine keys, and no hash."""

from __future__ import annotations

import json

from wfdeps.domain.air import Air
from wfdeps.domain.folders import model_type_of
from wfdeps.errors import UsageError
from wfdeps.exports.importing import document_of_json
from wfdeps.exports.remarks import no_open_url
from wfdeps.exports.values import Bundle, ForeignFile, Format, LeftOut, ModelFile, Reader, TextFile


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    text = json.dumps({"models": [_row(file) for file in bundle.files]}, indent=2, ensure_ascii=False) + "\n"
    return (TextFile(FORMAT.file_name, text),)


def _row(file: ModelFile) -> dict[str, str]:
    return {
        "name": file.name.rpartition(".")[0] or file.name,
        "type": model_type_of(file.folder).value,
        "base": _base(file),
        "save_path": file.directory,
        "description": f"from a wfdeps lock{f', SHA-256 {file.sha256}' if file.sha256 else ''}",
        "reference": file.page or file.url,
        "filename": file.name,
        "url": file.url,
        "size": "" if file.size is None else _size(file.size),
    }


def _base(file: ModelFile) -> str:
    try:
        return Air.parse(file.air or "").ecosystem or ""
    except ValueError:
        return ""


def _size(size: int) -> str:
    """As the Manager's list writes it: `4.71MB`, `6.46GB`, of 1,024 each."""
    for unit, bytes_each in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= bytes_each:
            return f"{size / bytes_each:.2f}{unit}"
    return f"{size}B"


FORMAT = Format(
    "a model-list.json for ComfyUI-Manager", "model-list.json", _render, no_open_url, is_anonymous=True
)


def _read(text: str) -> tuple[ForeignFile | LeftOut, ...]:
    models = document_of_json(text, "model-list.json").get("models")
    if not isinstance(models, list):
        raise UsageError("a model list has its entries under `models`")
    return tuple(_foreign(row, number) for number, row in enumerate(models, 1))


def _foreign(row: object, number: int) -> ForeignFile | LeftOut:
    """The list's size is rounded, so it is not taken for one."""
    texts = (
        {key: row.get(key) for key in ("name", "filename", "save_path", "url")}
        if isinstance(row, dict)
        else {}
    )
    name, folder, url = texts.get("filename"), texts.get("save_path"), texts.get("url")
    if not isinstance(name, str) or not isinstance(folder, str) or not isinstance(url, str):
        return LeftOut(f"models[{number}]", "it has no `filename`, `save_path` and `url`")
    if folder in ("", "default"):
        return LeftOut(name, "its folder is left to ComfyUI-Manager (`default`)")
    if name.startswith("<"):
        return LeftOut(name, "it stands for a whole repository")
    return ForeignFile(f"models/{folder}/{name}", (url,))


READER = Reader(
    "ComfyUI-Manager's model-list.json",
    lambda name, text: '"save_path"' in text and '"models"' in text,
    _read,
)
