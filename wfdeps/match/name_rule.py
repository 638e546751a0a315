"""Civitai's file name rule: what its site calls a file, from the names of model and version.

    filenamize("Realistic Vision V6.0 B1")                         → "realisticVisionV60B1"
    name_by_rule("Realistic Vision V6.0 B1", "V5.1 (VAE)", ".ckpt") → "realisticVisionV60B1_v51VAE.ckpt"

Workflows carry these names, so the rule proves a candidate of a search whose files are called otherwise now.
LoRAs and embeddings keep the name they were uploaded with, and so does a model with no Latin letter or
digit in its name. Source: civitai/civitai `getDownloadFilename`, measured on 17,229 files (facts of 2026-08).
"""

from __future__ import annotations

import re

LENGTH = 20
"""Letters a name keeps, separators not counted."""

TOLD_APART: dict[str, re.Pattern[str]] = {
    "-inpainting": re.compile(r"in[ _-]?painting", re.I),
    ".instruct-pix2pix": re.compile(r"(instruct-)?pix2pix", re.I),
}
"""Endings of an uploaded name that survive the rule, and what then goes from the version's name."""

KEEPS_UPLOADED_NAME = frozenset({"LORA", "LoCon", "TextualInversion"})
"""Civitai model types the rule passes over. DoRA is not among them."""


def filenamize(text: str, length: int = LENGTH) -> str:
    """Text as the site puts it into a file name: camel case, Latin letters and digits, whole words, cut."""
    text = re.sub(r"[^A-Za-z0-9]", "_", text.replace("'", ""))
    return _camel_case(_cut(text, length + text.count("_")))


def stem_by_rule(model_name: str, version_name: str, *, told_apart: str = "") -> str:
    """The name without its ending; empty where the rule does not apply because no letter of the model stays.

    `told_apart` is one of the keys of TOLD_APART where the uploaded name had it.
    """
    model = filenamize(model_name)
    if not model:
        return ""
    if told_apart:
        version_name = TOLD_APART[told_apart].sub("", version_name)
    version = filenamize(re.sub(re.escape(model), "", version_name, flags=re.IGNORECASE))
    return f"{model}_{version}{told_apart}"


def names_by_rule(model_name: str, version_name: str, ending: str) -> tuple[str, ...]:
    """Every name the rule may give a file of this version with this ending (`.safetensors`)."""
    stems = (stem_by_rule(model_name, version_name, told_apart=suffix) for suffix in ("", *TOLD_APART))
    return tuple(f"{stem}{ending}" for stem in stems if stem)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    whole_words = text[:limit]
    if text[limit] != "_" and "_" in whole_words:
        return whole_words[: whole_words.rindex("_")]
    return whole_words


def _camel_case(text: str) -> str:
    first, *others = re.split(r"[ _-]", text)
    return first.lower() + "".join(word if word == word.upper() else word.capitalize() for word in others)
