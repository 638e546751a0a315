"""Compares what an adapter patches with what a base model has: names first, then widths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from wfdeps.detect.adapters import AdaptedModule, Adapter, canonical_module
from wfdeps.detect.tensors import Header
from wfdeps.values import dataclass

_TEXT: Final = re.compile(r"^(te\d?_|prior_)")
_BASE_PREFIX: Final = re.compile(
    r"^(model\.diffusion_model|diffusion_model|model\.model|transformer|unet|net|model)\."
)
_PACKED: Final = frozenset({"U8", "I8", "I32", "U32", "F4"})
"""Storage of quantisations that pack several numbers: their shapes are not the layer's."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A layer that both have, in different sizes."""

    module: str
    """The base model's own spelling, without what stands before a diffusion model's keys."""
    mine: AdaptedModule
    theirs: AdaptedModule


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of an adapter finds its place. Text encoder layers are left out."""

    patched: int
    found: int
    clashes: tuple[Clash, ...]
    strangers: tuple[str, ...]
    """A key of each of the adapter's modules without a counterpart, sorted."""
    foreign_width: int | None = None
    """The adapter's commonest inner width, where the base has no layer that wide."""

    @property
    def percent(self) -> int:
        return 100 * self.found // self.patched if self.patched else 0


def is_comparable(base: Header) -> bool:
    """Whether the header tells its layers' true sizes: not where a quantisation packed them."""
    return not any(
        tensor.dtype in _PACKED and len(tensor.shape or ()) > 1 for tensor in base.tensors.values()
    )


def overlap_of(adapter: Adapter, base: Header) -> Overlap:
    """What of the adapter meets the base, by name and by width."""
    layers = _layers(base)
    found, clashes, strangers = 0, [], []
    mine = {name: module for name, module in adapter.modules.items() if not _TEXT.match(name)}
    for name, module in mine.items():
        place = next((spelling for spelling in _spellings(name) if spelling in layers), None)
        if place is None and (place := _fused(name)) in layers:
            module = AdaptedModule(module.inner)  # one of three that the base keeps in one
        if place not in layers:
            strangers.append(adapter.keys.get(name, name))
            continue
        found += 1
        key, layer = layers[place]
        if _differs(module, layer):
            clashes.append(Clash(key, module, layer))
    return Overlap(len(mine), found, tuple(clashes), tuple(sorted(strangers)), _foreign_width(mine, layers))


def _layers(base: Header) -> dict[str, tuple[str, AdaptedModule]]:
    """Every matrix of the base: canonical name → its key and sizes."""
    layers = {}
    for key, tensor in base.tensors.items():
        shape = tensor.shape
        if not key.endswith(".weight") or not shape or len(shape) < 2:
            continue
        bare = _BASE_PREFIX.sub("", key.removesuffix(".weight"))
        layers[canonical_module(bare)] = bare, AdaptedModule(shape[1], shape[0])
    return layers


def _differs(mine: AdaptedModule, theirs: AdaptedModule) -> bool:
    return any(
        a is not None and b is not None and a != b
        for a, b in ((mine.inner, theirs.inner), (mine.outer, theirs.outer))
    )


def _foreign_width(
    modules: Mapping[str, AdaptedModule], layers: Mapping[str, tuple[str, AdaptedModule]]
) -> int | None:
    widths = [module.inner for module in modules.values() if module.inner]
    if not widths or not layers:
        return None
    commonest = max(set(widths), key=lambda width: (widths.count(width), width))
    return None if any(layer.inner == commonest for _, layer in layers.values()) else commonest


_WAN: Final = (
    (re.compile(r"^(blocks_\d+)_attn1_"), r"\1_self_attn_"),
    (re.compile(r"^(blocks_\d+)_attn2_"), r"\1_cross_attn_"),
    (re.compile(r"_attn_to_out_0$"), "_attn_o"),
    (re.compile(r"_attn_to_([qkv])$"), r"_attn_\1"),
    (re.compile(r"_attn_add_([kv])_proj$"), r"_attn_\1_img"),
    (re.compile(r"_ffn_net_0_proj$"), "_ffn_0"),
    (re.compile(r"_ffn_net_2$"), "_ffn_2"),
)
"""diffusers' names for Wan's layers. Source: diffusers convert_wan_to_diffusers.py, comfy/lora.py."""

_UNET_PLACE: Final = re.compile(r"^(down|up)_blocks_(\d)_(attentions|resnets)_(\d)_(.*)$")
_UNET_MIDDLE: Final = re.compile(r"^mid_block_(attentions|resnets)_(\d)_(.*)$")
_RESNET: Final = {
    "conv1": "in_layers_2", "conv2": "out_layers_3", "time_emb_proj": "emb_layers_1", "conv_shortcut": "skip_connection",
}  # fmt: skip


def _fused(name: str) -> str:
    """The layer into which Lumina and Z-Image put q, k and v. Source: comfy/lora.py z_image_to_diffusers."""
    return re.sub(
        r"_attention_to_[qkv]$", "_attention_qkv", re.sub(r"_attention_to_out_0$", "_attention_out", name)
    )


def _spellings(name: str) -> tuple[str, ...]:
    """The module's names under the conventions that a base may use."""
    spellings = [name]
    if unet := _unet_name(name):
        spellings.append(unet)
    wan = name
    for pattern, text in _WAN:
        wan = pattern.sub(text, wan)
    if wan != name:
        spellings.append(wan)
    return tuple(spellings)


def _unet_name(name: str) -> str | None:
    """The original's name for a layer of diffusers' UNet. Source: comfy/utils.py unet_to_diffusers."""
    if found := _UNET_PLACE.match(name):
        side, block, part, index, rest = found.groups()
        at = 3 * int(block) + int(index)
        where = f"input_blocks_{at + 1}" if side == "down" else f"output_blocks_{at}"
        return f"{where}_1_{rest}" if part == "attentions" else f"{where}_0_{_RESNET.get(rest, rest)}"
    if found := _UNET_MIDDLE.match(name):
        part, index, rest = found.groups()
        return (
            f"middle_block_1_{rest}"
            if part == "attentions"
            else f"middle_block_{2 * int(index)}_{_RESNET.get(rest, rest)}"
        )
    return None
