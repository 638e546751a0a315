"""`wfdeps update`: a newer version under the old name; the old file is kept, and stands until the new one is proven."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_download_options, add_library_options
from wfdeps.cli.versions import Known, as_it_is, find_known, newer_than, replace_by, twin_in
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.domain.pages import ModelPage, VersionPage
from wfdeps.domain.visible import visible
from wfdeps.errors import SourceError, UsageError
from wfdeps.jobs.civitai_pages import Pages
from wfdeps.library import LocalLibrary, as_local
from wfdeps.report.sizes import size_text

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
            _update(known, pages.model(known.model_id), arguments, context, library)
    return READY


def _update(
    known: Known, model: ModelPage, arguments: argparse.Namespace, context: Context, library: LocalLibrary
) -> None:
    version = _wanted(known, model, arguments, context)
    if version is None:
        context.out(visible(f"{known.label}: {known.version} is the newest"))
        return
    candidate = twin_in(version, known.sidecar)
    change = visible(f"{known.label}: {known.version} → {version.name}")
    if arguments.dry_run:
        context.out(f"{change}, {size_text(candidate.size)}; nothing was touched")
        return
    history = [*known.previous, as_it_is(known, library)]
    replace_by(known, candidate, context, library, previous=history)
    context.out(f"{change}; `wfdeps rollback {known.label}` brings {visible(known.version)} back")
    context.err("note: a lock that names it holds the old hash; `wfdeps lock` writes it anew")


def _wanted(
    known: Known, model: ModelPage, arguments: argparse.Namespace, context: Context
) -> VersionPage | None:
    """The version to take; None where the file is the newest that can be had. Raises UsageError, SourceError."""
    if arguments.version_id:
        named = next((one for one in model.versions if one.version_id == arguments.version_id), None)
        if named is None:
            raise UsageError(f"`{visible(model.name)}` shows no version {arguments.version_id}")
        return None if named.version_id == known.version_id else named
    newer = newer_than(known, model)
    wanted = sorted(
        (*newer.versions, *(newer.others if arguments.any_base else ())),
        key=lambda one: (one.published or "", one.version_id),
        reverse=True,
    )
    if newer.others and not arguments.any_base:
        told = ", ".join(f"{one.name} ({one.base_model})" for one in newer.others)
        context.err(
            visible(f"note: {known.label}: for other base models there is {told}; --any-base takes it")
        )
    open_ones = [one for one in wanted if one.access.is_open and one.files]
    if wanted and not open_ones:
        raise SourceError(
            f"`{visible(wanted[0].name)}` is newer, and cannot be had: {wanted[0].access.detail or wanted[0].access.state}",
            hint="nothing was changed",
        )
    return next(iter(open_ones), None)
