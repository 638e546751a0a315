"""Settings → real doors, each built when first asked for and closed with the context."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

from wfdeps.library import open_library
from wfdeps.library.roots import Roots
from wfdeps.ports import Chooser, Fetcher, Library, Reporter, Source

if TYPE_CHECKING:
    from wfdeps.cli.context import Context
    from wfdeps.http import Http


class Doors:
    """The doors of one run."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings = context.settings
        self._exits = ExitStack()

    def close(self) -> None:
        """Close every door that was opened, the last first."""
        self._exits.close()

    def library(self) -> Library:
        """The person's model folders. Raises LibraryError where none is named or found."""
        return self._library

    @cached_property
    def _library(self) -> Library:
        settings = self._settings
        roots = Roots(
            comfyui=settings.comfyui,
            models=settings.models,
            base_directory=settings.base_directory,
            models_directory=settings.models_directory,
            extra_config=settings.extra_model_paths,
            target=settings.target,
        )
        library = open_library(roots, index_path=os.path.join(settings.cache_dir, "library.sqlite"))
        self._exits.callback(library.close)
        return library

    def http(self) -> Http:
        """The one client of this run."""
        return self._http

    @cached_property
    def _http(self) -> Http:
        from wfdeps.http import Http

        settings = self._settings
        tokens = {settings.civitai_url: settings.civitai_token, settings.hf_endpoint: settings.hf_token}
        return self._exits.enter_context(
            Http({url: token for url, token in tokens.items() if token}, offline=settings.offline)
        )

    def sources(self) -> Sequence[Source]:
        """The sources, in the order they are asked: `[resolve] sources` of the config, else the usual."""
        return self._sources

    @cached_property
    def _sources(self) -> Sequence[Source]:
        from wfdeps.cli.sourcing import build_sources  # an offline check never pays for sources

        workflows = self._context.flag("workflows") or ()
        return build_sources(self._settings, self.http(), self._exits, workflows=workflows)

    def fetcher(self) -> Fetcher:
        """What turns URLs into verified files in staging."""
        from wfdeps.fetch.executor import open_fetcher

        table = self._settings.table("download")
        return open_fetcher(
            self.http(),
            jobs=int(self._context.flag("jobs") or table.get("jobs") or 4),
            connections=int(self._context.flag("connections") or table.get("connections") or 8),
            limit_rate=self._context.flag("limit_rate") or table.get("limit_rate"),
        )

    def chooser(self, *, ask: bool) -> Chooser:
        """What settles a person's choices: a prompt at a terminal, else nobody."""
        from wfdeps.cli.choosing import build_chooser

        return build_chooser(self._context, ask=ask)

    def reporter(self) -> Reporter:
        """What shows how it goes: bars on a terminal, lines in a pipe."""
        return self._reporter

    @cached_property
    def _reporter(self) -> Reporter:
        from wfdeps.console.progress import open_reporter

        context = self._context
        reporter = open_reporter(
            context.stderr, color=context.colors(context.stderr), quiet=context.settings.verbosity < 0
        )
        self._exits.callback(reporter.close)
        return reporter
