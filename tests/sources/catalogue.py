"""A small catalogue for a hub, and a client at its door."""

from __future__ import annotations

import hashlib
from typing import Any

from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.http import Backoff, Http
from wfdeps.hub.server import HubServer
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.source import CivitaiSource

Row = dict[str, Any]


def sha256_of(text: str) -> Digest:
    """The SHA-256 of a text, as a digest."""
    return Digest(Algorithm.SHA256, hashlib.sha256(text.encode()).hexdigest())


def row(number: int, file_name: str, **more: Any) -> Row:
    """One file of one version of one model; its SHA-256 is that of its name."""
    sha256 = sha256_of(file_name).value.upper()
    return {
        "model_id": number,
        "model_name": f"Model {number}",
        "model_type": "LORA",
        "version_id": 1000 + number,
        "version_name": "v1.0",
        "base_model": "SD 1.5",
        "file_id": 2000 + number,
        "file_name": file_name,
        "file_type": "Model",
        "file_format": "SafeTensor",
        "file_size_kb": 1024.0,
        "hashes": {"SHA256": sha256, "AutoV2": sha256[:10], "AutoV3": f"{number:012X}", "AutoV1": "DE2F2560"},
        "download_count": number,
        "published_at": "2026-01-01T00:00:00.000Z",
        "creator": "someone",
        "primary": True,
        **more,
    }


ROWS: list[Row] = [
    row(1, "add_detail.safetensors", model_name="Detail Tweaker LoRA", trained_words=["detail"]),
    row(2, "jean1-000009.safetensors", model_name="Jean Genshin Impact | 3 Outfits"),
    row(3, "realMix_v10.safetensors", model_name="Real Mix", model_type="Checkpoint"),
    row(3, "realMix_v10.ckpt", model_name="Real Mix", model_type="Checkpoint", file_id=2103, file_format="PickleTensor", primary=None),
    row(4, "rio.safetensors", model_name="Rio one"),
    row(5, "rio.safetensors", model_name="Rio two", hashes={"SHA256": "AB" * 32}),
    row(6, "early.safetensors", model_name="Early bird", early_access="2999-01-01T00:00:00.000Z"),
]  # fmt: skip


def http() -> Http:
    """A client that does not sit out its waits."""
    return Http(backoff=Backoff(first=0.001, most=0.002, attempts=3), sleep=lambda seconds: None)


def civitai(hub: HubServer, client: Http, **more: Any) -> CivitaiSource:
    """The hub as a source."""
    return CivitaiSource(CivitaiClient(client, hub.url), **more)
