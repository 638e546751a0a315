"""ComfyUI's folder keys: what each is called, which directories and file endings belong to it.

Source: ComfyUI `folder_paths.py` (0.38.1 and earlier) and the custom packs named beside their rows; the
legacy names are those of `map_legacy`, plus the GGUF pack's two keys, which are the same directories
filtered to `.gguf`.
"""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.domain.model_types import ModelType
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from typing import Final

MODEL_ENDINGS: Final = frozenset({".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"})
"""`folder_paths.supported_pt_extensions`: what ComfyUI lists in most folders."""

SAFETENSORS_ENDINGS: Final = frozenset({".safetensors", ".sft"})

PICKLE_ENDINGS: Final = MODEL_ENDINGS - SAFETENSORS_ENDINGS
"""Names by which ComfyUI unpickles: what they hold can run code when it is loaded."""

WEIGHTS_ENDINGS: Final = MODEL_ENDINGS | {".gguf", ".onnx"}
"""What weights end with, in the core's folders and in those of packs."""

ANY_ENDING: Final[frozenset[str]] = frozenset()
"""The empty set, which in ComfyUI means every file."""

# What `VAELoader` offers besides the files of `vae` (ComfyUI 0.38.1 nodes.py: `vae_list`, `image_taes`, `video_taes`).
BUILT_IN_VAES: Final = frozenset({"pixel_space"})
"""VAEs that are no files."""
APPROXIMATE_IMAGE_VAES: Final = ("taesd", "taesdxl", "taesd3", "taef1", "taef2")
"""Offered where `vae_approx` holds both the encoder and the decoder of that name."""
APPROXIMATE_VIDEO_VAES: Final = (
    "taehv",
    "lighttaew2_2",
    "lighttaew2_1",
    "lighttaehy1_5",
    "taeltx_2",
    "taeh3",
)
"""Files of `vae_approx` that begin so are offered under their own name."""


def approximate_vae_parts(name: str) -> tuple[str, ...]:
    """The files of `vae_approx` that make up the VAE of this name, such as `taesd`; empty for any other name."""
    return (f"{name}_encoder", f"{name}_decoder") if name in APPROXIMATE_IMAGE_VAES else ()


def is_pickle_name(name: str) -> bool:
    """Whether a file of that name would be unpickled."""
    return name.lower().endswith(tuple(PICKLE_ENDINGS))


@dataclass(frozen=True, slots=True)
class FolderKey:
    """One of ComfyUI's `folder_paths` names."""

    key: str
    directories: tuple[str, ...]
    """Below the models root, POSIX, in ComfyUI's search order."""
    endings: frozenset[str]
    """Lower-case, with the dot. Empty: every file; `{""}`: files with no ending; `{"folder"}`: no file."""
    model_type: ModelType
    """What a file found there usually is."""
    core: bool = True
    """Whether a bare ComfyUI registers it (else a custom pack does)."""


_GGUF: Final = MODEL_ENDINGS | {".gguf"}
_T = ModelType


def _core(
    key: str, model_type: ModelType, *directories: str, endings: frozenset[str] = MODEL_ENDINGS
) -> FolderKey:
    return FolderKey(key, directories or (key,), endings, model_type)


def _pack(
    key: str, model_type: ModelType, *directories: str, endings: frozenset[str] = MODEL_ENDINGS
) -> FolderKey:
    return FolderKey(key, directories or (key,), endings, model_type, core=False)


