"""Files that go exactly where a person says, outside the model folders: addresses as any downloader takes them, and
what a source describes under `-o` or `--out`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from wfdeps import TYPE_CHECKING
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import INTERRUPTED, PARTLY_FAILED, READY, UNDECIDED
from wfdeps.cli.type_words import folder_key_of
from wfdeps.cli.wanting import NotFound, Want, find_all
from wfdeps.disk import place_no_clobber, remove_quietly, write_new
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.folders import is_pickle_name, model_type_of
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
from wfdeps.match.links import bytes_url
from wfdeps.plan.layout import collision_key, safe_relative
from wfdeps.plan.settle import disguise_of, warning_of

if TYPE_CHECKING:
    from wfdeps.cli.acquiring import Result
    from wfdeps.domain.identity import Identity
    from wfdeps.ports import Reporter


def downloads_of_urls(urls: Sequence[str], arguments: argparse.Namespace) -> tuple[Download, ...]:
    """Each address as a download. Raises UsageError for one that is none, or ends in no file name."""
    digests = (sha256_digest(arguments.sha256),) if arguments.sha256 else ()
    return tuple(_download(url, arguments, digests) for url in urls)


def downloads_of_wants(
    wants: Sequence[Want], arguments: argparse.Namespace, context: Context
) -> tuple[list[Download], list[Result]]:
    """Downloads to exactly where the person said, and what there is nothing to download of."""
    from wfdeps.cli.acquiring import Result, pickle_refused, refusal
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
        if is_pickle_name(candidate.file_name) and not context.settings.allow_pickle:
            refused.append(refusal(want, pickle_refused(candidate.file_name)))
            continue
        digests = (sha256_digest(want.sha256),) if want.sha256 else candidate.digests
        urls = (candidate.url, *candidate.mirrors)
        target = Target("", root, name)
        downloads.append(Download((), candidate, target, urls, candidate.size, digests, ChosenBy.ID))
    return downloads, refused


def check_names(downloads: Sequence[Download]) -> None:
    """Raises UsageError for two names that some file system takes for one."""
    seen: set[str] = set()
    for name in (collision_key(download.target.name) for download in downloads):
        if name in seen:
            raise UsageError(
                f"two addresses end in `{name}`", hint="download them to different folders with -o"
            )
        seen.add(name)


def fetch_exactly(
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


def sha256_digest(text: str) -> Digest:
    try:
        return Digest.of(Algorithm.SHA256, text)
    except ValueError as error:
        raise UsageError(f"not a SHA-256: `{text}`", hint="it has 64 hexadecimal digits") from error


def _download(url: str, arguments: argparse.Namespace, digests: tuple[Digest, ...]) -> Download:
    url = bytes_url(_checked(url))
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


def _stands_already(download: Download, reporter: Reporter) -> bool:
    """Whether the very file is there. Raises TargetExistsError where another one, or an unknown one, is."""
    path = os.path.join(download.target.root, download.target.name)
    if not os.path.lexists(path):
        return False
    wanted = find_digest(download.digests, Algorithm.SHA256)
    known = _sha256_at(path) if wanted is not None else ""
    if wanted is not None and known == wanted.value:
        reporter.note(f"{download.label}: is there already, with that hash")
        return True
    difference = "has another hash" if known else "exists already, and no hash says whether it is the same"
    raise TargetExistsError(
        f"`{path}` {difference}", hint="nothing was overwritten; move it away, or name another with --out"
    )


def _sha256_at(path: str) -> str:
    """The hash of the file there; empty for what is none, or cannot be read."""
    from wfdeps.library.hashing import hash_file  # only where a file stands already

    with suppress(LibraryError):
        if os.path.isfile(path):
            return hash_file(path, (Algorithm.SHA256,))[0].value
    return ""


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
            if actual is None or _sha256_at(path) != actual.value:
                return FetchFailed(fetched.download, error.message, error.hint or "", "placement")
            remove_quietly(fetched.staged)
            return fetched
        reporter.note(f"{target.name}.civitai.json was there before, and is left as it is")
    except LibraryError as error:
        return FetchFailed(fetched.download, error.message, error.hint or "", "placement")
    return fetched


def _identity_of(fetched: Fetched) -> Identity:
    from wfdeps.pipeline.staged import identity_of_staged  # only what a source described has one

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
