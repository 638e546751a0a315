"""Civitai's closed and open word lists, as its server has them (source: civitai/civitai, 2026-08)."""

from __future__ import annotations

from typing import Final

from wfdeps.domain.ecosystems import air_words

MODEL_TYPES: Final = (
    "Checkpoint", "TextualInversion", "Hypernetwork", "AestheticGradient", "LORA", "LoCon", "DoRA",
    "Controlnet", "Upscaler", "MotionModule", "VAE", "TextEncoder", "UNet", "CLIPVision", "Poses",
    "Wildcards", "Workflows", "ComfyWorkflows", "Detection", "VisionLanguage", "CLIP", "LLM", "Other",
)  # fmt: skip
FILE_TYPES: Final = (
    "Model", "Text Encoder", "Vision Encoder", "Pruned Model", "Negative", "Training Data", "VAE", "Config",
    "Archive", "UNet", "Diffusion Model", "CLIPVision", "ControlNet", "Workflow", "Upscaler",
    "Enhancement LoRA", "Other",
)  # fmt: skip
FILE_FORMATS: Final = ("SafeTensor", "PickleTensor", "GGUF", "Diffusers", "Core ML", "ONNX", "Other")
FILE_SIZES: Final = ("full", "pruned")
BASE_MODEL_TYPES: Final = ("Standard", "Inpainting", "Refiner", "Pix2Pix")
CHECKPOINT_TYPES: Final = ("Trained", "Merge")
SORTS: Final = (
    "Highest Rated", "Most Downloaded", "Most Liked", "Most Discussed", "Most Collected", "Most Images",
    "Newest", "Oldest",
)  # fmt: skip
PERIODS: Final = {"AllTime": None, "Year": 365, "Month": 30, "Week": 7, "Day": 1}
"""Days; None: no limit."""

TYPE_OF_FOLDER: Final[dict[str, tuple[str, str]]] = {
    "checkpoints": ("Checkpoint", "Model"),
    "loras": ("LORA", "Model"),
    "vae": ("VAE", "VAE"),
    "text_encoders": ("TextEncoder", "Text Encoder"),
    "clip": ("TextEncoder", "Text Encoder"),
    "diffusion_models": ("UNet", "Diffusion Model"),
    "unet": ("UNet", "UNet"),
    "clip_vision": ("CLIPVision", "Vision Encoder"),
    "controlnet": ("Controlnet", "ControlNet"),
    "embeddings": ("TextualInversion", "Model"),
    "hypernetworks": ("Hypernetwork", "Model"),
    "upscale_models": ("Upscaler", "Upscaler"),
    "animatediff_models": ("MotionModule", "Model"),
    "ultralytics": ("Detection", "Model"),
}
"""Folder of a models tree → model type and file type, for files that no catalogue row describes."""

MODEL_SUFFIXES: Final = {
    ".safetensors": "SafeTensor",
    ".sft": "SafeTensor",
    ".ckpt": "PickleTensor",
    ".pt": "PickleTensor",
    ".pth": "PickleTensor",
    ".bin": "PickleTensor",
    ".gguf": "GGUF",
    ".onnx": "ONNX",
}


def air_of(
    base_model: str, model_type: str, model_id: int, version_id: int, *, primary: str = "", file_id: int = 0
) -> str:
    """The AIR of a version, or of one of its files where `file_id` is given."""
    ecosystem, word = air_words(base_model, model_type, primary)
    return f"urn:air:{ecosystem}:{word}:civitai:{model_id}@{version_id}" + (f"+{file_id}" if file_id else "")
