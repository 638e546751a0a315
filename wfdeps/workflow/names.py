"""What a value is by its words alone: a file name, no file, a stand-in for a name."""

from __future__ import annotations

import re

from wfdeps.domain.folders import WEIGHTS_ENDINGS
from wfdeps.patterns import pattern
from wfdeps.workflow.limits import MAX_NAME_LENGTH

ENDINGS = (*sorted(WEIGHTS_ENDINGS), ".engine", ".patch", ".cube", ".index")
"""What model files end with in the core's folders and in those of packs: `.engine` is TensorRT's, `.patch` Fooocus
inpaint's, `.cube` a colour table, `.index` what RVC's voices search in."""

NO_FILE = frozenset(
    {"", "none", "[none]", "(none)", ".none", "null", "undefined", "disabled", "disable", "off", "choose", "baked vae",
     "bakedvae", "baked in vae", "(use same)", "use same", "use_same", "from base model", "from refiner model", "default",
     "original", "included", "auto", "automatic", "no lora", "select", "-", "--", "n/a", "nan",
     "select the lora to add to the text", "select a lora", "select lora"}
)  # fmt: skip
"""What loaders' lists offer besides files, folded to lower case."""

SCHEME = "model://"
"""What some lists put before a file of theirs, beside names of models they fetch (ComfyUI-F5-TTS)."""

_STAND_IN = pattern(
    r"^\$|^%[^%]+%$|\$\{|\{\{|^<[^>]+>$|(?:^|[/\\_\-. ])your[_\- ]|[_\- ]here(?:\.\w+)?$|placeholder"
    r"|^[xX]{1,4}$|^path[/\\]to[/\\]|^(?:enter|insert|select|choose|put)[_\- ].*(?:name|model|file|path|here)",
    re.IGNORECASE,
)

_STAND_IN_WORDS = (
    "$",
    "%",
    "{",
    "<",
    "your",
    "here",
    "placeholder",
    "path",
    "enter",
    "insert",
    "select",
    "choose",
    "put",
)
"""One of these is in every stand-in of five letters or more, so that most names need no regular expression."""


def has_model_ending(value: str) -> bool:
    """Whether a value ends like a model file."""
    return value.lower().endswith(ENDINGS)


def is_name(value: object) -> bool:
    """Whether a value can be a file's name at all: one line of reasonable length."""
    return (
        isinstance(value, str) and len(value) <= MAX_NAME_LENGTH and "\n" not in value and "\r" not in value
        and value.strip().lower() not in NO_FILE
    )  # fmt: skip


def is_stand_in(name: str) -> bool:
    """Whether a name only stands for one that somebody should fill in: `$LORA`, `your_lora_here.safetensors`, `X`."""
    lower = name.lower()
    return (len(name) < 5 or any(hint in lower for hint in _STAND_IN_WORDS)) and _STAND_IN().search(
        name
    ) is not None
