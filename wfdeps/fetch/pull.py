"""All bytes of one object into one session: one connection, and more while they pay."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread, get_ident

from wfdeps.detect.trouble import HEAD_BYTES, quick_trouble
from wfdeps.domain.outcomes import FetchEvent, FetchProgressed, FetchRetrying, FetchStarted
from wfdeps.domain.plans import Download
from wfdeps.errors import (
    FetchError,
    LengthMismatchError,
    NotTheFileError,
    RateLimitError,
    SourceError,
    SourceUnavailableError,
    WfdepsError,
)
from wfdeps.fetch.address import Address, ExpiredError
from wfdeps.fetch.body import WORTH_IT, Tap, Watch, gathered, pieces_of
from wfdeps.fetch.ledger import PIECE, Claim
from wfdeps.fetch.opening import BeyondEndError, ChangedError, Opening, WrongRangeError, read_opening
from wfdeps.fetch.pace import Pace
from wfdeps.fetch.rates import Rate
from wfdeps.fetch.session import Session
from wfdeps.fetch.trail import BLOCK
from wfdeps.fetch.verify import text_trouble
from wfdeps.http import Backoff, Http, Reply
from wfdeps.values import dataclass, field

WORTH_MORE = 64 << 20
"""Files below this get one connection."""
LARGE = 8 << 20
"""Files above this take a place among the large ones."""
PROGRESS = 64 << 10
"""So many bytes in one try, and the next failure counts as the first again."""
REPORTED_EVERY = 0.2
PAGES = 2
"""So many web pages in place of the file are taken for a passing fault where we would know the file."""
GATHERED = 1 << 20
"""Bytes a plain body is written and hashed by."""
GATHERED_WITHIN = 0.05
"""Seconds they may take to come: a slow body is written as it comes."""
_TEXT_ENDINGS = (".json", ".yaml", ".yml", ".txt", ".md", ".html", ".htm", ".csv", ".xml", ".toml", ".py")


class StoppedError(Exception):
    """The stop flag was raised; what is proven stays in staging."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a transfer goes before it gives up, and how much it takes."""

    connections: int = 8
    """For one file, at most."""
    stall: float = 15.0
    """Seconds without a byte until a connection is given up."""
    slowest: float = 1024.0
    """Bytes per second; less than this for `slow_for` seconds counts as a stall."""
    slow_for: float = 20.0
    backoff: Backoff = field(default_factory=Backoff)
    patience: float = 120.0
    """Seconds; a server that asks for more is not waited for."""
    hand_off: bool = True
    """Whether large bodies may be read straight from the socket."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a transfer works with."""

    http: Http
    limits: Limits
    rate: Rate
    report: Callable[[FetchEvent], None]
    stopped: Callable[[], bool]
    spares: list[bytearray] = field(default_factory=list)
    """Buffers that go from one file to the next."""
    sleep: Callable[[float], None] = time.sleep
    enter_large: Callable[[], None] = lambda: None
    """Called when the file proves to be large; may raise to have it later."""


