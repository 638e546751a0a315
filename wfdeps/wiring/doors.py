"""Settings → the doors of one run, each opened when first asked for, all closed together."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType

from wfdeps import TYPE_CHECKING
from wfdeps.errors import ConfigError
from wfdeps.wiring.settings import LOCK, Settings

if TYPE_CHECKING:
    from typing import Self

    from wfdeps.domain.refs import ModelRef
    from wfdeps.http import Http
    from wfdeps.library import LocalLibrary
    from wfdeps.library.index import Index
    from wfdeps.library.install import Roots
    from wfdeps.library.store import Store
    from wfdeps.ports import Fetcher, Library, Source, Staging


class Doors:
    """The doors of one run; a context manager."""

    def __init__(
        self,
        settings: Settings,
        *,
        workflows: Sequence[str] = (),
        lock: str = LOCK,
        on_wait: Callable[[str], None] | None = None,
    ) -> None:
        self.settings = settings
        self.workflows = tuple(workflows)
        """Paths; a person's answers given for these workflows count."""
        self.lock = lock
        """The lock whose choices and optional marks count; there may be none at that path."""
        self._on_wait = on_wait
        """Hears what is waited for, once that takes long."""
        self._exits = ExitStack()

    def close(self) -> None:
        """Close every door that was opened, the last first."""
        self._exits.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def library(self) -> Library:
        """The person's model folders. Raises LibraryError where none is named or found."""
        return self._library

    def library_if_any(self) -> Library | None:
        """The person's model folders; None where none was named and none stands in a usual place."""
        try:
            return self.library()
        except ConfigError:
            if self.settings.names_library:
                raise
            return None

    def library_or_new(self) -> Library:
        """The person's model folders, else an empty tree in `./models`: a lock needs to know no more."""
        if self.library_if_any() is None:
            from wfdeps.library.install import Roots

            self.__dict__["_library"] = self._opened(Roots(models="models"))
        return self.library()

    @cached_property
    def _library(self) -> LocalLibrary:
        from wfdeps.library.install import Roots

        settings = self.settings
        return self._opened(
            Roots(
                comfyui=settings.comfyui,
                models=settings.models,
                base_directory=settings.base_directory,
                models_directory=settings.models_directory,
                extra_config=settings.extra_model_paths,
                target=settings.target,
                make_folders=settings.make_folders,
            )
        )

    def _opened(self, roots: Roots) -> LocalLibrary:
        from wfdeps.library import open_library  # who fetches plain addresses has none

        store = self.settings.store
        library = open_library(roots, index_path=self._index_path, store=store, staging=self._staging)
        self._exits.callback(library.close)
        return library

    @property
    def _index_path(self) -> str:
        return os.path.join(self.settings.cache_dir, "library.sqlite")

    def _staging(self) -> Staging:
        """Where half-done files live."""
        from wfdeps.fetch.staging import StagingFolders, staging_in

        store = self.settings.store
        return StagingFolders(staging_in(store) if store else None)

    @cached_property
    def _store(self) -> Store | None:
        from wfdeps.library.store import Store

        return Store(self.settings.store) if self.settings.store else None

    def is_optional(self, ref: ModelRef) -> bool:
        """Whether a person marked it so, in their own answers or in the lock that is shared."""
        return self._marks is not None and self._marks(ref)

    @cached_property
    def _marks(self) -> Callable[[ModelRef], bool] | None:
        """None where nobody has marked anything: most checks load no answers and no lock."""
        from wfdeps.wiring.marks import (  # `refs` asks for no marks, and needs no SQLite
            answer_book,
            has_marks,
        )

        book, lock = answer_book(self.settings), self.lock
        if not has_marks(book, lock):
            return None
        from wfdeps.wiring.answers import marks_of

        return marks_of(self.settings, self._exits, lock)

    def memory(self) -> Index:
        """What was found out about files before, whether they lie in a model folder or not."""
        return self._memory

    @cached_property
    def _memory(self) -> Index:
        from wfdeps.domain.files import folded_stem
        from wfdeps.library.index import Index

        index = Index(self._index_path, stem_of=folded_stem)
        self._exits.callback(index.close)
        return index

    def http(self) -> Http:
        """The one client of this run."""
        return self._http

    @cached_property
    def _http(self) -> Http:
        from wfdeps.http import Http

        settings = self.settings
        return self._exits.enter_context(
            Http(
                settings.credentials,
                offline=settings.offline,
                direct=settings.hand_off,
                on_wait=self._on_wait,
                secrets=settings.secrets,
            )
        )

    def sources(self) -> Sequence[Source]:
        """The sources, in the order they are asked: `[resolve] sources` of the config, else the usual."""
        return self._sources

    @cached_property
    def _sources(self) -> Sequence[Source]:
        from wfdeps.wiring.sources import build_sources  # an offline check never pays for sources

        return build_sources(
            self.settings, self.http(), self._exits, workflows=self.workflows, lock=self.lock
        )

    def mirrors(self) -> Sequence[Source]:
        """The mirrors alone: what is wanted by its hash is had from there first."""
        from wfdeps.wiring.sources import build_mirrors

        return build_mirrors(self.settings, self.http())

    def fetcher(self, *, beside: bool = False) -> Fetcher:
        """What turns URLs into verified files in staging: the store's, so that all its trees wait for one download.

        `beside`: in the target's own staging, for what is not placed through the store.
        """
        from wfdeps.fetch.executor import open_fetcher
        from wfdeps.fetch.staging import staging_in

        store = None if beside else self._store
        settings = self.settings
        return open_fetcher(
            self.http(),
            staging=staging_in(store.folder) if store else None,
            kept=store.path_if_kept if store else None,
            jobs=settings.jobs,
            connections=settings.connections,
            limit_rate=settings.limit_rate,
            hand_off=settings.hand_off,
        )
