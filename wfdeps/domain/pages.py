"""What a site shows of a model: its page, its versions, and the files of each."""

from __future__ import annotations

from wfdeps.domain.access import Access
from wfdeps.domain.candidates import Candidate
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One release of a model."""

    version_id: int
    name: str
    base_model: str | None
    published: str | None
    """ISO 8601."""
    notes: str
    """What its creator wrote about it, as plain text of one or more lines; hostile until made visible."""
    trained_words: tuple[str, ...]
    access: Access
    files: tuple[Candidate, ...]
    """In the site's order; none where it is archived."""

    @property
    def main_file(self) -> Candidate | None:
        """The file a person means who names only the version."""
        primary = next((file for file in self.files if file.is_primary), None)
        return primary or next(iter(self.files), None)


@dataclass(frozen=True, slots=True)
class ModelPage:
    """A model with the versions that were asked for, newest first."""

    model_id: int | None
    name: str
    source_type: str
    """The site's own word: `Checkpoint`, `LORA` …"""
    creator: str | None
    downloads: int | None
    likes: int | None
    licence: tuple[str, ...]
    page: str
    versions: tuple[VersionPage, ...]
