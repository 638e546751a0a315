"""`wfdeps store`: the folder that keeps files by their SHA-256."""

from __future__ import annotations

import argparse
import json
import os

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.errors import UsageError
from wfdeps.library.store import Store
from wfdeps.report.sizes import count_text, size_text

EXAMPLE = "wfdeps store gc --store /volume/store --apply"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("ls", "gc", "verify"), help="list it, remove what no tree links to, read it"
    )
    parser.add_argument("--store", metavar="DIR", help="the store (else `[library] store` of the config)")
    parser.add_argument(
        "--tree", action="append", default=[], metavar="DIR", help="gc: a further folder that links here"
    )
    parser.add_argument(
        "--apply", action="store_true", help="gc: really remove (default: say what would be removed)"
    )
    parser.add_argument("--json", action="store_true", help="ls: one document, wfdeps/store/1")


def run(arguments: argparse.Namespace, context: Context) -> int:
    folder = arguments.store or context.settings.table("library").get("store")
    if not folder:
        raise UsageError("no store was named", hint="pass --store DIR")
    if not os.path.isdir(folder):
        raise UsageError(f"no store at `{folder}`")
    return _ACTIONS[arguments.action](Store(folder), arguments, context)


def _ls(store: Store, arguments: argparse.Namespace, context: Context) -> int:
    files = tuple(store.files())
    if arguments.json:
        rows = [
            {"sha256": one.sha256, "size": one.size, "links": one.links, "path": one.path} for one in files
        ]
        context.out(json.dumps({"schema": "wfdeps/store/1", "files": rows}, indent=2))
        return READY
    for one in files:
        context.out(f"{size_text(one.size):>10}  {one.links:>3} links  sha256:{one.sha256}")
    context.err(f"{count_text(len(files), 'file')}, {size_text(sum(one.size for one in files))}")
    return READY


def _gc(store: Store, arguments: argparse.Namespace, context: Context) -> int:
    gone = [tree for tree in store.trees() if not os.path.isdir(tree)]
    for tree in gone:
        context.err(
            f"warning: `{tree}` linked from here and cannot be seen now; its symbolic links do not count"
        )
    if gone and arguments.apply:
        raise UsageError(
            "not every tree that links to this store can be seen", hint="mount them, or edit its `trees`"
        )
    files = store.unused(arguments.tree)
    for one in files:
        context.out(f"{size_text(one.size):>10}  sha256:{one.sha256}")
        if arguments.apply:
            store.remove(one)
    done = "removed" if arguments.apply else "could be removed; --apply does it"
    context.err(f"{count_text(len(files), 'file')}, {size_text(sum(one.size for one in files))} {done}")
    return READY


def _verify(store: Store, arguments: argparse.Namespace, context: Context) -> int:
    files = tuple(store.files())
    bad = [one for one in files if not store.is_sound(one)]
    for one in bad:
        context.out(f"{one.path}: the content is not what its name says")
    context.err(f"{count_text(len(files), 'file')} read, {len(bad)} bad")
    return UNMET if bad else READY


_ACTIONS = {"ls": _ls, "gc": _gc, "verify": _verify}
