"""Which base models go together, in Civitai's words or by their architecture's name.

Source: Civitai's base-model table (99 names, 2026-08), as the root ecosystem that its AIRs name.
"""

from __future__ import annotations

import re

# The root ecosystem of names that do not start with it.
_ROOTS: dict[str, str] = {
    "illustrious": "sdxl", "noobai": "sdxl", "pony": "sdxl", "playground v2": "sdxl", "sdxl distilled": "sdxl",
    "pony v7": "auraflow", "auraflow": "auraflow", "stable cascade": "scascade", "odor": "sd1",
    "flux.1 krea": "flux1", "flux.1 kontext": "flux1", "hunyuan 1": "hydit1", "zimageturbo": "zimage",
    "zimagebase": "zimage", "ltxv 2.3": "ltxv2", "ltxv2": "ltxv2",
    # what headers tell; Wan's sizes do not mix, so that word alone says nothing
    "hunyuandit": "hydit1", "hunyuan_video": "hyv1", "ltx2": "ltxv2", "lumina2": "lumina",
}  # fmt: skip

_FAMILIES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), family)
    for pattern, family in (
        (r"sd 1\.|sd ?1\.?5|sd1\b", "sd1"),
        (r"sd 2\.|sd ?2\.?[01]|sd2\b", "sd2"),
        (r"sdxl|sd xl", "sdxl"),
        (r"sd 3|sd3", "sd3"),
        (r"flux\.?1|flux$", "flux1"),
        (r"flux\.?2", "flux2"),
        (r"wan video 2\.2 ti2v", "wan22-5b"),
        (r"wan video 1\.3b", "wan-1.3b"),
        (r"wan video", "wan-14b"),
        (r"hunyuan video", "hyv1"),
        (r"pixart", "pixart"),
        (r"qwen", "qwen"),
        (r"svd", "svd"),
        (r"ltxv", "ltxv"),
    )
)
# Families of one: the name is the family. Any name that stands nowhere here says nothing.
_ALONE = frozenset(
    [
        "anima",
        "chroma",
        "cogvideox",
        "ernie",
        "grok",
        "happyhorse",
        "hidream",
        "hidream-o1",
        "ideogram",
        "boogu",
        "kolors",
        "lens",
        "lumina",
        "mageflow",
        "mai",
        "mochi",
        "krea_2",
        "ace_audio",
        "hunyuan3d",
        "minimax_h3",
    ]
)


def family_of(base_model: str | None) -> str:
    """The family whose parts fit each other; empty where the name says nothing (`Other`, a word of another list)."""
    name = (base_model or "").strip().casefold()
    if name in _ROOTS:
        return _ROOTS[name]
    alone = name if name.replace(" ", "_") in _ALONE else ""
    return next((family for pattern, family in _FAMILIES if pattern.match(name)), alone)


def bases_agree(wanted: tuple[str, ...], offered: str | None) -> bool | None:
    """Whether a file made for `offered` fits what is wanted; None where either side says nothing."""
    families = {family for base in wanted if (family := family_of(base))}
    theirs = family_of(offered)
    return theirs in families if families and theirs else None
