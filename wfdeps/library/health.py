"""What the judge says of a file of the library: asked once, then remembered while the file stays what it was."""

from __future__ import annotations

import os
import stat

from wfdeps import TYPE_CHECKING
from wfdeps.domain.files import LocalFile
from wfdeps.domain.judgement import SOUND, Judgement
from wfdeps.errors import LibraryError, os_error_words
from wfdeps.patterns import pattern

if TYPE_CHECKING:
    from wfdeps.domain.plans import Target
    from wfdeps.library.index import Index

_FACT = "judged/1"
"""The name under which an answer is remembered; another number where the judge has learned something."""
_BETWEEN = "\x1f"
_PART = pattern(r"-(?P<number>\d{5})-of-(?P<count>\d{5})\.\w+$")


def judged(path: str, found: os.stat_result, index: Index) -> Judgement:
    """What speaks against the file at `path`, whose `stat` is given; its front is read only if that is not remembered."""
    return remembered(path, found, index, index.facts(path, found))


def remembered(path: str, found: os.stat_result, index: Index, facts: dict[str, str]) -> Judgement:
    """As `judged`, where what the index knows of the file is at hand."""
    known = facts.get(_FACT)
    if known is not None:
        trouble, hint, comfyui, core_only = known.split(_BETWEEN)
        judgement = Judgement(trouble, hint, comfyui, bool(core_only))
    else:
        judgement = judgement_of(path, found.st_size)
        if not judgement.trouble.startswith(_UNREADABLE):
            words = (*judgement[:3], "core" if judgement.core_only else "")
            kept = _BETWEEN.join(word.replace(_BETWEEN, " ") for word in words)
            index.remember(path, found, {_FACT: kept})
    return judgement if judgement.trouble else _beside(path)


_UNREADABLE = "cannot be read: "


def judgement_of(path: str, size: int, name: str = "") -> Judgement:
    """What the judge says of a file, read now; `name` where it is to have another one."""
    from wfdeps.detect.judge import judge  # a warm check remembers what it says
    from wfdeps.disk.filesystem import reader

    try:
        with reader(path) as read:
            return judge(read, size, name or os.path.basename(path))
    except OSError as error:
        return Judgement(f"{_UNREADABLE}{os_error_words(error)}")


def refuse_garbage(path: str, target: Target) -> None:
    """Raises LibraryError where the file at `path` could not be loaded as that target."""
    try:
        size = os.path.getsize(path)
    except OSError:
        return  # what is not there, the step that follows tells
    judgement = judgement_of(path, size, os.path.basename(target.name))
    if judgement.counts_in(target.folder_key):
        says = f" (ComfyUI would say: {judgement.comfyui})" if judgement.comfyui else ""
        raise LibraryError(
            f"`{target.name}` is no file that can be loaded: {judgement.trouble}{says}",
            hint=judgement.hint or "nothing was placed; choose another source or version",
        )


def _beside(path: str) -> Judgement:
    """What lies beside the file, or does not, against it: never remembered, since the file itself stays as it is.

    aria2 makes a file as long as it will be, and keeps a control file beside it until it is whole.
    """
    name = os.path.basename(path)
    if os.path.exists(path + ".aria2"):
        return Judgement(
            f"an unfinished download: aria2's `{name}.aria2` lies beside it",
            "let aria2 finish it, or delete both files and fetch it again",
        )
    if part := missing_part(path):
        return Judgement(part, "put the other parts beside it, or use the model in one file")
    return SOUND


def missing_part(path: str) -> str:
    """Which other part of a model that was cut in pieces (`…-00001-of-00003.safetensors`) does not lie beside this one."""
    if "-of-" not in path:
        return ""
    match = _PART().search(path)
    if match is None or not 0 < int(match["number"]) <= int(match["count"]):
        return ""
    own, count = int(match["number"]), int(match["count"])
    for number in range(1, count + 1):
        other = f"{path[: match.start('number')]}{number:05}{path[match.end('number') :]}"
        if number != own and not os.path.exists(other):
            return f"part {own} of {count}: `{os.path.basename(other)}` is not beside it"
    return ""


def file_at(path: str) -> LocalFile:
    """The file at that path. Raises LibraryError for what is none, cannot be read, or cannot be a model."""
    path = os.path.abspath(path)
    try:
        found = os.stat(path)
    except OSError as error:
        raise LibraryError(f"cannot read `{path}`: {os_error_words(error)}") from error
    if stat.S_ISDIR(found.st_mode):
        raise LibraryError(f"`{path}` is a folder", hint="name the model file in it")
    if not stat.S_ISREG(found.st_mode):
        raise LibraryError(f"`{path}` is no file")
    judgement = judgement_of(path, found.st_size)
    if judgement.trouble:
        raise LibraryError(f"`{path}` cannot be used: {judgement.trouble}", hint=judgement.hint or None)
    return LocalFile(path, "", os.path.basename(path), found.st_size, listed=False)
