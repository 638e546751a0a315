"""Files of the right length and the wrong name: the one that is wanted, perhaps, renamed before we came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.files import LocalFile
from wfdeps.domain.resolutions import Resolution, Resolved
from wfdeps.errors import LibraryError
from wfdeps.match.evidence import likeness
from wfdeps.match.spelling import spell
from wfdeps.ports import Library, Reporter
from wfdeps.report.wording import count_text

MOST_READ = 3
"""Files for one that is wanted: LoRAs of one trainer are of one length by the hundred."""


def read_lookalikes(
    resolutions: Iterable[Resolution], library: Library, reporter: Reporter
) -> tuple[LocalFile, ...]:
    """Files as long as those still to be fetched, read now, with their hashes.

    The library itself remembers none that was written a moment ago. A length is weak evidence, so it only says what is worth reading: no more than MOST_READ files for one that is
    wanted, those of the likest names. To read is quicker than to fetch, and is done once.
    """
    wanted = [one for one in resolutions if isinstance(one, Resolved) and _is_known(one)]
    lengths = {size for one in wanted if (size := one.choice.candidate.size)}
    unread = [file for file in library.of_lengths(lengths) if _is_unread(file)] if lengths else []
    chosen = {file.path: file for one in wanted for file in _likest(one, unread)}
    if chosen:
        reporter.stage(
            "resolve", f"{count_text(len(chosen), 'file')} here of the same length, read for the hash"
        )
    return tuple(_read(chosen.values(), library))


def _read(files: Iterable[LocalFile], library: Library) -> Iterator[LocalFile]:
    for file in files:
        with suppress(LibraryError):  # gone meanwhile, or not for us to read
            yield library.digest(file)


def _is_known(resolved: Resolved) -> bool:
    return find_digest(resolved.choice.candidate.digests, Algorithm.SHA256) is not None


def _is_unread(file: LocalFile) -> bool:
    return not file.trouble and find_digest(file.digests, Algorithm.SHA256) is None


def _likest(resolved: Resolved, unread: Iterable[LocalFile]) -> list[LocalFile]:
    wanted = spell(resolved.ref.name)
    same = [file for file in unread if file.size == resolved.choice.candidate.size]
    return sorted(same, key=lambda file: (-likeness(wanted, file.basename), file.path))[:MOST_READ]
