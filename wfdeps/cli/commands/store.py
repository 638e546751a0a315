"""`wfdeps store`: the folder that keeps files by their SHA-256."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.domain.visible import visible
from wfdeps.jobs.store import collect_unused, open_store, verify_store
from wfdeps.library.store import Store
from wfdeps.report.listings_json import render_store
from wfdeps.report.wording import count_text, size_text

EXAMPLE = "wfdeps store gc --store /volume/store --apply"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("ls", "gc", "verify"), help="list it, remove what no tree uses, read it"
    )
    parser.add_argument("--store", metavar="DIR", help="the store (else `[library] store` of the config)")
    parser.add_argument(
        "--tree", action="append", default=[], metavar="DIR", help="a further folder that links here"
    )
    parser.add_argument(
        "--apply",
        action="store_true",
        help="gc, verify: really remove what is unused, or bad (default: say what that is)",
    )
    parser.add_argument("--json", action="store_true", help="ls: file document, wfdeps/store/1")


def run(arguments: argparse.Namespace, context: Context) -> int:
    store = open_store(context.settings)
    match arguments.action:
        case "ls":
            return _ls(store, context, as_json=arguments.json)
        case "gc":
            return _gc(store, arguments.tree, context, apply=arguments.apply)
        case _:
            return _verify(store, arguments.tree, context, apply=arguments.apply)


def _ls(store: Store, context: Context, *, as_json: bool) -> int:
    files = tuple(store.files())
    if as_json:
        context.out(render_store(files))
        return READY
    for file in files:
        context.out(f"{size_text(file.size):>10}  {file.links:>3} links  sha256:{file.sha256}")
    context.err(f"{count_text(len(files), 'file')}, {size_text(sum(file.size for file in files))}")
    return READY


def _gc(store: Store, trees: Sequence[str], context: Context, *, apply: bool) -> int:
    for tree in store.trees.unseen():
        context.err(f"warning: `{tree}` linked from here and cannot be seen now; its links do not count")
    files = collect_unused(store, trees) if apply else store.unused(trees)
    for file in files:
        context.out(f"{size_text(file.size):>10}  sha256:{file.sha256}")
    done = "removed" if apply else "could be removed; --apply does it"
    context.err(f"{count_text(len(files), 'file')}, {size_text(sum(file.size for file in files))} {done}")
    return READY


def _verify(store: Store, trees: Sequence[str], context: Context, *, apply: bool) -> int:
    check = verify_store(store, trees, remove=apply)
    for bad in check.bad:
        context.out(f"{visible(bad.stored.path)}: the content is not what its name says")
        for name in bad.names:
            context.err(f"  the same bad bytes stand under `{name}`")
    removed = " and removed" if check.bad and apply else ""
    context.err(f"{count_text(check.read, 'file')} read, {len(check.bad)} bad{removed}")
    if check.bad:
        context.err(f"hint: {_REMEDY if apply else _CURE}")
    return UNMET if check.bad else READY


_REMEDY = "move away what trees have of them, then `wfdeps get` or `wfdeps sync` fetches them again"
_CURE = f"`wfdeps store verify --apply` removes them from the store; {_REMEDY}"
