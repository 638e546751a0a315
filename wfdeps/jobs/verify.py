"""Whether the files of the library still are what they were."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.domain.digests import Algorithm, agreement
from wfdeps.domain.files import LocalFile
from wfdeps.domain.listings import FileVerdict, Verified
from wfdeps.errors import LibraryError
from wfdeps.library import LocalLibrary, as_local
from wfdeps.library.sidecars import claimed_digests
from wfdeps.wiring.doors import Doors


def verify(doors: Doors, *, deep: bool) -> tuple[Verified, ...]:
    """Every file of the model folders, judged; `deep`: read whole and compared with the hashes beside it."""
    return tuple(_verdicts(as_local(doors.library()), deep=deep))


def _verdicts(library: LocalLibrary, *, deep: bool) -> Iterator[Verified]:
    files = list(library.files())
    yield from (Verified(file, FileVerdict.BAD, file.trouble) for file in files if file.trouble)
    sound = [file for file in files if not file.trouble]
    if not deep:
        yield from (_compared(file, file, deep=False) for file in sound)
        return
    # AutoV3 is a second hash over nearly the whole file: only where nothing else could prove it.
    by_tensors = [file for file in sound if _is_known_by_tensors(file)]
    others = [file for file in sound if file not in by_tensors]
    for some, algorithms in (
        (others, (Algorithm.SHA256,)),
        (by_tensors, (Algorithm.SHA256, Algorithm.AUTOV3)),
    ):
        read = library.digests_of_all(some, algorithms, afresh=True)
        for before, after in zip(some, read, strict=True):
            if isinstance(after, LibraryError):
                yield Verified(before, FileVerdict.BAD, after.message)
            else:
                yield _compared(before, after, deep=True)


def _is_known_by_tensors(file: LocalFile) -> bool:
    """Whether AutoV3 is all that a sidecar claims, or that was remembered, of what SHA-256 could be compared with."""
    known = {digest.algorithm for digest in (*claimed_digests(file.path), *file.digests)}
    return Algorithm.AUTOV3 in known and known.isdisjoint((Algorithm.SHA256, Algorithm.AUTOV2))


def _compared(before: LocalFile, after: LocalFile, *, deep: bool) -> Verified:
    """What the sidecars claim, and what was remembered, against what is known now."""
    claimed = claimed_digests(after.path)
    same = agreement(claimed, after.digests)
    if same is False:
        wanted = next(
            digest for digest in claimed if any(digest.agrees(own) is False for own in after.digests)
        )
        reason = f"its sidecar says {wanted}, the file is {after.digests[0]}"
        return Verified(after, FileVerdict.BAD, reason)
    if deep and agreement(before.digests, after.digests) is False:
        reason = f"was {before.digests[0]}, is {after.digests[0]}: its bytes changed, its times did not"
        return Verified(after, FileVerdict.BAD, reason)
    if same:
        return Verified(after, FileVerdict.PROVEN)
    return Verified(after, FileVerdict.SOUND, "no hash to compare with" if deep else "")
