"""`wfdeps download`: one or more addresses into files, verified, resumable, never half a file under a final name."""

from __future__ import annotations

import argparse
import os
from urllib.parse import unquote, urlsplit

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import INTERRUPTED, PARTLY_FAILED, READY, UNDECIDED
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.disk import is_regular, place_no_clobber, remove_quietly
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.outcomes import Fetched, FetchEvent, FetchFailed
from wfdeps.domain.plans import Download, Plan, Target
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.domain.urls import without_secrets
from wfdeps.errors import LibraryError, TargetExistsError, UsageError
from wfdeps.ports import Reporter

EXAMPLE = "wfdeps download https://example.org/model.safetensors -o models/loras --sha256 9f86d081…"

_UNDECIDED_KINDS = frozenset({"gated", "early_access", "rate_limited", "network", "blocked"})
"""Failures that say nothing of the file: login, rate limit, network."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="+", metavar="URL", help="an http or https address")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-o", "--output", metavar="DIR", default=".", help="the folder to write to (default: here)"
    )
    where.add_argument("--out", metavar="FILE", help="the file to write, for a single address")
    parser.add_argument("--sha256", metavar="HEX", help="what the file must hash to, for a single address")
    parser.add_argument(
        "--connections", type=_count, metavar="N", help="connections for one file at most (default: 8)"
    )
    parser.add_argument("--jobs", type=_count, metavar="N", help="files at once (default: 4)")
    parser.add_argument("--limit-rate", metavar="RATE", help="bytes a second over all files: 5M, 800k")
    parser.add_argument(
        "--json", action="store_true", help="events as JSON, one on each line, on standard output"
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    downloads = _downloads(arguments)
    reporter = _reporter(arguments, context)
    wanted = [download for download in downloads if not _stands_already(download, reporter)]
    if not wanted:
        return READY
    reporter.plan(Plan(tuple(wanted)))
    codes = [READY]
    with stopping_on_signals():
        for event in context.doors.fetcher().fetch_all(wanted):
            event = _placed(event) if isinstance(event, Fetched) else event
            reporter.event(event)
            if isinstance(event, FetchFailed):
                codes.append(_code_of(event))
    return max(codes)


def _downloads(arguments: argparse.Namespace) -> tuple[Download, ...]:
    if len(arguments.what) > 1 and (arguments.out or arguments.sha256):
        raise UsageError("`--out` and `--sha256` are for a single address", hint="run it once for each")
    digests = (_sha256(arguments.sha256),) if arguments.sha256 else ()
    found = tuple(_download(url, arguments, digests) for url in arguments.what)
    names = [download.target.name.casefold() for download in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"two addresses end in `{name}`", hint="download them to different folders with -o"
            )
    return found


def _download(url: str, arguments: argparse.Namespace, digests: tuple[Digest, ...]) -> Download:
    if arguments.out:
        root, name = os.path.split(os.path.abspath(arguments.out))
    else:
        root, name = os.path.abspath(arguments.output), _name_in(url)
    candidate = Candidate("url", name, without_secrets(url), digests=digests)
    return Download((), candidate, Target("", root, name), (_checked(url),), None, digests, ChosenBy.URL)


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
    """The last part of a URL's path as a plain file name. Raises UsageError where it makes none."""
    name = unquote(urlsplit(_checked(url)).path.rpartition("/")[2]).strip()
    unsafe = (
        not name
        or name in (".", "..")
        or any(letter in '/\\:<>|"?*' or not letter.isprintable() for letter in name)
    )
    if unsafe or len(name.encode()) > 200 or name.endswith((".", " ")):
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
    if wanted is not None and is_regular(path) and _hash_of(path) == wanted.value:
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


def _placed(fetched: Fetched) -> FetchEvent:
    """The file under its final name, or why not."""
    target = fetched.download.target
    path = os.path.join(target.root, target.name)
    try:
        place_no_clobber(fetched.staged, path, root=target.root)
    except TargetExistsError as error:
        # Another process wanted the same file, and was quicker: the same bytes there are as good as ours.
        actual = find_digest(fetched.digests, Algorithm.SHA256)
        if actual is None or not is_regular(path) or _hash_of(path) != actual.value:
            return FetchFailed(fetched.download, error.message, error.hint or "", "placement")
        remove_quietly(fetched.staged)
    except LibraryError as error:
        return FetchFailed(fetched.download, error.message, error.hint or "", "placement")
    return fetched


def _code_of(event: FetchFailed) -> int:
    if event.kind == "interrupted":
        return INTERRUPTED
    return UNDECIDED if event.kind in _UNDECIDED_KINDS else PARTLY_FAILED


def _reporter(arguments: argparse.Namespace, context: Context) -> Reporter:
    if not arguments.json:
        return context.doors.reporter()
    from wfdeps.console.progress import JsonLines

    return JsonLines(context.stdout)


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError("at least one")
    return value
