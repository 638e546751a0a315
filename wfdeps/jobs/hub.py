"""A folder of models, served as Civitai serves them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from wfdeps.errors import UsageError
from wfdeps.hub.journal import Seen
from wfdeps.hub.server import HubServer
from wfdeps.library.store import Store
from wfdeps.ports import Reporter
from wfdeps.values import dataclass
from wfdeps.wiring.settings import Settings


@dataclass(frozen=True, slots=True)
class HubOptions:
    """What is served, and to whom."""

    catalogue: str | None = None
    """A file of JSON lines, one a file; else only what the folder holds."""
    models: Sequence[str] = ()
    """Folders of model files; of files with the same path the first folder's is served."""
    store: str | None = None
    host: str = "127.0.0.1"
    port: int = 0
    """0: a free one."""
    storage_port: int = 0
    tokens: Sequence[str] = ()
    token_file: str | None = None
    """A file with one more token a line."""
    login_everywhere: bool = False
    host_names: Sequence[str] = ()
    """Names it answers to besides this machine's own."""
    allow_origin: str = ""
    """Whose pages may read it in a browser."""
    index: str | None = None
    """Where hashes are remembered; None: the cache folder."""


def make_hub(
    options: HubOptions,
    settings: Settings,
    reporter: Reporter,
    *,
    listener: Callable[[Seen], None] | None = None,
) -> HubServer:
    """The server, not yet running. `listener` hears of every request. Raises UsageError where there is nothing to serve."""
    if not (options.catalogue or options.models or options.store):
        raise UsageError(
            "nothing to serve", hint="give --catalogue FILE, --models DIR, --store DIR, or several"
        )
    if options.store and not os.path.isdir(options.store):
        raise UsageError(f"no store at `{options.store}`")
    tokens = [*options.tokens, *(_tokens_in(options.token_file) if options.token_file else ())]
    reporter.note("reading the catalogue and the folder of models …")
    return HubServer(
        catalogue=options.catalogue,
        models=options.models,
        host=options.host,
        port=options.port,
        storage_port=options.storage_port,
        tokens=tokens,
        login_everywhere=options.login_everywhere,
        index=options.index or os.path.join(settings.cache_dir, "hub-index.sqlite"),
        kept=Store(options.store).path_if_kept if options.store else None,
        listener=listener,
        names=options.host_names,
        allow_origin=options.allow_origin,
    )


def _tokens_in(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            return [line.strip() for line in file if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the token file `{path}`: {error}") from error
