"""Progress on a terminal: a row for all files and one for each that is coming, redrawn in place."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TextIO, assert_never, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live

from wfdeps.console.rows import Meter, row
from wfdeps.console.words import UNWRITABLE, line_of, stopped_line
from wfdeps.domain.outcomes import (
    Fetched,
    FetchEvent,
    FetchFailed,
    FetchProgressed,
    FetchRetrying,
    FetchStarted,
)
from wfdeps.domain.plans import Download, Plan
from wfdeps.domain.visible import visible, visible_lines

REDRAWN = 8
"""Times a second."""


class _File:
    """One file as the bars see it."""

    def __init__(self, download: Download) -> None:
        self.download = download
        self.size = download.size
        self.done = 0
        self.meter: Meter | None = None
        """None until it starts, and once it ended."""


class Bars:
    """A row for each file and one for all, with speed and the time left."""

    def __init__(self, stream: TextIO, *, color: bool, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._files: dict[int, _File] = {}
        self._ended = 0
        self._came = 0
        """Bytes that came in this run."""
        self._meter = Meter(now)
        self._running = False
        self._console = Console(
            file=cast("TextIO", _Forgiving(stream)),
            force_terminal=True,
            no_color=not color,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._live = Live(
            get_renderable=self._drawn,
            console=self._console,
            refresh_per_second=REDRAWN,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def stage(self, name: str, detail: str = "") -> None:
        self._say(f"{name}: {detail}" if detail else name)

    def note(self, text: str) -> None:
        self._say(text)

    def plan(self, plan: Plan) -> None:
        for download in plan.downloads:
            self._file(download)

    def event(self, event: FetchEvent) -> None:
        with contextlib.suppress(*UNWRITABLE):
            self._show(event)

    def close(self) -> None:
        with contextlib.suppress(*UNWRITABLE):
            if self._running:
                self._running = False
                self._live.stop()
                for file in self._coming():
                    self._say(stopped_line(file.download, file.done, file.size))

    def _show(self, event: FetchEvent) -> None:
        if not self._running:
            self._running = True
            self._live.start()
        file = self._file(event.download)
        match event:
            case FetchStarted(size=size, resumed_at=resumed):
                file.size, file.done = size, resumed
                file.meter = Meter(self._now)
                file.meter.saw(resumed)
            case FetchProgressed(done=done):
                self._came_to(file, done)
            case FetchRetrying():
                self._say(line_of(event))
            case Fetched(size=size):
                file.size = size
                self._came_to(file, size)
                self._end(file)
                self._say(line_of(event))
            case FetchFailed():
                file.size = file.done = 0
                self._end(file)
                self._say(line_of(event))
            case _:
                assert_never(event)

    def _came_to(self, file: _File, done: int) -> None:
        self._came += max(0, done - file.done)
        file.done = done
        if file.meter is not None:
            file.meter.saw(done)
        self._meter.saw(self._came)

    def _end(self, file: _File) -> None:
        file.meter = None
        self._ended += 1

    def _file(self, download: Download) -> _File:
        return self._files.setdefault(id(download), _File(download))

    def _coming(self) -> list[_File]:
        return [file for file in tuple(self._files.values()) if file.meter is not None]

    def _drawn(self) -> Group:
        return Group(*self._rows())

    def _rows(self) -> Iterator[RenderableType]:
        """As many as the terminal has lines for, that of all files first. Called from the thread that redraws."""
        width, plain = self._console.width, self._console.options.ascii_only
        files = tuple(self._files.values())
        coming, room = self._coming(), max(1, self._console.height - 2)
        if len(files) > 1:
            sizes = [file.size for file in files]
            size = None if None in sizes else sum(size for size in sizes if size is not None)
            name = f"{self._ended} of {len(files)} files"
            done = sum(file.done for file in files)
            yield row(name, done, size, self._meter.speed, width=width, plain=plain)
            room -= 1
        shown = coming if len(coming) <= room else coming[: room - 1]
        for file in shown:
            meter = file.meter
            speed = meter.speed if meter is not None else None
            name = visible(file.download.label)
            yield row(name, file.done, file.size, speed, width=width, plain=plain)
        if len(shown) < len(coming):
            yield f"{'and' if plain else '…'} {len(coming) - len(shown)} more"

    def _say(self, text: str) -> None:
        with contextlib.suppress(*UNWRITABLE):
            self._console.print(visible_lines(text), markup=False, soft_wrap=True)


class _Forgiving:
    """A stream that swallows what it cannot write: rich would end the process when the terminal is gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        with contextlib.suppress(*UNWRITABLE):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(*UNWRITABLE):
            self._stream.flush()

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()
