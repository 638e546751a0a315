"""What an export is made of, and what a format has to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wfdeps.domain.locks import Lock
from wfdeps.values import dataclass, field


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a lock whose path and URLs were checked."""

    folder: str
    """ComfyUI's folder key."""
    directory: str
    """Below `models/`, where the file goes: the key's directory and what subfolders the name has, with `/`."""
    name: str
    """The last part of its path."""
    sha256: str | None
    size: int | None
    """Bytes, exact; None where the lock does not know them."""
    urls: tuple[str, ...]
    """https, in the order to try; without secrets, and of characters that a URL may hold only."""
    tokens: tuple[str, ...] = ()
    """For each URL the environment variable of the token it needs; empty where it needs none."""
    size_about: int | None = None
    """Bytes as the source tells them, rounded, where `size` is unknown."""
    air: str | None = None
    page: str | None = None
    used_by: tuple[str, ...] = ()
    is_here: bool = False
    """Whether it lies below the models folder that the person named for uploads."""

    @property
    def path(self) -> str:
        """Relative to `models/`, with `/`."""
        return f"{self.directory}/{self.name}"

    @property
    def open_urls(self) -> tuple[str, ...]:
        """The URLs that need no token, in the order to try."""
        return tuple(url for url, token in zip(self.urls, self.tokens, strict=True) if not token)

    @property
    def token(self) -> str:
        """The variable of the token that the first URL needs, where every URL needs one; else empty."""
        return self.tokens[0] if self.tokens and all(self.tokens) else ""

    @property
    def url(self) -> str:
        """The URL to fetch it from: the first without a token, else the first; empty where the lock knows none."""
        return next(iter((*self.open_urls, *self.urls)), "")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a format does not carry, or a foreign file did not tell: which file or line, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that a format renders: the files it carries, sorted by path, and what it does not."""

    files: tuple[ModelFile, ...]
    left_out: tuple[LeftOut, ...]
    lock: Lock
    options: Mapping[str, str]
    """Every option of the format, with its default where nobody set it."""
    notes: tuple[str, ...] = ()
    """What a person should know of the files that are carried."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """One file of an export."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Setting:
    """An option of a format: what it means, and its value where nobody sets it."""

    default: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Format:
    """A format that a lock can be exported to. A plug-in's entry point in the group `wfdeps.exports` is one of these."""

    summary: str
    file_name: str
    """What the main file is called where nobody names it."""
    render: Callable[[Bundle], tuple[TextFile, ...]]
    """The files, the main one first. Raises UsageError for an option that cannot be used."""
    refusal: Callable[[ModelFile], str]
    """Why the format cannot carry a file, as a clause; empty where it can."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    is_anonymous: bool = False
    """Whether it fetches files of Hugging Face's without a login, even from a gated repository."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A lock made of a foreign file, and what could not be taken from it."""

    lock: Lock
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """One model that a foreign file names, as it stands there: nothing is checked."""

    path: str
    """Where it goes, anywhere above or below `models/`."""
    urls: tuple[str, ...] = ()
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """A foreign format that can be imported."""

    summary: str
    recognises: Callable[[str, str], bool]
    """Whether a file of this name and text is in the format."""
    read: Callable[[str], tuple[ForeignFile | LeftOut, ...]]
    """The models the text names. Raises UsageError where it is not in the format."""
