"""What to type into a search that knows the names of models, not of files.

Civitai's search looks at model names, creators and trigger words. A file's name is turned back into them: the
part before the first `_` is the model's name in camel case, cut at twenty letters; uploaded names (LoRAs,
embeddings) are often a character's name with a version, an epoch or a trainer's noise behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wfdeps.domain.air import air_of
from wfdeps.domain.model_types import ModelType
from wfdeps.match.spelling import PRECISIONS, core_of, spell
from wfdeps.patterns import pattern

UNSEARCHABLE = "cannot be searched"
"""How a verdict on such a name begins."""

SEARCHABLE_LETTERS = 3
"""A shorter word alone finds everything and nothing."""

PREFIX_LETTERS = (6, 5, 4, 3)
"""Searches complete their last word, so the start of a fused word (`ASHLEYCL4`) still finds it."""

UPLOADED = frozenset(
    {
        ModelType.LORA,
        ModelType.EMBEDDING,
        ModelType.VAE,
        ModelType.MOTION_LORA,
        ModelType.UNKNOWN,
        ModelType.UPSCALER,
    }
)
"""Types whose files keep the name they were uploaded with."""

# Names that a trainer, a library or a platform gives: thousands of models share each of them.
SAYS_NOTHING: dict[str, str] = {
    "pytorch_lora_weights": "the name every diffusers LoRA has",
    "pytorch_model": "the name every transformers model has",
    "diffusion_pytorch_model": "the name every diffusers part has",
    "adapter_model": "the name every PEFT adapter has",
    "model": "the name every repository's main file has",
    "lora": "a name any LoRA may have",
    "last": "the name a trainer gives its last step",
    "final": "a name any training run may end with",
    "learned_embeds": "the name every diffusers embedding has",
    "unet": "a part of every model",
    "vae": "a part of every model",
    "text_encoder": "a part of every model",
    "checkpoint": "a name any training run may have",
    "ip_adapter": "a part of many repositories",
    "download": "what a browser calls a file without a name",
    "untitled": "no name at all",
    "test": "a name any file may have",
}
_PART_OF_MANY = pattern(r"[-_.](?:fp16|fp32|bf16|\d{5}[-_]of[-_]\d{5})$")
_BY_PLATFORM = pattern(r"[\da-f]{32,64}|[\da-f]{8}(?:_[\da-f]{4}){3}_[\da-f]{12}|tmp[a-z\d_]{8}")
"""A hash, a UUID, Python's temporary names."""
_TRAINER_STEP = pattern(r"(?:epoch|step|checkpoint|e|s)?[-_ ]?\d{1,9}", re.I)
_CAMEL = pattern(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_MADE_BY_RULE = pattern(r"[a-z0-9]+[A-Za-z0-9]*_[A-Za-z0-9]*(?:-inpainting|\.instruct-pix2pix)?")
_CASE_BORDER = pattern(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = pattern(r"[^\W_]+(?:'[^\W_]+)?")
_NOISE = frozenset(
    [
        "lora",
        "locon",
        "lycoris",
        "loha",
        "dora",
        "lo",
        "ra",
        "v",
        "ver",
        "version",
        "epoch",
        "step",
        "steps",
        "final",
        "last",
        "fix",
        "fixed",
        "new",
        "sd",
        "sdxl",
        "xl",
        "pony",
        "il",
        "ill",
        "illustrious",
        "noob",
        "noobai",
        "flux",
        "test",
        "ti",
        "emb",
        "embedding",
        "model",
        "models",
        "safetensors",
        "fp16",
        "fp32",
        "pruned",
        "full",
        "by",
        "the",
        "of",
        "a",
        "an",
        "and",
        "for",
        "in",
        "on",
        "to",
        "with",
        "from",
        "no",
        "vae",
        "dim",
        "alpha",
        "rank",
    ]
)
"""Words of trainers and of grammar: they stand in thousands of names and tell none apart."""


def says_nothing(name: str) -> str:
    """Why no search can find a file of this name; empty where one may."""
    if _is_address(name):
        return "it is an address, no file's name"
    stem = _folded(spell(name).stem)
    for spelling in (stem, _PART_OF_MANY().sub("", stem), _folded(core_of(spell(name).stem))):
        if spelling in SAYS_NOTHING:
            return SAYS_NOTHING[spelling]
    if _BY_PLATFORM().fullmatch(stem):
        return "a number that a platform gives a file"
    return (
        "the name a trainer gives a step" if _TRAINER_STEP().fullmatch(_PART_OF_MANY().sub("", stem)) else ""
    )


def _folded(stem: str) -> str:
    return stem.casefold().replace("-", "_").replace(" ", "_")


def _is_address(name: str) -> bool:
    """An AIR, or a URL that ends in no file."""
    return air_of(name) is not None or ("://" in name and not spell(name).ending)


def search_terms(name: str, model_types: tuple[ModelType, ...] = ()) -> tuple[str, ...]:
    """What to search for, most telling first, without repetition; empty for a name that says nothing."""
    if says_nothing(name):
        return ()
    stem = PRECISIONS.sub(" ", core_of(spell(name).stem))
    stem = re.sub(r"\(\d{1,3}\)\s*$", "", stem).strip()
    uploaded = not UPLOADED.isdisjoint(model_types) if model_types else not _MADE_BY_RULE().fullmatch(stem)
    forms = (_from_uploaded, _from_rule) if uploaded else (_from_rule, _from_uploaded)
    return tuple(_distinct(term for form in forms for term in form(stem)))


def _from_rule(stem: str) -> Iterator[str]:
    """From the model's part of a name made by the rule."""
    model = re.split(r"[_ ]", stem, maxsplit=1)[0]
    words = _CASE_BORDER().split(model)
    plain = [word for word in words if word.isalpha() and len(word) > 1]
    yield " ".join(words)
    yield " ".join(plain)
    yield model
    yield " ".join(_camel_words(model))
    yield " ".join(plain[:-1])
    yield " ".join(plain[1:])
    yield from _alone(plain)
    yield from _beginnings(words[:1])


def _from_uploaded(stem: str) -> Iterator[str]:
    """From a name somebody gave a file before uploading it."""
    words = _WORD().findall(stem)
    significant = [word for word in words if not word.isdecimal() and word.casefold() not in _NOISE]
    yield " ".join(words)
    split = [part for word in significant for part in _camel_words(word)]
    telling = [
        part for part in split if not part.isdecimal() and part.casefold() not in _NOISE and len(part) > 1
    ]
    yield " ".join(telling)
    yield " ".join(_without_number(word) for word in significant)
    yield "".join(telling)
    yield " ".join(telling[:2])
    yield " ".join(telling[:-1])
    yield from _alone(significant)
    yield from _alone(telling)
    yield from _beginnings(telling[:1])


def _beginnings(words: list[str]) -> Iterator[str]:
    for letters in PREFIX_LETTERS:
        yield from (word[:letters] for word in words if len(word) > letters)


def _camel_words(text: str) -> list[str]:
    return _CAMEL().findall(text)


def _without_number(word: str) -> str:
    return re.sub(r"[\d.]+$", "", word)


def _alone(words: list[str]) -> list[str]:
    return sorted((word for word in words if len(word) >= SEARCHABLE_LETTERS), key=len, reverse=True)


def _distinct(terms: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for term in terms:
        term = " ".join(term.split())
        if len(term) >= SEARCHABLE_LETTERS - 1 and (folded := term.casefold()) not in seen:
            seen.add(folded)
            yield term
