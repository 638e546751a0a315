"""Where a file goes that a person asked for by itself: no loader names a folder, so the file's header does.

Strongest first: the folder the person said; the file's own header; Civitai's type of the file, then of the model. What
contradicts a weaker witness, or the person, is said aloud.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wfdeps.domain.candidates import Candidate
from wfdeps.domain.files import Folder
from wfdeps.domain.folders import model_type_of
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import Fetched
from wfdeps.domain.plans import Placement
from wfdeps.domain.refs import Certainty, ModelRef, RefStatus
from wfdeps.errors import UnsafePathError
from wfdeps.planning.layout import FolderChoice, Unplaceable, Witnesses, folder_for, safe_relative, target_for
from wfdeps.planning.settle import Misfit, Settled
from wfdeps.planning.sidecar import sidecar_text

_ALOUD = "name a file with --out to have it anyway"
_FORBIDDEN = str.maketrans(dict.fromkeys('/\\:<>|"?*', "_"))


def wish_for(
    candidate: Candidate,
    folder_key: str = "",
    name: str = "",
    *,
    overrides: Mapping[str, str] | None = None,
    folders: Iterable[Folder] = (),
) -> ModelRef | Misfit:
    """A ref as a loader would make it: in the folder the person said (certain), else in the likeliest (a guess).

    `name` is the file's name to be; without one it is the source's, made fit to be stored. A Misfit for what no
    model folder takes (archives, training data, workflows).
    """
    choice: FolderChoice | Unplaceable
    if folder_key:
        choice = FolderChoice(folder_key, "you said so", Certainty.CERTAIN)
    else:
        choice = folder_for(_witnesses(candidate), overrides=overrides, folders=folders)
    if isinstance(choice, Unplaceable):
        return Misfit(choice.reason, _ALOUD)
    return ModelRef(
        name=name or plain_name(candidate.file_name),
        model_type=model_type_of(choice.folder_key),
        folders=(choice.folder_key,),
        status=RefStatus.REQUIRED,
        sites=(),
        digests=candidate.digests,
        certainty=Certainty.CERTAIN if folder_key else Certainty.GUESS,
        why=choice.reason,
    )


def plain_name(name: str) -> str:
    """A source's file name as one that every system stores: `a/b: c.pt` → `b_ c.pt`. Raises UnsafePathError.

    >>> plain_name("up/4x: Sharp?.pth ")
    '4x_ Sharp_.pth'
    """
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(letter if letter.isprintable() else "_" for letter in last).translate(_FORBIDDEN)
    return str(safe_relative(shown.strip(" .")))


def shelve(
    fetched: Fetched,
    identity: Identity,
    folders: tuple[Folder, ...],
    separator: str,
    *,
    overrides: Mapping[str, str] | None = None,
) -> Settled | Misfit:
    """Where a fetched file goes, now that its header is known; a stand-in for `settle` where no workflow asks."""
    download = fetched.download
    ref = next(iter(download.refs), None)
    folder_key = ref.folder if ref is not None and ref.certainty is Certainty.CERTAIN else ""
    if folder_key:
        choice: FolderChoice | Unplaceable = FolderChoice(folder_key, "you said so", Certainty.CERTAIN)
    else:
        witnesses = _witnesses(download.candidate, identity)
        choice = folder_for(witnesses, overrides=overrides, folders=folders)
    if isinstance(choice, Unplaceable):
        return Misfit(choice.reason, _ALOUD)
    try:
        target = target_for(choice.folder_key, download.target.name, folders, separator)
    except UnsafePathError as error:
        return Misfit(error.message, error.hint or "")
    placement = Placement(fetched.staged, target, sidecar_text(fetched, identity), fetched.digests)
    return Settled(placement, _remark(target.name, choice, folder_key, download.candidate, identity))


def _witnesses(candidate: Candidate, identity: Identity | None = None) -> Witnesses:
    return Witnesses(
        identity=identity,
        model_type=candidate.model_type,
        civitai_type=candidate.source_type,
        file_type=candidate.file_type,
    )


def _remark(
    name: str, choice: FolderChoice, folder_key: str, candidate: Candidate, identity: Identity
) -> str:
    """What a person should hear of where it went; empty where everybody agrees."""
    knows = bool(identity.folder) and identity.certainty is not Certainty.GUESS
    because = f" ({identity.reasons[0]})" if identity.reasons else ""
    header = f"`{name}` is a {_words(identity.model_type)} by its header{because}"
    if folder_key:
        differs = (
            knows and identity.folder != folder_key and identity.model_type is not model_type_of(folder_key)
        )
        return (
            f"{header} and belongs in {identity.folder}; it goes to {folder_key}, as you said"
            if differs
            else ""
        )
    claimed = candidate.model_type
    if knows and claimed not in (ModelType.UNKNOWN, ModelType.OTHER, identity.model_type):
        return f"{header}, though {candidate.source} calls it a {_words(claimed)}: it goes to {choice.folder_key}"
    if choice.certainty is Certainty.GUESS:
        return f"nobody says what `{name}` is; it goes to {choice.folder_key} as the last resort"
    return ""


def _words(model_type: ModelType) -> str:
    return model_type.replace("_", " ")
