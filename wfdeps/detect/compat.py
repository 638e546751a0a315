"""Says which models of a workflow do not fit each other, before the GPU does.

Headers decide where both are at hand (names and widths of layers); else the families told from one header
and Civitai's base model. What nobody knows gives no remark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from wfdeps.detect.adapters import read_adapter
from wfdeps.detect.families import Family, close_call, family_of, parts_for, size_of
from wfdeps.detect.overlap import Overlap, is_comparable, overlap_of
from wfdeps.detect.tensors import Header
from wfdeps.domain.folders import PICKLE_ENDINGS, SAFETENSORS_ENDINGS
from wfdeps.domain.identity import Identity
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.domain.model_types import APPLIED_TO_A_BASE, ModelType
from wfdeps.domain.refs import NodeSite
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class Side:
    """One model of a pair, as far as it is known."""

    name: str
    """As the workflow says it."""
    identity: Identity | None = None
    header: Header | None = None
    base_model: str = ""
    """Civitai's word, where a source told it."""
    site: NodeSite | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A model applied to a base, following the links: this LoRA to that checkpoint."""

    relation: ModelType
    """What the dependent is used as: LORA, CONTROLNET, VAE, TEXT_ENCODER, EMBEDDING …"""
    dependent: Side
    base: Side


def lint(pairs: Iterable[Pair]) -> tuple[Lint, ...]:
    """What speaks against the pairs, each once, worst first."""
    found = {remark: None for pair in pairs for remark in _CHECKS.get(pair.relation, _nothing)(pair)}
    order = list(LintLevel)
    return tuple(sorted(found, key=lambda remark: (order.index(remark.level), remark.code, remark.names)))


def lint_role(side: Side, wanted: ModelType) -> tuple[Lint, ...]:
    """What speaks against loading a file as what its node takes it for (a LoRA in a checkpoint loader)."""
    if remarks := _lint_format(side):
        return remarks  # ComfyUI does not come to what is in it
    actual = side.identity.model_type if side.identity else ModelType.UNKNOWN
    if actual in (wanted, ModelType.UNKNOWN, ModelType.OTHER) or side.header is None:
        return ()
    verdict = _ROLES.get((wanted, actual))
    if verdict is None:
        return ()
    level, why, consequence = verdict
    message = f"`{side.name}` is loaded as a {_word(wanted)} and is a {_word(actual)}: {why}"
    stops = level is _E and wanted not in _LOADS_WHATEVER
    return (Lint(level, "wrong-type", message, (side.name,), _sites(side), consequence, stops),)


def _lint_format(side: Side) -> tuple[Lint, ...]:
    """A file that is not what its ending says, which is what ComfyUI goes by."""
    ending = "." + side.name.lower().rpartition(".")[2]
    found = side.header.format if side.header else ""
    if ending in SAFETENSORS_ENDINGS and found in _NO_SAFETENSORS:
        consequence = _NOT_SAFETENSORS
    elif ending in PICKLE_ENDINGS and found == "safetensors":
        consequence = _NOT_A_PICKLE
    else:
        return ()
    message = (
        f"`{side.name}` is no {ending} file but {_FORMAT_WORDS[found]}, and ComfyUI reads it by its ending"
    )
    return (
        Lint(LintLevel.ERROR, "wrong-format", message, (side.name,), _sites(side), consequence, stops=True),
    )


_FORMAT_WORDS: Final = {
    "safetensors": "a safetensors file", "pickle": "a pickle", "torchscript": "a TorchScript archive",
    "gguf": "a GGUF file", "onnx": "an ONNX model",
}  # fmt: skip
_NO_SAFETENSORS: Final = _FORMAT_WORDS.keys() - {"safetensors"}
# ComfyUI 0.22.0 comfy/utils.py, load_torch_file; torch 2.13 serialization.py.
_NOT_SAFETENSORS: Final = (
    "The safetensors file is corrupt or invalid. Make sure this is actually a safetensors file and not a ckpt or pt or "
    "other filetype."
)
_NOT_A_PICKLE: Final = "Weights only load failed."
_E, _W, _I = LintLevel.ERROR, LintLevel.WARNING, LintLevel.INFO
_NOT_DETECTED: Final = "ERROR: Could not detect model type of: …"
_NO_CONTROLNET: Final = "error could not detect control model type"
_NO_VAE: Final = "ERROR: VAE is invalid: None"
_ROLES: Final[dict[tuple[ModelType, ModelType], tuple[LintLevel, str, str]]] = {
    (ModelType.CHECKPOINT, ModelType.LORA): (
        _E, "no model in it to load",
        f"{_NOT_DETECTED} HINT: This seems to be a Lora file and Lora files should be put in the lora folder",
    ),
    (ModelType.CHECKPOINT, ModelType.DIFFUSION_MODEL): (
        _W, "its MODEL loads, its CLIP and VAE outputs are empty",
        "ERROR: clip input is invalid: None",
    ),
    (ModelType.CHECKPOINT, ModelType.VAE): (_E, "only an autoencoder is in it", _NOT_DETECTED),
    (ModelType.CHECKPOINT, ModelType.TEXT_ENCODER): (_E, "only a text encoder is in it", _NOT_DETECTED),
    (ModelType.CHECKPOINT, ModelType.CONTROLNET): (_E, "no model in it to load", _NOT_DETECTED),
    (ModelType.DIFFUSION_MODEL, ModelType.LORA): (_E, "no model in it to load", _NOT_DETECTED),
    (ModelType.DIFFUSION_MODEL, ModelType.VAE): (_E, "no diffusion model in it", _NOT_DETECTED),
    (ModelType.DIFFUSION_MODEL, ModelType.TEXT_ENCODER): (_E, "no diffusion model in it", _NOT_DETECTED),
    (ModelType.DIFFUSION_MODEL, ModelType.CHECKPOINT): (_I, "the diffusion model in it is used", ""),
    (ModelType.LORA, ModelType.CHECKPOINT): (_E, "it patches nothing", "lora key not loaded: …"),
    (ModelType.LORA, ModelType.DIFFUSION_MODEL): (_E, "it patches nothing", "lora key not loaded: …"),
    (ModelType.LORA, ModelType.CONTROLNET): (_E, "it patches nothing", "lora key not loaded: …"),
    (ModelType.LORA, ModelType.EMBEDDING): (_E, "it patches nothing", "lora key not loaded: …"),
    (ModelType.CONTROLNET, ModelType.LORA): (_E, "no ControlNet in it", _NO_CONTROLNET),
    (ModelType.CONTROLNET, ModelType.CHECKPOINT): (_E, "no ControlNet in it", _NO_CONTROLNET),
    (ModelType.CONTROLNET, ModelType.DIFFUSION_MODEL): (_E, "no ControlNet in it", _NO_CONTROLNET),
    (ModelType.VAE, ModelType.LORA): (_E, "no autoencoder in it", _NO_VAE),
    (ModelType.VAE, ModelType.DIFFUSION_MODEL): (_E, "no autoencoder in it", _NO_VAE),
    (ModelType.UPSCALER, ModelType.LORA): (_E, "no upscaler in it", ""),
    (ModelType.UPSCALER, ModelType.LATENT_UPSCALER): (_E, "it scales latents, not pictures", ""),
    (ModelType.TEXT_ENCODER, ModelType.CLIP_VISION): (_E, "it sees pictures, not text", ""),
    (ModelType.CLIP_VISION, ModelType.TEXT_ENCODER): (_E, "it reads text, not pictures", ""),
    (ModelType.TEXT_ENCODER, ModelType.LORA): (_E, "no text encoder in it", ""),
}  # fmt: skip
"""Wanted, actual → level, why, and ComfyUI's own words. Source: ComfyUI 0.22.0 comfy/sd.py, comfy/controlnet.py."""
_LOADS_WHATEVER: Final = frozenset({ModelType.LORA, ModelType.TEXT_ENCODER})
"""Wanted types whose loaders take any weights: comfy/lora.py logs keys it does not know and goes on, and
`load_text_encoder_state_dicts` of comfy/sd.py makes a CLIP-L of what it does not recognise."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The families a side may be, and which size and ecosystem."""

    architectures: frozenset[str]
    size: str = ""
    ecosystem: str = ""

    @property
    def text(self) -> str:
        names = " or ".join(sorted(self.architectures))
        return f"{names} {self.size}" if self.size else names


