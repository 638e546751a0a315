"""Civitai's own words for a base model's ecosystem and a model's type, as its AIRs carry them.

Illustrious, Pony and NoobAI are `sdxl`; LoCon is `lycoris`; a main file that is a UNet or diffusion model names
itself. Source: civitai/civitai base-model and AIR tables, 2026-08.
"""

from __future__ import annotations

from typing import Final

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

AIR_FILE_TYPES: Final = {"Diffusion Model": "diffusionmodel", "UNet": "unet"}


def air_words(base_model: str, source_type: str, file_type: str = "") -> tuple[str, str]:
    """Ecosystem and type as an AIR spells them; `other` and `unknown` for what the tables do not know."""
    return ECOSYSTEMS.get(base_model, "other"), AIR_FILE_TYPES.get(file_type) or AIR_TYPES.get(
        source_type, "unknown"
    )
