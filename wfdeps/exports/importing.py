"""Foreign text → a lock: documents read whatever they hold, paths and hashes checked, what is not known left unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.folders import ALIASES, FOLDER_KEYS
from wfdeps.domain.locks import Lock, LockEntry, LockSource
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.errors import UnsafePathError, UsageError
from wfdeps.exports.checked import public_url
from wfdeps.exports.values import ForeignFile, Imported, LeftOut
from wfdeps.match.links import civitai_link, huggingface_link, plain_url
from wfdeps.planning.layout import safe_relative
from wfdeps.yaml_text import YamlTextError, parse_yaml


def document_of_json(text: str, what: str) -> Mapping[str, Any]:
    """The object a JSON text is. Raises UsageError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{what} is no JSON: {error}") from error
    return _mapping(document, what)


def document_of_yaml(text: str, what: str) -> Mapping[str, Any]:
    """The mapping a YAML text is. Raises UsageError."""
    try:
        document = parse_yaml(text)
    except YamlTextError as error:
        raise UsageError(f"{what} is no YAML: {error}") from error
    return _mapping(document, what)


def _mapping(document: object, what: str) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        raise UsageError(f"{what} is no mapping")
    return document


def lock_of(found: Iterable[ForeignFile | LeftOut], told_by: str) -> Imported:
    """A lock of what a foreign file names. `told_by` is the file's name, for the evidence.

    Not taken, with the reason: unsafe paths, paths in no model folder, hashes that are none, two entries for one path
    that differ. A file that nobody knows a URL for is an open end of the lock, for a search to settle.
    """
    entries: dict[tuple[str, str], LockEntry] = {}
    left_out: list[LeftOut] = []
    clashing: set[tuple[str, str]] = set()
    unresolved: set[str] = set()
    for file in found:
        if isinstance(file, LeftOut):
            left_out.append(file)
            continue
        try:
            entry = _entry(file, told_by)
        except (UnsafePathError, ValueError) as error:
            left_out.append(
                LeftOut(file.path, error.message if isinstance(error, UnsafePathError) else str(error))
            )
            continue
        if bad := [url for url in file.urls if public_url(plain_url(url)) is None]:
            left_out.append(LeftOut(file.path, f"{len(bad)} of its URLs is not https, or not for everybody"))
        key = entry.key
        if not entry.sources and entry.sha256 is None:
            unresolved.add("/".join(key))
        elif key in entries and entries[key] != entry:
            clashing.add(key)
        else:
            entries[key] = entry
    left_out += [
        LeftOut("/".join(key), "it is named more than once, and differently") for key in sorted(clashing)
    ]
    settled = {key: entry for key, entry in entries.items() if key not in clashing}
    lock = Lock(
        workflows=(),
        entries=tuple(settled[key] for key in sorted(settled)),
        unresolved=tuple(sorted(unresolved - {"/".join(key) for key in settled})),
    )
    return Imported(lock, tuple(left_out))


def _entry(file: ForeignFile, told_by: str) -> LockEntry:
    """The lock's entry. Raises UnsafePathError, or ValueError for a folder or a hash that is none."""
    folder, name = folder_and_name(file.path)
    urls = dict.fromkeys(plain for url in file.urls if public_url(plain := plain_url(url)))
    return LockEntry(
        name=name,
        folder=folder,
        path=f"{folder}/{name}",
        sha256=Digest.of(Algorithm.SHA256, file.sha256).value if file.sha256 else None,
        size=file.size,
        air=None,
        sources=tuple(LockSource(_site(url), url) for url in urls),
        used_by=(),
        chosen_by=ChosenBy.URL,
        evidence=(f"named by {told_by}",),
    )


def _site(url: str) -> str:
    """What the lock calls the source."""
    return "civitai" if civitai_link(url) else "huggingface" if huggingface_link(url) else "url"


def folder_and_name(path: str) -> tuple[str, str]:
    """The folder key and the name below it of a path anywhere above or below `models/`.

        >>> folder_and_name("/comfyui/models/unet/wan/x.safetensors")
        ('diffusion_models', 'wan/x.safetensors')

    Raises UnsafePathError, and ValueError for a path that leads into no model folder.
    """
    parts = safe_relative(path.replace("\\", "/").lstrip("/")).parts
    below = parts.index("models") + 1 if "models" in parts[:-1] else 0
    if "custom_nodes" in parts[:below]:
        raise ValueError("it is in a folder of a custom node's own")
    parts = parts[below:]
    for length in range(len(parts) - 1, 0, -1):
        if key := _KEY_OF_DIRECTORY.get("/".join(parts[:length])):
            return key, "/".join(parts[length:])
    if not below or len(parts) < 2:
        raise ValueError("it is in no model folder")
    return parts[0], "/".join(parts[1:])  # a folder nobody lists is its own key, as packs do it


_KEY_OF_DIRECTORY = {
    **ALIASES,
    **{row.key: row.key for row in FOLDER_KEYS.values()},
    **{directory: row.key for row in FOLDER_KEYS.values() for directory in row.directories},
}
"""Below `models/` → the folder key: its directories, ComfyUI's older names, and the key itself."""
