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
from urllib.parse import unquote, urlsplit

from wfdeps import TYPE_CHECKING
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import INTERRUPTED, PARTLY_FAILED, READY, UNDECIDED
from wfdeps.cli.options import add_library_options, add_pickle_option, add_transfer_options
from wfdeps.cli.type_words import folder_key_of
from wfdeps.cli.wanting import SOURCES, NotFound, Want, checked, find_all, want_of
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.disk import place_no_clobber, remove_quietly, write_new
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.folders import MODEL_ENDINGS, is_pickle_name, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import UNDECIDED_KINDS, Fetched, FetchEvent, FetchFailed
from wfdeps.domain.plans import Download, Plan, Target
from wfdeps.domain.refs import Certainty
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.domain.urls import without_secrets
from wfdeps.errors import DiskFullError, LibraryError, TargetExistsError, UnsafePathError, UsageError
from wfdeps.fetch.staging import Staging
from wfdeps.library.file_systems import Ways
from wfdeps.library.room import room_for
from wfdeps.match.links import civitai_link
from wfdeps.plan.layout import collision_key, safe_relative
from wfdeps.plan.settle import disguise_of, warning_of
from wfdeps.values import replace

if TYPE_CHECKING:
    from wfdeps.cli.acquiring import Result
    from wfdeps.domain.identity import Identity
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
    downloads = [*_downloads(plain, arguments)]
    with stopping_on_signals():
        codes = [READY]
        if here:
            described, refused = _described(here, arguments, context)
            downloads += described
            codes += _told(refused, arguments, context)
        if wants:
            from wfdeps.cli.acquiring import (
                acquire,  # a plain address never pays for the library and the plan
            )

            codes += _told(acquire(wants, context, reporter), arguments, context)
        _check_names(downloads)
        codes.append(_fetched(downloads, arguments, context, reporter))
    return max(codes)


def _check_place(arguments: argparse.Namespace) -> None:
    """Raises UsageError where `-o` means a file, or `--out` a folder: either would make something nobody meant."""
    folder, file = arguments.output, arguments.out
    if folder == "" or file == "":
        raise UsageError("the place to write to is empty", hint="a variable of the shell that is not set?")
    if (
        folder
        and os.path.splitext(folder.lower())[1] in {*MODEL_ENDINGS, ".gguf", ".onnx"}
        and not os.path.isdir(folder)
    ):
        raise UsageError(
            f"`-o {folder}` would make a folder of that name", hint=f"a file is `--out {folder}`"
        )
    if file and (file.endswith(("/", os.sep)) or os.path.isdir(file)):
        raise UsageError(f"`--out {file}` is a folder", hint=f"`-o {file}` keeps the file's own name in it")


def _asked_for(arguments: argparse.Namespace, context: Context) -> tuple[list[str], list[Want], list[Want]]:
    """Addresses to fetch as they are; what a source is to be asked about, for a folder and for the model folders."""
    exact = bool(arguments.output or arguments.out)
    key = folder_key_of(arguments.model_type) if arguments.model_type else ""
    sha256 = _sha256(arguments.sha256).value if arguments.sha256 else ""
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


def _described(
    wants: Sequence[Want], arguments: argparse.Namespace, context: Context
) -> tuple[list[Download], list[Result]]:
    """Downloads to exactly where the person said, and what there is nothing to download of."""
    from wfdeps.cli.acquiring import Result, pickle_refused, pickles_allowed, refusal
    from wfdeps.plan.shelving import plain_name

    downloads: list[Download] = []
    refused: list[Result] = []
    for want, found in zip(wants, find_all(wants, context), strict=True):
        if isinstance(found, NotFound):
            refused.append(refusal(want, found))
            continue
        candidate = found.candidate
        if not candidate.access.is_open:
            detail = candidate.access.detail or candidate.access.state.replace("_", " ")
            refused.append(Result(want, "undecided", reason=detail))
            continue
        if found.remark:
            context.err(f"note: {found.remark}")
        root, name = (
            os.path.split(os.path.abspath(arguments.out))
            if arguments.out
            else (os.path.abspath(arguments.output or "."), plain_name(candidate.file_name))
        )
        if is_pickle_name(candidate.file_name) and not pickles_allowed(context):
            refused.append(refusal(want, pickle_refused(candidate.file_name)))
            continue
        digests = (_sha256(want.sha256),) if want.sha256 else candidate.digests
        urls = (candidate.url, *candidate.mirrors)
        target = Target("", root, name)
        downloads.append(Download((), candidate, target, urls, candidate.size, digests, ChosenBy.ID))
    return downloads, refused


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


def _fetched(
    downloads: Sequence[Download], arguments: argparse.Namespace, context: Context, reporter: Reporter
) -> int:
    """Each of them into its file; the worst code."""
    wanted: list[Download] = []
    codes = [READY]
    for download in downloads:
        try:
            if not _stands_already(download, reporter):
                wanted.append(download)
        except TargetExistsError as error:  # it alone: a second run of the same line fetches the rest
            reporter.event(FetchFailed(download, error.message, error.hint or "", "placement"))
            codes.append(PARTLY_FAILED)
    if not wanted:
        return max(codes)
    if troubles := room_for(Plan(tuple(wanted)), Ways(Staging())):
        raise DiskFullError(
            "; ".join(troubles), hint="name another place with -o or --out; nothing was touched"
        )
    reporter.plan(Plan(tuple(wanted)))
    for event in context.doors.fetcher(beside=True).fetch_all(wanted):
        event = _placed(event, arguments, reporter) if isinstance(event, Fetched) else event
        reporter.event(event)
        if isinstance(event, FetchFailed):
            codes.append(_code_of(event))
    return max(codes)


