"""`wfdeps download`: addresses, AIRs and numbers into files, verified, resumable, never half a file under a final name.

An address goes into a folder, as with any downloader; one of Civitai's downloads under the name and with the hashes
that Civitai tells. What else a source describes (an AIR, a number, a page) goes where its own header says it belongs in
the model folders, unless `-o` or `--out` names a place. What a source describes is refused where it can run code.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import INTERRUPTED, PARTLY_FAILED, READY, UNDECIDED
from wfdeps.cli.options import add_library_options, add_making_option, add_pickle_option, add_transfer_options
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.domain.folders import WEIGHTS_ENDINGS, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import FailureKind, FetchFailed
from wfdeps.domain.type_words import folder_key_of
from wfdeps.domain.wants import Want, WantResult, WantSource, WantState
from wfdeps.errors import UsageError
from wfdeps.jobs.exact_places import (
    Destination,
    check_names,
    downloads_of_urls,
    downloads_of_wants,
    fetch_exactly,
    sha256_digest,
)
from wfdeps.jobs.wants import checked_want, is_described, want_of
from wfdeps.values import dataclass, replace

if TYPE_CHECKING:
    from wfdeps.ports import Reporter

EXAMPLE = """wfdeps download https://example.org/model.safetensors -o models/loras
  wfdeps download urn:air:sdxl:checkpoint:civitai:101055@128078 \\
      --comfyui ~/ComfyUI
  wfdeps download --source civitai --model-id 101055 --version-id 128078 \\
      --model-type checkpoints"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", nargs="*", metavar="URL|AIR", help="an http or https address, or `urn:air:…@123`"
    )
    named = parser.add_argument_group("by number")
    named.add_argument(
        "--source",
        choices=[source.value for source in WantSource],
        help="whose numbers these are (default: civitai)",
    )
    named.add_argument("--model-id", metavar="N", help="Civitai's model, or Hugging Face's owner/repository")
    named.add_argument(
        "--version-id", metavar="N", help="the version, or revision (default: the newest that can be had)"
    )
    named.add_argument(
        "--file-id", metavar="N", help="one of its files, or a path in the repository (default: the main one)"
    )
    named.add_argument(
        "--model-type",
        metavar="TYPE",
        help="where it belongs: checkpoints, LORA … (default: what its header says; a contradiction is said aloud)",
    )
    add_pickle_option(named)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-o", "--output", metavar="DIR", help="the folder to write to (an address's default: here)"
    )
    where.add_argument("--out", metavar="FILE", help="the file to write, for a single one")
    parser.add_argument("--sha256", metavar="HEX", help="what the file must hash to, for a single one")
    parser.add_argument(
        "--json", action="store_true", help="events as they come, one wfdeps/events/1 on each line of stdout"
    )
    add_library_options(parser)
    add_making_option(add_transfer_options(parser))


def run(arguments: argparse.Namespace, context: Context) -> int:
    has_place = bool(arguments.output or arguments.out)
    key = folder_key_of(arguments.model_type) if arguments.model_type else ""
    sha256 = sha256_digest(arguments.sha256).value if arguments.sha256 else ""
    numbers = (arguments.model_id, arguments.version_id, arguments.file_id)
    if any(numbers) or (arguments.source and arguments.source != "url"):
        if arguments.what:
            raise UsageError("name it by number or by address, not both")
        want = _by_number(numbers, arguments.source, key, sha256)
        asked = _Asked(for_a_folder=(want,)) if has_place else _Asked(for_the_library=(want,))
    elif arguments.what:
        has_library = bool(key or arguments.source or arguments.comfyui or arguments.models)
        asked = _by_address(
            arguments.what, context, key=key, sha256=sha256, has_place=has_place, has_library=has_library
        )
    else:
        raise UsageError("nothing to download", hint="an address, an AIR, or --source with --model-id")
    if asked.count > 1 and (arguments.out or arguments.sha256):
        raise UsageError("`--out` and `--sha256` are for a single file", hint="run it once for each")
    _check_place(arguments.output, arguments.out)
    destination = Destination(folder=arguments.output or "", file=arguments.out or "")
    model_type = model_type_of(key) if key else ModelType.UNKNOWN
    reporter = _reporter(context, as_json=arguments.json)
    downloads = [*downloads_of_urls(asked.plain, destination, sha256=arguments.sha256 or "")]
    results: list[WantResult] = []
    with stopping_on_signals():
        if asked.for_a_folder:
            described, results = downloads_of_wants(asked.for_a_folder, destination, context.doors, reporter)
            downloads += described
            _show(results, context, as_json=arguments.json)
        if asked.for_the_library:
            # A plain address never pays for the library and the plan.
            from wfdeps.jobs.acquire import acquire

            acquired = acquire(asked.for_the_library, context.doors, reporter)
            _show(acquired, context, as_json=arguments.json)
            results += acquired
        check_names(downloads)
        failures = fetch_exactly(downloads, context.doors, reporter, model_type=model_type)
    return max([READY, *(_CODES[result.state] for result in results), *map(_code_of_failure, failures)])


