"""Files that go exactly where a person says, outside the model folders: addresses as any downloader takes them, and
what a source describes under `-o` or `--out`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from urllib.parse import unquote, urlsplit

from wfdeps import TYPE_CHECKING
from wfdeps.disk.writing import place_no_clobber, remove_quietly, write_new
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import Failed, FailureKind, Fetched, FetchEvent, FetchFailed, Receipt
from wfdeps.domain.plans import Download, Placement, Plan, Target
from wfdeps.domain.refs import Certainty
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.domain.urls import without_secrets
from wfdeps.domain.wants import Want, WantResult
from wfdeps.errors import DiskFullError, LibraryError, TargetExistsError, UnsafePathError, UsageError
from wfdeps.fetch.staging import StagingFolders
from wfdeps.jobs.wants import Unavailable, find_wants, pickle_refusal, result_of_unavailable
from wfdeps.library.file_systems import Ways
from wfdeps.library.room import room_for
from wfdeps.match.links import bytes_url
from wfdeps.planning.layout import collision_key, safe_relative
from wfdeps.planning.settle import Settled
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.identity import Identity
    from wfdeps.ports import Reporter
    from wfdeps.wiring.doors import Doors


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the person wants the bytes: in a folder under their own name, or in one named file."""

    folder: str = ""
    """Empty: the working folder."""
    file: str = ""
    """Wins over `folder`."""

    def split(self, own_name: str) -> tuple[str, str]:
        """(absolute folder, file name) of a file that its source calls `own_name`."""
        if self.file:
            folder, name = os.path.split(os.path.abspath(self.file))
            return folder, name
        return os.path.abspath(self.folder or "."), own_name


def downloads_of_urls(
    urls: Sequence[str], destination: Destination, *, sha256: str = ""
) -> tuple[Download, ...]:
    """Each address as a download. Raises UsageError for one that is none, or ends in no file name."""
    digests = (sha256_digest(sha256),) if sha256 else ()
    return tuple(_download(url, destination, digests) for url in urls)


def downloads_of_wants(
    wants: Sequence[Want], destination: Destination, doors: Doors, reporter: Reporter
) -> tuple[list[Download], list[WantResult]]:
    """The downloads, and the results of the Wants for which there is nothing to download."""
    from wfdeps.planning.shelving import plain_name

    downloads: list[Download] = []
    refused: list[WantResult] = []
    for want, found in zip(wants, find_wants(wants, doors), strict=True):
        if isinstance(found, Unavailable):
            refused.append(result_of_unavailable(want, found))
            continue
        candidate = found.candidate
        if not candidate.access.is_open:
            access = candidate.access
            why = Unavailable(access.ref_state, access.words, access.hint)
            refused.append(result_of_unavailable(want, why))
            continue
        if found.remark:
            reporter.note(found.remark)
        if refusal := pickle_refusal(candidate.file_name, allow_pickle=doors.settings.allow_pickle):
            refused.append(result_of_unavailable(want, refusal))
            continue
        root, name = destination.split("" if destination.file else plain_name(candidate.file_name))
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
    downloads: Sequence[Download],
    doors: Doors,
    reporter: Reporter,
    *,
    model_type: ModelType = ModelType.UNKNOWN,
) -> tuple[FetchFailed, ...]:
    """Fetch each into its file; the downloads that failed. Nothing that stands there is overwritten.

    `model_type` is what the person says the files are; a header that says otherwise is noted. Raises DiskFullError.
    """
    wanted: list[Download] = []
    failures: list[FetchFailed] = []
    for download in downloads:
        try:
            if not _is_there(download, reporter):
                wanted.append(download)
        except TargetExistsError as error:  # this file alone: a second run of the command fetches the rest
            failure = FetchFailed(download, error.message, error.hint or "", FailureKind.PLACEMENT)
            reporter.event(failure)
            failures.append(failure)
    if not wanted:
        return tuple(failures)
    if troubles := room_for(Plan(tuple(wanted)), Ways(StagingFolders())):
        raise DiskFullError(
            "; ".join(troubles), hint="name another place with -o or --out; nothing was touched"
        )
    reporter.plan(Plan(tuple(wanted)))
    for event in doors.fetcher(beside=True).fetch_all(wanted):
        event = _placed(event, model_type, reporter) if isinstance(event, Fetched) else event
        reporter.event(event)
        if isinstance(event, FetchFailed):
            failures.append(event)
    return tuple(failures)