FOLDER_KEYS: Final[dict[str, FolderKey]] = {
    row.key: row
    for row in (
        _core("checkpoints", _T.CHECKPOINT),
        _core("configs", _T.CONFIG, endings=frozenset({".yaml"})),
        _core("loras", _T.LORA),
        _core("vae", _T.VAE),
        _core("text_encoders", _T.TEXT_ENCODER, "text_encoders", "clip"),
        _core("diffusion_models", _T.DIFFUSION_MODEL, "unet", "diffusion_models"),
        _core("clip_vision", _T.CLIP_VISION),
        _core("style_models", _T.STYLE_MODEL),
        _core("embeddings", _T.EMBEDDING),
        _core("diffusers", _T.DIFFUSION_MODEL, endings=frozenset({"folder"})),
        _core("vae_approx", _T.VAE_APPROX),
        _core("controlnet", _T.CONTROLNET, "controlnet", "t2i_adapter"),
        _core("gligen", _T.GLIGEN),
        _core("upscale_models", _T.UPSCALER),
        _core("latent_upscale_models", _T.LATENT_UPSCALER),
        _core("hypernetworks", _T.HYPERNETWORK),
        _core("photomaker", _T.PHOTOMAKER),
        _core("classifiers", _T.OTHER, endings=frozenset({""})),
        _core("model_patches", _T.MODEL_PATCH),
        _core("audio_encoders", _T.AUDIO_ENCODER),
        _core("background_removal", _T.OTHER),
        _core("frame_interpolation", _T.OTHER),
        _core("geometry_estimation", _T.OTHER),
        _core("optical_flow", _T.OTHER),
        _core("detection", _T.DETECTOR),
        # Impact Subpack: the value in the workflow carries `bbox/` or `segm/` itself.
        _pack("ultralytics", _T.DETECTOR),
        _pack("ultralytics_bbox", _T.DETECTOR, "ultralytics/bbox"),
        _pack("ultralytics_segm", _T.DETECTOR, "ultralytics/segm"),
        _pack("sams", _T.SAM),
        _pack("sam2", _T.SAM),
        _pack("onnx", _T.DETECTOR, endings=frozenset({".onnx"})),
        _pack("ipadapter", _T.IP_ADAPTER),
        _pack("ipadapter-flux", _T.IP_ADAPTER),
        _pack("xlabs_ipadapters", _T.IP_ADAPTER, "xlabs/ipadapters"),
        _pack("xlabs_controlnets", _T.CONTROLNET, "xlabs/controlnets"),
        _pack("xlabs_loras", _T.LORA, "xlabs/loras"),
        _pack("instantid", _T.INSTANTID),
        _pack("pulid", _T.PULID),
        _pack("insightface", _T.DETECTOR, endings=ANY_ENDING),
        _pack("animatediff_models", _T.MOTION_MODULE),
        _pack("animatediff_motion_lora", _T.MOTION_LORA),
        _pack("facerestore_models", _T.FACE_RESTORE, endings=MODEL_ENDINGS | {".onnx"}),
        _pack("LLM", _T.LLM, endings=ANY_ENDING),
        _pack("mmdets", _T.DETECTOR),
        _pack("mmdets_bbox", _T.DETECTOR, "mmdets/bbox"),
        _pack("mmdets_segm", _T.DETECTOR, "mmdets/segm"),
        _pack("seedvr2", _T.DIFFUSION_MODEL, "SEEDVR2", endings=MODEL_ENDINGS | {".gguf"}),
    )
}

INSIDE_ITS_PACK: Final[dict[str, tuple[str, str]]] = {
    "animatediff_models": ("ComfyUI-AnimateDiff-Evolved", "models"),
    "animatediff_motion_lora": ("ComfyUI-AnimateDiff-Evolved", "motion_lora"),
}
"""Keys whose pack also searches, and first, a folder of its own: the pack, the folder in it."""

# `map_legacy` of ComfyUI, the GGUF packs' filtered views (city96's and calcuis'), and the directory people mistake for a key.
ALIASES: Final[dict[str, str]] = {
    "unet": "diffusion_models",
    "clip": "text_encoders",
    "unet_gguf": "diffusion_models",
    "clip_gguf": "text_encoders",
    "model_gguf": "diffusion_models",
    "vae_gguf": "vae",
    "t2i_adapter": "controlnet",
}


LEGACY: Final[dict[str, str]] = {"unet": "diffusion_models", "clip": "text_encoders"}
"""All that ComfyUI itself renames, in `map_legacy`."""

BASE_KEYS: Final[dict[str, frozenset[str]]] = {
    "custom_nodes": ANY_ENDING,
    "datasets": ANY_ENDING,
    "fonts": frozenset({".ttf", ".otf"}),
}
"""Keys that ComfyUI keeps beside its models, below the base directory, and the endings of each."""

WITHOUT_MODELS: Final = frozenset({*BASE_KEYS, "download_model_base", "input", "output", "temp", "user"})
"""Keys that a yaml may hold though no loader reads a model there: shown, never searched."""


def canonical_key(key: str) -> str:
    """The folder key ComfyUI would use: `unet` → `diffusion_models`; a key nobody lists stays as it is."""
    return ALIASES.get(key, key)


# Packs that write part of the directory into the value itself: `bbox/face.pt` is `face.pt` in ultralytics_bbox.
# Source: Impact Subpack `subcore.py`, Impact Pack `mmdet_nodes.py`.
PREFIXES: Final[dict[str, str]] = {
    "ultralytics_bbox": "bbox/",
    "ultralytics_segm": "segm/",
    "mmdets_bbox": "bbox/",
    "mmdets_segm": "segm/",
}


def name_within(key: str, name: str) -> str:
    """What a value of a workflow is called inside its folder: `bbox/face.pt` → `face.pt` for ultralytics_bbox."""
    prefix = PREFIXES.get(key, "")
    return name[len(prefix) :] if prefix and name.replace("\\", "/").startswith(prefix) else name


