"""Trusting a project's own config file: seeing what it says, taking it, taking it no longer."""

from __future__ import annotations

import os

from wfdeps.errors import ConfigError
from wfdeps.values import dataclass
from wfdeps.wiring.config import PROJECT_FILE, Config
from wfdeps.wiring.config_file import Entry, rule_of
from wfdeps.wiring.settings import Settings
from wfdeps.wiring.trust import Project, TrustBook, is_taken, read_project


@dataclass(frozen=True, slots=True)
class Trusted:
    """What trusting a file came to."""

    path: str
    asked: tuple[Entry, ...]
    """What it says that no project may say by itself: what trust is for."""
    never: tuple[Entry, ...]
    """What is not taken from it, trusted or not."""
    was_trusted: bool


def trust_project(folder: str, settings: Settings) -> Trusted:
    """Take all that the project's file in that folder says. Raises ConfigError where there is none or it cannot be read."""
    project = _read(folder, settings)
    asked = tuple(entry for entry in project.entries if _needs_trust(entry, project))
    never = tuple(entry for entry in project.entries if not rule_of(entry).ever)
    if asked and not project.is_trusted:
        TrustBook(settings.state_dir).trust(project)
    return Trusted(project.path, asked, never, project.is_trusted)


def revoke_trust(folder: str, settings: Settings) -> bool:
    """Whether the file there was trusted; it is no longer."""
    return TrustBook(settings.state_dir).revoke(folder)


def trusted_files(settings: Settings) -> tuple[str, ...]:
    """The paths of all that were trusted, sorted."""
    return tuple(sorted(TrustBook(settings.state_dir).marks()))


def _needs_trust(entry: Entry, project: Project) -> bool:
    return rule_of(entry).ever and not is_taken(entry, Config(), os.path.dirname(project.path))


def _read(folder: str, settings: Settings) -> Project:
    if not os.path.isfile(os.path.join(folder, PROJECT_FILE)):
        raise ConfigError(f"no `{PROJECT_FILE}` in `{folder}`")
    return read_project(folder, Config(), settings.state_dir)