def _known(side: Side) -> _Known:
    family: Family | None = family_of(side.base_model)
    told = frozenset(side.identity.architectures) if side.identity else frozenset()
    if not told:
        return (
            _Known(frozenset({family.architecture}), family.size, family.ecosystem)
            if family
            else _Known(told)
        )
    agrees = family is not None and family.architecture in told
    size = next((size for name in sorted(told) if (size := size_of(name, side.header))), "")
    if family is None or not agrees:
        return _Known(told, size)
    return _Known(frozenset({family.architecture}), size or family.size, family.ecosystem)


def _adapter(pair: Pair) -> Iterator[Lint]:
    """A LoRA: by the layers of both headers, else by family."""
    mine, theirs = _known(pair.dependent), _known(pair.base)
    overlap = _overlap(pair)
    if overlap and overlap.clashes:
        yield _clash(pair, overlap, mine, theirs)
    elif overlap and overlap.foreign_width and not overlap.found:
        why = (
            f"{_strangers(mine, theirs)}its layers are {overlap.foreign_width} wide, no layer of the base is"
        )
        yield _remark(pair, _level(pair, mine, theirs), "base-mismatch", why, _not_loaded(overlap))
    elif remark := _by_family(pair, mine, theirs, _not_loaded(overlap)):
        yield remark
    elif overlap and overlap.found and overlap.percent < 90:
        why = f"{overlap.percent} % of its {overlap.patched} layers have a counterpart there; the others do nothing"
        yield _remark(pair, _W, "base-partial", why, _not_loaded(overlap))
    elif mine.architectures & theirs.architectures:
        yield from _relatives(pair, mine, theirs)


