"""The second small decision: once the header is known, does the file belong where the plan puts it?

Strongest first: the loader slot in the workflow; the file's own header; the source's type. A file chosen by hash,
id, URL or a person is the file that was asked for, so its slot is believed and a contradiction is only said aloud.
A file chosen by name alone must not contradict its header: that is the mark of the wrong file.
A file that can run code is what its name says it is, or it is not placed, even if a person chose it: extension is not type.
"""

from __future__ import annotations

from contextlib import suppress

from wfdeps.domain.files import Folder
from wfdeps.domain.folders import is_pickle_name, model_type_of
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import Fetched
from wfdeps.domain.plans import Download, Placement
from wfdeps.domain.refs import Certainty
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.errors import UnsafePathError
from wfdeps.planning.layout import target_for
from wfdeps.planning.sidecar import sidecar_text
from wfdeps.values import dataclass

_T = ModelType

# What a loader of each folder can use, beyond the type the folder is named for. Sources: ComfyUI
# `load_diffusion_model` strips a checkpoint's prefix; `controlnet.py` tells its dialects apart; `VAELoader` lists
# vae_approx too; CLIPLoader takes language models; a control-LoRA is loaded as a ControlNet or as a LoRA.
_ALSO: dict[ModelType, frozenset[ModelType]] = {
    _T.CHECKPOINT: frozenset(),
    _T.DIFFUSION_MODEL: frozenset({_T.CHECKPOINT}),
    _T.CONTROLNET: frozenset({_T.CONTROL_LORA, _T.T2I_ADAPTER, _T.MODEL_PATCH}),
    _T.LORA: frozenset({_T.CONTROL_LORA, _T.MOTION_LORA, _T.IP_ADAPTER}),
    _T.VAE: frozenset({_T.VAE_APPROX, _T.CHECKPOINT}),
    _T.VAE_APPROX: frozenset({_T.VAE}),
    _T.TEXT_ENCODER: frozenset({_T.LLM, _T.CHECKPOINT}),
    _T.MOTION_MODULE: frozenset({_T.MOTION_LORA}),
    _T.UPSCALER: frozenset({_T.LATENT_UPSCALER}),
    _T.DETECTOR: frozenset({_T.SAM}),
}
# Types a header alone cannot tell from others, or that packs use freely: never a contradiction.
_OPEN = frozenset({_T.UNKNOWN, _T.OTHER, _T.LLM, _T.MODEL_PATCH, _T.CONFIG})


@dataclass(frozen=True, slots=True)
class Misfit:
    """The header contradicts the reason for choosing this file: it is not placed."""

    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Where the file goes, and what to say aloud about it."""

    placement: Placement
    remark: str = ""


def settle(
    fetched: Fetched, identity: Identity, folders: tuple[Folder, ...], separator: str
) -> Settled | Misfit:
    """Where a fetched file goes, now that its header is known."""
    download = fetched.download
    if misfit := misfit_of(download, identity):
        return misfit
    fitting = _fitting_folder(download, identity)
    contradiction = "" if fitting else _contradiction(download, identity)
    target = download.target
    if fitting and fitting != target.folder_key:
        with suppress(
            UnsafePathError
        ):  # its folder's share is missing: the loader searches the other one too
            target = target_for(fitting, target.name, folders, separator)
    placement = Placement(fetched.staged, target, sidecar_text(fetched, identity), fetched.digests)
    return Settled(placement, contradiction)


def misfit_of(download: Download, identity: Identity) -> Misfit | None:
    """What speaks against a file chosen by its name alone, once its header is known; None where nothing does."""
    if download.chosen_by is not ChosenBy.NAME or _fitting_folder(download, identity):
        return None
    return Misfit(
        _contradiction(download, identity),
        "it was chosen by its name, and its header says otherwise; nothing was placed",
    )


def disguise_of(download: Download, identity: Identity) -> Misfit | None:
    """What speaks against a file that could run code, under a name that promises it cannot; None where nothing does."""
    name = download.target.name
    if not identity.can_run_code or is_pickle_name(name):
        return None
    return Misfit(
        f"`{name}` is a {identity.format} by its bytes, whatever its name says ({identity.safety})",
        "nothing was placed; ComfyUI reads a file by its ending and would not load it either",
    )


def warning_of(download: Download, identity: Identity) -> str:
    """What the opcodes of a pickle that was allowed say against it; empty for a file that only holds numbers."""
    if not identity.can_run_code or identity.safety == "safe":
        return ""
    return f"`{download.target.name}` can run code when it is loaded: {identity.safety}"


def _fitting_folder(download: Download, identity: Identity) -> str | None:
    """The first of the ref's folders whose loader can use such a file; None where no folder fits."""
    keys = (download.target.folder_key, *(key for ref in download.refs for key in ref.folders))
    if identity.certainty is Certainty.GUESS or identity.model_type in _OPEN:
        return download.target.folder_key
    exact = (key for key in keys if model_type_of(key) in (identity.model_type, *_OPEN))
    usable = (key for key in keys if identity.model_type in _ALSO.get(model_type_of(key), frozenset()))
    return next(exact, None) or next(usable, None)


def _contradiction(download: Download, identity: Identity) -> str:
    wanted = model_type_of(download.target.folder_key)
    reasons = f" ({identity.reasons[0]})" if identity.reasons else ""
    return (
        f"`{download.target.name}` is a {_words(identity.model_type)} by its header{reasons}, "
        f"but the workflow loads it as a {_words(wanted)}"
    )


def _words(model_type: ModelType) -> str:
    return model_type.replace("_", " ")
