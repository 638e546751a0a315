"""The files one run still has to fetch. Each says what it needs; the queue hands out those that can have it.

A file needs its lease (no other process fetches it) and, where it is large, one of a few places among the large ones:
a handful of large files fill any line, and short ones are not kept waiting behind them.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from threading import Event, Lock

from wfdeps.domain.plans import Download
from wfdeps.fetch.leases import Lease
from wfdeps.fetch.staging import Slot, key_of, slot_for
from wfdeps.values import dataclass, replace

LARGE = 8 << 20
"""Bytes; files above this need a place among the large ones."""
_POLL = 0.1
"""Seconds between two looks for a free place."""


@dataclass(slots=True, eq=False)
class Job:
    """Downloads of the same bytes: fetched once, for all of them."""

    downloads: list[Download]
    slots: list[Slot]
    """Where each download's bytes are staged; the lease is the first one's."""
    size: int | None = None
    """Bytes; None until a server says it."""
    unsettled: int = 0
    """Downloads whose staged file the caller has not placed yet."""
    lease: Lease | None = None
    holds_large_place: bool = False
    there_before: frozenset[str] | None = None
    """What stood in its folder when another process was seen to fetch it; None where none was."""

    @property
    def first(self) -> Download:
        return self.downloads[0]

    @property
    def is_large(self) -> bool:
        return (self.size or 0) > LARGE

    @property
    def needs_large_place(self) -> bool:
        return self.is_large and not self.holds_large_place

    def give_back_lease(self) -> None:
        """Another process may fetch it. Does nothing where it is not held."""
        if self.lease is not None:
            self.lease.give_back()
            self.lease = None


def jobs_of(downloads: Sequence[Download], staging: str | None) -> list[Job]:
    """One job for each file: small ones by size, then those of unknown size, then the large ones, largest first."""
    jobs: dict[str, Job] = {}
    for download in downloads:
        job = jobs.setdefault(key_of(download), Job([], [], download.size))
        slot = slot_for(download, staging)
        # The lease is the first one's: what the others are handed has names that no other process uses.
        own_key = f"{slot.key}.{os.getpid():x}-{len(job.slots)}"
        job.downloads.append(download)
        job.slots.append(replace(slot, key=own_key) if job.slots else slot)
        job.unsettled += 1
    return sorted(jobs.values(), key=_rank)


def _rank(job: Job) -> tuple[int, int]:
    if job.size is None:
        return (1, 0)
    return (2, -job.size) if job.is_large else (0, job.size)


class JobQueue:
    """Jobs in order, and the places for large ones. Safe to share between threads."""

    def __init__(self, jobs: Sequence[Job], large_at_once: int, stop: Event) -> None:
        self._waiting = deque(jobs)
        self._free_places = large_at_once
        self._stop = stop
        self._lock = Lock()

    def __len__(self) -> int:
        """How many could begin at once, were there workers for them."""
        with self._lock:
            large = sum(job.needs_large_place for job in self._waiting)
            return len(self._waiting) - large + min(large, self._free_places)

    def take(self) -> Job | None:
        """The first job that can have what it needs, its place taken; waits for one. None: no jobs are left, or stopped."""
        while not self._stop.is_set():
            with self._lock:
                if not self._waiting:
                    return None
                for job in self._waiting:
                    if self._gives_place(job):
                        self._waiting.remove(job)
                        return job
            self._stop.wait(_POLL)
        return None

    def put_back(self, job: Job) -> None:
        """It cannot go on now: it waits behind all others, and holds no place meanwhile."""
        self.release_place(job)
        with self._lock:
            self._waiting.append(job)

    def gives_place(self, job: Job, size: int) -> bool:
        """Whether a running job may go on, now that a server says its size in bytes."""
        with self._lock:
            job.size = size
            return self._gives_place(job)

    def release_place(self, job: Job) -> None:
        """Another large file may have its place. Does nothing where it holds none."""
        with self._lock:
            if job.holds_large_place:
                job.holds_large_place = False
                self._free_places += 1

    def has_others(self) -> bool:
        """Whether any job is waiting."""
        with self._lock:
            return bool(self._waiting)

    def _gives_place(self, job: Job) -> bool:
        if job.needs_large_place:
            if not self._free_places:
                return False
            self._free_places -= 1
            job.holds_large_place = True
        return True
