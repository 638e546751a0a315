"""Tells from a header what a model file is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from wfdeps.detect.adapters import Adapter, read_adapter
from wfdeps.detect.claims import claimed_architecture, shown, trained_words
from wfdeps.detect.precision import dtypes_of, parameters_of, precision_of
from wfdeps.detect.rules import GATES, Rule, first_rule, source_of
from wfdeps.detect.scopes import Scope
from wfdeps.detect.tensors import Header, Tensor
from wfdeps.domain.folders import DEFAULT_KEY
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import Certainty
from wfdeps.values import dataclass, replace

PREFIXES: Final[dict[str, tuple[str, ...]]] = {
    "core": ("model.diffusion_model.", "model.model.", "net.", "diffusion_model.", "transformer.", "unet.", "model."),
    "others": ("model.diffusion_model.", "model.model.", "net.", "diffusion_model.", "transformer.", "unet.", "model."),
    "upscalers": ("module.", "netG.", "g_ema.", "generator."),
    "vae": ("first_stage_model.", "vae.", "model."),
    "encoders": (
        "cond_stage_model.transformer.", "cond_stage_model.model.", "conditioner.embedders.0.transformer.",
        "conditioner.embedders.1.model.", "conditioner.embedders.0.model.", "text_encoder.", "text_encoders.",
        "transformer.", "model.",
    ),
}  # fmt: skip
"""What may stand before a part's keys. Source: comfy/model_detection.py unet_prefix_from_state_dict, comfy/sd.py."""

HAS_VAE: Final = r"re:^(first_stage_model|vae|model\.vae|autoencoder|pretransform)\."
HAS_TEXT_ENCODER: Final = (
    r"re:^(cond_stage_model|conditioner\.embedders|text_encoders|text_encoder|model\.text_encoders"
    r"|conditioner\.conditioners|text_embedding_projection)\."
)
HAS_DIFFUSION_MODEL: Final = r"re:^model\.diffusion_model\."
MOST_ARCHITECTURES: Final = 4


def identify(header: Header, name: str = "") -> Identity:
    """What the file is, how sure that is, and why; UNKNOWN where no rule knows its keys.

    `name` only settles what a header cannot (a detector of boxes or of outlines), never what it can.
    """
    raw = Scope(header.tensors)
    answer = _answer(header, raw, name)
    return replace(
        answer,
        precision=precision_of(header),
        dtypes=dtypes_of(header),
        parameters=parameters_of(header),
        trained_words=trained_words(header.metadata),
        format=header.format,
        tensors=len(header.tensors) if header.tensors else None,
        safety=header.safety,
        metadata=shown(header.metadata),
    )


_ADAPTERS: Final = frozenset({ModelType.LORA, ModelType.CONTROL_LORA, ModelType.MOTION_LORA})


@dataclass(slots=True)
class _Case:
    """A rule that held, and what it held on."""

    rule: Rule
    header: Header
    raw: Scope
    name: str
    _adapter: Adapter | None = None

    def adapter(self) -> Adapter:
        """What the file patches, read once."""
        if self._adapter is None:
            self._adapter = read_adapter(self.raw.tensors)
        return self._adapter


def _answer(header: Header, raw: Scope, name: str) -> Identity:
    for gate in _gates(raw):
        for scope in _scopes(gate, raw):
            if rule := first_rule(gate, header, scope, raw):
                return _settle(_Case(rule, header, raw, name), gate)
    if header.format in ("onnx", "torchscript"):
        return _by_name(header, name)
    count = len(header.tensors)
    reason = f"no rule knows its {count} tensors" if count else "its header names no tensors"
    return Identity(ModelType.UNKNOWN, reasons=(reason,))


_NAMED_ENCODER: Final = re.compile(r"\n(text_encoders\.[^.\n]+\.(?:transformer\.|model\.)?)")

