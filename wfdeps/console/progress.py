"""How it goes, shown: bars on a terminal, one line for each event in a pipe, NDJSON for machines.

No method raises: when the terminal is gone, or cannot spell a name, the work goes on without being watched.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO, assert_never

from wfdeps.console.words import UNWRITABLE, line_of, stopped_line
from wfdeps.domain.outcomes import (
    Fetched,
    FetchEvent,
    FetchFailed,
    FetchProgressed,
    FetchRetrying,
    FetchStarted,
)
from wfdeps.domain.plans import Plan
from wfdeps.domain.urls import without_secrets
from wfdeps.domain.visible import visible_lines
from wfdeps.report.wording import size_text

if TYPE_CHECKING:
    from wfdeps.domain.plans import Download
    from wfdeps.ports import Reporter

LINE_EVERY = 10.0
"""Seconds between two progress lines of one file, in a pipe."""


def open_reporter(
    stream: TextIO,
    *,
    color: bool = False,
    quiet: bool = False,
    redraws: bool = True,
    now: Callable[[], float] = time.monotonic,
) -> Reporter:
    """The reporter that suits a stream: bars where it is a terminal that `redraws`, else lines; quiet: failures only."""
    if quiet:
        return Lines(stream, now=now, only_failures=True)
    if redraws and _is_terminal(stream):
        from wfdeps.console.bars import Bars  # rich: for terminals only

        return Bars(stream, color=color)
    return Lines(stream, now=now)


class Lines:
    """One line an event: for pipes, logs and CI."""

    def __init__(
        self, stream: TextIO, *, now: Callable[[], float] = time.monotonic, only_failures: bool = False
    ) -> None:
        self._stream = stream
        self._now = now
        self._only_failures = only_failures
        self._coming: dict[int, tuple[Download, int, int | None]] = {}
        """What is coming: how much of it is here, of how much."""
        self._shown_at: dict[int, float] = {}

    def stage(self, name: str, detail: str = "") -> None:
        self._write(f"{name}: {detail}" if detail else name)

    def note(self, text: str) -> None:
        self._write(text)

    def plan(self, plan: Plan) -> None:
        files = len(plan.downloads)
        if files:
            known = f", {size_text(plan.bytes_to_fetch)}" if plan.bytes_to_fetch else ""
            self._write(f"{files} {'file' if files == 1 else 'files'} to download{known}")

    def event(self, event: FetchEvent) -> None:
        self._remember(event)
        failed = isinstance(event, FetchFailed)
        if isinstance(event, FetchProgressed) and not self._is_due(event):
            return
        self._write(line_of(event), urgent=failed)

    def close(self) -> None:
        for download, done, size in self._coming.values():
            self._write(stopped_line(download, done, size))
        self._coming.clear()
        with contextlib.suppress(*UNWRITABLE):
            self._stream.flush()

    def _remember(self, event: FetchEvent) -> None:
        key = id(event.download)
        match event:
            case FetchStarted(download, size, resumed):
                self._coming[key] = (download, resumed, size)
            case FetchProgressed(download, done) if key in self._coming:
                self._coming[key] = (download, done, self._coming[key][2])
            case Fetched() | FetchFailed():
                self._coming.pop(key, None)
            case _:
                pass  # it says nothing of its bytes

    def _is_due(self, event: FetchProgressed) -> bool:
        now, key = self._now(), id(event.download)
        if now - self._shown_at.setdefault(key, now) < LINE_EVERY:
            return False
        self._shown_at[key] = now
        return True

    def _write(self, text: str, *, urgent: bool = False) -> None:
        if self._only_failures and not urgent:
            return
        with contextlib.suppress(*UNWRITABLE):
            self._stream.write(visible_lines(text) + "\n")
            self._stream.flush()


class JsonLines:
    """One JSON object an event, on its own line: `{"event": "fetched", "file": …}`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def stage(self, name: str, detail: str = "") -> None:
        self._write({"event": "stage", "stage": name, "detail": detail})

    def note(self, text: str) -> None:
        self._write({"event": "note", "text": text})

    def plan(self, plan: Plan) -> None:
        self._write({"event": "plan", "downloads": len(plan.downloads), "bytes": plan.bytes_to_fetch})

    def event(self, event: FetchEvent) -> None:
        self._write(json_of(event))

    def close(self) -> None:
        with contextlib.suppress(*UNWRITABLE):
            self._stream.flush()

    def _write(self, document: dict[str, object]) -> None:
        with contextlib.suppress(*UNWRITABLE):
            self._stream.write(json.dumps(document) + "\n")
            self._stream.flush()


def json_of(event: FetchEvent) -> dict[str, object]:
    """An event as a JSON object; `event` and `file` are always there."""
    known: dict[str, object] = {"event": _NAMES[type(event)], "file": event.download.label}
    match event:
        case FetchStarted(size=size, resumed_at=resumed):
            return {**known, "size": size, "resumed_at": resumed}
        case FetchProgressed(done=done):
            return {**known, "done": done}
        case FetchRetrying(reason=reason, delay=delay):
            return {**known, "reason": reason, "delay": round(delay, 3)}
        case Fetched(size=size, digests=digests, verified_by=by, url=url):
            hashes = {str(digest.algorithm): digest.value for digest in digests}
            return {**known, "size": size, "digests": hashes, "verified_by": by, "url": without_secrets(url)}
        case FetchFailed(reason=reason, hint=hint, kind=kind):
            return {**known, "reason": reason, "hint": hint, "kind": kind}
        case _:
            assert_never(event)


_NAMES: dict[type[FetchEvent], str] = {
    FetchStarted: "started",
    FetchProgressed: "progressed",
    FetchRetrying: "retrying",
    Fetched: "fetched",
    FetchFailed: "failed",
}


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False
