"""`extra_model_paths.yaml`: what ComfyUI reads from it, to the letter, and what its writer probably meant otherwise.

Source: ComfyUI `utils/extra_config.py`. `~` and `$VAR` work in `base_path` alone; values are split into lines and
not stripped; a null or a list as value stops ComfyUI at start. We go on where it stops, and say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from wfdeps import TYPE_CHECKING
from wfdeps.domain.folders import ALIASES, FOLDER_KEYS, LEGACY, WITHOUT_MODELS, canonical_key
from wfdeps.domain.refs import STOPS_COMFYUI, Notice
from wfdeps.patterns import pattern
from wfdeps.values import dataclass
from wfdeps.yaml_text import parse_yaml, repeated_keys

if TYPE_CHECKING:
    from types import ModuleType

_DRIVE = pattern(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True, slots=True)
class ExtraPath:
    """One line of the file: search this directory for that key, in front or at the end."""

    key: str
    """As written; `unet` is still `unet`."""
    path: str
    is_default: bool
    section: str
    base: str = ""
    """The directory below which its section puts it, else the parent of an absolute path; empty for one beside the file."""


@dataclass(frozen=True, slots=True)
class ExtraPaths:
    """What one file adds, in its order, and what is odd about it."""

    file: str
    entries: tuple[ExtraPath, ...] = ()
    notices: tuple[Notice, ...] = ()


def read_extra_paths(path: str) -> ExtraPaths:
    """What the file at `path` adds. A file that cannot be read adds nothing and has a notice."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        document = parse_yaml(text, as_python=True)
    except (OSError, ValueError) as error:
        return ExtraPaths(path, (), (_stop(path, f"cannot be read ({_why(error)})"),))
    found = parse_extra_paths(document, path)
    repeated = tuple(
        Notice("extra_paths_repeated_key", f"{path}: `{key}` is there twice, and only the last one counts")
        for key in repeated_keys(text)
    )
    return ExtraPaths(path, found.entries, (*found.notices, *repeated))


def parse_extra_paths(document: object, path: str, system: ModuleType = os.path) -> ExtraPaths:
    """The entries of a parsed document; `path` is what relative paths are relative to.

    `system` is `ntpath` or `posixpath` for a machine that is not this one.
    """
    if not isinstance(document, dict):
        if _is_empty(document):  # ComfyUI starts: it has nothing to go through
            return ExtraPaths(path, (), (Notice("extra_paths_nothing", f"{path} holds no sections"),))
        what = "is empty" if document is None else "is no table of sections"
        return ExtraPaths(path, (), (_stop(path, what),))
    folder = os.path.dirname(os.path.abspath(path))
    entries: list[ExtraPath] = []
    notices: list[Notice] = []
    for name, section in document.items():
        if section is None:
            continue
        for found in _section(str(name), section, folder, path, system):
            (entries if isinstance(found, ExtraPath) else notices).append(found)  # type: ignore[arg-type]
    return ExtraPaths(path, tuple(entries), tuple(notices))


def _section(
    name: str, section: object, folder: str, path: str, system: ModuleType
) -> Iterator[ExtraPath | Notice]:
    where = f"{path} [{name}]"
    if not isinstance(section, dict):
        if not _is_empty(section):
            yield _stop(where, "is no table of keys")
        return
    values = dict(section)
    base = values.pop("base_path", "")
    if "base_path" in section and not isinstance(base, str):
        yield _stop(where, f"base_path is {_kind(base)}")
        base = ""
    if base:
        yield from _lint_path("base_path", base, where, system)
        base = os.path.expandvars(os.path.expanduser(base))
        base = base if system.isabs(base) else os.path.abspath(os.path.join(folder, base))
        if "$" in base or base.startswith("~"):
            yield Notice(
                "extra_paths_unset_variable", f"{where}: base_path is `{base}`: a variable in it is not set"
            )
    default = values.pop("is_default", False)
    if isinstance(default, str) and default.strip().lower() in ("false", "no", "off", "0"):
        yield Notice(
            "extra_paths_default_text", f"{where}: is_default is the text `{default}`, which counts as true"
        )
    for key, value in values.items():
        if not isinstance(value, str):
            yield _stop(where, f"`{key}` is {_kind(value)}")
            continue
        yield from _lint_key(str(key), where)
        for line in value.split("\n"):
            if line:
                yield from _lint_line(str(key), line, where, system)
                resolved = _resolved(line, base, folder, system)
                above = base or (system.dirname(resolved) if system.isabs(line) else "")
                yield ExtraPath(str(key), resolved, bool(default), name, above)


def _resolved(line: str, base: str, folder: str, system: ModuleType) -> str:
    if base:
        path = system.join(base, line)
    else:
        path = line if system.isabs(line) else os.path.abspath(os.path.join(folder, line))
    return str(system.normpath(path))


def _lint_key(key: str, where: str) -> Iterator[Notice]:
    if key in ALIASES and key not in LEGACY:
        yield Notice(
            "extra_paths_key_is_no_alias",
            f"{where}: `{key}` is no key of ComfyUI's; use `{canonical_key(key)}`",
        )
    elif canonical_key(key) not in FOLDER_KEYS and key not in WITHOUT_MODELS:
        near = next((known for known in _KEYS if known.lower().rstrip("s") == key.lower().rstrip("s")), "")
        meant = f"; `{near}` was meant?" if near else ""
        yield Notice(
            "extra_paths_unknown_key",
            f"{where}: `{key}` is a key nobody lists: every file there counts{meant}",
        )


_KEYS = (*FOLDER_KEYS, *LEGACY, *sorted(WITHOUT_MODELS), "base_path", "is_default")


def _lint_line(key: str, line: str, where: str, system: ModuleType) -> Iterator[Notice]:
    if "#" in line:
        yield Notice(
            "extra_paths_comment", f"{where}: in a block `#` is text: `{key}` becomes the path `{line}`"
        )
    yield from _lint_path(key, line, where, system)
    if line.lstrip().startswith("~") or "$" in line or "%" in line:
        yield Notice(
            "extra_paths_not_expanded",
            f"{where}: `~` and variables work in base_path only, not in `{key}: {line}`",
        )


def _lint_path(key: str, path: str, where: str, system: ModuleType) -> Iterator[Notice]:
    if path != path.strip():
        yield Notice("extra_paths_spaces", f"{where}: `{key}: {path}` keeps its spaces as part of the path")
    if system.sep == "/" and is_on_drive(path):
        yield Notice(
            "extra_paths_drive", f"{where}: `{key}: {path}` is a path of Windows: here it is a relative one"
        )


def is_on_drive(path: str) -> bool:
    """Whether a path begins as one of Windows does: `D:\\AI`."""
    return _DRIVE().match(path) is not None


def _stop(where: str, what: str) -> Notice:
    return Notice(STOPS_COMFYUI, f"{where} {what}: ComfyUI does not start with it")


def _is_empty(value: object) -> bool:
    return isinstance(value, (str, bytes, list, set)) and not value


def _kind(value: object) -> str:
    return "empty" if value is None else f"of type {type(value).__name__}, not text"


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8: save it anew as UTF-8"
    reason = " ".join(str(error).split())[:200]
    return f"{reason}: use spaces, no tabs" if "'\\t'" in reason else reason
