"""Every error wfdeps raises on purpose.

    WfdepsError
    ├── UsageError                  the command line or a call does not make sense
    │   └── ConfigError             a config file or an environment variable does not
    ├── WorkflowError               a file is no workflow, or one too large to read safely
    ├── LibraryError                the model folders
    │   ├── UnsafePathError         a name that would leave its folder, or no system would store
    │   ├── TargetExistsError       something we did not write stands where a file should go
    │   └── DiskFullError           the file system has no room, or a quota is used up
    ├── SourceError                 an index of models
    │   ├── SourceUnavailableError  no answer: network, 5xx, a page instead of JSON
    │   │   └── RegionBlockedError  not from here, by law
    │   ├── NotFoundError           it is not there, or no longer
    │   ├── UnsafeRedirectError     a redirect to where we do not go
    │   ├── RateLimitError          asked to wait; knows for how long
    │   ├── AuthRequiredError       a token, a login or a purchase is needed
    │   └── UnexpectedPayloadError  an answer that is not what the API promises
    ├── FetchError                  the bytes of one file
    │   ├── AccessDeniedError       the server will not hand them over
    │   ├── NotTheFileError         a page, an error message, a pointer: no model
    │   ├── LengthMismatchError     more or fewer than announced
    │   └── DigestMismatchError     not the bytes that were asked for
    └── LockError                   a lock file that cannot be read or no longer fits

Not found, ambiguous, blocked and failed are *values* that end in the report; an error is for what stops a
stage. Messages are lower case, literals stand in backticks, and `hint` says what the person can do.
"""

from __future__ import annotations

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class WfdepsError(Exception):
    """The base of all: a message for the person and, where there is one, a hint."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(WfdepsError):
    """The command line, or a call, does not make sense."""


class ConfigError(UsageError):
    """A config file or an environment variable cannot be used."""


class WorkflowError(WfdepsError):
    """A file is no workflow, or too large or too deep to be read safely."""


class LibraryError(WfdepsError):
    """Something about the model folders stops us."""


class UnsafePathError(LibraryError):
    """A name that would leave its folder, or that some file system cannot store."""


class TargetExistsError(LibraryError):
    """Something we did not write stands where a file should go."""


class DiskFullError(LibraryError):
    """The file system has no room left, or a quota is used up."""


class SourceError(WfdepsError):
    """An index of models did not help. `status` is the HTTP status and `payload` the decoded body, where there are."""

    def __init__(
        self, message: str, *, hint: str | None = None, status: int | None = None, payload: object = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.payload = payload


class SourceUnavailableError(SourceError):
    """No usable answer: no network, a server error, a page where JSON was due.

    `final` is true where another try would end the same way: no such host, a bad certificate, `--offline`.
    `retry_after` is in seconds, None where the server did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        final: bool = False,
        retry_after: float | None = None,
        hint: str | None = None,
        status: int | None = None,
        payload: object = None,
    ) -> None:
        super().__init__(message, hint=hint, status=status, payload=payload)
        self.final = final
        self.retry_after = retry_after


class RegionBlockedError(SourceUnavailableError):
    """The server refuses this region, by law (HTTP 451)."""


class NotFoundError(SourceError):
    """It is not there (404), or no longer (410)."""


class UnsafeRedirectError(SourceError):
    """A redirect to where we do not go: another scheme, http after https, a private network.

    `target` is the address, without secrets.
    """

    def __init__(self, message: str, *, target: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.target = target


class RateLimitError(SourceError):
    """The source asks us to wait.

    `retry_after` is in seconds, None where it did not say. `final` is true for the kinds of 429 that must
    not be tried again (a used-up quota, a page too deep).
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        final: bool = False,
        hint: str | None = None,
        status: int | None = None,
        payload: object = None,
    ) -> None:
        super().__init__(message, hint=hint, status=status, payload=payload)
        self.retry_after = retry_after
        self.final = final


class AuthRequiredError(SourceError):
    """A token, a login or a purchase is needed."""


class UnexpectedPayloadError(SourceError):
    """An answer that is not what the API promises."""


class FetchError(WfdepsError):
    """The bytes of one file could not be had."""


class AccessDeniedError(FetchError):
    """The server will not hand the file over: login, token, licence, early access, disabled, archived."""


class NotTheFileError(FetchError):
    """What came is a page, an error message or a pointer, not the file."""


class LengthMismatchError(FetchError):
    """More or fewer bytes came than were announced."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(
            f"length differs: expected {expected} bytes, got {actual}",
            hint="the transfer was cut or the server sent a page; run the command again to resume",
        )
        self.expected = expected
        self.actual = actual


class DigestMismatchError(FetchError):
    """The bytes are not the ones that were asked for."""

    def __init__(self, algorithm: str, expected: str, actual: str) -> None:
        super().__init__(
            f"{algorithm} differs: expected {expected}, got {actual}",
            hint="the file was replaced at its source, or damaged on the way; nothing was placed",
        )
        self.algorithm = algorithm
        self.expected = expected
        self.actual = actual


class LockError(WfdepsError):
    """A lock file that cannot be read, or that no longer fits its workflows."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The hint for a word that was mistyped: names the known word that is nearest; None where none is near."""
    from difflib import get_close_matches  # 2 ms, and most words are spelled right

    close = get_close_matches(word, list(known), n=1)
    return f"did you mean `{close[0]}`?" if close else None


def os_error_words(error: OSError) -> str:
    """What the system says went wrong, without number and path: `No space left on device`.

    An OSError raised by Python code may have no `strerror`: then its own text.
    """
    return error.strerror or str(error)
