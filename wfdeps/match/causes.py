"""What an exception of ComfyUI's loaders means for a file, and what helps, where the file itself cannot be looked at.

Sources: safetensors' `SafeTensorError` (Rust names and, since 0.6, sentences), torch's `serialization.py`, spandrel's
registry, ComfyUI's `comfy/sd.py`, `comfy/utils.py`, `nodes.py`, huggingface_hub's `errors.py`.
"""

from __future__ import annotations

import re

from wfdeps.values import NamedTuple


class Cause(NamedTuple):
    """Why a file could not be loaded, and what a person can do, each as a clause."""

    why: str
    hint: str


FETCH_AGAIN = "delete the file and fetch it again"
_CAUSES: tuple[tuple[re.Pattern[str], Cause], ...] = tuple(
    (re.compile(pattern, re.I), Cause(why, hint))
    for pattern, why, hint in (
        (
            r"header ?too ?large|invalid ?header|header is not valid",
            "the file is no safetensors file: a saved web page, another format, or damaged",
            FETCH_AGAIN,
        ),
        (r"header ?too ?small", "the file is empty, or its first bytes are all there is", FETCH_AGAIN),
        (
            r"incomplete ?metadata|MetadataIncompleteBuffer|file not fully covered",
            "the file is cut short: its download broke off, or still runs",
            FETCH_AGAIN,
        ),
        (
            r"invalid load key|could not find MARK|unpickling stack underflow",
            "the file is no pickle: a saved web page, a Git LFS pointer, or another format",
            FETCH_AGAIN,
        ),
        (
            r"PytorchStreamReader failed|unpack requires a buffer|Ran out of input|pickle data was truncated|EOFError",
            "the file is cut short or damaged",
            FETCH_AGAIN,
        ),
        (
            r"Weights only load failed",
            "the file is a pickle that asks for more than weights, or no pickle at all",
            "look at it with `wfdeps inspect`, or take the .safetensors of it",
        ),
        (
            r"This seems to be a Lora file",
            "the file is a LoRA, and this node loads whole models",
            "move it to `loras` and load it with a LoRA loader, or choose a checkpoint here",
        ),
        (
            r"could not detect model type|UnsupportedModelError",
            "no model that this node can load is in the file",
            "look at it with `wfdeps inspect`, and load it with the node for its type",
        ),
        (
            r"(?:VAE|clip input|controlnet file|clip vision file) is invalid",
            "the file that was loaded before has no such part in it",
            "choose a file that has it, or load that part with a node of its own",
        ),
        (
            r"gated repo|is restricted and you are not|access to model .* is restricted",
            "the repository hands its files only to accounts that accepted its terms",
            "accept its terms on its page and set HF_TOKEN",
        ),
        (
            r"401 Client Error|403 Client Error",
            "the server wants a login or a token",
            "set the site's token (HF_TOKEN or CIVITAI_API_TOKEN)",
        ),
    )
)
"""The first that is found in the type and message is meant."""

TOKEN_HELPS = re.compile(r"401 Client Error|403 Client Error|gated repo|is restricted", re.I)
"""Messages after which `wfdeps auth check` tells something."""


def cause_of(kind: str, message: str) -> Cause | None:
    """What an exception of this type with this message means; None where that is not known."""
    text = f"{kind}: {message}"
    return next((cause for pattern, cause in _CAUSES if pattern.search(text)), None)