def _overlap(pair: Pair) -> Overlap | None:
    mine, base = pair.dependent.header, pair.base.header
    if mine is None or base is None or not is_comparable(base):
        return None
    found = overlap_of(read_adapter(mine.tensors), base)
    return found if found.patched else None


def _clash(pair: Pair, overlap: Overlap, mine: _Known, theirs: _Known) -> Lint:
    clash = overlap.clashes[0]
    patch, layer = clash.mine, clash.theirs
    widths = f"{patch.inner} → {patch.outer} against {layer.inner} → {layer.outer}"
    why = (
        f"{len(overlap.clashes)} of its {overlap.patched} layers have another size ({clash.module}: {widths})"
    )
    strange = _strangers(mine, theirs)
    why = strange + why
    consequence = ""
    if patch.inner and patch.outer:
        # comfy/weight_adapter/lora.py reshapes up @ down to the weight's own shape.
        consequence = (
            f"ERROR lora diffusion_model.{clash.module}.weight shape '[{layer.outer}, {layer.inner}]' "
            f"is invalid for input of size {patch.inner * patch.outer}"
        )
    level = _level(pair, mine, theirs)
    return _remark(pair, level, "base-mismatch" if strange else "shape-mismatch", why, consequence, theirs)


def _level(pair: Pair, mine: _Known, theirs: _Known) -> LintLevel:
    """How much layers that do not fit matter: between relatives ComfyUI leaves them out and the others work."""
    call = _close_call(pair, mine, theirs) if _strangers(mine, theirs) else None
    return LintLevel(call[0]) if call else _E


def _strangers(mine: _Known, theirs: _Known) -> str:
    """That the two are of different families, where both are known and share none; else nothing."""
    if not mine.architectures or not theirs.architectures or mine.architectures & theirs.architectures:
        return ""
    return f"made for {mine.text}, not {theirs.text}: "


def _not_loaded(overlap: Overlap | None) -> str:
    first = overlap.strangers[0] if overlap and overlap.strangers else "…"
    return f"lora key not loaded: {first}"


def _relatives(pair: Pair, mine: _Known, theirs: _Known) -> Iterator[Lint]:
    """One architecture, two sizes or two lines of training."""
    if mine.size and theirs.size and mine.size != theirs.size:
        why = f"it is made for the {mine.size} model, this is the {theirs.size} one: no layer has its size"
        yield _remark(pair, _E, "base-mismatch", why, "shape '[…]' is invalid for input of size …")
    elif mine.ecosystem and theirs.ecosystem and mine.ecosystem != theirs.ecosystem:
        why = f"made for {pair.dependent.base_model}, applied to {pair.base.base_model}: it loads, the effect may differ"
        yield _remark(pair, _I, "base-relative", why)


def _by_family(pair: Pair, mine: _Known, theirs: _Known, consequence: str) -> Lint | None:
    """Two architectures that have nothing in common, or only a little."""
    if not mine.architectures or not theirs.architectures or mine.architectures & theirs.architectures:
        return None
    if best := _close_call(pair, mine, theirs):
        return _remark(
            pair,
            LintLevel(best[0]),
            "base-close",
            f"made for {mine.text}, not {theirs.text}: {best[1]}",
            consequence,
        )
    return _remark(pair, _E, "base-mismatch", f"made for {mine.text}, not {theirs.text}", consequence)


