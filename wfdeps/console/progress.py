"""How it goes, shown: bars on a terminal, one line for each event in a pipe, NDJSON for machines.

No method raises: when the terminal is gone, or cannot spell a name, the work goes on without being watched.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO, assert_never, cast

from wfdeps.domain.outcomes import (
    Fetched,
    FetchEvent,
    FetchFailed,
    FetchProgressed,
    FetchRetrying,
    FetchStarted,
)
from wfdeps.domain.plans import Download, Plan
from wfdeps.domain.urls import without_secrets
from wfdeps.report.sizes import size_text

if TYPE_CHECKING:
    from wfdeps.ports import Reporter

LINE_EVERY = 10.0
"""Seconds between two progress lines of one file, in a pipe."""
_UNWRITABLE = (OSError, ValueError)  # a closed terminal, or one that cannot spell a name


def open_reporter(
    stream: TextIO, *, color: bool = False, quiet: bool = False, now: Callable[[], float] = time.monotonic
) -> Reporter:
    """The reporter that suits a stream: bars where it is a terminal, else lines; quiet: failures only."""
    if quiet:
        return Lines(stream, now=now, only_failures=True)
    if _is_terminal(stream):
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
        failed = isinstance(event, FetchFailed)
        if isinstance(event, FetchProgressed) and not self._is_due(event):
            return
        self._write(line_of(event), urgent=failed)

    def close(self) -> None:
        with contextlib.suppress(*_UNWRITABLE):
            self._stream.flush()

    def _is_due(self, event: FetchProgressed) -> bool:
        now, key = self._now(), id(event.download)
        if now - self._shown_at.setdefault(key, now) < LINE_EVERY:
            return False
        self._shown_at[key] = now
        return True

    def _write(self, text: str, *, urgent: bool = False) -> None:
        if self._only_failures and not urgent:
            return
        with contextlib.suppress(*_UNWRITABLE):
            self._stream.write(printable(text) + "\n")
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
        with contextlib.suppress(*_UNWRITABLE):
            self._stream.flush()

    def _write(self, document: dict[str, object]) -> None:
        with contextlib.suppress(*_UNWRITABLE):
            self._stream.write(json.dumps(document) + "\n")
            self._stream.flush()


class Bars:
    """A bar for each file and one for all, with speed and the time left, redrawn in place."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._console = Console(
            file=cast("TextIO", _Forgiving(stream)),
            force_terminal=True,
            no_color=not color,
            highlight=False,
            markup=False,
        )
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=False),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[int, Any] = {}
        self._total: Any = None
        self._bytes = 0
        self._running = False

    def stage(self, name: str, detail: str = "") -> None:
        self._say(f"{name}: {detail}" if detail else name)

    def note(self, text: str) -> None:
        self._say(text)

    def plan(self, plan: Plan) -> None:
        self._bytes = plan.bytes_to_fetch
        if len(plan.downloads) > 1:
            self._total = self._bars.add_task("all", total=self._bytes or None)

    def event(self, event: FetchEvent) -> None:
        with contextlib.suppress(*_UNWRITABLE):
            self._show(event)

    def close(self) -> None:
        with contextlib.suppress(*_UNWRITABLE):
            if self._running:
                self._running = False
                self._bars.stop()

    def _show(self, event: FetchEvent) -> None:
        if not self._running:
            self._running = True
            self._bars.start()
        match event:
            case FetchStarted(download, size, resumed_at):
                self._bars.update(self._task(download), total=size, completed=resumed_at)
            case FetchProgressed(download, done):
                self._bars.update(self._task(download), completed=done)
            case FetchRetrying():
                self._say(line_of(event))
            case Fetched(download, size=size):
                self._bars.update(self._task(download), total=size, completed=size, visible=False)
                self._say(line_of(event))
            case FetchFailed(download):
                self._bars.update(self._task(download), visible=False)
                self._say(line_of(event))
            case _:
                assert_never(event)
        if self._total is not None:
            done = int(sum(float(task.completed) for task in self._bars.tasks if task.id != self._total))
            self._bars.update(self._total, completed=done)

    def _task(self, download: Download) -> Any:
        key = id(download)
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(printable(download.label)[-40:], total=download.size)
        return self._tasks[key]

    def _say(self, text: str) -> None:
        with contextlib.suppress(*_UNWRITABLE):
            self._console.print(printable(text), markup=False, soft_wrap=True)


class _Forgiving:
    """A stream that swallows what it cannot write: rich would end the process when the terminal is gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        with contextlib.suppress(*_UNWRITABLE):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(*_UNWRITABLE):
            self._stream.flush()

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()


def line_of(event: FetchEvent) -> str:
    """An event as a sentence."""
    name = event.download.label
    match event:
        case FetchStarted(size=size, resumed_at=resumed):
            length = size_text(size) if size is not None else "size unknown"
            return f"{name}: {length}" + (f", resumed at {size_text(resumed)}" if resumed else "")
        case FetchProgressed(done=done):
            return f"{name}: {size_text(done)} so far"
        case FetchRetrying(reason=reason, delay=delay):
            return f"{name}: {reason}; trying again" + (f" in {delay:.1f} s" if delay >= 0.1 else "")
        case Fetched(size=size, verified_by=by):
            proof = "unverified: no hash of it is known" if by == "unverified" else f"verified by {by}"
            return f"{name}: {size_text(size)}, {proof}"
        case FetchFailed(reason=reason, hint=hint):
            return f"{name}: failed: {reason}" + (f"\n  hint: {hint}" if hint else "")
        case _:
            assert_never(event)


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


def printable(text: str) -> str:
    """Text from outside without what moves a cursor or paints a screen."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False
