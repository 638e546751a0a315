"""What a LoRA, or one of its relatives, patches: modules under one spelling, their sizes, rank and method."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from math import isqrt
from typing import Final

from wfdeps.detect.tensors import Tensor
from wfdeps.values import dataclass, field

_SUFFIX: Final = re.compile(
    r"(?:[._]lora\d?|\.lora_linear_layer)\.(up|down)\.weight$"
    r"|\.(lora_up|lora_down|lora_mid|lora_A|lora_B)(?:\.default|\.[\w-]+)?(?:\.weight|\.bias)?$"
    r"|\.(hada_w[12]_[ab]|hada_t[12]|lokr_w[12](?:_[ab])?|lokr_t2|oft_blocks|oft_diag|oft_R(?:\.weight)?|boft_\w+"
    r"|dora_scale|lora_magnitude_vector(?:\.default)?(?:\.weight)?|alpha|diff|diff_b|[ab][12]\.weight|w_norm|b_norm"
    r"|set_weight|reshape_weight|rescale|on_input|on_scale)$"
)
"""The part of a key that says which piece of the adapter it is. Source: comfy/lora.py, comfy/weight_adapter."""

_PREFIX: Final = re.compile(
    r"^(?:lora_unet__|lora_unet_|lora_transformer_|lora_dit_|lycoris_unet_"
    r"|lycoris_transformer_(?!blocks_)|lycoris_transformer_(?=blocks_\d+_(?:self_attn|cross_attn_[qkvo]|ffn_|mlp_layer|adaln|modulation"
    r"|attn_(?:w|qkv|proj|gate)))|lycoris_|(?:unet\.)?base_model\.model\."
    r"(?:transformer\.|diffusion_model\.|model\.)?|diffusion_model\.|model\.diffusion_model\.|transformer\.|unet\.)"
)
"""The trainer's own words before a module. `lycoris_transformer_blocks_0_…` is `lycoris_` and `transformer_blocks`, unless
what follows is only ever found in `blocks`. Source: comfy/lora.py model_lora_keys_unet."""

_TEXT_PREFIXES: Final = (
    ("lora_te1_", "te1_"), ("lora_te2_", "te2_"), ("lora_te3_", "te3_"), ("lora_te_", "te_"),
    ("lora_prior_unet_", "prior_unet_"), ("lora_prior_te_", "te_"), ("text_encoder_2.", "te2_"),
    ("text_encoder_3.", "te3_"), ("text_encoder.", "te_"), ("text_encoders.clip_l.transformer.", "te1_"),
    ("text_encoders.clip_g.transformer.", "te2_"), ("text_encoders.t5xxl.transformer.", "te3_"),
    ("text_encoders.", "te_"), ("lycoris_text_encoder_2_", "te2_"), ("lycoris_text_encoder_", "te_"),
    ("lycoris_te1_", "te1_"), ("lycoris_te2_", "te2_"),
)  # fmt: skip

_TEXT_STARTS: Final = tuple(prefix for prefix, _ in _TEXT_PREFIXES)

_ONE_WORD: Final = {"lora_up": "up", "lora_B": "up", "lora_down": "down", "lora_A": "down", "lora_mid": "mid"}

_METHODS: Final = (
    ("lokr", "lokr_"), ("loha", "hada_"), ("boft", "boft_"), ("oft", "oft_"), ("glora", "a1.weight"),
    ("locon", "mid"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AdaptedModule:
    """One layer an adapter patches. A size is None where the pieces do not say it."""

    inner: int | None = None
    outer: int | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """All an adapter file patches."""

    method: str
    """`lora`, `locon`, `loha`, `lokr`, `oft`, `boft`, `glora` or `full_diff`; `+dora` where it has magnitudes."""
    modules: Mapping[str, AdaptedModule]
    """By name: trainer's prefix and adapter's suffix removed, dots as underscores; `te_`, `te1_` … for text."""
    rank: int | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    """Each module's first key, as the file spells it."""


def read_adapter(tensors: Mapping[str, Tensor]) -> Adapter:
    """What the adapter patches, told from its keys and shapes."""
    parts: dict[str, dict[str, tuple[int, ...]]] = {}
    pieces: set[str] = set()
    names: dict[str, str] = {}
    keys: dict[str, str] = {}
    for key, tensor in tensors.items():
        module, piece = _split(key)
        if not piece:
            continue
        pieces.add(piece)
        name = names.get(module)
        if name is None:
            name = names[module] = canonical_module(module)
            keys.setdefault(name, key)
        parts.setdefault(name, {})[piece] = tensor.shape or ()
    downs = [part["down"] for part in parts.values() if part.get("down")]
    ranks = Counter(shape[0] for shape in downs)
    if any(len(shape) == 4 and shape[2] > 1 for shape in downs):
        pieces.add("conv")
    modules = {name: _module(part) for name, part in parts.items()}
    rank = ranks.most_common(1)[0][0] if ranks else _other_rank(parts)
    return Adapter(_method(pieces), modules, rank, keys)


