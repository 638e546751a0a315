"""A staged file, judged by its own header and put in its place: decided here for every command that fetches."""

from __future__ import annotations

from collections.abc import Callable

from wfdeps.detect.headers import Corrupt, read_header
from wfdeps.detect.identify import identify
from wfdeps.disk.filesystem import reader
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import Failed, FailureKind, Fetched, Placed, Receipt
from wfdeps.domain.plans import Placement
from wfdeps.errors import LibraryError
from wfdeps.library.health import refuse_garbage
from wfdeps.planning.settle import Misfit, Settled, disguise_of, warning_of
from wfdeps.ports import Reporter

PlaceOf = Callable[[Fetched, Identity], "Settled | Misfit"]
"""Where a fetched file goes, once its header is known, or why it goes nowhere."""


def settle_staged(
    fetched: Fetched, reporter: Reporter, *, place_of: PlaceOf, put: Callable[[Placement], Receipt]
) -> Placed | Failed:
    """What became of a file whose bytes are in staging; what is to be said of it is noted.

    A file that can run code under a name that promises it cannot goes nowhere, whatever `place_of` says. `put` moves
    it into its place: `Library.place`, `Library.renew` or another that raises LibraryError where it cannot.
    """
    identity = identity_of_staged(fetched)
    settled = disguise_of(fetched.download, identity) or place_of(fetched, identity)
    if isinstance(settled, Misfit):
        return Failed(fetched.download, settled.reason, settled.hint, FailureKind.MISFIT)
    for remark in filter(None, (settled.remark, warning_of(fetched.download, identity))):
        reporter.note(remark)
    return put_in_place(fetched, settled.placement, put)


def put_in_place(
    fetched: Fetched, placement: Placement, put: Callable[[Placement], Receipt]
) -> Placed | Failed:
    """What became of a staged file that has its place: moved there by `put`, if it can be loaded under that name."""
    try:
        refuse_garbage(fetched.staged, placement.target)
    except LibraryError as error:
        return Failed(fetched.download, error.message, error.hint or "", FailureKind.MISFIT)
    try:
        receipt = put(placement)
    except LibraryError as error:
        return Failed(fetched.download, error.message, error.hint or "", FailureKind.PLACEMENT)
    return Placed(fetched.download, receipt, fetched.verified_by, fetched.reused)


def identity_of_staged(fetched: Fetched) -> Identity:
    """What the staged file is by its own header; UNKNOWN where it has none that we can read."""
    with reader(fetched.staged) as read:
        header = read_header(read, fetched.size, fetched.download.candidate.file_name)
    if isinstance(header, Corrupt):
        return Identity(ModelType.UNKNOWN, reasons=(header.reason,))
    return identify(header, fetched.download.candidate.file_name)