_NAMES: Final[tuple[tuple[str, ModelType, str], ...]] = (
    (r"inswapper|w600k|scrfd|det_\d+g|2d106det|1k3d68|genderage|glintr", ModelType.DETECTOR, "insightface"),
    (r"codeformer|gfpgan|gpen|restoreformer", ModelType.FACE_RESTORE, "facerestore_models"),
    (r"yolo|dw-ll|rtmpose|nudenet|detect|segment", ModelType.DETECTOR, "onnx"),
)
"""What a graph without tensor names probably is, by its file's name."""


def _by_name(header: Header, name: str) -> Identity:
    """A guess: programs and graphs do not list their tensors."""
    for pattern, model_type, folder in _NAMES:
        if re.search(pattern, name.lower()):
            return Identity(
                model_type, folder=folder, reasons=(f"a {header.format} file whose name says so",)
            )
    return Identity(ModelType.OTHER, reasons=(f"a {header.format} file; its graph is not read",))


def _gates(raw: Scope) -> Iterator[str]:
    """In order; a file that holds a diffusion model, of whatever family, is none of its parts."""
    whole = raw.has(HAS_DIFFUSION_MODEL)
    yield from (gate for gate in GATES if not (whole and gate in ("vae", "encoders")))


def _scopes(gate: str, raw: Scope) -> Iterator[Scope]:
    """Where a gate looks: the header as it is, and below each prefix of the gate's that is there."""
    yield raw
    named = _NAMED_ENCODER.search(raw.text) if gate == "encoders" else None
    for prefix in (*PREFIXES.get(gate, ()), *((named.group(1),) if named else ())):
        if "\n" + prefix in raw.text:
            yield raw.below(prefix)


def _settle(case: _Case, gate: str) -> Identity:
    rule = case.rule
    model_type = ModelType(rule.model_type)
    if model_type is ModelType.DIFFUSION_MODEL:
        model_type = _checkpoint_or(model_type, case)
    families, why = _architectures(case)
    reasons = [f"its keys are those of `{rule.id}`", *why]
    narrowed, claim = _narrow(families, case.header)
    reasons += [*([claim] if claim else []), f"rule from {source_of(rule)}"]
    adapter = case.adapter() if model_type in _ADAPTERS else None
    return Identity(
        model_type,
        architectures=narrowed,
        certainty=_certainty(rule, families, narrowed),
        reasons=tuple(reasons),
        adapter=adapter.method if adapter and adapter.modules else None,
        rank=adapter.rank if adapter else None,
        folder=_folder(model_type, case),
    )


def _checkpoint_or(model_type: ModelType, case: _Case) -> ModelType:
    """A diffusion model that carries a VAE or a text encoder is a checkpoint."""
    if case.raw.has(HAS_VAE) or case.raw.has(HAS_TEXT_ENCODER):
        return ModelType.CHECKPOINT
    return model_type


def _certainty(rule: Rule, families: tuple[str, ...], narrowed: tuple[str, ...]) -> Certainty:
    if rule.sure != "certain":
        return Certainty(rule.sure)
    return Certainty.CERTAIN if len(narrowed) == 1 and narrowed == families else Certainty.LIKELY


def _folder(model_type: ModelType, case: _Case) -> str | None:
    if model_type is ModelType.CHECKPOINT:
        return "checkpoints"
    if case.rule.folder == "ultralytics_bbox" and re.search(r"[-_]seg", case.name.lower()):
        return "ultralytics_segm"  # a header seen in part may lack the prototypes
    if case.rule.folder is not None:
        return case.rule.folder or None
    return DEFAULT_KEY.get(model_type)


def _narrow(families: tuple[str, ...], header: Header) -> tuple[tuple[str, ...], str]:
    """The set, cut down where the file claims one of its members; a claim that contradicts is only told."""
    claimed = claimed_architecture(header.metadata)
    if claimed is None or families == (claimed,):
        return families, ""
    if claimed in families:
        return (claimed,), f"of {', '.join(families)} its metadata says {claimed}"
    if not families:
        return (claimed,), f"its metadata says {claimed}"
    return families, f"its metadata says {claimed}, its keys do not"


