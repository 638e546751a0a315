"""Many files: workers take jobs from a queue; what happens becomes one stream of events in the caller's thread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Semaphore, Thread

from wfdeps.disk.filesystem import files_below, is_regular
from wfdeps.disk.writing import LinkKind, make_link, remove_quietly
from wfdeps.domain.access import Access, AccessState, downloads_are_off
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import (
    FailureKind,
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
from wfdeps.fetch.limits import Limits, StoppedError, Tools
from wfdeps.fetch.pace import Rate, parse_rate
from wfdeps.fetch.queue import Job, JobQueue, jobs_of
from wfdeps.fetch.transfer import Transfer
from wfdeps.fetch.verify import sha256_of
from wfdeps.http import Http
from wfdeps.http.origins import host_of
from wfdeps.values import replace

SMALL_AT_ONCE = 16
LARGE_AT_ONCE = 4
AT_FIRST = 4
"""Workers to begin with, where the person set no number."""
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

KeptPath = Callable[[str], str | None]
"""SHA-256 → the path where such a file is kept, if any."""


def open_fetcher(
    http: Http,
    *,
    staging: str | None = None,
    kept: KeptPath | None = None,
    jobs: int | None = None,
    connections: int = 8,
    limit_rate: float | str | None = None,
    hand_off: bool = True,
    limits: Limits | None = None,
) -> Executor:
    """A Fetcher over that client, which the caller closes.

    `staging` overrides where half-done files live (default: `.wfdeps-part` below each target's root). `kept` says where
    a file of that SHA-256 stands already, though the plan did not know: it is not fetched. `jobs`: files at once;
    without it 4 large ones and, as long as waiting for the network is most of it, up to 16 small ones. `connections`:
    for one large file at most. `limit_rate`: bytes per second over all files, or as text (`5M`; UsageError where it
    makes no sense). `hand_off`: read large bodies straight from the socket.
    """
    limits = replace(limits or Limits(), connections=max(1, connections), hand_off=hand_off)
    rate = parse_rate(limit_rate) if isinstance(limit_rate, str) else limit_rate
    return Executor(http, staging, kept or _not_kept, jobs, limits, Rate(rate))


def _not_kept(sha256: str) -> None:
    """No file is kept anywhere."""


class Executor:
    """The Fetcher of `ports`."""

    def __init__(
        self, http: Http, staging: str | None, kept: KeptPath, jobs: int | None, limits: Limits, rate: Rate
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
        stop = Event()
        jobs = jobs_of(downloads, self._staging)
        queue = JobQueue(jobs, self._large, stop)
        run = _Run(jobs, queue, stop, self._small, self._kept, self._http, self._limits, self._rate)
        try:
            run.start(self._at_first)
            unsettled = len(downloads)
            while unsettled:
                event = run.next_event()
                yield event
                if isinstance(event, (Fetched, FetchFailed)):
                    unsettled -= 1
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


class _Run:
    """One call of `fetch_all`: its workers and its events."""

    def __init__(
        self,
        jobs: list[Job],
        queue: JobQueue,
        stop: Event,
        workers: int,
        kept: KeptPath,
        http: Http,
        limits: Limits,
        rate: Rate,
    ) -> None:
        self._jobs = {id(download): job for job in jobs for download in job.downloads}
        self._queue = queue
        self._stop = stop
        self._workers = workers
        self._kept = kept
        self._http = http
        self._limits = limits
        self._rate = rate
        self._unplaced = Semaphore(workers + UNPLACED)
        self._portal = _Portal()
        self._events: SimpleQueue[FetchEvent] = SimpleQueue()
        self._threads: list[Thread] = []
        self._spares: list[bytearray] = []
        self._looked_at = 0.0
        self._used = 0.0

    def start(self, workers: int) -> None:
        """Begin with so many workers; as long as they mostly wait, more join them."""
        self._looked_at, self._used = time.monotonic(), time.process_time()
        self._add_workers(min(workers, len(set(self._jobs.values()))))

    def next_event(self) -> FetchEvent:
        """The next thing that happened; waits for it, in a way Ctrl-C ends."""
        while True:
            self._grow()
            try:
                return self._events.get(timeout=0.1)
            except Empty:
                continue

    def settled(self, event: Fetched | FetchFailed) -> None:
        """The caller is done with this download's staged file: others may have the lease."""
        job = self._jobs[id(event.download)]
        job.unsettled -= 1
        if isinstance(event, FetchFailed) and job.lease is not None:
            job.slots[0].drop_worthless()
        if job.unsettled == 0:
            for slot in job.slots:
                slot.tidy()
            if job.lease is not None:
                job.lease.give_back()
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
        jobs = set(self._jobs.values())
        for job in jobs:
            if job.lease is not None:
                job.lease.give_back()
        for slot in {slot.folder: slot for job in jobs for slot in job.slots}.values():
            slot.tidy_folder()

    def _grow(self) -> None:
        """Twice the workers, where these wait for the network rather than for the processor."""
        ready = len(self._queue)
        if not ready or len(self._threads) >= self._workers:
            return
        now, used = time.monotonic(), time.process_time()
        if now - self._looked_at < LOOKED_EVERY:
            return
        busy = (used - self._used) / (now - self._looked_at)
        self._looked_at, self._used = now, used
        if busy < BUSY:
            self._add_workers(min(len(self._threads), self._workers - len(self._threads), ready))

    def _add_workers(self, count: int) -> None:
        for number in range(len(self._threads), len(self._threads) + count):
            thread = Thread(target=self._work, name=f"fetch-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while not self._stop.is_set():
            # Each file holds a lease until the caller has placed it: the caller must not fall behind without end.
            if not self._unplaced.acquire(timeout=0.2):
                continue
            job = self._queue.take()
            if job is None:
                self._unplaced.release()
                return
            if not self._process(job):
                self._unplaced.release()

    def _process(self, job: Job) -> bool:
        """Whether the job came to its final events; False where it is back in the queue."""
        try:
            return self._fetch(job)
        except StoppedError:
            reason = "stopped; what came is kept for the next run"
            self._fail(job, reason, "", FailureKind.INTERRUPTED)
        except WfdepsError as error:
            if isinstance(error, NotTheFileError):
                self._portal.saw_page(job.first)
            kind = kind_of(error)
            hint = Access(AccessState.DISABLED).hint if kind is FailureKind.DISABLED else error.hint or ""
            self._fail(job, error.message, hint, kind)
        except BaseException as error:
            # Exactly one final event, even on a bug: the caller waits for it.
            reason = f"internal error: {type(error).__name__}: {error}"
            self._fail(job, reason, "please report it", FailureKind.BUG)
        finally:
            self._queue.release_place(job)
        return True

    def _fetch(self, job: Job) -> bool:
        self._portal.check()
        if job.lease is None and not self._takes_lease(job):
            return False
        if (placed := _placed_meanwhile(job, self._kept)) is not None:
            self._hand_on(job, placed)
            return True
        tools = Tools(
            self._http,
            self._limits,
            self._rate,
            spares=self._spares,
            report=lambda event: self._report(job, event),
            stopped=self._stop.is_set,
            may_go_on=lambda size: self._queue.gives_place(job, size),
        )
        fetched = Transfer(job.first, job.slots[0], tools).run()
        if fetched is None:
            job.give_back_lease()
            self._queue.put_back(job)
            return False
        self._portal.saw_file()
        self._hand_on(job, fetched)
        return True

    def _takes_lease(self, job: Job) -> bool:
        """Whether the file is ours to fetch now; one that another process fetches goes back into the queue."""
        lease = Lease(job.slots[0].lease)
        if lease.take_now():
            job.lease = lease
            return True
        if job.there_before is None:
            job.there_before = files_below(job.first.target.root)
            self._report(job, FetchRetrying(job.first, "another process fetches it; waiting for that", 0.0))
        if self._queue.has_others():
            self._queue.put_back(job)
            self._stop.wait(0.05)
            return False
        # A place among the large ones is not held while another process works.
        self._queue.release_place(job)
        if not lease.take(self._stop.is_set):
            raise StoppedError
        job.lease = lease
        if job.needs_large_place:
            self._queue.put_back(job)
            return False
        return True

    def _report(self, job: Job, event: FetchEvent) -> None:
        """What happened to the bytes, once for every download that wants them."""
        for download in job.downloads:
            self._events.put(event if event.download is download else replace(event, download=download))

    def _hand_on(self, job: Job, fetched: Fetched) -> None:
        """The bytes, once for each download that wants them; then the final events, together."""
        finals: list[FetchEvent] = [fetched]
        for download, slot in zip(job.downloads[1:], job.slots[1:], strict=True):
            os.makedirs(slot.folder, exist_ok=True)
            remove_quietly(slot.part)
            make_link(fetched.staged, slot.part, kinds=SEPARATE)
            finals.append(replace(fetched, download=download, staged=slot.part, reused=fetched.size))
        for event in finals:
            self._events.put(event)

    def _fail(self, job: Job, reason: str, hint: str, kind: FailureKind) -> None:
        for download in job.downloads:
            self._events.put(FetchFailed(download, reason, hint, kind))


def _placed_meanwhile(job: Job, kept: KeptPath) -> Fetched | None:
    """The file, if another process has placed it since the plan: linked back into staging, after hashing it."""
    download, slot = job.first, job.slots[0]
    wanted = find_digest(download.digests, Algorithm.SHA256)
    if wanted is None:
        return None
    own = kept(wanted.value)
    for path in _where_it_may_stand(job, own):
        if is_regular(path) and sha256_of(path) == wanted.value:
            remove_quietly(slot.part)
            # A kept file that comes back as itself need not be read again to be known.
            make_link(path, slot.part, kinds=("hardlink", "copy") if path == own else SEPARATE)
            size = os.path.getsize(slot.part)
            return Fetched(download, slot.part, size, download.digests, "sha256", reused=size)
    return None


def _where_it_may_stand(job: Job, kept: str | None) -> Iterator[str]:
    """Where it is kept, its own place, and, where another process was seen to fetch it, what came since to the folder.

    That one may want the same bytes under another name.
    """
    target = job.first.target
    own = target.path
    yield from (path for path in (kept, own) if path is not None)
    if job.there_before is not None:
        yield from sorted(files_below(target.root) - job.there_before - {own})


_KINDS: tuple[tuple[type[WfdepsError], FailureKind], ...] = (
    (AuthRequiredError, FailureKind.GATED),
    (AccessDeniedError, FailureKind.GATED),
    (RateLimitError, FailureKind.RATE_LIMITED),
    (NotFoundError, FailureKind.MISSING),
    (RegionBlockedError, FailureKind.BLOCKED),
    (UnsafeRedirectError, FailureKind.REFUSED),
    (SourceUnavailableError, FailureKind.NETWORK),
    (DigestMismatchError, FailureKind.DIGEST),
    (LengthMismatchError, FailureKind.LENGTH),
    (NotTheFileError, FailureKind.NOT_THE_FILE),
    (DiskFullError, FailureKind.DISK),
)


def kind_of(error: WfdepsError) -> FailureKind:
    """What kind of failure an error is to the person; FAILED for any that has no kind of its own."""
    if isinstance(error, AuthRequiredError) and downloads_are_off(error.message):
        return FailureKind.DISABLED
    if isinstance(error, AuthRequiredError) and _is_early_access(error.payload):
        return FailureKind.EARLY_ACCESS
    return next((kind for type_, kind in _KINDS if isinstance(error, type_)), FailureKind.FAILED)


def _is_early_access(payload: object) -> bool:
    return isinstance(payload, dict) and str(payload.get("error", "")).lower() == "early access"
