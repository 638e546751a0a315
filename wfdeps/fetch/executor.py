"""Many files: workers → one stream of events in the caller's thread."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Event, Semaphore, Thread

from wfdeps.disk import LinkKind, files_below, is_regular, make_link, remove_quietly
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import (
    Fetched,
    FetchEvent,
    FetchFailed,
    FetchRetrying,
)
from wfdeps.domain.plans import Download
from wfdeps.errors import (
    AccessDeniedError,
    AuthRequiredError,
    DigestMismatchError,
    DiskFullError,
    LengthMismatchError,
    NotFoundError,
    NotTheFileError,
    RateLimitError,
    RegionBlockedError,
    SourceError,
    SourceUnavailableError,
    UnsafeRedirectError,
    WfdepsError,
)
from wfdeps.fetch.leases import Lease
from wfdeps.fetch.pull import LARGE, Limits, StoppedError, Tools
from wfdeps.fetch.rates import Rate, parse_rate
from wfdeps.fetch.staging import Slot, key_of, slot_for
from wfdeps.fetch.transfer import Transfer
from wfdeps.fetch.verify import sha256_of
from wfdeps.http import Http
from wfdeps.http.origins import host_of
from wfdeps.values import dataclass, replace

SMALL_AT_ONCE = 16
LARGE_AT_ONCE = 4
AT_FIRST = 4
"""Workers to begin with, where nobody said how many."""
BUSY = 0.7
"""Of one processor: a process that needs more gets nothing done faster by more workers."""
LOOKED_EVERY = 0.05
"""Seconds between two looks at how busy we are."""
UNPLACED = 8
"""Files that may be fetched ahead of the caller's placing them."""
SEPARATE: tuple[LinkKind, ...] = ("reflink", "hardlink", "copy")
"""How the same bytes are handed to a second place: none may depend on the other."""
STOPPING = 5.0
"""Seconds given to workers that wait for a silent server, once we are told to stop."""

Kept = Callable[[str], str | None]


def open_fetcher(
    http: Http,
    *,
    staging: str | None = None,
    kept: Kept | None = None,
    jobs: int | None = None,
    connections: int = 8,
    limit_rate: float | str | None = None,
    hand_off: bool = True,
    limits: Limits | None = None,
) -> Executor:
    """A Fetcher over that client, which the caller closes.

    `staging` overrides where half-done files live (default: `.wfdeps-part` below each target's root). `kept` says where
    a file of that SHA-256 stands already, though the plan did not know: it is not fetched. `jobs`:
    files at once; without it 4 large ones and, as long as waiting for the network is most of it, up to 16 small ones. `connections`: for one large file at most.
    `limit_rate` in bytes per second over all files, or as text (`5M`; UsageError where it makes no sense). `hand_off`: read large bodies straight from the socket.
    """
    limits = replace(limits or Limits(), connections=max(1, connections), hand_off=hand_off)
    rate = parse_rate(limit_rate) if isinstance(limit_rate, str) else limit_rate
    return Executor(http, staging, kept or _nowhere, jobs, limits, Rate(rate))


def _nowhere(sha256: str) -> None:
    """No file is kept."""


class Executor:
    """The Fetcher of `ports`."""

    def __init__(
        self, http: Http, staging: str | None, kept: Kept, jobs: int | None, limits: Limits, rate: Rate
    ) -> None:
        self._http = http
        self._staging = staging
        self._kept = kept
        self._small = jobs or SMALL_AT_ONCE
        self._at_first = jobs or AT_FIRST
        self._large = jobs or LARGE_AT_ONCE
        self._limits = limits
        self._rate = rate

    def fetch_all(self, downloads: Sequence[Download]) -> Iterator[FetchEvent]:
        """As `ports.Fetcher.fetch_all`. A staged file is ours again once the next event is asked for."""
        groups = _grouped(downloads, self._staging)
        run = _Run(groups, self._small, self._large, self._kept, self._http, self._limits, self._rate)
        try:
            run.start(self._at_first)
            open_ = len(downloads)
            while open_:
                event = run.next_event()
                yield event
                if isinstance(event, (Fetched, FetchFailed)):
                    open_ -= 1
                    run.settled(event)
        finally:
            run.stop()

    def identity(self, download: Download) -> Identity:
        """As `ports.Fetcher.identity`: asked of the first URL."""
        name, url = download.candidate.file_name, next(iter(download.urls), "")
        if not url.startswith(("http://", "https://")):
            return Identity(ModelType.UNKNOWN)
        # The readers of every format: most runs look into no file before they fetch it.
        from wfdeps.detect.headers import Corrupt
        from wfdeps.detect.identify import identify
        from wfdeps.fetch.peek import remote_header

        try:
            header, _ = remote_header(self._http, url, name)
        except SourceError as error:
            return Identity(ModelType.UNKNOWN, reasons=(error.message,))
        if isinstance(header, Corrupt):
            return Identity(ModelType.UNKNOWN, reasons=(header.reason,))
        return identify(header, name)


