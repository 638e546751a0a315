"""Files whose metadata is JSON in a header: GLB (`asset.extras`), safetensors and `.latent` (`__metadata__`)."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.workflow.containers.bytes_at import number
from wfdeps.workflow.json_text import parse
from wfdeps.workflow.limits import MAX_ENTRIES, MAX_JSON_BYTES


def glb_texts(data: bytes) -> Iterator[tuple[str, object]]:
    """Key and value of everything in the asset's extras: text, or JSON already."""
    at = 12
    for _ in range(MAX_ENTRIES):
        if at + 8 > len(data):
            return
        length = number(data, at, 4, "little")
        if data[at + 4 : at + 8] == b"JSON":
            document = parse(data[at + 8 : at + 8 + min(length, MAX_JSON_BYTES + 1)])
            asset = document.get("asset") if isinstance(document, dict) else None
            extras = asset.get("extras") if isinstance(asset, dict) else None
            yield from extras.items() if isinstance(extras, dict) else ()
            return
        at += 8 + length


def safetensors_texts(data: bytes) -> Iterator[tuple[str, object]]:
    """Key and text of the header's `__metadata__`."""
    length = number(data, 0, 8, "little")
    header = parse(data[8 : 8 + min(length, MAX_JSON_BYTES)])
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    yield from metadata.items() if isinstance(metadata, dict) else ()


def is_safetensors(data: bytes) -> bool:
    """Whether a file begins as safetensors do: the length of a JSON object, then the object."""
    return data[8:9] == b"{" and 2 <= number(data, 0, 8, "little") <= max(len(data), MAX_JSON_BYTES)
