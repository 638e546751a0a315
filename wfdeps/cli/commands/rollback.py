"""`wfdeps rollback`: the version before, under the same name: from the store, else from where it came from."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_download_options, add_library_options
from wfdeps.cli.versions import Known, as_it_is, before, bring_back, find_known, replace_by, twin_in
from wfdeps.cli.wanting import NotFound, Want, find_all
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.visible import visible
from wfdeps.errors import NotFoundError, UsageError
from wfdeps.jobs.civitai_pages import Pages
from wfdeps.library import LocalLibrary, as_local
from wfdeps.library.renewing import keep
from wfdeps.values import replace

EXAMPLE = "wfdeps rollback loras/paperLantern.safetensors --comfyui ~/ComfyUI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="files of the library: `loras/x.safetensors`, or just `x`"
    )
    add_library_options(parser)
    add_download_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = as_local(context.doors.library())
    with stopping_on_signals():
        for known in [find_known(name, library) for name in arguments.names]:
            keep(known.file.path, library.kept)
            version, how = _rolled_back(known, context, library)
            context.out(visible(f"{known.label}: {known.version} → {version}, {how}"))
    return READY


def _rolled_back(known: Known, context: Context, library: LocalLibrary) -> tuple[str, str]:
    """The version that stands there now, and where it came from."""
    if not known.previous:
        return _from_the_page(known, context, library)
    earlier = known.previous[-1]
    name = str(earlier.get("version") or earlier.get("version_id"))
    if bring_back(known, earlier, library):
        return name, "from the store"
    replace_by(known, _at_its_source(earlier, context), context, library, previous=known.previous[:-1])
    return name, "downloaded again"


def _from_the_page(known: Known, context: Context, library: LocalLibrary) -> tuple[str, str]:
    """Nothing was renewed here: the version before, as its model's page shows it."""
    version = before(known, Pages(context.doors).model(known.model_id))
    if version is None:
        raise UsageError(
            f"there is no version before `{visible(known.version)}` of `{known.label}`",
            hint="`wfdeps civitai info` shows all of them; `wfdeps update --version-id N` takes any",
        )
    candidate = twin_in(version, known.sidecar)
    replace_by(known, candidate, context, library, previous=[*known.previous, as_it_is(known, library)])
    return version.name, "downloaded"


def _at_its_source(earlier: Mapping[str, Any], context: Context) -> Candidate:
    """The same file at its source, held to the hash it had. Raises NotFoundError."""
    numbers = (str(earlier.get(key) or "") for key in ("model_id", "version_id", "file_id"))
    (found,) = find_all([Want("civitai", *numbers)], context)
    if isinstance(found, NotFound):
        raise NotFoundError(found.reason, hint="the store no longer has it either; nothing was changed")
    sha256 = Digest.of(Algorithm.SHA256, str(earlier["hashes"]["sha256"]))
    return replace(found.candidate, digests=(sha256,))
