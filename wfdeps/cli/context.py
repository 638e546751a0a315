"""What a command is given: its settings, the two streams, and the doors it may open."""

from __future__ import annotations

from functools import cached_property
from types import TracebackType

from wfdeps import TYPE_CHECKING
from wfdeps.domain.secrets import Redactor
from wfdeps.domain.visible import visible_lines
from wfdeps.wiring.settings import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, Self, TextIO

    from wfdeps.ports import Reporter
    from wfdeps.wiring.doors import Doors
    from wfdeps.wiring.settings import Settings


class Context:
    """One run of one command. Data goes to `out`, everything else to `err`; doors close with it."""

    def __init__(
        self,
        settings: Settings,
        stdout: TextIO,
        stderr: TextIO,
        *,
        workflows: Sequence[str] = (),
        lock: str = LOCK,
    ) -> None:
        self.settings = settings
        hidden = Redactor(settings.secrets)
        self.stdout = _hiding(stdout, hidden)
        self.stderr = _hiding(stderr, hidden)
        self._workflows = tuple(workflows)
        self._lock = lock

    @cached_property
    def doors(self) -> Doors:
        """The real doors, each opened when first asked for."""
        from wfdeps.wiring.doors import Doors  # `refs` and `--help` need none of them

        return Doors(
            self.settings,
            workflows=self._workflows,
            lock=self._lock,
            on_wait=self._note,
        )

    def _note(self, text: str) -> None:
        """A line for the person; the reporter is made when there is something to say."""
        self.reporter.note(text)

    @cached_property
    def reporter(self) -> Reporter:
        """What shows how it goes: bars on a terminal, lines in a pipe."""
        from wfdeps.console.progress import open_reporter

        settings = self.settings
        return open_reporter(
            self.stderr,
            color=self.colors(self.stderr),
            quiet=settings.verbosity < 0,
            redraws=settings.redraws,
        )

    def afresh(self) -> Context:
        """Another run with these settings and streams, with doors of its own."""
        return Context(self.settings, self.stdout, self.stderr, workflows=self._workflows, lock=self._lock)

    @property
    def asks(self) -> bool:
        """Whether a person can be asked: a terminal on both ends, no `--no-input`, no CI."""
        settings = self.settings
        return not (settings.no_input or settings.ci) and _is_terminal(self.stderr) and _stdin_is_terminal()

    def colors(self, stream: TextIO) -> bool:
        """Whether to colour what goes to that stream."""
        settings = self.settings
        if settings.color != "auto":
            return settings.color == "always"
        return not settings.no_color and _is_terminal(stream)

    @property
    def is_read(self) -> bool:
        """Whether anybody still reads what is printed, as far as was noticed."""
        return bool(getattr(self.stdout, "is_read", True))

    def out(self, text: str) -> None:
        """Data: to stdout, ending with one newline."""
        self.stdout.write(text if text.endswith("\n") else text + "\n")

    def err(self, text: str) -> None:
        """Everything else: sentences to stderr, unless `--quiet`, whatever names from outside are in them."""
        if self.settings.verbosity >= 0:
            self.stderr.write(visible_lines(text) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        opened = self.__dict__
        if "reporter" in opened:
            self.reporter.close()
        if "doors" in opened:
            self.doors.close()


class _Hiding:
    """A stream on which no secret of this run is written, wherever it came from."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        self._stream = stream
        self._redactor = redactor

    def write(self, text: str) -> int:
        self._stream.write(self._redactor.text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _hiding(stream: TextIO, redactor: Redactor) -> TextIO:
    hiding: Any = _Hiding(stream, redactor) if redactor and not isinstance(stream, _Hiding) else stream
    return hiding  # type: ignore[no-any-return]


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _stdin_is_terminal() -> bool:
    import sys

    return sys.stdin is not None and _is_terminal(sys.stdin)
