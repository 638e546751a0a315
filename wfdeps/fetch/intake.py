"""Whether what a server sends belongs to the file: by its status, its headers and its first bytes."""

from __future__ import annotations

from wfdeps.detect.trouble import HEAD_BYTES, front_trouble
from wfdeps.domain.outcomes import FetchStarted
from wfdeps.domain.plans import Download
from wfdeps.errors import LengthMismatchError, NotTheFileError, SourceUnavailableError
from wfdeps.fetch.address import ChangedError, Opening, read_opening
from wfdeps.fetch.ledger import Claim
from wfdeps.fetch.limits import Tools
from wfdeps.fetch.session import Session
from wfdeps.http import Reply

PAGES = 2
"""So many web pages in place of the file are taken for a passing fault where we would know the file."""
SLACK = 16 << 20
"""Bytes that a file may be longer than an estimate of its size allows."""
_PAGE = "a web page came instead of the file"
_TEXT_ENDINGS = (".json", ".yaml", ".yml", ".txt", ".md", ".html", ".htm", ".csv", ".xml", ".toml", ".py")


class Intake:
    """Compares every reply with what is known of the file, and takes in what the reply says of it.

    Shared by all connections of one file. `exact`: the file's size in bytes, where its source is sure of it.
    """

    def __init__(self, download: Download, session: Session, tools: Tools, exact: int | None) -> None:
        self._download = download
        self._session = session
        self._tools = tools
        self.exact = exact
        self.is_postponed = False
        """The file proved to be larger than may be fetched now; none of its body was read."""
        self._begun = False
        self._pages = 0

    def accept(self, reply: Reply, claim: Claim, *, alone: bool) -> Opening:
        """What the reply holds; its body may be read unless `is_postponed`. `alone`: no other connection has bytes of it.

        Raises SourceError, FetchError, ChangedError, WrongRangeError, BeyondEndError for a body that is of no use.
        """
        start = claim.position
        self._refuse_page(reply)
        opening = read_opening(reply, start, alone=alone)
        self._agree(opening, claim)
        if not self._begun:
            size = self._session.size
            if size is not None and not self._tools.may_go_on(size):
                self.is_postponed = True
                return opening
            self._begun = True
            self._tools.report(FetchStarted(self._download, size, self._session.resumed_at))
            start = 0
        if start == 0 and _is_html(reply):
            self._suspect("html page")
        return opening

    def check_length(self, claim: Claim, opening: Opening, count: int) -> None:
        """Whether `count` bytes more may come. Raises LengthMismatchError once they are more than the file can have.

        Where the reply said how many come, that is the limit, unless a hash will prove the bytes that are kept; else the
        exact size. An inexact size (ComfyUI-Manager's list rounds to `4.27GB`) is believed to within a factor of 2.
        """
        end = claim.position + count
        if opening.stop is not None:
            if end > opening.stop and not self._has_proof():
                raise LengthMismatchError(opening.stop, end)
            return
        most = self.exact
        if most is None and self._download.size is not None:
            most = 2 * self._download.size + SLACK
        if most is not None and end > most:
            raise LengthMismatchError(self.exact or self._download.size or most, end)

    def look_at(self, claim: Claim, data: bytes | bytearray, count: int) -> None:
        """Look at the first bytes of the file, before they are written. Raises NotTheFileError."""
        if claim.position == 0:
            head = bytes(data[: min(count, HEAD_BYTES)])
            size = self._session.size
            known_size = 1 << 62 if size is None else size
            trouble = front_trouble(head, known_size, self._download.target.name)
            if trouble:
                self._suspect(trouble)

    def _refuse_page(self, reply: Reply) -> None:
        """A web page in the file's place: a busy front, a question to a robot, a login.

        Most are gone a moment later, so nothing that came is given up for one, and only what would tell it from
        the file says no. Raises SourceUnavailableError, NotTheFileError.
        """
        if reply.status != 200 or not _is_html(reply) or self._may_be_text():
            return
        session, length = self._session, reply.headers.get("content-length")
        if session.ledger.written.total:
            if length != str(session.size):
                raise SourceUnavailableError(_PAGE)
            return
        if self.exact is None and not self._has_proof():
            return
        self._pages += 1
        if self._pages <= PAGES:
            raise SourceUnavailableError(_PAGE)
        if self.exact is not None and length not in (None, str(self.exact)):
            raise not_the_file("html page")

    def _agree(self, opening: Opening, claim: Claim) -> None:
        """What came belongs to the object we have bytes of; take in what it says. Raises ChangedError."""
        session = self._session
        if opening.start != claim.position:
            raise ChangedError("the server sent the whole file instead of the rest")
        if opening.total is not None and session.size is not None and opening.total != session.size:
            raise ChangedError(f"its size changed from {session.size} to {opening.total}")
        if session.validator.contradicts(opening.validator):
            raise ChangedError("the file changed at its source")
        if self.exact is not None and opening.total is not None and opening.total != self.exact:
            raise LengthMismatchError(self.exact, opening.total)
        if opening.encoded or (opening.start == 0 and not opening.ranges):
            session.ranges = False
        if not session.validator.if_range:
            session.validator = opening.validator
        if opening.total is not None:
            if session.size is None or not self._begun:
                session.learn_size(opening.total)
            if claim.stop is None:
                claim.stop = opening.total

    def _suspect(self, what: str) -> None:
        """The body looks like something else: refused at once where no hash could still prove it."""
        if self._may_be_text():
            return
        self._session.suspicion = what
        if not self._has_proof():
            raise not_the_file(what)

    def _may_be_text(self) -> bool:
        return self._download.target.name.lower().endswith(_TEXT_ENDINGS)

    def _has_proof(self) -> bool:
        return any(digest.proves_identity for digest in self._download.digests)


def not_the_file(what: str) -> NotTheFileError:
    """The error for bytes that look like something else."""
    hint = "most often a login page or an expired link: open it in a browser, or give a token"
    if what == "lfs pointer":
        hint = "the address of what Git keeps instead of the file: `/resolve/` gives the file where `/raw/` does not"
    return NotTheFileError(f"something else came: {what}", hint=hint)


def _is_html(reply: Reply) -> bool:
    media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type in ("text/html", "application/xhtml+xml")