def directories_of(key: str) -> tuple[str, ...]:
    """Below the models root, in search order; a key nobody lists is its own directory, as packs do it."""
    row = FOLDER_KEYS.get(canonical_key(key))
    return row.directories if row else (key,)


def default_directory(key: str) -> str:
    """Below the models root, where a new file of that key goes: `diffusion_models`, though `unet` is searched first."""
    directories = directories_of(key)
    return key if key in directories else directories[0]


def endings_of(key: str) -> frozenset[str]:
    """What a bare ComfyUI with the pack installed lists there; every file for a key nobody lists."""
    row = FOLDER_KEYS.get(canonical_key(key))
    return row.endings if row else ANY_ENDING


def model_type_of(key: str) -> ModelType:
    """What a file in that folder usually is; UNKNOWN for a key nobody lists."""
    row = FOLDER_KEYS.get(canonical_key(key))
    return row.model_type if row else ModelType.UNKNOWN


# Where a file goes when nothing but its type is known (facts: the owner's table and its better witnesses).
DEFAULT_KEY: Final[dict[ModelType, str]] = {
    ModelType.CHECKPOINT: "checkpoints",
    ModelType.DIFFUSION_MODEL: "diffusion_models",
    ModelType.LORA: "loras",
    ModelType.VAE: "vae",
    ModelType.VAE_APPROX: "vae_approx",
    ModelType.TEXT_ENCODER: "text_encoders",
    ModelType.CLIP_VISION: "clip_vision",
    ModelType.CONTROLNET: "controlnet",
    ModelType.CONTROL_LORA: "controlnet",
    ModelType.T2I_ADAPTER: "controlnet",
    ModelType.IP_ADAPTER: "ipadapter",
    ModelType.EMBEDDING: "embeddings",
    ModelType.HYPERNETWORK: "hypernetworks",
    ModelType.UPSCALER: "upscale_models",
    ModelType.LATENT_UPSCALER: "latent_upscale_models",
    ModelType.STYLE_MODEL: "style_models",
    ModelType.MOTION_MODULE: "animatediff_models",
    ModelType.MOTION_LORA: "animatediff_motion_lora",
    ModelType.GLIGEN: "gligen",
    ModelType.PHOTOMAKER: "photomaker",
    ModelType.PULID: "pulid",
    ModelType.INSTANTID: "instantid",
    ModelType.MODEL_PATCH: "model_patches",
    ModelType.AUDIO_ENCODER: "audio_encoders",
    ModelType.SAM: "sams",
    ModelType.DETECTOR: "ultralytics_bbox",
    ModelType.FACE_RESTORE: "facerestore_models",
    ModelType.CONFIG: "configs",
    ModelType.LLM: "LLM",
}

# Civitai's model type → the folder key it goes to when nothing better is known. The first fifteen rows and `Other`
# are the owner's table; the rest are ours, newer than it.
CIVITAI_FOLDERS: Final[dict[str, str]] = {
    "Checkpoint": "checkpoints",
    "LORA": "loras",
    "LoCon": "loras",
    "TextualInversion": "embeddings",
    "Hypernetwork": "hypernetworks",
    "AestheticGradient": "embeddings",
    "Controlnet": "controlnet",
    "Poses": "controlnet",
    "VAE": "vae",
    "Upscaler": "upscale_models",
    "MotionModule": "motion_modules",
    "Wildcards": "wildcards",
    "Other": "checkpoints",
    "DoRA": "loras",
    "TextEncoder": "text_encoders",
    "CLIP": "text_encoders",
    "UNet": "diffusion_models",
    "CLIPVision": "clip_vision",
    "Detection": "ultralytics_bbox",
    "VisionLanguage": "LLM",
    "LLM": "LLM",
}
LAST_RESORT: Final = "checkpoints"
"""For a type nobody lists; said aloud whenever it is used."""

# Civitai's `files[].type` where the file is not the model its page is about.
CIVITAI_FILE_FOLDERS: Final[dict[str, str]] = {
    "VAE": "vae",
    "Text Encoder": "text_encoders",
    "Vision Encoder": "clip_vision",
    "CLIPVision": "clip_vision",
    "Negative": "embeddings",
    "UNet": "diffusion_models",
    "Diffusion Model": "diffusion_models",
    "ControlNet": "controlnet",
    "Upscaler": "upscale_models",
    "Enhancement LoRA": "loras",
}
NEVER_PLACED: Final = frozenset({"Workflows", "ComfyWorkflows", "Workflow", "Training Data", "Archive"})
"""Civitai types, of models and of files, that no loader reads: listed to the person, never put into a folder."""
BESIDE_ITS_MODEL: Final = frozenset({"Config"})
"""Civitai file types that stand beside the model they belong to."""
