"""What a config file may say, with types: what `config_file` reads and `settings` weighs; and what holds without one."""

from __future__ import annotations

from collections.abc import Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass, field

if TYPE_CHECKING:
    from typing import Any

    from wfdeps.domain.reports import FailOn
    from wfdeps.match.policy import Auto

CIVITAI = "https://civitai.com"
CIVITAI_RED = "https://civitai.red"
"""Civitai's other address: it shows what `.com` does not show to all."""
HUGGINGFACE = "https://huggingface.co"
USUAL_SOURCES = ("mirror", "index", "civitai", "huggingface", "url", "official", "catalogue")
"""Mirrors first: what a studio keeps itself costs nobody anything. CivArchive only where it is named."""
CONNECTIONS = 8
"""For one file at most."""
PROJECT_FILE = "wfdeps.toml"
"""In the working folder."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the config file says, each key with its type; None, or an empty tuple or table: it does not say."""

    comfyui: str | None = None
    models: str | None = None
    extra_model_paths: tuple[str, ...] = ()
    target: str | None = None
    store: str | None = None
    civitai_url: str | None = None
    hf_endpoint: str | None = None
    civarchive_url: str | None = None
    model_list: str | None = None
    plain_http: tuple[str, ...] = ()
    auto: Auto | None = None
    allow_pickle: bool | None = None
    sources: tuple[str, ...] | None = None
    mirrors: tuple[str, ...] = ()
    name_index: bool | None = None
    jobs: int | None = None
    connections: int | None = None
    limit_rate: str | None = None
    hand_off: bool | None = None
    fail_on: tuple[FailOn, ...] | None = None
    policy_file: str | None = None
    folders: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, Any] = field(default_factory=dict)
