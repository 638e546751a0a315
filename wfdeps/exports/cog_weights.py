"""replicate/cog-comfyui's `weights.json`: `{"CHECKPOINTS": [names], …}`. Names only: each is an open end of the lock."""

from __future__ import annotations

from wfdeps.exports.importing import document_of_json
from wfdeps.exports.values import ForeignFile, LeftOut, Reader


def _read(text: str) -> tuple[ForeignFile | LeftOut, ...]:
    found: list[ForeignFile | LeftOut] = []
    for folder, names in document_of_json(text, "weights.json").items():
        if not isinstance(names, list):
            found.append(LeftOut(folder, "it is no list of names"))
            continue
        for name in names:
            if isinstance(name, str):
                found.append(ForeignFile(f"models/{folder.lower()}/{name}"))
            else:
                found.append(LeftOut(folder, "one of its names is no text"))
    return tuple(found)


READER = Reader(
    "cog-comfyui's weights.json",
    lambda name, text: text.lstrip().startswith("{") and '"CHECKPOINTS"' in text,
    _read,
)
