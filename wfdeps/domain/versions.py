"""Files of the library whose sidecars tell their model and version at Civitai, and the versions that are newer."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from wfdeps.domain.files import LocalFile
    from wfdeps.domain.pages import ModelPage, VersionPage


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One file of the library that wfdeps placed from Civitai."""

    file: LocalFile
    sidecar: Mapping[str, Any]
    """Holds `model_id` and `version_id`, both whole numbers above 0."""

    @property
    def label(self) -> str:
        return f"{self.file.folder_key}/{self.file.name}"

    @property
    def model_id(self) -> int:
        return int(self.sidecar["model_id"])

    @property
    def version_id(self) -> int:
        return int(self.sidecar["version_id"])

    @property
    def version(self) -> str:
        return str(self.sidecar.get("version") or self.version_id)

    @property
    def previous(self) -> list[dict[str, Any]]:
        """Sidecars of the versions before, the latest last."""
        rows = self.sidecar.get("previous")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


@dataclass(frozen=True, slots=True)
class NewerVersions:
    """The versions of one file's model that came after it, newest first."""

    known: KnownFile
    model: ModelPage
    versions: tuple[VersionPage, ...]
    """For the same base model."""
    others: tuple[VersionPage, ...] = ()
    """For another base model: what the file is used with would not work with them."""
