"""Classes that no table lists: a value that ends like a model file counts as one, and names suggest its folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.folders import canonical_key
from wfdeps.domain.refs import Certainty
from wfdeps.patterns import pattern
from wfdeps.workflow.model_claims import ModelClaim
from wfdeps.workflow.names import SCHEME, has_model_ending, is_name
from wfdeps.workflow.node_graph import Literal, Node

if TYPE_CHECKING:
    from wfdeps.workflow.loaders import LoaderTable

# Tried in this order on the input's name, the class, and the file's own name.
_WORDS: Sequence[tuple[Callable[[], re.Pattern[str]], str]] = tuple(
    (pattern(words, re.IGNORECASE), key)
    for words, key in (
        (r"motion[_ ]?lora", "animatediff_motion_lora"),
        (r"lora|lycoris|(?<![a-z])loha|dora(?![a-z])", "loras"),
        (r"clip[_ \-]?vision|image[_ ]encoder|siglip", "clip_vision"),
        (r"control[_ \-]?net|control[_ ]?lora|t2i[_ ]?adapter|(?<![a-z])cnet", "controlnet"),
        (r"ip[_ \-]?adapter", "ipadapter"),
        (r"instant[_ ]?id", "instantid"),
        (r"pulid", "pulid"),
        (r"latent[_ ]?upscale", "latent_upscale_models"),
        (r"up[_ ]?scale|esrgan|upscaler", "upscale_models"),
        (r"taesd|taef1|vae[_ ]?approx|tiny[_ ]?vae|taehv", "vae_approx"),
        (r"(?<![a-z])vae", "vae"),
        (r"embedding|textual[_ ]?inversion", "embeddings"),
        (r"hyper[_ ]?network", "hypernetworks"),
        (r"style[_ ]?model", "style_models"),
        (r"gligen", "gligen"),
        (r"photo[_ ]?maker", "photomaker"),
        (r"motion[_ ]?m(?:odule|odel)|animate[_ ]?diff", "animatediff_models"),
        (r"audio[_ ]?encoder", "audio_encoders"),
        (r"model[_ ]?patch", "model_patches"),
        (r"(?<![a-z])sam[_ ]?(?:model|2|vit|hq)|sam_", "sams"),
        (r"bbox|segm|yolo|ultralytics|detector", "ultralytics_bbox"),
        (r"face[_ ]?restor|codeformer|gfpgan", "facerestore_models"),
        (r"inswapper|insight[_ ]?face|swap[_ ]?model", "insightface"),
        (
            r"clip[_ ]?(?:name|model|loader|l|g)?(?![a-z_]*vision)|text[_ ]?enc|t5|umt5|gemma|qwen.*vl|llama",
            "text_encoders",
        ),
        (r"unet|diffusion[_ ]?model|transformer|(?<![a-z])dit(?![a-z])", "diffusion_models"),
        (r"ckpt|check[_ ]?point|base[_ ]?model|refiner", "checkpoints"),
    )
)

# The folder that an output's type suggests, for a node with outputs of that one type.
_BY_OUTPUT: Mapping[str, str] = {
    "VAE": "vae", "CLIP": "text_encoders", "CONTROL_NET": "controlnet", "UPSCALE_MODEL": "upscale_models",
    "CLIP_VISION": "clip_vision", "STYLE_MODEL": "style_models", "GLIGEN": "gligen", "IPADAPTER": "ipadapter",
    "INSTANTID": "instantid", "PULID": "pulid", "SAM_MODEL": "sams", "BBOX_DETECTOR": "ultralytics_bbox",
    "SEGM_DETECTOR": "ultralytics_segm", "MODEL_PATCH": "model_patches", "AUDIO_ENCODER": "audio_encoders",
    "WANVAE": "vae", "WANVIDEOMODEL": "diffusion_models", "WANTEXTENCODER": "text_encoders", "MODEL": "diffusion_models",
}  # fmt: skip

# Inputs that say what will be written, asked or shown, not what is read.
_NOT_READ = pattern(
    r"prefix|output|save|dest|target_?name|url|link|prompt|caption|note|comment|descri|markdown",
    re.IGNORECASE,
)
_WRITES = pattern(r"^save|save$|^write|export|show ?text|display|preview|merge.*save|download", re.IGNORECASE)

_SWITCHES = ("enabled", "enable", "is_enabled", "on", "active", "switch", "toggle")
_OFF = frozenset({"off", "disabled", "disable"})
"""Names of switches of packs, and the words for off besides false."""
_CONFIG = pattern(r"config|(?:^|_)(?:yaml|cfg_name)(?:$|_)", re.IGNORECASE)
_CONFIG_ENDINGS = (".json", ".yaml", ".yml")

_MAX_DEPTH, _MAX_MEMBERS = 2, 100
"""Of an object or list that is a widget's value: packs keep rows of names in one, not trees."""


