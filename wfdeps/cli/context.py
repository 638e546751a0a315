"""What a command is given: its settings, the two streams, and the doors it may open."""

from __future__ import annotations

from functools import cached_property
from types import TracebackType

from wfdeps import TYPE_CHECKING
from wfdeps.domain.visible import visible_lines

if TYPE_CHECKING:
    import argparse
    from typing import Any, Self, TextIO

    from wfdeps.cli.wiring import Doors
    from wfdeps.wiring.settings import Settings


class Context:
    """One run of one command. Data goes to `out`, everything else to `err`; doors close with it."""

    def __init__(
        self, settings: Settings, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO
    ) -> None:
        self.settings = settings
        self._arguments = arguments
        self.stdout = stdout
        self.stderr = stderr

    @cached_property
    def doors(self) -> Doors:
        """The real doors, each built when first asked for."""
        from wfdeps.cli.wiring import Doors  # `refs` and `--help` need none of them

        return Doors(self)

    @property
    def asks(self) -> bool:
        """Whether a person can be asked: a terminal on both ends, no `--no-input`, no CI."""
        settings = self.settings
        return not (settings.no_input or settings.ci) and _is_terminal(self.stderr) and _stdin_is_terminal()

    def flag(self, name: str) -> Any:
        """An option of the command line that no setting carries; None for a command without it."""
        return getattr(self._arguments, name, None)

    @property
    def allows_pickles(self) -> bool:
        """Whether the person takes what can run code: `--allow-pickle`, or `[resolve]` of the config."""
        return bool(self.flag("allow_pickle") or self.settings.table("resolve").get("allow_pickle"))

    def colors(self, stream: TextIO) -> bool:
        """Whether to colour what goes to that stream."""
        settings = self.settings
        if settings.color != "auto":
            return settings.color == "always"
        return not settings.no_color and _is_terminal(stream)

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
        if "doors" in self.__dict__:
            self.doors.close()


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _stdin_is_terminal() -> bool:
    import sys

    return sys.stdin is not None and _is_terminal(sys.stdin)
