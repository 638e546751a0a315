"""Where a file may stand: a name from outside → a safe relative path; a type → a folder key; a key → a directory.

Every path that is written was joined here, and nowhere else. Who decides the folder, strongest first: the loader
slot in the workflow; the file's own header; the source's file type; the source's model type.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from wfdeps.domain.files import Folder, Origin
from wfdeps.domain.folders import (
    BESIDE_ITS_MODEL,
    CIVITAI_FILE_FOLDERS,
    CIVITAI_FOLDERS,
    DEFAULT_KEY,
    LAST_RESORT,
    NEVER_PLACED,
    canonical_key,
    directories_of,
    name_within,
)
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.plans import Download, Keep, Link, Plan, Step, Target
from wfdeps.domain.refs import Certainty
from wfdeps.errors import UnsafePathError
from wfdeps.values import dataclass

LONGEST_PART = 255
"""Bytes in UTF-8: ext4, APFS and NTFS all store as much, and no more."""
LONGEST_NAME = 1000
"""Bytes: leaves room below every system's longest path."""

_DRIVE = re.compile(r"^[A-Za-z]:")
_RESERVED = re.compile(r"^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$", re.IGNORECASE)
# C0, DEL and C1 controls; the bidirectional overrides that make `gpj.exe` out of `exe.jpg`; lone surrogates.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NOT_ON_WINDOWS = re.compile(r'[<>"|?*]')
_HINT = "give the file a plain name in the workflow, or choose another file"


# ── names ───────────────────────────────────────────────────────────────────────────────────────────


def safe_relative(name: str, *, separator: str = "/") -> PurePosixPath:
    """The relative path a name from outside means, if every system could store it and none would leave its folder.

    Both separators are read as such; `separator` `\\` adds what Windows alone refuses. Raises UnsafePathError.

        >>> safe_relative("SDXL\\\\detail.safetensors")
        PurePosixPath('SDXL/detail.safetensors')
    """
    shown = _shown(name)
    if _UNPRINTABLE.search(name):
        raise UnsafePathError(f"`{shown}` holds characters that cannot be shown", hint=_HINT)
    path = name.replace("\\", "/")
    if path.startswith("/") or _DRIVE.match(path):
        raise UnsafePathError(
            f"`{shown}` is an absolute path", hint="names are relative to their model folder"
        )
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts:
        raise UnsafePathError(f"`{shown}` names no file", hint=_HINT)
    for part in parts:
        if reason := _unsafe_part(part, separator):
            raise UnsafePathError(f"`{shown}` {reason}", hint=_HINT)
    if len("/".join(parts).encode()) > LONGEST_NAME:
        raise UnsafePathError(f"`{shown}` is longer than {LONGEST_NAME} bytes", hint=_HINT)
    return PurePosixPath(*parts)


def _unsafe_part(part: str, separator: str) -> str:
    """What is wrong with one piece of a path; empty when nothing is."""
    if part == "..":
        return "leaves its folder"
    if ":" in part:
        return "holds a `:`, which opens a hidden stream on Windows"
    if part[-1] in ". ":
        return "ends in a dot or a space, which Windows drops"
    if _RESERVED.match(part.partition(".")[0].rstrip(" ")):
        return f"uses `{part.partition('.')[0]}`, a device's name on Windows"
    if separator == "\\" and _NOT_ON_WINDOWS.search(part):
        return "holds a character that Windows does not store"
    if len(part.encode()) > LONGEST_PART:
        return f"is longer than {LONGEST_PART} bytes"
    return ""


def _shown(name: str) -> str:
    """The name, fit for a message: no controls, not too long."""
    plain = _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", name)
    return plain if len(plain) <= 120 else f"{plain[:100]}…{plain[-12:]}"


def collision_key(path: str) -> str:
    """Equal for two paths that a case-blind or Unicode-normalising file system would take for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


# ── targets ─────────────────────────────────────────────────────────────────────────────────────────


def target_for(folder_key: str, name: str, folders: Iterable[Folder], separator: str) -> Target:
    """Where a file of that name goes, given every folder that is searched.

    `models/diffusion_models` rather than `models/unet` where both exist, though ComfyUI names `unet` first; a folder
    the person marked `is_default` before all; one that the target does not search only where there is no other.
    Raises UnsafePathError for a name or a key that no folder may hold, and where the folder's share is missing.
    """
    folders = tuple(folders)
    key = canonical_key(folder_key)
    safe = str(safe_relative(name_within(key, name), separator=separator))
    folder = receiving_folder(key, folders)
    if folder is None:
        raise UnsafePathError(f"no folder is known for `{safe}`", hint="pass --comfyui or --models")
    refuse_absent(folder)
    if folder.folder_key:
        return Target(key, folder.path, safe)
    below = safe_relative(directories_of(key)[0], separator=separator)
    return Target(key, "/".join((folder.path.rstrip("/"), *below.parts)), safe)


def receiving_folder(key: str, folders: Iterable[Folder]) -> Folder | None:
    """The folder that new files of a canonical key go to: the models root, without a key, where none is listed for it."""
    folders = tuple(folders)
    own = [folder for folder in folders if key and folder.folder_key == key]
    if own:
        return min(own, key=_preference)
    return next((folder for folder in folders if key and not folder.folder_key), None)


def refuse_absent(folder: Folder) -> None:
    """Raises UnsafePathError for a folder that is not there and must not be made, since its share is missing."""
    if folder.absent:
        raise UnsafePathError(
            f"nothing is put in `{folder.path}`: {folder.absent.reason}", hint=folder.absent.hint
        )


_ORIGIN_RANK: dict[Origin, int] = {"models": 0, "extra": 1, "pack": 2, "base": 3, "output": 4}


def _preference(folder: Folder) -> tuple[bool, bool, int, bool, bool]:
    """Sorts folders of one key by how fit they are for a new file; ties keep ComfyUI's order."""
    last = folder.path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return (
        not folder.visible,
        not folder.is_default,
        _ORIGIN_RANK[folder.origin],
        not folder.exists,
        last != folder.folder_key,
    )


