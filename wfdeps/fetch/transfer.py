"""One file: from its URLs to verified bytes in staging, through mirrors, changed objects and wrong hashes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from wfdeps.detect.trouble import HEAD_BYTES, front_trouble
from wfdeps.disk.filesystem import free_bytes
from wfdeps.disk.writing import as_library_error, remove_quietly
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.outcomes import Fetched, FetchProgressed, FetchRetrying, FetchStarted
from wfdeps.domain.plans import Download
from wfdeps.domain.urls import path_of, without_secrets
from wfdeps.errors import (
    DigestMismatchError,
    FetchError,
    LengthMismatchError,
    NotTheFileError,
    SourceError,
    SourceUnavailableError,
    WfdepsError,
    os_error_words,
)
from wfdeps.fetch.address import Address, ChangedError
from wfdeps.fetch.intake import not_the_file
from wfdeps.fetch.limits import Tools
from wfdeps.fetch.pull import Pull
from wfdeps.fetch.session import Session, open_session
from wfdeps.fetch.staging import Slot, open_part, url_key
from wfdeps.fetch.verify import check_header, verified_by

RESTARTS = 3
"""How often one URL may make us begin at nothing."""
BLOCK = 1 << 20
_REPORTED_EVERY = 64 << 20
"""Bytes between two progress events of a copy."""


class Transfer:
    """Fetches one file. `run` once."""

    def __init__(self, download: Download, slot: Slot, tools: Tools) -> None:
        self._download = download
        self._slot = slot
        self._tools = tools
        self._by_hash = find_digest(download.digests, Algorithm.SHA256) is not None
        self._exact = download.size if download.candidate.size_is_exact else None
        self._resume = True
        self._ranges = True
        self._doubted = False
        self._mismatches: list[dict[str, object]] = []
        """What came instead of the file: each try that ended in another hash."""

    def run(self) -> Fetched | None:
        """The file, verified, in staging: from the first URL that gives it. None: it is large, and has to wait.

        Raises the first URL's WfdepsError when none does, StoppedError when stopped.
        """
        errors: list[WfdepsError] = []
        for left, url in reversed(tuple(enumerate(reversed(self._download.urls)))):
            try:
                return (
                    self._copied(url)
                    if url.startswith("file:")
                    else self._from(Address(self._tools.http, url))
                )
            except (SourceError, FetchError) as error:
                errors.append(error)
                if left:
                    self._report_retry(error)
        if not errors:
            raise FetchError("no URL is known for it")
        raise self._with_evidence(errors[0])

    def _set_aside(self, error: DigestMismatchError, url: str) -> None:
        """What came whole and is not the file becomes evidence, with both hashes; the next try begins at nothing."""
        self._resume = False
        self._mismatches.append(
            {
                "url": without_secrets(url),
                "algorithm": error.algorithm,
                "expected": error.expected,
                "actual": error.actual,
            }
        )
        self._slot.quarantine({"wanted": self._download.label, "tries": self._mismatches})

    def _make_room(self) -> None:
        """Evidence must not be what keeps the right bytes out."""
        free, bad = free_bytes(self._slot.folder), self._slot.bad
        if free is not None and os.path.lexists(bad) and free < os.lstat(bad).st_size:
            remove_quietly(bad)

    def _with_evidence(self, error: WfdepsError) -> WfdepsError:
        """The last word on a file that came whole and wrong also says where the wrong bytes are."""
        if self._mismatches and os.path.lexists(self._slot.bad):
            where = f"what came is set aside in `{self._slot.bad}`; `wfdeps clean` removes it"
            error.hint = f"{error.hint}; {where}" if error.hint else where
        return error

    def _copied(self, url: str) -> Fetched:
        """From a mirror that is a folder."""
        self._slot.forget_state()
        handle = open_part(self._slot)
        try:
            os.ftruncate(handle, 0)
            sha256, size = _copy_in(path_of(url), handle, self._download, self._slot, self._tools)
            by = self._checked(handle, sha256, size)
            if hasattr(os, "fchmod"):
                os.fchmod(handle, _PLAIN_MODE)
        finally:
            os.close(handle)
        return self._fetched(sha256, size, by, url)

    def _from(self, address: Address) -> Fetched | None:
        restarts = 0
        while True:
            try:
                return self._once(address)
            except ChangedError as error:
                self._discard()
                self._ranges = error.ranges
                restarts += 1
                if restarts > RESTARTS:
                    raise FetchError(
                        f"had to begin from nothing {restarts} times: {error.message}"
                    ) from error
                self._report_retry(error)
            except DigestMismatchError as error:
                self._set_aside(error, address.url)
                # A byte may have been flipped on the way: once more, from another mirror if there is one.
                if self._doubted or len(self._download.urls) > 1:
                    raise
                self._doubted = True
                self._report_retry(error)
            except (LengthMismatchError, NotTheFileError):
                self._discard()
                raise

    def _once(self, address: Address) -> Fetched | None:
        if self._mismatches:
            self._make_room()
        with self._session(address) as session:
            pull = Pull(self._download, session, address, self._tools, exact=self._exact)
            try:
                sha256 = pull.run()
            finally:
                pull.end()
            return None if sha256 is None else self._proven(session, sha256, address)

    @contextmanager
    def _session(self, address: Address) -> Iterator[Session]:
        session = open_session(
            self._slot,
            url_key(address.url),
            resume=self._resume,
            by_hash=self._by_hash,
            spares=self._tools.spares,
        )
        session.ranges = self._ranges
        self._resume = True
        try:
            yield session
        finally:
            session.close()

    def _discard(self) -> None:
        """What is in staging is worthless: the next session begins at nothing."""
        self._slot.forget_state()
        self._resume = False

    def _proven(self, session: Session, sha256: str, address: Address) -> Fetched:
        size = session.size or 0
        try:
            by = self._checked(session.handle, sha256, size)
        except DigestMismatchError as error:
            if session.suspicion:
                raise not_the_file(session.suspicion) from error
            raise
        session.prove(_PLAIN_MODE)
        if self._mismatches:
            self._slot.drop_evidence()  # it was a passing fault
        return self._fetched(sha256, size, by, address.url, reused=min(session.resumed_at, size))

    def _checked(self, handle: int, sha256: str, size: int) -> str:
        """Which hash proves it; where none is known, it is at least as long and as whole as it should be."""
        by = verified_by(self._download.digests, sha256, handle, size)
        if by == "unverified":
            if self._exact is not None and self._exact != size:
                raise LengthMismatchError(self._exact, size)
            target = self._download.target
            check_header(handle, size, target.name, target.folder_key)
        return by

    def _fetched(self, sha256: str, size: int, by: str, url: str, *, reused: int = 0) -> Fetched:
        digests = (Digest(Algorithm.SHA256, sha256), *_others(self._download.digests, by))
        return Fetched(self._download, self._slot.part, size, digests, by, without_secrets(url), reused)

    def _report_retry(self, error: WfdepsError) -> None:
        self._tools.report(FetchRetrying(self._download, error.message.partition("\n")[0], 0.0))


def _copy_in(path: str, handle: int, download: Download, slot: Slot, tools: Tools) -> tuple[str, int]:
    """Copy a file of a mirror that is a folder into the part open as `handle`; its SHA-256 and its length in bytes.

    Raises SourceUnavailableError where the file cannot be read, DiskFullError, NotTheFileError, StoppedError.
    """
    hasher, done = hashlib.sha256(), 0
    try:
        source = open(path, "rb", buffering=0)  # noqa: SIM115
    except OSError as error:
        raise SourceUnavailableError(f"cannot read `{path}`: {os_error_words(error)}", final=True) from error
    with source:
        size = os.fstat(source.fileno()).st_size
        tools.report(FetchStarted(download, size))
        while block := source.read(BLOCK):
            tools.check_stop()
            if not done and (trouble := front_trouble(block[:HEAD_BYTES], size, download.target.name)):
                raise NotTheFileError(f"`{path}` is no model: {trouble}")
            with as_library_error(slot.part):
                _write(handle, block, done)
            hasher.update(block)
            done += len(block)
            if done % _REPORTED_EVERY == 0:
                tools.report(FetchProgressed(download, done))
    return hasher.hexdigest(), done


def _write(handle: int, block: bytes, offset: int) -> None:
    view = memoryview(block)
    while view:
        count = os.pwrite(handle, view, offset)
        view, offset = view[count:], offset + count


def _others(known: tuple[Digest, ...], by: str) -> tuple[Digest, ...]:
    """The further hashes, which hold too when the bytes are proven by one as strong as SHA-256."""
    if by not in (Algorithm.SHA256, Algorithm.BLAKE3):
        return ()
    return tuple(digest for digest in known if digest.algorithm is not Algorithm.SHA256)


def _plain_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


_PLAIN_MODE = _plain_mode()
"""What a new file of the person's gets; parts are 0600 until they are proven. Read once, before any thread is."""
