"""A recipe for Modal: an image whose models are synced from the lock into a Volume. Checked against modal 1.6.4's own
classes, never run on Modal."""

from __future__ import annotations

from wfdeps import __version__
from wfdeps.exports.remarks import comments, head, remark
from wfdeps.exports.values import Bundle, Format, Setting, TextFile

_RECIPE = '''\
import subprocess

import modal

MODELS = "/root/comfy/ComfyUI/models"
STORE = "/models-store"
store = modal.Volume.from_name({volume}, create_if_missing=True)


def sync_models() -> None:
    """Fetches what the Volume lacks, verifies it, and links it into ComfyUI's folders."""
    command = ["wfdeps", "sync", "/root/wfdeps.lock", "--locked", "--no-input"]
    subprocess.run([*command, "--store", STORE, "--models", MODELS], check=True)


image = (
    modal.Image.debian_slim(python_version="3.12")
    .pip_install({package})
    .add_local_file("wfdeps.lock", "/root/wfdeps.lock", copy=True)
    .run_function(sync_models, volumes={{STORE: store}}{secrets})
)
app = modal.App({app}, image=image)
'''


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    """Texts of a person go in as Python literals."""
    top = head(
        bundle, "Modal recipe", "It needs wfdeps.lock beside it, and mounts the Volume at /models-store."
    )
    needs_token = any(file.token for file in bundle.files)
    secrets = f", secrets=[modal.Secret.from_name({bundle.options['secret']!r})]" if needs_token else ""
    recipe = _RECIPE.format(
        volume=repr(bundle.options["volume"]),
        app=repr(bundle.options["app"]),
        package=repr(f"wfdeps=={__version__}"),
        secrets=secrets,
    )
    return (TextFile(FORMAT.file_name, comments([*top, *map(remark, bundle.files)]) + recipe),)


FORMAT = Format(
    "a recipe for Modal: a Volume synced from the lock",
    "comfyui_modal.py",
    _render,
    lambda file: "",
    {
        "volume": Setting("comfy-models", "the Volume's name"),
        "secret": Setting("civitai", "the Modal Secret that holds CIVITAI_API_TOKEN"),
        "app": Setting("comfyui", "the App's name"),
    },
)