def _architectures(case: _Case) -> tuple[tuple[str, ...], list[str]]:
    """The families a rule's answer means here, sorted, and what more there is to say."""
    way = _WAYS.get(case.rule.arch)
    text, why = way(case) if way else (case.rule.arch, [])
    if case.rule.variant:
        why = [f"variant: {case.rule.variant}", *why]
    return tuple(sorted({word for word in text.split("|") if word}))[:MOST_ARCHITECTURES], why


def _by_cross_dimension(case: _Case) -> tuple[str, list[str]]:
    shape = case.raw.shape(r"re:^ip_adapter\.\d+\.to_k(_ip)?\.weight$")
    families = {768: "sd1", 1024: "sd2", 2048: "sdxl", 2432: "sd3", 4096: "flux"}
    width = shape[1] if shape and len(shape) > 1 else None
    return families.get(width or 0, "sd1|sdxl"), [f"its attention reads a width of {width}"] if width else []


def _by_width(case: _Case) -> tuple[str, list[str]]:
    names = case.raw.tensors
    if "clip_g" in names:
        return "sdxl", ["it holds a vector for clip_g"]
    for name, families in _EMBEDDED_FOR.items():
        if name in names:
            return families, [f"it holds a vector for {name}"]
    widths = [tensor.shape[-1] for tensor in names.values() if tensor.shape]
    width = max(widths, default=0)
    return _BY_WIDTH.get(width, ""), [f"its vectors are {width} wide"] if width else []


_EMBEDDED_FOR: Final = {
    "t5xxl": "flux|sd3", "qwen3_4b": "z_image", "qwen25_7b": "qwen_image", "gemma2_2b": "lumina2",
    "gemma3_12b": "ltx2", "mistral3_24b": "flux2", "qwen3_06b": "anima", "llama": "hidream|hunyuan_video",
    "clip_h": "sd2",
}  # fmt: skip
_BY_WIDTH: Final = {
    768: "sd1",
    1024: "sd2",
    1280: "sdxl",
    2048: "sdxl",
    4096: "flux|sd3",
    2560: "z_image",
    3584: "qwen_image",
}


def _by_hypernetwork(case: _Case) -> tuple[str, list[str]]:
    """768 is the width of SD 1's text encoder, 1024 of SD 2's; both hold 320 to 1280 as well."""
    return ("sd2" if case.raw.has(r"re:^1024\.") else "sd1"), []


def _by_motion(case: _Case) -> tuple[str, list[str]]:
    """SD 1.5's UNet has four levels, SDXL's three."""
    return ("sd1" if case.raw.has(r"re:(^|\.)down_blocks\.3\.") else "sdxl"), []


def _by_lora(case: _Case) -> tuple[str, list[str]]:
    adapter = case.adapter()
    sizes = {
        name: Tensor("", (module.inner or -1, module.outer or -1), 0)
        for name, module in adapter.modules.items()
    }
    scope = Scope(sizes)
    rule = first_rule("lora_arch", case.header, scope, scope)
    if rule is None:
        return "", ["no rule knows the modules it patches"]
    return rule.arch, [f"it patches modules of `{rule.id}`", *_hidden_size(rule.arch, adapter)]


_WAN_SIZES: Final = {5120: "14B", 1536: "1.3B", 3072: "5B"}


def _hidden_size(family: str, adapter: Adapter) -> list[str]:
    if family != "wan":
        return []
    inner = next(
        (
            module.inner
            for name, module in adapter.modules.items()
            if name.endswith(("_attn_q", "attn1_to_q"))
        ),
        None,
    )
    return [f"hidden size {inner}: the {_WAN_SIZES[inner]} models"] if inner in _WAN_SIZES else []


_WAYS: Final[dict[str, Callable[[_Case], tuple[str, list[str]]]]] = {
    "by:cross_dim": _by_cross_dimension,
    "by:width": _by_width,
    "by:motion": _by_motion,
    "by:hypernetwork": _by_hypernetwork,
    "by:lora": _by_lora,
}
