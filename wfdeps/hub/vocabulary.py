"""Civitai's closed and open word lists, as its server has them (source: civitai/civitai, 2026-08)."""

from __future__ import annotations

from typing import Final

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

ECOSYSTEMS: Final[dict[str, str]] = {
    name: ecosystem
    for ecosystem, names in {
        "anima": "Anima",
        "auraflow": "AuraFlow|Pony V7",
        "chroma": "Chroma",
        "cogvideox": "CogVideoX",
        "ernie": "Ernie",
        "flux1": "Flux.1 S|Flux.1 D",
        "fluxkrea": "Flux.1 Krea",
        "flux1kontext": "Flux.1 Kontext",
        "flux2": "Flux.2 D|Flux.2 Klein 9B|Flux.2 Klein 9B-base|Flux.2 Klein 4B|Flux.2 Klein 4B-base",
        "hidream": "HiDream",
        "hidream-o1": "HiDream-O1",
        "hydit1": "Hunyuan 1",
        "hyv1": "Hunyuan Video",
        "sdxl": (
            "Illustrious|NoobAI|Pony|SDXL 0.9|SDXL 1.0|SDXL 1.0 LCM|SDXL Lightning|SDXL Hyper|SDXL Turbo"
        ),
        "kolors": "Kolors",
        "krea2": "Krea 2",
        "ltxv": "LTXV",
        "ltxv2": "LTXV2",
        "ltxv23": "LTXV 2.3",
        "lumina": "Lumina",
        "mochi": "Mochi",
        "pixarta": "PixArt a",
        "pixarte": "PixArt E",
        "playgroundv2": "Playground v2",
        "qwen": "Qwen",
        "qwen2": "Qwen 2",
        "qwen3": "Qwen 3",
        "scascade": "Stable Cascade",
        "sd1": "SD 1.4|SD 1.5|SD 1.5 LCM|SD 1.5 Hyper",
        "sd2": "SD 2.0|SD 2.0 768|SD 2.1|SD 2.1 768|SD 2.1 Unclip",
        "sd3": "SD 3|SD 3.5|SD 3.5 Large|SD 3.5 Large Turbo",
        "sd3_5m": "SD 3.5 Medium",
        "sdxldistilled": "SDXL Distilled",
        "svd": "SVD|SVD XT",
        "wanvideo": "Wan Video",
        "wanvideo1_3b_t2v": "Wan Video 1.3B t2v",
        "wanvideo14b_t2v": "Wan Video 14B t2v",
        "wanvideo14b_i2v_480p": "Wan Video 14B i2v 480p",
        "wanvideo14b_i2v_720p": "Wan Video 14B i2v 720p",
        "wanvideo-22-ti2v-5b": "Wan Video 2.2 TI2V-5B",
        "wanvideo-22-i2v-a14b": "Wan Video 2.2 I2V-A14B",
        "wanvideo-22-t2v-a14b": "Wan Video 2.2 T2V-A14B",
        "wanvideo-25-t2v": "Wan Video 2.5 T2V",
        "wanvideo-25-i2v": "Wan Video 2.5 I2V",
        "zimageturbo": "ZImageTurbo",
        "zimagebase": "ZImageBase",
        "other": "Other|Upscaler",
    }.items()
    for name in names.split("|")
}
"""Base model → the root ecosystem an AIR names: Pony and Illustrious are `sdxl`, whatever the docs say."""

AIR_TYPES: Final[dict[str, str]] = {
    "Checkpoint": "checkpoint",
    "LORA": "lora",
    "LoCon": "lycoris",
    "DoRA": "dora",
    "TextualInversion": "embedding",
    "Hypernetwork": "hypernet",
    "AestheticGradient": "ag",
    "MotionModule": "motion",
    "Upscaler": "upscaler",
    "VAE": "vae",
    "Controlnet": "controlnet",
    "TextEncoder": "text_encoders",
    "UNet": "unet",
    "CLIPVision": "clipvision",
    "CLIP": "clip",
    "VisionLanguage": "visionlanguage",
}
"""Model type → the AIR's word; all others are `unknown`."""

AIR_FILE_TYPES: Final = {"Diffusion Model": "diffusionmodel", "UNet": "unet"}
"""A primary file of this type overrides the model's word."""

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
    ecosystem = ECOSYSTEMS.get(base_model, "other")
    word = AIR_FILE_TYPES.get(primary) or AIR_TYPES.get(model_type, "unknown")
    return f"urn:air:{ecosystem}:{word}:civitai:{model_id}@{version_id}" + (f"+{file_id}" if file_id else "")
