"""Where else a workflow may run: which folders that ComfyUI searches, and where its volume is mounted.

A profile is a machine's own extra_model_paths.yaml plus the mount point of the volume we look at from here, so
that `/runpod-volume/models/loras` there can be `/workspace/models/loras` here. Sources: runpod-workers/worker-comfyui
`src/extra_model_paths.yaml`; a Modal Volume and a RunPod pod hold a plain ComfyUI tree.
"""

from __future__ import annotations

import ntpath
import os
import posixpath
from collections.abc import Mapping
from typing import Any

from wfdeps.errors import ConfigError
from wfdeps.library.extra_paths import ExtraPath, ExtraPaths, is_on_drive, parse_extra_paths
from wfdeps.values import dataclass
from wfdeps.yaml_text import parse_yaml


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of machine."""

    name: str
    volume: str = ""
    """Where the volume is mounted there; empty: the tree we look at is that machine's ComfyUI itself."""
    models: str = "models"
    """The models folder below the volume."""
    separator: str = "/"
    extra: ExtraPaths | None = None
    """What that machine's own yaml says."""
    usual: tuple[str, ...] = ()
    """Where its ComfyUI usually stands, tried when nothing was named."""

    @property
    def is_partial(self) -> bool:
        """Whether that machine sees only the folders of its yaml on the volume."""
        return bool(self.volume)


_RUNPOD_KEYS = (
    "checkpoints",
    "clip",
    "clip_vision",
    "configs",
    "controlnet",
    "embeddings",
    "loras",
    "upscale_models",
    "vae",
    "unet",
)
_RUNPOD = ExtraPaths(
    "worker-comfyui's extra_model_paths.yaml",
    tuple(
        ExtraPath(key, f"/runpod-volume/models/{key}", False, "runpod_worker_comfy") for key in _RUNPOD_KEYS
    ),
)

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("local", separator=os.sep),
        Profile("runpod-serverless", volume="/runpod-volume", extra=_RUNPOD, usual=("/runpod-volume",)),
        Profile("runpod-pod", usual=("/workspace/ComfyUI", "/workspace/madapps/ComfyUI", "/comfyui")),
        Profile("modal", usual=("/root/comfy/ComfyUI", "/root/ComfyUI")),
    )
}


def read_profile(name: str | None) -> Profile:
    """The profile of that name, or in that file. Raises ConfigError.

    The file is either a target's own extra_model_paths.yaml, or
    `{name, volume, models, separator, extra_model_paths: {section: …}}`.
    """
    if not name:
        return PROFILES["local"]
    if name in PROFILES:
        return PROFILES[name]
    if not name.lower().endswith((".yaml", ".yml", ".json")):
        raise ConfigError(f"no target named `{name}`", hint=f"one of {', '.join(PROFILES)}, or a .yaml file")
    try:
        with open(name, encoding="utf-8") as file:
            document = parse_yaml(file.read())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cannot read target profile `{name}`: {' '.join(str(error).split())[:200]}"
        ) from error
    if not isinstance(document, dict):
        raise ConfigError(f"target profile `{name}` is no table")
    return _from_document(document, name)


def _from_document(document: Mapping[str, Any], path: str) -> Profile:
    is_profile = "extra_model_paths" in document or any(isinstance(document.get(word), str) for word in _KEYS)
    if is_profile and (unknown := sorted(str(key) for key in document if key not in _KEYS)):
        known = ", ".join(sorted(_KEYS))
        raise ConfigError(
            f"target profile `{path}`: `{unknown[0]}` is no word of a profile", hint=f"known: {known}"
        )
    sections = document.get("extra_model_paths", {}) if is_profile else document
    volume = document.get("volume", "") if is_profile else _common_base(sections)
    words = {key: document.get(key, default) if is_profile else default for key, default in _WORDS.items()}
    if not all(isinstance(word, str) for word in (volume, *words.values())):
        raise ConfigError(f"target profile `{path}`: volume, models, separator and name are texts")
    if not (is_profile or volume):
        raise ConfigError(
            f"target profile `{path}` does not say where the target's volume is",
            hint="a section with a base_path, as in its extra_model_paths.yaml, or `volume: /mount/point`",
        )
    separator = words["separator"] or ("\\" if is_on_drive(volume) else "/")
    if separator not in ("/", "\\"):
        raise ConfigError(f"target profile `{path}`: separator is `/` or `\\`")
    return Profile(
        words["name"] or os.path.basename(path),
        volume.replace("\\", "/").rstrip("/"),
        words["models"].replace("\\", "/"),
        separator,
        parse_extra_paths(sections, path, ntpath if separator == "\\" else posixpath),
    )


_WORDS = {"name": "", "models": "models", "separator": ""}
_KEYS = frozenset({*_WORDS, "volume", "extra_model_paths"})


def _common_base(sections: Mapping[str, Any]) -> str:
    """The base_path of the first section that has one: what a bare yaml calls the volume."""
    bases = (section.get("base_path") for section in sections.values() if isinstance(section, dict))
    return next((base for base in bases if isinstance(base, str) and base), "")
