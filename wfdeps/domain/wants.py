"""A file that a person asks for by itself, and how that ended."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from wfdeps.domain.urls import without_secrets
from wfdeps.values import dataclass


class WantSource(StrEnum):
    """Who is asked for the file."""

    CIVITAI = "civitai"
    HUGGINGFACE = "huggingface"
    URL = "url"
    """Nobody: the address is the file's own."""


@dataclass(frozen=True, slots=True)
class Want:
    """One file, as a person names it."""

    source: WantSource
    model_id: str = ""
    """Civitai's number, or Hugging Face's `owner/repository`."""
    version_id: str = ""
    """Civitai's number, or Hugging Face's revision."""
    file_id: str = ""
    """Civitai's number, or a path inside the repository."""
    url: str = ""
    """The address of a file: `url`'s, or a download of Civitai's."""
    folder_key: str = ""
    """The folder that the person named; empty: the file's header decides."""
    name: str = ""
    """The name to store the file under; empty: the source's name."""
    label: str = ""
    """What the person calls it in messages; empty: its address or its numbers."""
    sha256: str = ""

    def __str__(self) -> str:
        numbers = "".join((self.model_id, f"@{self.version_id}" if self.version_id else ""))
        return self.label or without_secrets(self.url) or f"{self.source}:{numbers or self.file_id}"


class WantState(StrEnum):
    """How a Want ended."""

    PLACED = "placed"
    PRESENT = "present"
    """The file was there before."""
    FAILED = "failed"
    UNDECIDED = "undecided"
    """A login, the network or a rate limit stood in the way: a later try may succeed."""


@dataclass(frozen=True, slots=True)
class WantResult:
    """How one Want ended, with the file that is there now or the reason why there is none."""

    want: Want
    state: WantState
    path: str = ""
    size: int | None = None
    sha256: str = ""
    verified_by: str = ""
    reason: str = ""
    hint: str = ""

    @property
    def is_good(self) -> bool:
        return self.state in (WantState.PLACED, WantState.PRESENT)


def bytes_placed(results: Iterable[WantResult]) -> int:
    """Bytes that were brought; each file once, however many Wants named it."""
    return sum(
        {result.path: result.size or 0 for result in results if result.state is WantState.PLACED}.values()
    )
