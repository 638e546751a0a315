"""The manifest of SaladTechnologies/comfyui-api (src/config.ts at 4dfc930): URLs and paths, no hashes, no logins."""

from __future__ import annotations

from wfdeps.exports.remarks import comments, head, no_open_url, remark
from wfdeps.exports.values import Bundle, Format, TextFile
from wfdeps.exports.yaml_out import yaml_block


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    top = comments(
        head(bundle, "Salad comfyui-api manifest", "It holds no hashes: the server does not check them.")
    )
    remarks = comments(remark(file) for file in bundle.files)
    models = [{"url": file.url, "local_path": f"models/{file.path}"} for file in bundle.files]
    text = yaml_block({"models": {"before_start": models}})
    return (TextFile(FORMAT.file_name, top + remarks + text),)


FORMAT = Format("the manifest of Salad's comfyui-api", "manifest.yaml", _render, no_open_url)
