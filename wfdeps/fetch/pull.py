"""All bytes of one object into one session: one connection, and more while they pay."""

from __future__ import annotations

import time
from threading import Thread, get_ident

from wfdeps.domain.outcomes import FetchProgressed, FetchRetrying, FetchStarted
from wfdeps.domain.plans import Download
from wfdeps.errors import (
    FetchError,
    RateLimitError,
    SourceError,
    SourceUnavailableError,
    WfdepsError,
)
from wfdeps.fetch.address import Address, BeyondEndError, ChangedError, ExpiredError, WrongRangeError
from wfdeps.fetch.connection import Connection
from wfdeps.fetch.intake import Intake
from wfdeps.fetch.ledger import PIECE
from wfdeps.fetch.limits import StoppedError, Tools
from wfdeps.fetch.pace import Pace
from wfdeps.fetch.session import Session

WORTH_MORE = 64 << 20
"""Bytes; files below this get one connection."""
PROGRESS = 64 << 10
"""So many bytes in one try, and the next failure counts as the first again."""
REPORTED_EVERY = 0.2
"""Seconds."""


class Pull:
    """One object's bytes into a session, through faults and pauses. `run` once, then `end`."""

    def __init__(
        self, download: Download, session: Session, address: Address, tools: Tools, *, exact: int | None
    ) -> None:
        self._download = download
        self._session = session
        self._address = address
        self._tools = tools
        self._limits = tools.limits
        self._intake = Intake(download, session, tools, exact)
        self._helpers = Helpers(session, address, self._intake, tools)
        self._odd_ranges = 0
        self._reported_at = 0.0

    def run(self) -> str | None:
        """Every byte is in the part: its SHA-256. None: the file is large, and has to wait for its turn.

        Raises a SourceError or FetchError when it cannot be, ChangedError when to begin anew, StoppedError.
        """
        ledger, tries = self._session.ledger, 0
        connection = Connection(
            self._session,
            self._address,
            self._intake,
            self._tools,
            main=True,
            ended=self._helpers.has_ended,
            after_chunk=self._look_around,
        )
        written_before = ledger.written.total
        if ledger.is_complete:
            self._tools.report(FetchStarted(self._download, ledger.size, self._session.resumed_at))
        while True:
            self._tools.check_stop()
            claim = ledger.claim(PIECE if self._helpers.exist else None)
            if claim is None:
                if ledger.is_complete and (digest := self._session.trail.finish()):
                    return digest
                self._look_around()
                with ledger.changed:
                    ledger.changed.wait(0.05)
                continue
            try:
                connection.fetch(claim, alone=not self._helpers.exist)
                if self._intake.is_postponed:
                    return None
                self._address.thank()
            except SourceError as error:
                # Whatever connection brings them: as long as bytes come, a refusal is no reason to give up. A server
                # that allows one connection may be giving it to a further one just now.
                come, written_before = ledger.written.total - written_before, ledger.written.total
                tries = 1 if come >= PROGRESS or self._helpers.any_alive() else tries + 1
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
        self._helpers.end()

    def _look_around(self) -> None:
        """Between two chunks: report, change the number of connections, raise what one of them met."""
        if self._session.fault is not None:
            raise self._session.fault
        now = time.monotonic()
        if now - self._reported_at >= REPORTED_EVERY:
            self._reported_at = now
            self._tools.report(FetchProgressed(self._download, self._session.ledger.written.total))
        self._helpers.adjust()

    def _recover(self, error: SourceError, tries: int) -> None:
        """Wait as long as the fault asks for, or raise it."""
        if isinstance(error, ExpiredError):
            self._report_retry(error, 0.0)
            return
        asked = getattr(error, "retry_after", None)
        if not _is_passing(error) or (asked is not None and asked > self._limits.patience):
            raise error
        if tries >= self._limits.backoff.attempts:
            raise self._given_up(error) from error
        delay = self._limits.backoff.delay(tries) if asked is None else float(asked)
        self._helpers.complain()
        self._report_retry(error, delay)
        if isinstance(error, RateLimitError) or error.status == 503:
            self._address.complain(delay)  # all workers of this host wait, at its gate
            return
        self._rest(delay)

    def _given_up(self, error: SourceError) -> WfdepsError:
        """The last word: a file that came in part is a failed download, one that never began a silent server."""
        if isinstance(error, RateLimitError) or not self._session.ledger.written.total:
            return error
        return FetchError(error.message, hint="what came is kept: run the command again to resume")

    def _report_retry(self, error: SourceError, delay: float) -> None:
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
            self._tools.check_stop()
            self._tools.sleep(min(delay, 0.2))
            delay -= 0.2


class Helpers:
    """The further connections of one file: as many as pay, each fetching piece after piece in a thread of its own."""

    def __init__(self, session: Session, address: Address, intake: Intake, tools: Tools) -> None:
        self._session = session
        self._address = address
        self._intake = intake
        self._tools = tools
        self._pace = Pace(tools.limits.connections, time.monotonic)
        self._threads: list[Thread] = []
        self._flowing: set[int] = set()
        """The threads that have brought bytes."""
        self._ended = False

    @property
    def exist(self) -> bool:
        """Whether any were at work when last looked at."""
        return bool(self._threads)

    def any_alive(self) -> bool:
        """Whether any is at work now."""
        return any(thread.is_alive() for thread in self._threads)

    def has_ended(self) -> bool:
        """Whether no connection should go on: the file is done or given up, or the whole run is stopped."""
        return self._ended or self._tools.stopped()

    def adjust(self) -> None:
        """Begin more connections where they would pay; those that are too many end by themselves."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if not self._may_grow():
            return
        wanted = self._pace.look(self._session.ledger.written.total, 1 + len(self._flowing))
        while len(self._threads) < wanted - 1:
            rank = len(self._threads) + 1
            thread = Thread(target=self._work, args=(rank,), name="connection", daemon=True)
            self._threads.append(thread)
            thread.start()

    def complain(self) -> None:
        """The server refused a connection, or cut it: fewer from now on."""
        self._pace.complain()

    def end(self) -> None:
        """Stop them, and wait until none is at work."""
        self._ended = True
        for thread in self._threads:
            thread.join()

    def _may_grow(self) -> bool:
        session = self._session
        size = session.size
        if size is None or size < WORTH_MORE or not session.ranges or self._tools.limits.connections < 2:
            return False
        return size - session.ledger.written.total > 2 * PIECE

    def _work(self, rank: int) -> None:
        try:
            self._fetch_pieces(rank)
        finally:
            self._flowing.discard(get_ident())

    def _fetch_pieces(self, rank: int) -> None:
        """Piece after piece, until there is none, the connection is one too many, or it fails."""
        ledger = self._session.ledger
        connection = Connection(
            self._session,
            self._address,
            self._intake,
            self._tools,
            main=False,
            ended=self.has_ended,
            after_chunk=lambda: self._flowing.add(get_ident()),
        )
        while rank < self._pace.wanted and not self.has_ended():
            claim = ledger.claim(PIECE)
            if claim is None:
                return
            try:
                connection.fetch(claim, alone=False)
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
            self._address.complain(min(error.retry_after, self._tools.limits.patience))


def _is_passing(error: SourceError) -> bool:
    return isinstance(error, (RateLimitError, SourceUnavailableError)) and not error.final
