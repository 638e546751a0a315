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
from wfdeps.cli.exact_places import (
    check_names,
    downloads_of_urls,
    downloads_of_wants,
    fetch_exactly,
    sha256_digest,
)
from wfdeps.cli.exit_codes import PARTLY_FAILED, READY, UNDECIDED
from wfdeps.cli.options import add_library_options, add_pickle_option, add_transfer_options
from wfdeps.cli.type_words import folder_key_of
from wfdeps.cli.wanting import SOURCES, Want, checked, want_of
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.domain.folders import WEIGHTS_ENDINGS
from wfdeps.errors import UsageError
from wfdeps.match.links import civitai_link
from wfdeps.values import replace

if TYPE_CHECKING:
    from wfdeps.cli.acquiring import Result
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
    named.add_argument("--source", choices=SOURCES, help="whose numbers these are (default: civitai)")
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
    add_transfer_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    plain, here, wants = _asked_for(arguments, context)
    if len(plain) + len(here) + len(wants) > 1 and (arguments.out or arguments.sha256):
        raise UsageError("`--out` and `--sha256` are for a single file", hint="run it once for each")
    _check_place(arguments)
    reporter = _reporter(arguments, context)
    downloads = [*downloads_of_urls(plain, arguments)]
    with stopping_on_signals():
        codes = [READY]
        if here:
            described, refused = downloads_of_wants(here, arguments, context)
            downloads += described
            codes += _told(refused, arguments, context)
        if wants:
            # A plain address never pays for the library and the plan.
            from wfdeps.cli.acquiring import acquire

            codes += _told(acquire(wants, context, reporter), arguments, context)
        check_names(downloads)
        codes.append(fetch_exactly(downloads, arguments, context, reporter))
    return max(codes)


def _check_place(arguments: argparse.Namespace) -> None:
    """Raises UsageError where `-o` means a file, or `--out` a folder: either would make something nobody meant."""
    folder, file = arguments.output, arguments.out
    if folder == "" or file == "":
        raise UsageError("the place to write to is empty", hint="a variable of the shell that is not set?")
    if folder and folder.lower().endswith(tuple(WEIGHTS_ENDINGS)) and not os.path.isdir(folder):
        raise UsageError(
            f"`-o {folder}` would make a folder of that name", hint=f"a file is `--out {folder}`"
        )
    if file and (file.endswith(("/", os.sep)) or os.path.isdir(file)):
        raise UsageError(f"`--out {file}` is a folder", hint=f"`-o {file}` keeps the file's own name in it")


def _asked_for(arguments: argparse.Namespace, context: Context) -> tuple[list[str], list[Want], list[Want]]:
    """Addresses to fetch as they are; what a source is to be asked about, for a folder and for the model folders."""
    exact = bool(arguments.output or arguments.out)
    key = folder_key_of(arguments.model_type) if arguments.model_type else ""
    sha256 = sha256_digest(arguments.sha256).value if arguments.sha256 else ""
    base_url = context.settings.civitai_url
    numbers = (arguments.model_id, arguments.version_id, arguments.file_id)
    if any(numbers) or (arguments.source and arguments.source != "url"):
        if arguments.what:
            raise UsageError("name it by number or by address, not both")
        model_id, version_id, file_id = (number or "" for number in numbers)
        want = Want(
            arguments.source or "civitai", model_id, version_id, file_id, folder_key=key, sha256=sha256
        )
        return [], *(([checked(want)], []) if exact else ([], [checked(want)]))
    if not arguments.what:
        raise UsageError("nothing to download", hint="an address, an AIR, or --source with --model-id")
    in_tree = bool(key or arguments.source or arguments.comfyui or arguments.models)
    plain = [what for what in arguments.what if _is_plain(what, base_url, in_tree=in_tree)]
    described = {
        what: replace(checked(want_of(what, base_url)), folder_key=key, sha256=sha256)
        for what in arguments.what
        if what not in plain
    }
    here = [want for want in described.values() if exact or (not in_tree and want.url and not want.model_id)]
    return plain, here, [want for want in described.values() if want not in here]


def _is_plain(what: str, base_url: str, *, in_tree: bool) -> bool:
    """Whether it is fetched as any downloader would: an address of which no source tells more."""
    if "://" not in what:
        return not what.lower().startswith(("urn:", "air:")) and _source_of_short_air(what) == ""
    return not in_tree and civitai_link(what, base_url=base_url) is None


def _source_of_short_air(text: str) -> str:
    """The source a short AIR (`civitai:7@9`) names; empty for any other text."""
    source = text.partition(":")[0].lower()
    return source if source in SOURCES[:2] else ""


def _told(results: Sequence[Result], arguments: argparse.Namespace, context: Context) -> list[int]:
    """Each result said: paths of what is there now on stdout, the rest on stderr; their exit codes."""
    for result in results:
        if arguments.json:
            from wfdeps.cli.acquiring import result_json

            context.out(json.dumps({"event": "result", **result_json(result)}, ensure_ascii=False))
        elif result.is_good:
            context.out(result.path)
            if result.state == "present":
                context.err(f"{result.want}: is there already")
        else:
            hint = f"\nhint: {result.hint}" if result.hint else ""
            context.err(f"error: {result.want}: {result.reason}{hint}")
    return [_CODES[result.state] for result in results]


_CODES = {"placed": READY, "present": READY, "failed": PARTLY_FAILED, "undecided": UNDECIDED}


def _reporter(arguments: argparse.Namespace, context: Context) -> Reporter:
    if not arguments.json:
        return context.reporter
    from wfdeps.console.progress import JsonLines

    return JsonLines(context.stdout)
