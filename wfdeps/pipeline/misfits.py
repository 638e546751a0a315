"""Two models and their headers → what speaks against applying one to the other."""

from __future__ import annotations

from functools import cache

from wfdeps.detect.compat import Pair, Side, lint, lint_role
from wfdeps.detect.headers import Header, read_header
from wfdeps.disk.filesystem import reader
from wfdeps.domain.files import LocalFile
from wfdeps.domain.lints import Lint
from wfdeps.domain.refs import ModelRef
from wfdeps.ports import Library


def misfits(
    dependent: ModelRef, base: ModelRef, known: tuple[LocalFile | str, LocalFile | str], library: Library
) -> tuple[Lint, ...]:
    """Remarks on one model applied to another; `known` is each one's file, or its base model in its source's words.

    Raises LibraryError or OSError where a file cannot be read.
    """
    mine, theirs = known
    one, other = _side(dependent, mine, library), _side(base, theirs, library)
    roles = (*lint_role(one, dependent.model_type), *lint_role(other, base.model_type))
    return (*lint((Pair(dependent.model_type, one, other),)), *roles)


def role_misfits(ref: ModelRef, file: LocalFile, library: Library) -> tuple[Lint, ...]:
    """Remarks on one model that is loaded as what it is not. Raises LibraryError or OSError."""
    return lint_role(_side(ref, file, library), ref.model_type)


def _side(ref: ModelRef, known: LocalFile | str, library: Library) -> Side:
    if isinstance(known, str):
        return Side(ref.name, base_model=known)
    return Side(ref.name, library.identity(known), _header_of(known.path, known.size))


@cache
def _header_of(path: str, size: int) -> Header | None:
    """The header, kept while this process lasts: one base has many dependents."""
    with reader(path) as read:
        found = read_header(read, size, path)
    return found if isinstance(found, Header) else None