def _check_place(folder: str | None, file: str | None) -> None:
    """Raises UsageError where `-o` means a file, or `--out` a folder: either would make something nobody meant."""
    if folder == "" or file == "":
        raise UsageError("the place to write to is empty", hint="a variable of the shell that is not set?")
    if folder and folder.lower().endswith(tuple(WEIGHTS_ENDINGS)) and not os.path.isdir(folder):
        raise UsageError(
            f"`-o {folder}` would make a folder of that name", hint=f"a file is `--out {folder}`"
        )
    if file and (file.endswith(("/", os.sep)) or os.path.isdir(file)):
        raise UsageError(f"`--out {file}` is a folder", hint=f"`-o {file}` keeps the file's own name in it")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the line asks for."""

    plain: tuple[str, ...] = ()
    """Addresses to fetch as they are."""
    for_a_folder: tuple[Want, ...] = ()
    for_the_library: tuple[Want, ...] = ()

    @property
    def count(self) -> int:
        return len(self.plain) + len(self.for_a_folder) + len(self.for_the_library)


def _by_number(numbers: Sequence[str | None], source: str | None, key: str, sha256: str) -> Want:
    """The model, version and file of that source. Raises UsageError."""
    model_id, version_id, file_id = (number or "" for number in numbers)
    return checked_want(
        Want(
            WantSource(source or WantSource.CIVITAI),
            model_id,
            version_id,
            file_id,
            folder_key=key,
            sha256=sha256,
        )
    )


def _by_address(
    addresses: Sequence[str],
    context: Context,
    *,
    key: str,
    sha256: str,
    has_place: bool,
    has_library: bool,
) -> _Asked:
    """What the addresses and AIRs ask for. Raises UsageError.

    `has_place`: the line names the folder or file to write; `has_library`: it names model folders, a type or a source.
    """
    base_url = context.settings.civitai_url
    plain = tuple(what for what in addresses if not is_described(what, base_url, in_tree=has_library))
    wants = [
        replace(checked_want(want_of(what, base_url)), folder_key=key, sha256=sha256)
        for what in dict.fromkeys(addresses)
        if what not in plain
    ]
    here = tuple(want for want in wants if has_place or (not has_library and want.url and not want.model_id))
    return _Asked(plain, here, tuple(want for want in wants if want not in here))


def _show(results: Sequence[WantResult], context: Context, *, as_json: bool) -> None:
    """Paths of what is there now on stdout, the rest on stderr."""
    for result in results:
        if as_json:
            from wfdeps.report.want_json import want_json

            context.out(json.dumps({"event": "result", **want_json(result)}, ensure_ascii=False))
        elif result.is_good:
            context.out(result.path)
            if result.state is WantState.PRESENT:
                context.err(f"{result.want}: is there already")
        else:
            hint = f"\nhint: {result.hint}" if result.hint else ""
            context.err(f"error: {result.want}: {result.reason}{hint}")


_CODES = {
    WantState.PLACED: READY,
    WantState.PRESENT: READY,
    WantState.FAILED: PARTLY_FAILED,
    WantState.UNDECIDED: UNDECIDED,
}


def _code_of_failure(failure: FetchFailed) -> int:
    if failure.kind is FailureKind.INTERRUPTED:
        return INTERRUPTED
    return UNDECIDED if failure.kind.is_undecided else PARTLY_FAILED


def _reporter(context: Context, *, as_json: bool) -> Reporter:
    if not as_json:
        return context.reporter
    from wfdeps.console.progress import JsonLines

    return JsonLines(context.stdout)