def _close_call(pair: Pair, mine: _Known, theirs: _Known) -> tuple[str, str] | None:
    """What is said of two families that share something: the level and why."""
    calls = (
        close_call(pair.relation, one, other) for one in mine.architectures for other in theirs.architectures
    )
    return next((call for call in calls if call), None)


def _control(pair: Pair) -> Iterator[Lint]:
    """ControlNet and its relatives: ComfyUI notices when sampling, not when loading."""
    mine, theirs = _known(pair.dependent), _known(pair.base)
    if remark := _by_family(pair, mine, theirs, "mat1 and mat2 shapes cannot be multiplied"):
        yield remark


def _embedding(pair: Pair) -> Iterator[Lint]:
    mine, theirs = _known(pair.dependent), _known(pair.base)
    remark = _by_family(
        pair,
        mine,
        theirs,
        "WARNING: shape mismatch when trying to apply embedding, embedding will be ignored",
    )
    if remark and remark.level is _E:  # ComfyUI goes on without it
        remark = Lint(_W, remark.code, remark.message, remark.names, remark.sites, remark.consequence)
    if remark:
        yield remark


def _vae(pair: Pair) -> Iterator[Lint]:
    for mine, theirs, wanted in _unfit_part(pair, "vae"):
        why = f"the autoencoder of {mine.text}, {theirs.text} wants that of {' or '.join(wanted)}"
        yield _remark(pair, _E, "vae-mismatch", why, _no_such_latent(pair.dependent.header))


_LATENT_LAYERS: Final = ("decoder.conv_in.weight", "decoder.conv1.weight")
"""The first layer a latent meets, as LDM, diffusers and Wan call it."""


def _no_such_latent(header: Header | None) -> str:
    """What torch says when a latent of other channels comes to the decoder."""
    tensors = header.tensors if header else {}
    shape = next((tensors[name].shape for name in _LATENT_LAYERS if name in tensors), None)
    if not shape or len(shape) < 2:
        return "expected input to have another number of channels"
    return f"Given groups=1, weight of size {list(shape)}, expected input[…] to have {shape[1]} channels, but got …"


def _text_encoder(pair: Pair) -> Iterator[Lint]:
    for mine, theirs, wanted in _unfit_part(pair, "text_encoders"):
        why = f"it is {mine.text}, {theirs.text} reads {', '.join(wanted)}"
        yield _remark(pair, _E, "encoder-mismatch", why, "mat1 and mat2 shapes cannot be multiplied")


def _unfit_part(pair: Pair, part: str) -> Iterator[tuple[_Known, _Known, list[str]]]:
    """Both sides and what the base wants of that part, where the part is none of it and all of this is known."""
    if pair.dependent.identity is None:
        return  # a source's base model says what it is for, not what it is
    mine, theirs = _known(pair.dependent), _known(pair.base)
    fits = [parts_for(part, name, theirs.size) for name in theirs.architectures]
    wanted = frozenset[str]().union(*fits)
    if mine.architectures and fits and all(fits) and not mine.architectures & wanted:
        yield mine, theirs, sorted(wanted)


def _nothing(_: Pair) -> Iterator[Lint]:
    return iter(())


_CHECKS: Final[dict[ModelType, Callable[[Pair], Iterator[Lint]]]] = {
    **dict.fromkeys(APPLIED_TO_A_BASE, _control),
    ModelType.LORA: _adapter,
    ModelType.EMBEDDING: _embedding,
    ModelType.HYPERNETWORK: _embedding,
    ModelType.VAE: _vae,
    ModelType.TEXT_ENCODER: _text_encoder,
}


def _remark(
    pair: Pair, level: LintLevel, code: str, why: str, consequence: str = "", theirs: _Known | None = None
) -> Lint:
    base = f"`{pair.base.name}`" + (f" ({theirs.text})" if theirs and theirs.architectures else "")
    message = f"{_word(pair.relation)} `{pair.dependent.name}` on {base}: {why}"
    return Lint(
        level,
        code,
        message,
        (pair.dependent.name, pair.base.name),
        (*_sites(pair.dependent), *_sites(pair.base)),
        consequence,
    )


def _sites(side: Side) -> tuple[NodeSite, ...]:
    return (side.site,) if side.site else ()


_WORDS: Final = {
    "lora": "LoRA",
    "controlnet": "ControlNet",
    "vae": "VAE",
    "ip_adapter": "IP-Adapter",
    "control_lora": "control LoRA",
}


def _word(model_type: ModelType) -> str:
    return _WORDS.get(model_type, model_type.replace("_", " "))
