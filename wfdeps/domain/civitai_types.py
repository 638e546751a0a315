"""Civitai's model types as people ask for them: where each goes by default, and what knows better.

The default is the owner's table (CIVITAI_FOLDERS); a loader slot of the workflow, the file's header and Civitai's own
type of the file outrank it, in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wfdeps.domain.folders import CIVITAI_FOLDERS, LAST_RESORT, directories_of
from wfdeps.values import dataclass

UNLISTED: Final = "any type not listed"

BETTER_WITNESS: Final[dict[str, str]] = {
    "Checkpoint": "a header with only a diffusion model, file type `Diffusion Model` or `UNet`, GGUF: diffusion_models",
    "LORA": "a control-LoRA's header: controlnet",
    "LoCon": "",
    "DoRA": "",
    "TextualInversion": "file type `Negative` too",
    "Hypernetwork": "",
    "AestheticGradient": "",
    "Controlnet": "a model patch's header (Z-Image union): model_patches",
    "Poses": "archives are shown, never unpacked into a model folder",
    "VAE": "a TAESD or TAEF1 header: vae_approx",
    "Upscaler": "a latent upscaler's header: latent_upscale_models",
    "MotionModule": "a loader slot, or an animatediff_models folder that exists: animatediff_models; "
    "a motion LoRA: animatediff_motion_lora",
    "Wildcards": "",
    "TextEncoder": "",
    "CLIP": "",
    "UNet": "",
    "CLIPVision": "",
    "Detection": "a segmentation model: ultralytics/segm",
    "Workflows": "offered as workflows, in no model folder",
    "ComfyWorkflows": "offered as workflows, in no model folder",
    "VisionLanguage": "",
    "LLM": "",
    "Other": "the header decides first; this is the last resort, and said aloud",
    UNLISTED: "the header decides first; this is the last resort, and said aloud",
}
"""What changes the default, for each type, in the order it is shown; empty where nothing does."""


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One type of Civitai's, the directory its files go to by default, and what knows better."""

    civitai_type: str
    folder: str
    """The folder key; empty for what is not placed."""
    directory: str
    """Below the models root."""
    better_witness: str


def type_rows(overrides: Mapping[str, str] | None = None) -> tuple[TypeRow, ...]:
    """The whole table. `overrides` is the config file's `[folders]`: Civitai type → folder key."""
    return tuple(_row(name, better, overrides or {}) for name, better in BETTER_WITNESS.items())


def _row(name: str, better: str, overrides: Mapping[str, str]) -> TypeRow:
    default = LAST_RESORT if name == UNLISTED else CIVITAI_FOLDERS.get(name, "")
    key = overrides.get(name, default)
    return TypeRow(name, key, _directory(key) if key else "", better)


def _directory(key: str) -> str:
    """The directory of that name where there is one: `diffusion_models` rather than its older `unet`."""
    directories = directories_of(key)
    return key if key in directories else directories[0]