def _downloads(urls: Sequence[str], arguments: argparse.Namespace) -> tuple[Download, ...]:
    digests = (_sha256(arguments.sha256),) if arguments.sha256 else ()
    return tuple(_download(url, arguments, digests) for url in urls)


def _check_names(downloads: Sequence[Download]) -> None:
    """Raises UsageError for two names that some file system takes for one."""
    seen: set[str] = set()
    for name in (collision_key(download.target.name) for download in downloads):
        if name in seen:
            raise UsageError(
                f"two addresses end in `{name}`", hint="download them to different folders with -o"
            )
        seen.add(name)


def _download(url: str, arguments: argparse.Namespace, digests: tuple[Digest, ...]) -> Download:
    url = _checked(url)
    if arguments.out:
        root, name = os.path.split(os.path.abspath(arguments.out))
    else:
        root, name = os.path.abspath(arguments.output or "."), _name_in(url)
    candidate = Candidate("url", name, without_secrets(url), digests=digests)
    return Download((), candidate, Target("", root, name), (url,), None, digests, ChosenBy.URL)


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            f"not an http address: `{without_secrets(url)}`", hint="give an address with http:// or https://"
        )
    return url


def _name_in(url: str) -> str:
    """The last part of a URL's path as a plain file name that every system stores. Raises UsageError where it makes none."""
    name = unquote(urlsplit(url).path.rpartition("/")[2]).strip()
    try:
        usable = str(safe_relative(name, separator="\\")) == name and "/" not in name
    except UnsafePathError:
        usable = False
    if not usable or len(name.encode()) > 200:
        raise UsageError(
            f"`{without_secrets(url)}` ends in no usable file name", hint="name the file with --out FILE"
        )
    return name


def _sha256(text: str) -> Digest:
    try:
        return Digest.of(Algorithm.SHA256, text)
    except ValueError as error:
        raise UsageError(f"not a SHA-256: `{text}`", hint="it has 64 hexadecimal digits") from error


def _stands_already(download: Download, reporter: Reporter) -> bool:
    """Whether the very file is there. Raises TargetExistsError where another one, or an unknown one, is."""
    path = os.path.join(download.target.root, download.target.name)
    if not os.path.lexists(path):
        return False
    wanted = find_digest(download.digests, Algorithm.SHA256)
    if wanted is not None and os.path.isfile(path) and _hash_of(path) == wanted.value:
        reporter.note(f"{download.label}: is there already, with that hash")
        return True
    difference = (
        "has another hash"
        if wanted is not None
        else "exists already, and no hash says whether it is the same"
    )
    raise TargetExistsError(
        f"`{path}` {difference}", hint="nothing was overwritten; move it away, or name another with --out"
    )


def _hash_of(path: str) -> str:
    from hashlib import file_digest

    with open(path, "rb", buffering=0) as file:
        return file_digest(file, "sha256").hexdigest()


def _placed(fetched: Fetched, arguments: argparse.Namespace, reporter: Reporter) -> FetchEvent:
    """The file under its final name, with a sidecar where a source described it; or why not."""
    target, described = fetched.download.target, fetched.download.candidate.source != "url"
    path = os.path.join(target.root, target.name)
    try:
        identity = _identity_of(fetched) if described else None
        if identity is not None and (disguise := disguise_of(fetched.download, identity)):
            return FetchFailed(fetched.download, disguise.reason, disguise.hint, "misfit")
        place_no_clobber(fetched.staged, path, root=target.root, synced=True)
        if identity is not None:
            _say_contradiction(identity, arguments, reporter, target.name)
            if warning := warning_of(fetched.download, identity):
                reporter.note(warning)
            _write_sidecar(fetched, identity, path)
    except TargetExistsError as error:
        if os.path.lexists(fetched.staged):
            # Another process wanted the same file, and was quicker: the same bytes there are as good as ours.
            actual = find_digest(fetched.digests, Algorithm.SHA256)
            if actual is None or not os.path.isfile(path) or _hash_of(path) != actual.value:
                return FetchFailed(fetched.download, error.message, error.hint or "", "placement")
            remove_quietly(fetched.staged)
            return fetched
        reporter.note(f"{target.name}.civitai.json was there before, and is left as it is")
    except LibraryError as error:
        return FetchFailed(fetched.download, error.message, error.hint or "", "placement")
    return fetched


def _identity_of(fetched: Fetched) -> Identity:
    from wfdeps.pipeline.carry import identity_of_staged  # only what a source described has one

    return identity_of_staged(fetched)


def _write_sidecar(fetched: Fetched, identity: Identity, path: str) -> None:
    from wfdeps.plan.sidecar import sidecar_text

    root = fetched.download.target.root
    write_new(f"{path}.civitai.json", sidecar_text(fetched, identity).encode(), root=root)


def _say_contradiction(
    identity: Identity, arguments: argparse.Namespace, reporter: Reporter, name: str
) -> None:
    if arguments.model_type is None or identity.certainty is Certainty.GUESS:
        return
    said = model_type_of(folder_key_of(arguments.model_type))
    if identity.model_type not in (said, ModelType.UNKNOWN):
        words = (one.replace("_", " ") for one in (identity.model_type, said))
        reporter.note("`{}` is a {} by its header, not a {}".format(name, *words))


def _code_of(event: FetchFailed) -> int:
    if event.kind == "interrupted":
        return INTERRUPTED
    return UNDECIDED if event.kind in UNDECIDED_KINDS else PARTLY_FAILED


def _reporter(arguments: argparse.Namespace, context: Context) -> Reporter:
    if not arguments.json:
        return context.doors.reporter()
    from wfdeps.console.progress import JsonLines

    return JsonLines(context.stdout)
