"""`wfdeps hub`: a folder of models, served as Civitai serves them."""

from __future__ import annotations

import argparse
import signal
import socket
import threading

from wfdeps.cli.context import Context

EXAMPLE = """wfdeps hub --models /srv/models --port 8190
  WFDEPS_CIVITAI_URL=http://mirror:8190 wfdeps get wf.json    # elsewhere"""

_MOST_HIDDEN_SHOWN = 20
"""Two copies of one tree have all their paths in common."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--catalogue", metavar="FILE", help="JSON lines, one a file; else only what the folder holds"
    )
    parser.add_argument(
        "--models",
        action="append",
        default=[],
        dest="model_folders",  # `models` is the one folder of the settings
        metavar="DIR",
        help="a folder of model files; repeatable, and the first that has a file of a path serves it",
    )
    parser.add_argument("--store", metavar="DIR", help="a store, as a mirror: its files by their SHA-256")
    parser.add_argument("--port", type=int, default=8190, metavar="N", help="default: 8190; 0: a free one")
    parser.add_argument(
        "--storage-port",
        type=int,
        default=0,
        metavar="N",
        help="where the bytes come from (default: a free one)",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)"
    )
    parser.add_argument(
        "--token", action="append", default=[], metavar="TOKEN", help="an API token to accept; repeatable"
    )
    parser.add_argument(
        "--token-file", metavar="FILE", help="the same, one a line: a process list does not show it"
    )
    parser.add_argument(
        "--host-name",
        action="append",
        default=[],
        metavar="NAME",
        help="a name it answers to, besides this machine's own; repeatable",
    )
    parser.add_argument(
        "--allow-origin",
        default="",
        metavar="ORIGIN",
        help="whose web pages may read it in a browser, or * (default: nobody's)",
    )
    parser.add_argument("--require-login", action="store_true", help="every download needs a token")
    parser.add_argument(
        "--index", metavar="FILE", help="where hashes are remembered (default: the cache folder)"
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    from wfdeps.hub.journal import Seen  # the server's packages load only for this verb
    from wfdeps.jobs.hub import HubOptions, make_hub

    ended = threading.Event()

    def listener(seen: Seen) -> None:
        context.err(str(seen))

    options = HubOptions(
        catalogue=arguments.catalogue,
        models=arguments.model_folders,
        store=arguments.store,
        host=arguments.host,
        port=arguments.port,
        storage_port=arguments.storage_port,
        tokens=arguments.token,
        token_file=arguments.token_file,
        login_everywhere=arguments.require_login,
        index=arguments.index,
        host_names=arguments.host_name,
        allow_origin=arguments.allow_origin,
    )
    server = make_hub(
        options,
        context.settings,
        context.reporter,
        listener=listener if context.settings.verbosity > 0 else None,
    )
    for path in server.skipped:
        context.err(f"warning: cannot read `{path}`; it is left out")
    for path in server.hidden[:_MOST_HIDDEN_SHOWN]:
        context.err(f"warning: `{path}` is left out: a folder named before has a file of that path")
    if (more := len(server.hidden) - _MOST_HIDDEN_SHOWN) > 0:
        context.err(f"warning: {more} more are left out for that reason")
    # From here on there is something to end well; before, the signal ends what is only being read.
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    if server.is_open and not server.needs_token:
        context.err(
            "warning: everybody who reaches this machine reads all it serves; `--token-file` asks for a token"
        )
    with server as hub:
        context.out(hub.url)
        context.stdout.flush()
        if hub.is_open:
            context.err(
                f"other machines reach it as http://{socket.gethostname()}:{hub.url.rpartition(':')[2]}"
            )
        context.err(f"serving {hub.summary()}; bytes come from port {hub.storage_port}; Ctrl-C ends it")
        try:
            # Waited for in pieces: on Windows an endless wait hears no Ctrl-C.
            while not ended.wait(timeout=0.5):
                pass
        except KeyboardInterrupt:
            context.err("stopped")
    return 0