class Pull:
    """One object's bytes into a session. `run` once, then `end`."""

    def __init__(
        self, download: Download, session: Session, address: Address, tools: Tools, *, exact: int | None
    ) -> None:
        self._download = download
        self._session = session
        self._address = address
        self._tools = tools
        self._limits = tools.limits
        self._exact = exact
        self._pace = Pace(tools.limits.connections, time.monotonic)
        self._helpers: list[Thread] = []
        self._flowing: set[int] = set()
        """The threads of further connections that have brought bytes."""
        self._ended = False
        self._opened = False
        self._odd_ranges = 0
        self._pages = 0
        self._reported_at = 0.0

    def run(self) -> str:
        """Every byte is in the part: its SHA-256.

        Raises a SourceError or FetchError when it cannot be, ChangedError when to begin anew, StoppedError.
        """
        ledger, tries = self._session.ledger, 0
        seen = ledger.written.total
        if ledger.is_complete:
            self._tools.report(FetchStarted(self._download, ledger.size, self._session.resumed_at))
        while True:
            self._check_stop()
            claim = ledger.claim(PIECE if self._helpers else None)
            if claim is None:
                if ledger.is_complete and (digest := self._session.trail.finish()):
                    return digest
                self._look_around()
                with ledger.changed:
                    ledger.changed.wait(0.05)
                continue
            try:
                self._fetch(claim, main=True)
                self._address.thank()
            except SourceError as error:
                # Whatever connection brings them: as long as bytes come, a refusal is no reason to give up. A server
                # that allows one connection may be giving it to a further one just now.
                come, seen = ledger.written.total - seen, ledger.written.total
                others = any(helper.is_alive() for helper in self._helpers)
                tries = 1 if come >= PROGRESS or others else tries + 1
                self._recover(error, tries)
            except WrongRangeError as error:
                self._odd_ranges += 1
                if self._odd_ranges > 2 or claim.position == 0:
                    raise ChangedError(error.message, ranges=False) from error
            except BeyondEndError as error:
                self._settle_end(error)
            finally:
                ledger.release(claim)

    def end(self) -> None:
        """No connection works for it any longer."""
        self._ended = True
        for helper in self._helpers:
            helper.join()

    def _fetch(self, claim: Claim, *, main: bool) -> None:
        """As much of the claim as one request gives."""
        start, alone = claim.position, main and not self._helpers
        # A further connection does not wait for a place at its host: what it claimed is wanted soon.
        waits = self._has_ended if main else _at_once
        with self._address.opened(self._headers(claim, main), waits, self._limits.stall) as reply:
            self._refuse_page(reply)
            opening = read_opening(reply, start, alone=alone)
            self._agree(opening, claim)
            if self._opened is False or start == 0:
                self._begin(opening, reply)
            worth_it = reply.keeps_connection or (main and (opening.length or 0) > WORTH_IT)
            if self._limits.hand_off and worth_it and not opening.encoded and claim.stop is not None:
                tap = Tap(reply, stall=self._limits.stall)
                if tap.usable:
                    self._pour_fast(tap, claim, opening, main=main)
                    return
            self._pour(reply, claim, opening, main=main)

    def _headers(self, claim: Claim, main: bool) -> dict[str, str]:
        session = self._session
        if not session.ranges:
            return {}
        # The main connection asks to the end: others may take from it while it runs, and it just stops earlier.
        last = "" if claim.stop is None or (main and claim.stop == session.size) else str(claim.stop - 1)
        headers = {"range": f"bytes={claim.position}-{last}"}
        if claim.position and session.validator.if_range:
            headers["if-range"] = session.validator.if_range
        return headers

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
        if self._exact is None and not self._has_proof():
            return
        self._pages += 1
        if self._pages <= PAGES:
            raise SourceUnavailableError(_PAGE)
        if self._exact is not None and length not in (None, str(self._exact)):
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
        if self._exact is not None and opening.total is not None and opening.total != self._exact:
            raise LengthMismatchError(self._exact, opening.total)
        if opening.encoded or (opening.start == 0 and not opening.ranges):
            session.ranges = False
        if not session.validator.if_range:
            session.validator = opening.validator
        if opening.total is not None:
            if session.size is None or not self._opened:
                session.learn_size(opening.total)
            if claim.stop is None:
                claim.stop = opening.total

    def _begin(self, opening: Opening, reply: Reply) -> None:
        if not self._opened:
            self._opened = True
            session = self._session
            if (session.size or 0) > LARGE:
                self._tools.enter_large()
            self._tools.report(FetchStarted(self._download, session.size, session.resumed_at))
        if _is_html(reply):
            self._suspect("html page")

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

    def _left(self, claim: Claim, opening: Opening, enough: int) -> int | None:
        """Bytes of the claim to come with this reply: the claim grows by what others gave back where fewer than
        `enough` are left, and a server may send less than was asked for.
        """
        left = claim.left
        if left is not None and left < enough and opening.stop is not None:
            self._session.ledger.extend(claim, opening.stop)
            left = claim.left
        if left is not None and opening.stop is not None:
            left = min(left, opening.stop - claim.position)
        return left

    def _pour_fast(self, tap: Tap, claim: Claim, opening: Opening, *, main: bool) -> None:
        """Socket to buffer to file; the main connection's buffers go on to the hash while they are warm."""
        session, trail = self._session, self._session.trail
        watch = Watch(self._limits.slowest, self._limits.slow_for)
        buffer = bytearray() if main else bytearray(BLOCK)
        while (left := self._left(claim, opening, BLOCK)) and left > 0:
            if main:
                buffer = trail.buffer()
            count = tap.read_into(buffer, min(left, BLOCK), self._has_ended, rest=left <= BLOCK)
            if count == 0:
                if main:
                    trail.give_back(buffer)
                self._check_stop()
                if self._ended:
                    return
                raise SourceUnavailableError(f"the connection was cut {left} bytes before the end")
            self._look_at(claim, buffer, count)
            session.write(claim, buffer, count, owned=main)
            self._count(count, watch)
            self._after_some(main=main)

    def _pour(self, reply: Reply, claim: Claim, opening: Opening, *, main: bool) -> None:
        session = self._session
        watch = Watch(self._limits.slowest, self._limits.slow_for)
        pieces = pieces_of(reply, stopped=self._has_ended)
        for chunk in gathered(pieces, GATHERED, GATHERED_WITHIN):
            left = self._left(claim, opening, len(chunk))
            data = chunk if left is None or len(chunk) <= left else chunk[:left]
            if not data:
                break  # more than was promised, or somebody else took the rest
            self._look_at(claim, data, len(data))
            session.write(claim, data, len(data))
            self._count(len(data), watch)
            self._after_some(main=main)
        self._check_stop()
        if claim.stop is None and opening.stop is not None and opening.ranges:
            if claim.position < opening.stop:
                raise SourceUnavailableError("the connection was cut in the middle of a part")
        elif claim.stop is None:
            self._end_unannounced(claim)
        elif claim.position < min(claim.stop, opening.stop or claim.stop) and not self._ended:
            raise SourceUnavailableError(
                f"the connection was cut {claim.stop - claim.position} bytes before the end"
            )

    def _end_unannounced(self, claim: Claim) -> None:
        """The body ended and nothing had said where it would."""
        known = self._exact or self._session.size
        if known is not None and claim.position < known:
            raise SourceUnavailableError(
                f"the connection was cut {known - claim.position} bytes before the end"
            )
        with self._session.ledger.changed:
            self._session.ledger.size = claim.position

    def _look_at(self, claim: Claim, data: bytes | bytearray, count: int) -> None:
        if claim.position == 0:
            head = bytes(data[: min(count, HEAD_BYTES)])
            size = self._session.size
            name = self._download.target.name
            if trouble := quick_trouble(head, 1 << 62 if size is None else size) or text_trouble(head, name):
                self._suspect(trouble)

    def _count(self, count: int, watch: Watch) -> None:
        watch.saw(count)
        self._tools.rate.take(count, self._has_ended)

    # ── further connections ──

    def _after_some(self, *, main: bool) -> None:
        if main:
            self._look_around()
        else:
            self._flowing.add(get_ident())

    def _look_around(self) -> None:
        """Between two buffers: report, grow or shrink, hear what a helper found."""
        session = self._session
        if session.fault is not None:
            raise session.fault
        now = time.monotonic()
        if now - self._reported_at >= REPORTED_EVERY:
            self._reported_at = now
            self._tools.report(FetchProgressed(self._download, session.ledger.written.total))
        self._helpers = [helper for helper in self._helpers if helper.is_alive()]
        if self._may_grow():
            wanted = self._pace.look(session.ledger.written.total, 1 + len(self._flowing))
            while len(self._helpers) < wanted - 1:
                helper = Thread(
                    target=self._help, args=(len(self._helpers) + 1,), name="connection", daemon=True
                )
                self._helpers.append(helper)
                helper.start()

    def _may_grow(self) -> bool:
        session = self._session
        size = session.size
        if size is None or size < WORTH_MORE or not session.ranges or self._limits.connections < 2:
            return False
        return size - session.ledger.written.total > 2 * PIECE

    def _help(self, rank: int) -> None:
        """A further connection: piece after piece, until there is none, it is one too many, or it fails."""
        try:
            self._help_on(rank)
        finally:
            self._flowing.discard(get_ident())

    def _help_on(self, rank: int) -> None:
        ledger = self._session.ledger
        while rank < self._pace.wanted and not self._has_ended():
            claim = ledger.claim(PIECE)
            if claim is None:
                return
            try:
                self._fetch(claim, main=False)
                self._address.thank()
            except ExpiredError:
                continue
            except (SourceError, WrongRangeError, BeyondEndError) as error:
                self._yield_way(error)
                return
            except StoppedError:
                return
            except Exception as error:  # a changed object, a full disk, a bug: the main connection raises it
                self._session.fault = error
                return
            finally:
                ledger.release(claim)

    def _yield_way(self, error: Exception) -> None:
        """A further connection failed: fewer from now on; what it had is fetched by the others."""
        self._pace.complain()
        if isinstance(error, RateLimitError) and error.retry_after is not None:
            self._address.complain(min(error.retry_after, self._limits.patience))

    # ── when it fails ──

    def _recover(self, error: SourceError, tries: int) -> None:
        """Wait as long as the fault asks for, or raise it."""
        if isinstance(error, ExpiredError):
            self._tell(error, 0.0)
            return
        asked = getattr(error, "retry_after", None)
        if not _is_passing(error) or (asked is not None and asked > self._limits.patience):
            raise error
        if tries >= self._limits.backoff.attempts:
            raise self._worn_out(error) from error
        delay = self._limits.backoff.delay(tries) if asked is None else float(asked)
        self._pace.complain()
        self._tell(error, delay)
        if isinstance(error, RateLimitError) or error.status == 503:
            self._address.complain(delay)  # all workers of this host wait, at its gate
            return
        self._rest(delay)

    def _worn_out(self, error: SourceError) -> WfdepsError:
        """The last word: a file that came in part is a failed download, one that never began a silent server."""
        if isinstance(error, RateLimitError) or not self._session.ledger.written.total:
            return error
        return FetchError(error.message, hint="what came is kept: run the command again to resume")

    def _tell(self, error: SourceError, delay: float) -> None:
        self._tools.report(FetchRetrying(self._download, error.message, delay))

    def _settle_end(self, error: BeyondEndError) -> None:
        """The server has nothing where we asked: the file is as long as what we have, or it is another file."""
        session = self._session
        have = session.ledger.written.total
        ended_here = error.total == have or (error.total is None and have > 0)
        if ended_here and session.size in (None, have):
            with session.ledger.changed:
                session.ledger.size = have
            return
        raise ChangedError(error.message, ranges=error.total is not None)

    def _rest(self, delay: float) -> None:
        while delay > 0:
            self._check_stop()
            self._tools.sleep(min(delay, 0.2))
            delay -= 0.2

    def _has_ended(self) -> bool:
        return self._ended or self._tools.stopped()

    def _check_stop(self) -> None:
        if self._tools.stopped():
            raise StoppedError


def not_the_file(what: str) -> NotTheFileError:
    """The error for bytes that look like something else."""
    hint = "most often a login page or an expired link: open it in a browser, or give a token"
    if what == "lfs pointer":
        hint = "the address of what Git keeps instead of the file: `/resolve/` gives the file where `/raw/` does not"
    return NotTheFileError(f"something else came: {what}", hint=hint)


_PAGE = "a web page came instead of the file"


def _is_html(reply: Reply) -> bool:
    media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type in ("text/html", "application/xhtml+xml")


def _at_once() -> bool:
    return True


def _is_passing(error: SourceError) -> bool:
    return isinstance(error, (RateLimitError, SourceUnavailableError)) and not error.final
