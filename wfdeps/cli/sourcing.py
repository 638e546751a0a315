"""Settings → the sources, in the order they are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from wfdeps.cli.settings import Settings
from wfdeps.errors import ConfigError
from wfdeps.http import Http
from wfdeps.ports import Source
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.source import CivitaiSource

USUAL = ("civitai",)


def build_sources(settings: Settings, http: Http, exits: ExitStack) -> Sequence[Source]:
    """Those of `[resolve] sources`, in its order, else the usual ones. Raises ConfigError for one nobody knows."""
    named = settings.table("resolve").get("sources", USUAL)
    unknown = [name for name in named if name not in _BUILDERS]
    if unknown:
        raise ConfigError(f"unknown source `{unknown[0]}`", hint=f"one of {', '.join(_BUILDERS)}")
    return tuple(_BUILDERS[name](settings, http, exits) for name in named)


def _civitai(settings: Settings, http: Http, exits: ExitStack) -> Source:
    client = CivitaiClient(http, settings.civitai_url)
    return CivitaiSource(client, signed_in=settings.civitai_token is not None)


_BUILDERS: dict[str, Callable[[Settings, Http, ExitStack], Source]] = {"civitai": _civitai}