def _split(key: str) -> tuple[str, str]:
    """The patched module as the file spells it, and which piece of the adapter this is; no piece: another key."""
    module, _, last = key.rpartition(".")
    if last == "alpha":
        return module, last
    if last == "weight":  # nearly every key ends in one of these: no need of the expression
        module, _, last = module.rpartition(".")
        if last in _ONE_WORD:
            return module, _ONE_WORD[last]
    found = _SUFFIX.search(key)
    if found is None:
        return key, ""
    word = found.group(found.lastindex or 0)
    return key[: found.start()], _ONE_WORD.get(word, word)


def _module(part: Mapping[str, tuple[int, ...]]) -> AdaptedModule:
    """A module's sizes from the shapes of its pieces."""
    for up, down in (("up", "down"), ("hada_w1_a", "hada_w1_b")):
        if up in part or down in part:
            return AdaptedModule(_length(part.get(down), 1), _length(part.get(up), 0))
    if "diff" in part:
        return AdaptedModule(_length(part["diff"], 1), _length(part["diff"], 0))
    one = part.get("lokr_w1") or _product(part.get("lokr_w1_a"), part.get("lokr_w1_b"))
    two = part.get("lokr_w2") or _product(part.get("lokr_w2_a"), part.get("lokr_w2_b"))
    if one and two and len(one) > 1 and len(two) > 1:
        return AdaptedModule(one[1] * two[1], one[0] * two[0])
    if "a1.weight" in part and "b1.weight" in part:
        return _glora_module(part)
    return _rotated_module(part)


def _rotated_module(part: Mapping[str, tuple[int, ...]]) -> AdaptedModule:
    """What an orthogonal matrix turns: the outputs, block by block (LyCORIS, kohya), or the inputs (PEFT's `oft_R`)."""
    if shape := part.get("oft_blocks") or part.get("oft_diag"):
        return AdaptedModule(outer=shape[-3] * shape[-1] if len(shape) > 2 else None)
    shape = part.get("oft_R.weight") or part.get("oft_R") or ()
    if len(shape) != 2:
        return AdaptedModule()
    # A skew-symmetric block of side n is stored as its n * (n - 1) / 2 numbers above the diagonal.
    side = (1 + isqrt(1 + 8 * shape[1])) // 2
    return AdaptedModule(inner=shape[0] * side)


def _glora_module(part: Mapping[str, tuple[int, ...]]) -> AdaptedModule:
    """GLoRA's pieces change their order between versions; the rank is the short side of each."""
    inner = max(part["a1.weight"], default=None)
    sides = [max(part[piece], default=0) for piece in ("b1.weight", "b2.weight") if piece in part]
    return AdaptedModule(inner, next((side for side in sides if side != inner), inner))


def _length(shape: tuple[int, ...] | None, dimension: int) -> int | None:
    return shape[dimension] if shape and len(shape) > 1 else None


def _product(left: tuple[int, ...] | None, right: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return (left[0], right[1]) if left and right and len(right) > 1 else None


def _other_rank(parts: Mapping[str, Mapping[str, tuple[int, ...]]]) -> int | None:
    """The rank of a LoHa or LoKr, from the first module that shows it."""
    for part in parts.values():
        for piece in ("hada_w1_b", "lokr_w2_b", "lokr_w1_b"):
            if shape := part.get(piece):
                return shape[0]
    return None


def canonical_module(name: str) -> str:
    """A module's one spelling: `lora_unet_double_blocks_0_img_attn_qkv` and `diffusion_model.double_blocks.0.…` meet."""
    if name.startswith(_TEXT_STARTS):
        prefix, short = next(row for row in _TEXT_PREFIXES if name.startswith(row[0]))
        return short + name[len(prefix) :].replace(".", "_")
    found = _PREFIX.match(name)
    return (name[found.end() :] if found else name).replace(".processor.", ".").replace(".", "_")


def _method(pieces: set[str]) -> str:
    method = next((word for word, mark in _METHODS if any(piece.startswith(mark) for piece in pieces)), "")
    if not method:
        method = "locon" if "conv" in pieces else "lora" if pieces & {"up", "down"} else "full_diff"
    magnitudes = any(piece.startswith(("dora_scale", "lora_magnitude")) for piece in pieces)
    if magnitudes and method == "lora":
        return "dora"
    return f"{method}+dora" if magnitudes else method