# ── folders by type ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class FolderChoice:
    """The folder key a file goes to, how sure that is, and who said so."""

    folder_key: str
    reason: str
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Unplaceable:
    """A file that belongs into no model folder, and what it is instead."""

    reason: str


@dataclass(frozen=True, slots=True)
class Witnesses:
    """All that is known of a file that may say where it goes."""

    slots: tuple[str, ...] = ()
    """The folder keys of the loader that names it, canonical first."""
    identity: Identity | None = None
    model_type: ModelType = ModelType.UNKNOWN
    civitai_type: str = ""
    file_type: str = ""


def folder_for(
    known: Witnesses, *, overrides: Mapping[str, str] | None = None, folders: Iterable[Folder] = ()
) -> FolderChoice | Unplaceable:
    """Which folder a file goes to, by the strongest witness there is.

    `overrides` is the config file's `[folders]` table: Civitai type → folder key. `folders` lets an AnimateDiff
    folder that exists be preferred to the table's `motion_modules`.
    """
    if known.slots:
        return _by_slot(known.slots, known.identity)
    if known.file_type in NEVER_PLACED or (known.civitai_type in NEVER_PLACED and not known.identity):
        return Unplaceable(
            f"Civitai calls it `{known.file_type or known.civitai_type}`, which no loader reads"
        )
    if known.file_type in BESIDE_ITS_MODEL:
        return FolderChoice(
            CIVITAI_FOLDERS.get(known.civitai_type, "configs"),
            "a config stands beside its model",
            Certainty.LIKELY,
        )
    if known.identity and known.identity.folder and known.identity.certainty is not Certainty.GUESS:
        return FolderChoice(known.identity.folder, "its header says so", known.identity.certainty)
    if known.file_type in CIVITAI_FILE_FOLDERS:
        key = (overrides or {}).get(known.file_type, CIVITAI_FILE_FOLDERS[known.file_type])
        return FolderChoice(key, f"Civitai calls the file a `{known.file_type}`", Certainty.LIKELY)
    return _by_type(known, overrides or {}, tuple(folders))


def _by_slot(slots: tuple[str, ...], identity: Identity | None) -> FolderChoice:
    """The loader's first folder, or that of its folders which the header names."""
    keys = tuple(dict.fromkeys(map(canonical_key, slots)))
    if identity and identity.folder in keys[1:]:
        return FolderChoice(
            identity.folder, "the workflow loads it from here, and its header agrees", identity.certainty
        )
    return FolderChoice(keys[0], "the workflow loads it from here", Certainty.CERTAIN)


def _by_type(known: Witnesses, overrides: Mapping[str, str], folders: tuple[Folder, ...]) -> FolderChoice:
    civitai = known.civitai_type
    if civitai in overrides:
        return FolderChoice(overrides[civitai], f"the config file maps `{civitai}` here", Certainty.LIKELY)
    if civitai == "MotionModule" and any(f.folder_key == "animatediff_models" and f.exists for f in folders):
        return FolderChoice("animatediff_models", "AnimateDiff-Evolved's folder exists", Certainty.LIKELY)
    if civitai in CIVITAI_FOLDERS and civitai != "Other":
        return FolderChoice(
            CIVITAI_FOLDERS[civitai], f"Civitai calls the model a `{civitai}`", Certainty.LIKELY
        )
    if known.model_type in DEFAULT_KEY:
        words = known.model_type.replace("_", " ")
        return FolderChoice(DEFAULT_KEY[known.model_type], f"it is said to be a {words}", Certainty.LIKELY)
    return FolderChoice(
        overrides.get("Other", LAST_RESORT),
        "nobody says what it is: this is the last resort",
        Certainty.GUESS,
    )


# ── collisions ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Collision:
    """Two steps that would stand in one place on some file system, but are not the same file."""

    targets: tuple[str, ...]
    """Full paths, as planned, sorted."""

    def __str__(self) -> str:
        if len(set(self.targets)) == 1:
            return f"two different files want `{self.targets[0]}`"
        names = " and ".join(f"`{target}`" for target in self.targets)
        return f"{names} are one name where letter case or Unicode form does not count"


def collisions(plan: Plan) -> tuple[Collision, ...]:
    """Every place that two different files of the plan want, sorted; empty when there is none."""
    places: dict[str, set[tuple[str, str]]] = {}
    for step in plan.steps:
        if where := place_of(step):
            places.setdefault(collision_key(where), set()).add((where, _bytes_of(step)))
    collisions = (
        Collision(tuple(sorted(where for where, _ in wants))) for wants in places.values() if len(wants) > 1
    )
    return tuple(sorted(collisions, key=lambda collision: collision.targets))


def place_of(step: Step) -> str:
    """The full path at which a step's file stands or will stand, with `/`; empty for a blocked one."""
    match step:
        case Download(target=target) | Link(target=target):
            return target.path.replace("\\", "/")
        case Keep(file=file):
            return file.path.replace("\\", "/")
        case _:
            return ""


def _bytes_of(step: Step) -> str:
    """Equal for steps that bring the same bytes, as far as the plan knows."""
    match step:
        case Download(digests=digests, urls=urls):
            return str(min(digests, key=lambda digest: digest.strength)) if digests else urls[0]
        case Link(file=file) | Keep(file=file):
            return file.path
        case _:
            return ""
