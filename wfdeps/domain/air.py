"""AIR: `urn:air:{ecosystem}:{type}:{source}:{id}@{version}+{file}.{format}`.

Every part but source and id may be missing, `urn:` and `air:` too. Source: npm `@civitai/client`'s pattern
and developer.civitai.com; what the two leave open is read loosely and written strictly.
"""

from __future__ import annotations

import re

from wfdeps.patterns import pattern
from wfdeps.values import dataclass

_WORD = r"[A-Za-z0-9_\-/]+"
_AIR = pattern(
    rf"^(?:urn:)?(?:air:)?(?:(?P<ecosystem>{_WORD}):)?(?:(?P<type>{_WORD}):)?(?P<source>{_WORD}):"
    r"(?P<id>[A-Za-z0-9_\-.][A-Za-z0-9_\-/.]*?)(?:@(?P<version>[A-Za-z0-9_\-.]+?))?(?:\+(?P<file>\d+))?"
    r"(?:\.(?P<format>safetensors?|ckpt|pt|pth|bin|gguf|onnx|diffusers|zip|other))?$",
    re.IGNORECASE,
)
AIR_ANYWHERE = pattern(
    r"\burn:air:[A-Za-z0-9_\-/]+:[A-Za-z0-9_\-/]+:[A-Za-z0-9_\-/]+:[A-Za-z0-9_\-/.@+]+", re.I
)
"""Finds full URNs inside any text."""


@dataclass(frozen=True, slots=True)
class Air:
    """A name for one model, version or file, at one source."""

    source: str
    id: str
    version: str | None = None
    file: str | None = None
    ecosystem: str | None = None
    type: str | None = None
    format: str | None = None

    @classmethod
    def parse(cls, text: str) -> Air:
        """Read an AIR, with or without `urn:air:`. Raises ValueError where it is none."""
        match = _AIR().match(text.strip())
        if match is None:
            raise ValueError(f"not an AIR: `{text}`")
        part = match.groupdict()
        lower = {key: (part[key].lower() if part[key] else None) for key in ("ecosystem", "type", "format")}
        return cls(part["source"].lower(), part["id"], part["version"], part["file"], **lower)

    def __str__(self) -> str:
        text = "urn:air:" + ":".join(
            [*(part for part in (self.ecosystem, self.type) if part), self.source, self.id]
        )
        text += f"@{self.version}" if self.version else ""
        text += f"+{self.file}" if self.file else ""
        return text + (f".{self.format}" if self.format else "")

    @property
    def model_id(self) -> int | None:
        """Civitai's number of the model, None elsewhere."""
        return int(self.id) if self.source == "civitai" and self.id.isdecimal() else None

    @property
    def version_id(self) -> int | None:
        """Civitai's number of the version, None where the AIR names none."""
        return (
            int(self.version)
            if self.source == "civitai" and self.version and self.version.isdecimal()
            else None
        )

    @property
    def file_id(self) -> int | None:
        """Civitai's number of the file, None where the AIR names none."""
        return int(self.file) if self.file and self.file.isdecimal() else None


def air_of(text: str) -> Air | None:
    """The AIR a text is, in full or as `civitai:ID@VERSION`; None for any other."""
    if not text.lower().startswith(("urn:air:", "air:", "civitai:")):
        return None
    try:
        return Air.parse(text)
    except ValueError:
        return None