def guesses_of(node: Node, table: LoaderTable) -> Iterator[ModelClaim]:
    """Yields what a node of an unlisted class seems to name, with the certainty GUESS."""
    if node.node_class in table.known or _WRITES().search(node.node_class):
        return
    settings = {name.lower(): value for name, value in node.values() if name}
    for name, value in _candidates(node):
        is_on = not _is_switched_off(name.lower(), settings)
        for text, is_row_on in _texts(value, is_config=_is_config(name, node)):
            loaded = is_on and is_row_on
            yield ModelClaim(text, _folders(name, text, node), name or "?", loaded=loaded, validated=loaded,
                        certainty=Certainty.GUESS, why=f"nobody has listed the class `{node.node_class}`; its value ends like a model file")  # fmt: skip


_CORE = "comfy-core"
"""The pack ComfyUI writes for its own classes: those name each file they load, or run elsewhere."""
_SPEAKS = pattern(
    r"(?<![a-z])(?:models?|checkpoints?|ckpt|weights|tts|engines?|pipelines?|down)(?![a-z])", re.IGNORECASE
)
_LOADS = pattern(r"(?<![a-z])load(?:er|ers|s)?(?![a-z])", re.IGNORECASE)
_OTHER_THINGS = pattern(
    r"(?<![a-z])(?:images?|img|videos?|audios?|masks?|latents?|texts?|strings?|prompts?|json|csv|yaml|files?|"
    r"folders?|director(?:y|ies)|paths?|frames?|gifs?|exr|batch|styles?|wildcards?|presets?|configs?|pose|"
    r"conditioning|mesh|pdf|excel|psd|svg|font|color|url|web|cache|lut|metadata|data(?:set)?|characters?|"
    r"speakers?|voices?|unload|offload|purge|free|clear|info|samplings?|merges?|patch|switch(?:er)?|preview)(?![a-z])",
    re.IGNORECASE,
)
"""What else nodes load, and what is done to models that are loaded already."""
_OF_MODELS = pattern(r"(?:^|[_\W])(?:model|models|ckpt|checkpoint|weights|engine)(?:$|[_\W])", re.IGNORECASE)
_RELEASE = pattern(r"[A-Za-z][\w.]*[-_][\w.\-]*\d+(?:\.\d+)?[bB](?:$|[-_])")
"""`VibeVoice-1.5B`, `TRELLIS.2-4B`: a release and how many parameters it has."""
_CAMEL = pattern(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Z])")


def speaks_of_models(node: Node) -> bool:
    """Whether a node of an unlisted class that names no file may still load some: by its words.

    A node that is given a model by link uses one that another has loaded.
    """
    if node.pack == _CORE or any(_OF_MODELS().search(name) for name in node.origins):
        return False
    texts = ((name, text) for name, text in node.values() if isinstance(text, str) and is_name(text))
    if any(_OF_MODELS().search(name) or _RELEASE().match(text) for name, text in texts):
        return True
    words = _words(node.node_class)
    if _OTHER_THINGS().search(words) or _WRITES().search(node.node_class):
        return False
    is_source = not node.origins
    return bool(
        _SPEAKS().search(words)
        or _LOADS().search(words)
        or (is_source and _SPEAKS().search(_words(node.pack.rpartition("/")[2])))
    )


