"""The standard streams, whatever they are: closed, without a reader, in an encoding that cannot spell a name.

What a command does, and the code it ends with, does not depend on who reads its output: `wfdeps check | head -1` is
as wrong as `wfdeps check` where a file is missing.
"""

from __future__ import annotations

import errno
import os
import sys

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, TextIO

_NOBODY_READS = frozenset({errno.EPIPE, errno.EBADF, errno.EINVAL if os.name == "nt" else errno.EPIPE})
"""A reader that went away (Windows says EINVAL), and a descriptor that is closed or not open for writing."""


def unheard(stream: TextIO) -> TextIO:
    """The stream, which goes on when its reader has gone."""
    return Unheard(stream)  # type: ignore[return-value]  # it has all the rest by `__getattr__`


class Unheard:
    """A text stream for output that goes on when its reader has gone; everything else is as the stream has it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_read = True
        """False once it was noticed that nobody reads."""

    def write(self, text: str) -> int:
        """Write, unless nobody reads. Raises OSError for a full disk."""
        if self.is_read:
            try:
                return self._stream.write(text)
            except (OSError, ValueError) as error:
                self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Flush, unless nobody reads. Raises OSError for a full disk."""
        if self.is_read:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._give_up(error)

    def _give_up(self, error: OSError | ValueError) -> None:
        """Write nothing more. Raises the error again where it says something else."""
        if isinstance(error, OSError):
            if error.errno not in _NOBODY_READS:
                raise error
        elif not self._stream.closed:
            raise error
        self.is_read = False
        send_nowhere(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def send_nowhere(stream: TextIO) -> None:
    """Let what is still in the stream's buffer go nowhere, so that neither a traceback nor another code comes at exit."""
    try:
        descriptor = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
    except (OSError, ValueError):  # no descriptor of the system
        return


def open_standard_streams() -> None:
    """Open what was closed before we began, on nothing: Python has None there, and the next file would get its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None and not _is_open(number):
            # The lowest free number is taken, so this one: those below are open by now.
            descriptor = os.open(os.devnull, os.O_RDWR)
            stream = open(descriptor, "r" if name == "stdin" else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def accept_any_name(stdin: Any, stdout: Any, stderr: Any) -> None:
    """Names are in every script, and some in none: what a stream cannot spell is escaped, and pipes get UTF-8.

    A Windows pipe is cp1252, a container's locale is often C: there a Chinese model name would end the run.
    """
    for stream, errors in (
        (stdin, "surrogateescape"),
        (stdout, "backslashreplace"),
        (stderr, "backslashreplace"),
    ):
        if hasattr(stream, "reconfigure"):  # None under pythonw, another object in a notebook
            known = stream.isatty() or "PYTHONIOENCODING" in os.environ
            stream.reconfigure(encoding=None if known else "utf-8", errors=errors)
