"""Which projects' files the person trusts, remembered by path and hash; and what is taken from one that is not.

Trust is of bytes: a file that changes, or that names another file which changes, is as untrusted as a new one (as direnv
does it). What it names counts because an extra_model_paths.yaml says by itself where files are written.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable

from wfdeps.disk.filesystem import whole_file
from wfdeps.disk.writing import atomic_write, entered
from wfdeps.errors import ConfigError, os_error_words
from wfdeps.values import dataclass
from wfdeps.wiring.config import PROJECT_FILE, Config
from wfdeps.wiring.config_file import Entry, bytes_of, config_of, entries_of, rule_of

_LARGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Project:
    """A project's file, and what is taken from it on top of the person's own."""

    path: str
    fingerprint: str
    """Changes with the file and with the files it names."""
    entries: tuple[Entry, ...]
    refused: tuple[Entry, ...]
    """What is not taken from it, as things stand."""
    taken: Config
    whole: Config
    """As it would be, were all of it taken."""
    is_trusted: bool
    has_changed: bool
    """It was trusted, and is another now."""


def read_project(folder: str, person: Config, state_dir: str) -> Project:
    """The file of the project in that folder, on top of the person's own. Raises ConfigError where it cannot be read."""
    path = os.path.join(os.path.realpath(folder), PROJECT_FILE)
    data = bytes_of(path)
    entries = entries_of(data, PROJECT_FILE)
    refused = tuple(entry for entry in entries if not is_taken(entry, person, folder))
    mark = _fingerprint(data, entries, folder)
    trusted = TrustBook(state_dir).marks().get(path) if refused else None
    if trusted == mark:
        refused = tuple(entry for entry in refused if not rule_of(entry).ever)
    taken = [entry for entry in entries if entry not in refused]
    return Project(
        path,
        mark,
        entries,
        refused,
        config_of(taken, person),
        config_of(entries, person),
        is_trusted=trusted == mark,
        has_changed=trusted is not None and trusted != mark,
    )


def is_taken(entry: Entry, person: Config, folder: str) -> bool:
    """Whether it is taken from a file that nobody trusts."""
    value = (entry.word, entry.value) if entry.is_own else entry.value
    return rule_of(entry).takes(value, person, folder)


def _fingerprint(data: bytes, entries: Iterable[Entry], folder: str) -> str:
    digest = hashlib.sha256(data)
    for entry in entries:
        if entry.field not in _NAMING:
            continue
        names = entry.value if isinstance(entry.value, tuple) else (entry.value,)
        for name in names:
            try:
                inner = whole_file(os.path.join(folder, os.path.expanduser(name)), _LARGEST)
            except OSError:  # not there, or no file: the job will say so
                inner = b""
            digest.update(b"\0" + hashlib.sha256(inner).digest())
    return digest.hexdigest()


_NAMING = frozenset({"extra_model_paths", "target", "policy_file", "model_list"})
"""Keys whose values may name a file."""


class TrustBook:
    """The files the person trusts: a small JSON file in the state folder, which nobody else is to write."""

    def __init__(self, state_dir: str) -> None:
        self._path = os.path.join(state_dir, "trusted.json")

    def marks(self) -> dict[str, str]:
        """Path → the fingerprint that was trusted; empty where nothing can be read."""
        try:
            document = json.loads(whole_file(self._path, _LARGEST))
        except (OSError, ValueError, RecursionError):
            return {}
        files = document.get("files") if isinstance(document, dict) else None
        if not isinstance(files, dict):
            return {}
        return {str(path): mark for path, mark in files.items() if isinstance(mark, str)}

    def trust(self, project: Project) -> None:
        """Take all of it from now on. Raises LibraryError where that cannot be remembered."""
        with entered(self._path + ".lock", alone=True):
            self._write({**self.marks(), project.path: project.fingerprint})

    def revoke(self, folder: str) -> bool:
        """Trust the project's file in that folder no longer; whether it was trusted. Raises LibraryError."""
        path = os.path.join(os.path.realpath(folder), PROJECT_FILE)
        with entered(self._path + ".lock", alone=True):
            marks = self.marks()
            was = marks.pop(path, None) is not None
            if was:
                self._write(marks)
        return was

    def _write(self, marks: dict[str, str]) -> None:
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"cannot make `{os.path.dirname(self._path)}`: {os_error_words(error)}"
            ) from error
        document = {"schema": "wfdeps/trusted/1", "files": dict(sorted(marks.items()))}
        atomic_write(self._path, json.dumps(document, indent=1, ensure_ascii=True).encode(), mode=0o600)
