"""Locks made by hand for the export tests."""

from __future__ import annotations

from typing import Any

from wfdeps.domain.locks import Lock, LockEntry, LockSource
from wfdeps.domain.resolutions import ChosenBy

HF = "https://huggingface.co/Comfy-Org/flux1-dev/resolve/main/flux1-dev-fp8.safetensors"
CIVITAI = "https://civitai.com/api/download/models/135867"
OPEN = "https://models.example.org/files"


def entry(path: str, *urls: str, **fields: Any) -> LockEntry:
    """An entry for `folder/name`; `sha256` is made of the path unless given."""
    from hashlib import sha256

    folder, _, name = path.partition("/")
    given: dict[str, Any] = {
        "name": name,
        "folder": folder,
        "path": path,
        "sha256": sha256(path.encode()).hexdigest(),
        "size": 1000,
        "air": None,
        "sources": tuple(LockSource("url", url) for url in urls),
        "used_by": ("w.json#1:name",),
        "chosen_by": ChosenBy.HASH,
        "evidence": (),
    }
    return LockEntry(**{**given, **fields})


def lock(*entries: LockEntry, **fields: Any) -> Lock:
    return Lock(workflows=(("w.json", "0" * 64),), entries=entries, **fields)


def mixed_lock() -> Lock:
    """What a real lock holds: a checkpoint of Hugging Face's, a LoRA of Civitai's, one without a hash, one in a subfolder,
    a name with a blank, a detector whose folder has two parts."""
    return lock(
        entry("checkpoints/flux1-dev-fp8.safetensors", HF, size=17_246_524_772, air="urn:air:flux1:checkpoint:huggingface:x"),
        entry("diffusion_models/wan/high.safetensors", f"{OPEN}/high.safetensors", size=14_000_000_000),
        entry("loras/add-detail-xl.safetensors", CIVITAI, size=228_452_684, air="urn:air:sdxl:lora:civitai:122359@135867"),
        entry("loras/style/add detail.safetensors", f"{OPEN}/add%20detail.safetensors"),
        entry("ultralytics_bbox/face.pt", f"{OPEN}/face.pt"),
        entry("vae/ae.safetensors", "https://huggingface.co/a/b/resolve/0123abc/split/ae.safetensors", sha256=None, size=None),
    )  # fmt: skip
