"""May this be downloaded, and which file is meant (pure): Civitai's decisions in Civitai's order.

A refusal is raised; what comes back is the file. The order matters to a client: a poi model is 404 for everybody,
an archived one 410 even with a token, and `downloads disabled` is a 401 that no token helps.
"""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.hub.catalogue import File, Model, Version
from wfdeps.hub.refusals import RefusedError, error, invalid
from wfdeps.hub.vocabulary import FILE_FORMATS, FILE_SIZES, FILE_TYPES
from wfdeps.values import dataclass

_LOGIN = "The creator of this asset requires you to be logged in to download it"
_DISABLED = "The creator of this asset has disabled downloads on this file"
_EARLY = "This asset is in Early Access. You can use Buzz access it now!"
_MODEL_FILES = frozenset({"Model", "Pruned Model", "Diffusion Model", "UNet"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: whether a token was known, and whether its owner has bought what is in early access."""

    signed_in: bool = False
    has_bought: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Which file of a version is asked for."""

    file_id: int | None = None
    type: str | None = None
    format: str | None = None
    size: str | None = None
    fp: str | None = None
    quant: str | None = None


_PREFERRED = Selection(format="SafeTensor", size="pruned", fp="fp16", quant="Q4_K_M")


def read_selection(params: dict[str, str]) -> Selection:
    """The selection in a download's query. Raises RefusedError 400 for a word outside its enum."""
    for name, known in (("type", FILE_TYPES), ("format", FILE_FORMATS), ("size", FILE_SIZES)):
        if params.get(name) and params[name] not in known:
            raise invalid(name, f"Invalid option: expected one of {'|'.join(known)}")
    for name in ("fp", "quantType"):
        if len(params.get(name, "")) > 64:
            raise invalid(name, "Too big: expected string to have <=64 characters", "too_big")
    file_id = params.get("fileId")
    if file_id is not None and not (file_id.isascii() and file_id.isdecimal() and len(file_id) < 18):
        raise invalid("fileId", "Invalid input: expected number, received NaN", "invalid_type")
    words = [params.get(name) or None for name in ("type", "format", "size", "fp", "quantType")]
    return Selection(int(file_id) if file_id else None, *words)


def choose_file(
    model: Model | None,
    version: Version | None,
    selection: Selection,
    visitor: Visitor,
    *,
    now: str,
    login_everywhere: bool = False,
) -> File:
    """The file a download answers with; raises RefusedError in the order documented at Civitai's source."""
    if model is None or version is None or model.claims("poi"):
        raise error(404, "File not found")
    if model.mode == "Archived":
        raise error(410, "Model archived, not available for download")
    if not model.is_published:
        raise error(404, "File not found")
    if version.usage_control != "Download":
        raise RefusedError(401, {"error": "Unauthorized", "message": _DISABLED})
    if (version.row.get("require_auth") or login_everywhere) and not visitor.signed_in:
        raise RefusedError(401, {"error": "Unauthorized", "message": _LOGIN})
    if version.early_access(now) and not visitor.has_bought:
        until = version.early_access_ends_at
        raise RefusedError(
            403, {"error": "Early Access"} | ({"deadline": until} if until else {}) | {"message": _EARLY}
        )
    if version.row.get("no_grant"):
        if visitor.signed_in:
            raise error(403, "You do not have access to download this file")
        raise RefusedError(401, {"error": "Unauthorized", "message": _LOGIN})
    file = selected_file(version, selection)
    if file is None:
        raise error(404, "File not found")
    return file


def selected_file(version: Version, selection: Selection) -> File | None:
    """By id exactly; else the best guess, and nothing where that guess contradicts what was asked."""
    if selection.file_id is not None:
        return version.file(selection.file_id)
    files = [file for file in version.files if selection.type in (None, file.type)]
    best = primary_file(files, selection)
    if best is None:
        return None
    asked = ((selection.format, best.format), (selection.size, best.size_variant), (selection.fp, best.fp))
    agrees = all(wanted in (None, has) for wanted, has in (*asked, (selection.quant, best.quant)))
    return best if agrees else None


def primary_file(files: Sequence[File], wish: Selection | None = None) -> File | None:
    """The file a version is taken to mean: the highest score, the first among equals."""
    return max(files, key=lambda file: _score(file, wish or Selection()), default=None)


def _score(file: File, wish: Selection) -> float:
    score = 1000.0 if file.type in _MODEL_FILES else 0.0
    for has, wanted, weight in (
        (file.format, wish.format or _PREFERRED.format, 100),
        (file.size_variant, wish.size or _PREFERRED.size, 10),
        (file.fp, wish.fp or _PREFERRED.fp, 1),
        (file.quant, wish.quant or _PREFERRED.quant, 0.5),
    ):
        if has:
            score += weight if has == wanted else -weight
    return score