def _words(name: str) -> str:
    """`VibeVoiceTTSLoader` as `Vibe Voice TTS Loader`."""
    return _CAMEL().sub(" ", name.replace("_", " "))


def _candidates(node: Node) -> Iterator[tuple[str, object]]:
    for name, value in node.values():
        if _NOT_READ().search(name):
            continue
        if name and name in node.origins:
            continue
        yield name, value
    for name, origin in node.origins.items():
        if isinstance(origin, Literal) and not _NOT_READ().search(name):
            yield name, origin.value


def _is_switched_off(name: str, settings: Mapping[str, object]) -> bool:
    """Whether a switch of the node, or the one of this input (`enabled_2`, `lora_2_on` for `lora_2`), is off."""
    number = name[len(name.rstrip("0123456789")) :]
    return any(
        settings[switch] is False or str(settings[switch]).lower() in _OFF
        for word in _SWITCHES
        for switch in (
            word,
            f"{name}_{word}",
            f"{word}_{name}",
            *((f"{word}_{number}", f"{word}{number}") if number else ()),
        )
        if switch in settings
    )


def _is_config(name: str, node: Node) -> bool:
    """Whether an input of a loader names the description of a model."""
    return _CONFIG().search(name) is not None and _LOADS().search(_words(node.node_class)) is not None


def _texts(
    value: object, depth: int = 0, *, is_config: bool = False, is_on: bool = True
) -> Iterator[tuple[str, bool]]:
    """The names in a value, and whether each is switched on."""
    if isinstance(value, str):
        text = value.removeprefix(SCHEME)
        is_file = has_model_ending(text) or (is_config and text.lower().endswith(_CONFIG_ENDINGS))
        if is_file and is_name(text) and "://" not in text and not text.startswith("embedding:"):
            yield text, is_on
    elif isinstance(value, Mapping) and depth < _MAX_DEPTH:
        is_on = is_on and not any(value.get(word) is False for word in _SWITCHES)
        for inner in list(value.values())[:_MAX_MEMBERS]:
            yield from _texts(inner, depth + 1, is_on=is_on)
    elif isinstance(value, list) and depth < _MAX_DEPTH:
        for inner in value[:_MAX_MEMBERS]:
            yield from _texts(inner, depth + 1, is_on=is_on)


def _folders(name: str, value: str, node: Node) -> tuple[str, ...]:
    """The likeliest folders: by the declared directory, the input's name, the outputs, the class, the value."""
    for model in node.declared:
        if model.get("name") == value and isinstance(model.get("directory"), str):
            return (canonical_key(str(model["directory"])),)
    by_name = folder_by_words(name) and folder_of_input(name, node.node_class)
    found = by_name or _by_outputs(node) or folder_by_words(node.node_class) or folder_by_words(value)
    return (found,) if found else ()


def folder_of_input(name: str, node_class: str) -> str:
    """The folder that an input's name and its class suggest; `clip_name` of a CLIP vision loader is no text encoder."""
    by_class, found = folder_by_words(node_class), folder_by_words(name)
    if found == "text_encoders" and by_class == "clip_vision":
        return by_class
    return found or by_class


def folder_by_words(text: str) -> str:
    """The folder that a name suggests; empty where it suggests none."""
    return next((key for words, key in _WORDS if words().search(text)), "")


def _by_outputs(node: Node) -> str:
    kinds = [kind for kind in node.output_types if kind in _BY_OUTPUT]
    if {"MODEL", "CLIP", "VAE"} <= set(kinds):
        return "checkpoints"
    if len(set(kinds)) == 1 and not (kinds[0] == "MODEL" and "model" in node.origins):
        return _BY_OUTPUT[kinds[0]]
    return ""
