"""A person's word for a type (a Civitai type, a folder key or a model type) → Civitai types or a folder key."""

from __future__ import annotations

from wfdeps.domain.folders import CIVITAI_FOLDERS, DEFAULT_KEY, FOLDER_KEYS, NEVER_PLACED, canonical_key
from wfdeps.domain.model_types import FROM_CIVITAI, TO_CIVITAI, ModelType
from wfdeps.errors import UsageError, did_you_mean

_BY_LOWER = {name.lower(): name for name in FROM_CIVITAI}
_TYPES = {model_type.value for model_type in ModelType}


def civitai_types(word: str) -> tuple[str, ...]:
    """Civitai's types for a word: `Checkpoint`, `checkpoints` or `lora`. Raises UsageError for a word nobody knows.

    >>> civitai_types("loras")
    ('LORA', 'LoCon', 'DoRA')
    """
    if word in FROM_CIVITAI:
        return (word,)
    key = canonical_key(word)
    if key in FOLDER_KEYS or key in CIVITAI_FOLDERS.values():
        return tuple(name for name, folder in CIVITAI_FOLDERS.items() if folder == key and name != "Other")
    if word in _TYPES and ModelType(word) in TO_CIVITAI:
        return TO_CIVITAI[ModelType(word)]
    if word.lower() in _BY_LOWER:
        return (_BY_LOWER[word.lower()],)
    raise _unknown(word)


def folder_key_of(word: str) -> str:
    """The folder key for a word: `loras`, `LORA`, `lora`, `unet`. Raises UsageError for a word nobody knows.

    >>> folder_key_of("Checkpoint"), folder_key_of("unet"), folder_key_of("lora")
    ('checkpoints', 'diffusion_models', 'loras')
    """
    key = canonical_key(word)
    if key in FOLDER_KEYS or key in CIVITAI_FOLDERS.values():
        return key
    if word in _TYPES and ModelType(word) in DEFAULT_KEY:
        return DEFAULT_KEY[ModelType(word)]
    civitai = _BY_LOWER.get(word.lower(), "")
    if civitai in NEVER_PLACED:
        raise UsageError(f"`{civitai}` belongs into no model folder", hint="name a file with --out instead")
    if civitai in CIVITAI_FOLDERS:
        return CIVITAI_FOLDERS[civitai]
    raise _unknown(word)


def model_types_of(word: str) -> tuple[ModelType, ...]:
    """The model type that a word names, `LORA`, `Lora`, `upscaler`; none for a folder key or an unknown word.

    >>> model_types_of("Checkpoint"), model_types_of("loras")
    ((<ModelType.CHECKPOINT: 'checkpoint'>,), ())
    """
    if word.lower() in _TYPES:
        return (ModelType(word.lower()),)
    civitai = _BY_LOWER.get(word.lower())
    return (FROM_CIVITAI[civitai],) if civitai else ()


def loader_folder(word: str) -> str:
    """The folder key for a folder's name, as loaders search it. Raises UsageError for one that no loader searches.

    >>> loader_folder("unet")
    'diffusion_models'
    """
    key = canonical_key(word)
    if key not in FOLDER_KEYS:
        raise UsageError(f"unknown folder `{key}`", hint=f"one of {', '.join(sorted(FOLDER_KEYS))}")
    return key


def _unknown(word: str) -> UsageError:
    known = sorted({*FROM_CIVITAI, *FOLDER_KEYS, *_TYPES})
    hint = did_you_mean(word, known) or "`wfdeps civitai types` lists them"
    return UsageError(f"unknown model type `{word}`", hint=hint)