@dataclass(slots=True, eq=False)
class _Group:
    """Downloads of the same bytes: fetched once, for all of them."""

    downloads: list[Download]
    slots: list[Slot]
    unsettled: int = 0
    lease: Lease | None = None
    there_before: frozenset[str] | None = None
    """What stood in its folder when another process was seen to fetch it; None where none was."""

    @property
    def first(self) -> Download:
        return self.downloads[0]


def _grouped(downloads: Sequence[Download], staging: str | None) -> list[_Group]:
    """One group for each file, small ones first, then the largest: short ones are not kept waiting."""
    groups: dict[str, _Group] = {}
    for download in downloads:
        group = groups.setdefault(key_of(download), _Group([], []))
        slot = slot_for(download, staging)
        # The lease is the first one's: what the others are handed has names that no other process uses.
        own = f"{slot.key}.{os.getpid():x}-{len(group.slots)}"
        group.downloads.append(download)
        group.slots.append(replace(slot, key=own) if group.slots else slot)
        group.unsettled += 1
    return sorted(groups.values(), key=lambda group: _rank(group.first.size))


def _rank(size: int | None) -> tuple[int, int]:
    if size is None:
        return (1, 0)
    return (0, size) if size <= LARGE else (2, -size)


class _Portal:
    """Whether this network answers for everybody: pages from two hosts, and not one file yet."""

    def __init__(self) -> None:
        self._pages: set[str] = set()
        self._came = False

    def saw_page(self, download: Download) -> None:
        """A page came where a file was due."""
        self._pages.add(host_of(download.urls[0]))

    def saw_file(self) -> None:
        """A file came: the pages were those hosts' own."""
        self._came = True

    def check(self) -> None:
        """Raises SourceUnavailableError where it makes no sense to ask on."""
        if len(self._pages) > 1 and not self._came:
            raise SourceUnavailableError(
                "not asked: every host answers with a page",
                final=True,
                hint="this network wants a login: open a page in a browser, then run it again",
            )


class _LaterError(Exception):
    """A large file, and all places for large ones are taken."""


