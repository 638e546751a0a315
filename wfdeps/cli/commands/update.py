"""`wfdeps update`: a newer version under the old name; the old file is kept, and stands until the new one is proven."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_download_options, add_library_options
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError
from wfdeps.jobs.civitai_pages import Pages
from wfdeps.jobs.versions import Update, apply_update, choose_update, find_known
from wfdeps.library import as_local
from wfdeps.report.wording import size_text

EXAMPLE = "wfdeps update loras/paperLantern.safetensors --comfyui ~/ComfyUI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="files of the library: `loras/x.safetensors`, or just `x`"
    )
    parser.add_argument("--version-id", type=int, metavar="N", help="that version, newer or not")
    parser.add_argument(
        "--any-base", action="store_true", help="a version for another base model will do as well"
    )
    parser.add_argument("-n", "--dry-run", action="store_true", help="say what would be done, touch nothing")
    add_library_options(parser)
    add_download_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.version_id and len(arguments.names) > 1:
        raise UsageError("`--version-id` is for a single file")
    library = as_local(context.doors.library())
    pages = Pages(context.doors)
    with stopping_on_signals():
        for known in [find_known(name, library) for name in arguments.names]:
            update = choose_update(
                known,
                pages.model(known.model_id),
                version_id=arguments.version_id,
                any_base=arguments.any_base,
            )
            _show(update, context, apply=not arguments.dry_run)
    return READY


def _show(update: Update, context: Context, *, apply: bool) -> None:
    known = update.known
    if update.left:
        names = ", ".join(f"{version.name} ({version.base_model})" for version in update.left)
        context.err(f"note: {known.label}: for other base models there is {names}; --any-base takes it")
    if update.version is None or update.candidate is None:
        context.out(visible(f"{known.label}: {known.version} is the newest"))
        return
    change = visible(f"{known.label}: {known.version} → {update.version.name}")
    if not apply:
        context.out(f"{change}, {size_text(update.candidate.size)}; nothing was touched")
        return
    apply_update(update, context.doors, context.reporter)
    context.out(f"{change}; `wfdeps rollback {known.label}` brings {visible(known.version)} back")
    context.err("note: a lock that names it holds the old hash; `wfdeps lock` writes it anew")