def sha256_digest(text: str) -> Digest:
    try:
        return Digest.of(Algorithm.SHA256, text)
    except ValueError as error:
        raise UsageError(f"not a SHA-256: `{text}`", hint="it has 64 hexadecimal digits") from error


def _download(url: str, destination: Destination, digests: tuple[Digest, ...]) -> Download:
    url = bytes_url(_checked(url))
    root, name = destination.split("" if destination.file else _name_in(url))
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


def _is_there(download: Download, reporter: Reporter) -> bool:
    """Whether the file is there, by its hash. Raises TargetExistsError where another one, or an unknown one, is."""
    path = download.target.path
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
    """The SHA-256 of the file there; empty where there is no file or it cannot be read."""
    from wfdeps.disk.hashing import hash_file  # only where a file stands already

    with suppress(LibraryError):
        if os.path.isfile(path):
            return hash_file(path, (Algorithm.SHA256,))[0].value
    return ""


def _placed(fetched: Fetched, model_type: ModelType, reporter: Reporter) -> FetchEvent:
    """The file under its final name, with a sidecar where a source described it; or why not."""
    from wfdeps.pipeline.staged import put_in_place, settle_staged  # what fails before has no need of it

    target = fetched.download.target

    def place_of(fetched: Fetched, identity: Identity) -> Settled:
        from wfdeps.planning.sidecar import sidecar_text  # only what a source described has one

        placement = Placement(fetched.staged, target, sidecar_text(fetched, identity), fetched.digests)
        return Settled(placement, _contradiction(identity, model_type, target.name))

    put = partial(_put, size=fetched.size, reporter=reporter)
    if fetched.download.candidate.source == "url":
        outcome = put_in_place(fetched, Placement(fetched.staged, target, None, fetched.digests), put)
    else:
        outcome = settle_staged(fetched, reporter, place_of=place_of, put=put)
    if isinstance(outcome, Failed):
        return FetchFailed(outcome.download, outcome.reason, outcome.hint, outcome.kind)
    return fetched


def _put(placement: Placement, *, size: int, reporter: Reporter) -> Receipt:
    """Move the staged file to its place and write its sidecar. Raises LibraryError where another file stands there."""
    target = placement.target
    path = target.path
    digest = find_digest(placement.digests, Algorithm.SHA256)
    sha256 = digest.value if digest else ""
    try:
        place_no_clobber(placement.staged, path, root=target.root, synced=True)
    except TargetExistsError:
        # Another process fetched the same file and was quicker: equal bytes there are as good as ours.
        if not sha256 or _sha256_at(path) != sha256:
            raise
        remove_quietly(placement.staged)
        return Receipt(path, sha256, size, wrote=False)
    if placement.sidecar is not None:
        try:
            write_new(f"{path}.civitai.json", placement.sidecar.encode(), root=target.root)
        except TargetExistsError:
            reporter.note(f"{target.name}.civitai.json was there before, and is left as it is")
    return Receipt(path, sha256, size, wrote=True)


def _contradiction(identity: Identity, said: ModelType, name: str) -> str:
    """What to tell a person who called the file another type than its header does; empty where they agree."""
    if (
        ModelType.UNKNOWN in (said, identity.model_type)
        or identity.certainty is Certainty.GUESS
        or identity.model_type is said
    ):
        return ""
    header, word = (model_type.replace("_", " ") for model_type in (identity.model_type, said))
    return f"`{name}` is a {header} by its header, not a {word}"