class _Run:
    """One call of `fetch_all`: its queue, its workers, its events."""

    def __init__(
        self,
        groups: list[_Group],
        workers: int,
        large: int,
        kept: Kept,
        http: Http,
        limits: Limits,
        rate: Rate,
    ) -> None:
        self._kept = kept
        self.waiting = deque(groups)
        self._large_waiting: deque[_Group] = deque()
        self._groups = {id(download): group for group in groups for download in group.downloads}
        self._places = BoundedSemaphore(large)
        self._unplaced = Semaphore(workers + UNPLACED)
        self._workers = workers
        self._portal = _Portal()
        self._lock = threading.Lock()
        self._events: SimpleQueue[FetchEvent] = SimpleQueue()
        self._stop = Event()
        self._threads: list[Thread] = []
        self._spares: list[bytearray] = []
        self._looked_at = 0.0
        self._used = 0.0
        self._http = http
        self._limits = limits
        self._rate = rate

    def start(self, workers: int) -> None:
        """Begin working, with so many workers at first; as long as they mostly wait, more join them."""
        self._looked_at, self._used = time.monotonic(), time.process_time()
        self._add(min(workers, len(self._groups)))

    def _look_around(self) -> None:
        """Twice the workers, where these wait for the network rather than for the processor."""
        if not self.waiting or len(self._threads) >= self._workers:
            return
        now, used = time.monotonic(), time.process_time()
        if now - self._looked_at < LOOKED_EVERY:
            return
        busy = (used - self._used) / (now - self._looked_at)
        self._looked_at, self._used = now, used
        if busy < BUSY:
            self._add(min(len(self._threads), self._workers - len(self._threads), len(self.waiting)))

    def _add(self, count: int) -> None:
        for number in range(len(self._threads), len(self._threads) + count):
            thread = Thread(target=self._work, name=f"fetch-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def next_event(self) -> FetchEvent:
        """The next thing that happened; waits for it, in a way Ctrl-C ends."""
        while True:
            self._look_around()
            try:
                return self._events.get(timeout=0.1)
            except Empty:
                continue

    def settled(self, event: Fetched | FetchFailed) -> None:
        """The caller is done with this download's staged file: others may have the lease."""
        group = self._groups[id(event.download)]
        group.unsettled -= 1
        if isinstance(event, FetchFailed) and group.lease is not None:
            group.slots[0].drop_worthless()
        if group.unsettled == 0:
            for slot in group.slots:
                slot.tidy()
            if group.lease is not None:
                group.lease.give_back()
            self._unplaced.release()

    def stop(self) -> None:
        """Let the workers end within a chunk; what is proven stays in staging."""
        self._stop.set()
        self._http.hang_up()
        deadline = time.monotonic() + STOPPING
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            return  # it waits for an answer; it keeps its lease, and ends with it or with the process
        groups = set(self._groups.values())
        for group in groups:
            if group.lease is not None:
                group.lease.give_back()
        for slot in {slot.folder: slot for group in groups for slot in group.slots}.values():
            slot.tidy_folder()

    def _work(self) -> None:
        while not self._stop.is_set():
            # Each file holds a lease until the caller has placed it: the caller must not fall behind without end.
            if not self._unplaced.acquire(timeout=0.2):
                continue
            group = self._take()
            if group is None:
                self._unplaced.release()
                return
            if not self._ends(group):
                self._unplaced.release()

    def _ends(self, group: _Group) -> bool:
        """Whether the file came to its final events; False where it is looked at again later."""
        holds_place = [False]
        try:
            return self._serve(group, holds_place)
        except _LaterError:
            if group.lease is not None:
                group.lease.give_back()
                group.lease = None
            with self._lock:
                self._large_waiting.append(group)
            return False
        except StoppedError:
            self._fail(group, "stopped; what came is kept for the next run", "", "interrupted")
        except WfdepsError as error:
            if isinstance(error, NotTheFileError):
                self._portal.saw_page(group.first)
            self._fail(group, error.message, error.hint or "", kind_of(error))
        except BaseException as error:
            # Exactly one final event, even on a bug: the caller waits for it.
            self._fail(group, f"internal error: {type(error).__name__}: {error}", "please report it", "bug")
        finally:
            if holds_place[0]:
                self._places.release()
        return True

    def _take(self) -> _Group | None:
        """The next file: any, while there are some nobody looked at, then the large ones that had to wait."""
        while not self._stop.is_set():
            with self._lock:
                if self.waiting:
                    return self.waiting.popleft()
                if not self._large_waiting:
                    return None
                if self._places.acquire(blocking=False):
                    self._places.release()
                    return self._large_waiting.popleft()
            self._stop.wait(0.1)
        return None

    def _serve(self, group: _Group, holds_place: list[bool]) -> bool:
        self._portal.check()
        if group.lease is None and not self._lease(group):
            return False
        if (found := _placed_meanwhile(group, self._kept)) is not None:
            self._hand_on(group, found)
            return True

        def enter_large() -> None:
            if not holds_place[0]:
                if not self._places.acquire(blocking=False):
                    raise _LaterError
                holds_place[0] = True

        if (group.first.size or 0) > LARGE:
            enter_large()
        tools = Tools(
            self._http,
            self._limits,
            self._rate,
            spares=self._spares,
            report=lambda event: self._tell(group, event),
            stopped=self._stop.is_set,
            enter_large=enter_large,
        )
        fetched = Transfer(group.first, group.slots[0], tools).run()
        self._portal.saw_file()
        self._hand_on(group, fetched)
        return True

    def _lease(self, group: _Group) -> bool:
        """Whether the file is ours to fetch now; one that another process fetches is looked at again last."""
        lease = Lease(group.slots[0].lease)
        if lease.take_now():
            group.lease = lease
            return True
        with self._lock:
            others = bool(self.waiting)
            if others:
                self.waiting.append(group)
        if group.there_before is None:
            group.there_before = files_below(group.first.target.root)
            self._tell(group, FetchRetrying(group.first, "another process fetches it; waiting for that", 0.0))
        if others:
            self._stop.wait(0.05)
            return False
        if not lease.take(self._stop.is_set):
            raise StoppedError
        group.lease = lease
        return True

    def _tell(self, group: _Group, event: FetchEvent) -> None:
        """What happened to the bytes, told of every download that wants them."""
        for download in group.downloads:
            self._events.put(_about(event, download))

    def _hand_on(self, group: _Group, fetched: Fetched) -> None:
        """The bytes, once for each download that wants them; then the final events, together."""
        finals: list[FetchEvent] = [fetched]
        for download, slot in zip(group.downloads[1:], group.slots[1:], strict=True):
            os.makedirs(slot.folder, exist_ok=True)
            remove_quietly(slot.part)
            make_link(fetched.staged, slot.part, kinds=SEPARATE)
            finals.append(replace(fetched, download=download, staged=slot.part, reused=fetched.size))
        for event in finals:
            self._events.put(event)

    def _fail(self, group: _Group, reason: str, hint: str, kind: str) -> None:
        for download in group.downloads:
            self._events.put(FetchFailed(download, reason, hint, kind))


def _about(event: FetchEvent, download: Download) -> FetchEvent:
    return event if event.download is download else replace(event, download=download)


def _placed_meanwhile(group: _Group, kept: Kept) -> Fetched | None:
    """The file, if another process has placed it since the plan: linked back into staging, after hashing it."""
    download, slot = group.first, group.slots[0]
    wanted = find_digest(download.digests, Algorithm.SHA256)
    if wanted is None:
        return None
    own = kept(wanted.value)
    for path in _where_it_may_stand(group, own):
        if is_regular(path) and sha256_of(path) == wanted.value:
            remove_quietly(slot.part)
            # A kept file that comes back as itself need not be read again to be known.
            make_link(path, slot.part, kinds=("hardlink", "copy") if path == own else SEPARATE)
            size = os.path.getsize(slot.part)
            return Fetched(download, slot.part, size, download.digests, "sha256", reused=size)
    return None


def _where_it_may_stand(group: _Group, kept: str | None) -> Iterator[str]:
    """Where it is kept, its own place, and, where another process was seen to fetch it, what came since to the folder.

    That one may want the same bytes under another name.
    """
    target = group.first.target
    own = os.path.join(target.root, *target.name.split("/"))
    yield from (path for path in (kept, own) if path is not None)
    if group.there_before is not None:
        yield from sorted(files_below(target.root) - group.there_before - {own})


_KINDS: tuple[tuple[type[WfdepsError], str], ...] = (
    (AuthRequiredError, "gated"),
    (AccessDeniedError, "gated"),
    (RateLimitError, "rate_limited"),
    (NotFoundError, "missing"),
    (RegionBlockedError, "blocked"),
    (UnsafeRedirectError, "refused"),
    (SourceUnavailableError, "network"),
    (DigestMismatchError, "digest"),
    (LengthMismatchError, "length"),
    (NotTheFileError, "not_the_file"),
    (DiskFullError, "disk"),
)


def kind_of(error: WfdepsError) -> str:
    """The word a FetchFailed gives it."""
    if isinstance(error, AuthRequiredError) and _is_early_access(error.payload):
        return "early_access"
    return next((kind for type_, kind in _KINDS if isinstance(error, type_)), "failed")


def _is_early_access(payload: object) -> bool:
    return isinstance(payload, dict) and str(payload.get("error", "")).lower() == "early access"
