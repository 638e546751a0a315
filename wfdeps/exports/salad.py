"""The manifest of SaladTechnologies/comfyui-api (src/config.ts at 4dfc930): URLs and paths, no hashes, no logins."""

from __future__ import annotations

from wfdeps.errors import UsageError
from wfdeps.exports.importing import document_of_yaml
from wfdeps.exports.remarks import comments, head, no_open_url, remark
from wfdeps.exports.values import Bundle, ForeignFile, Format, LeftOut, Reader, TextFile
from wfdeps.exports.yaml_out import yaml_block


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    top = comments(
        head(bundle, "Salad comfyui-api manifest", "It holds no hashes: the server does not check them.")
    )
    remarks = comments(remark(file) for file in bundle.files)
    models = [{"url": file.url, "local_path": f"models/{file.path}"} for file in bundle.files]
    text = yaml_block({"models": {"before_start": models}})
    return (TextFile(FORMAT.file_name, top + remarks + text),)


FORMAT = Format(
    "the manifest of Salad's comfyui-api", "manifest.yaml", _render, no_open_url, is_anonymous=True
)


def _read(text: str) -> tuple[ForeignFile | LeftOut, ...]:
    """YAML, and so JSON too: the server takes both."""
    models = document_of_yaml(text, "the manifest").get("models")
    if not isinstance(models, dict):
        raise UsageError("a Salad manifest has its files under `models`")
    found: list[ForeignFile | LeftOut] = []
    for moment in ("before_start", "after_start"):
        rows = models.get(moment)
        for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
            url, path = (row.get("url"), row.get("local_path")) if isinstance(row, dict) else (None, None)
            if isinstance(url, str) and isinstance(path, str):
                found.append(ForeignFile(path, (url,)))
            else:
                found.append(LeftOut(f"{moment}[{number}]", "it has no `url` and `local_path`"))
    return tuple(found)


READER = Reader(
    "the manifest of Salad's comfyui-api",
    lambda name, text: "local_path" in text and ("before_start" in text or "after_start" in text),
    _read,
)
