"""What a model file is. The words are the field's own; `model_type` everywhere in code and JSON."""

from __future__ import annotations

from enum import StrEnum


class ModelType(StrEnum):
    """What a weights file is, whatever it is called and wherever it lies."""

    CHECKPOINT = "checkpoint"
    DIFFUSION_MODEL = "diffusion_model"
    LORA = "lora"
    VAE = "vae"
    VAE_APPROX = "vae_approx"
    TEXT_ENCODER = "text_encoder"
    CLIP_VISION = "clip_vision"
    CONTROLNET = "controlnet"
    CONTROL_LORA = "control_lora"
    T2I_ADAPTER = "t2i_adapter"
    IP_ADAPTER = "ip_adapter"
    EMBEDDING = "embedding"
    HYPERNETWORK = "hypernetwork"
    UPSCALER = "upscaler"
    LATENT_UPSCALER = "latent_upscaler"
    STYLE_MODEL = "style_model"
    MOTION_MODULE = "motion_module"
    MOTION_LORA = "motion_lora"
    GLIGEN = "gligen"
    PHOTOMAKER = "photomaker"
    PULID = "pulid"
    INSTANTID = "instantid"
    MODEL_PATCH = "model_patch"
    AUDIO_ENCODER = "audio_encoder"
    SAM = "sam"
    DETECTOR = "detector"
    FACE_RESTORE = "face_restore"
    CONFIG = "config"
    LLM = "llm"
    OTHER = "other"
    UNKNOWN = "unknown"


APPLIED_TO_A_BASE = frozenset(
    {
        ModelType.LORA, ModelType.CONTROLNET, ModelType.CONTROL_LORA, ModelType.T2I_ADAPTER, ModelType.IP_ADAPTER,
        ModelType.HYPERNETWORK, ModelType.STYLE_MODEL, ModelType.MOTION_MODULE, ModelType.MOTION_LORA, ModelType.GLIGEN,
        ModelType.PHOTOMAKER, ModelType.PULID, ModelType.INSTANTID, ModelType.MODEL_PATCH,
    }
)  # fmt: skip
"""Types that change what a checkpoint or diffusion model does: made for one base, in memory while it samples."""

# Civitai's ModelType (23 in its source, an open set) → ours. Files of a version have a type of their own,
# which is the better witness: see FROM_CIVITAI_FILE.
FROM_CIVITAI: dict[str, ModelType] = {
    "Checkpoint": ModelType.CHECKPOINT,
    "TextualInversion": ModelType.EMBEDDING,
    "Hypernetwork": ModelType.HYPERNETWORK,
    "AestheticGradient": ModelType.EMBEDDING,
    "LORA": ModelType.LORA,
    "LoCon": ModelType.LORA,
    "DoRA": ModelType.LORA,
    "Controlnet": ModelType.CONTROLNET,
    "Upscaler": ModelType.UPSCALER,
    "MotionModule": ModelType.MOTION_MODULE,
    "VAE": ModelType.VAE,
    "TextEncoder": ModelType.TEXT_ENCODER,
    "UNet": ModelType.DIFFUSION_MODEL,
    "CLIPVision": ModelType.CLIP_VISION,
    "CLIP": ModelType.TEXT_ENCODER,
    "Poses": ModelType.OTHER,
    "Wildcards": ModelType.OTHER,
    "Workflows": ModelType.OTHER,
    "ComfyWorkflows": ModelType.OTHER,
    "Detection": ModelType.DETECTOR,
    "VisionLanguage": ModelType.LLM,
    "LLM": ModelType.LLM,
    "Other": ModelType.OTHER,
}

# Civitai's `files[].type` where it says more than the model's own type.
FROM_CIVITAI_FILE: dict[str, ModelType] = {
    "Text Encoder": ModelType.TEXT_ENCODER,
    "Vision Encoder": ModelType.CLIP_VISION,
    "CLIPVision": ModelType.CLIP_VISION,
    "Negative": ModelType.EMBEDDING,
    "VAE": ModelType.VAE,
    "Config": ModelType.CONFIG,
    "UNet": ModelType.DIFFUSION_MODEL,
    "Diffusion Model": ModelType.DIFFUSION_MODEL,
    "ControlNet": ModelType.CONTROLNET,
    "Upscaler": ModelType.UPSCALER,
    "Enhancement LoRA": ModelType.LORA,
    "Training Data": ModelType.OTHER,
    "Archive": ModelType.OTHER,
    "Workflow": ModelType.OTHER,
}

# Ours → the Civitai types a search should be narrowed to (sent as repeated `types=`; a comma list is a 400).
TO_CIVITAI: dict[ModelType, tuple[str, ...]] = {
    ModelType.CHECKPOINT: ("Checkpoint",),
    ModelType.DIFFUSION_MODEL: ("Checkpoint", "UNet"),
    ModelType.LORA: ("LORA", "LoCon", "DoRA"),
    ModelType.VAE: ("VAE", "Checkpoint"),
    ModelType.TEXT_ENCODER: ("TextEncoder", "CLIP", "Checkpoint", "Other"),
    ModelType.CLIP_VISION: ("CLIPVision", "Other"),
    ModelType.CONTROLNET: ("Controlnet",),
    ModelType.CONTROL_LORA: ("Controlnet", "LORA"),
    ModelType.T2I_ADAPTER: ("Controlnet",),
    ModelType.EMBEDDING: ("TextualInversion",),
    ModelType.HYPERNETWORK: ("Hypernetwork",),
    ModelType.UPSCALER: ("Upscaler",),
    ModelType.LATENT_UPSCALER: ("Upscaler", "Other"),
    ModelType.MOTION_MODULE: ("MotionModule",),
    ModelType.MOTION_LORA: ("MotionModule", "LORA"),
    ModelType.DETECTOR: ("Detection", "Other"),
}


def from_civitai(model_type: str | None, file_type: str | None = None) -> ModelType:
    """What a Civitai file is: by its own type first, else by its model's; UNKNOWN for a type not listed."""
    if file_type in FROM_CIVITAI_FILE:
        return FROM_CIVITAI_FILE[file_type]
    return FROM_CIVITAI.get(model_type or "", ModelType.UNKNOWN)
