"""What we may ask a source, strongest first: id > hash > url > name."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.air import Air
    from wfdeps.domain.digests import Digest
    from wfdeps.domain.model_types import ModelType


@dataclass(frozen=True, slots=True)
class AirQuery:
    """One version or file, by its name at its source. `hint` marks a number that only looks like one: weak as evidence."""

    air: Air
    hint: bool = False


@dataclass(frozen=True, slots=True)
class HashQuery:
    """The file with this hash."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class UrlQuery:
    """The file behind this URL. `hint` marks one found in a note: worth a try, weak as evidence."""

    url: str
    hint: bool = False


@dataclass(frozen=True, slots=True)
class NameQuery:
    """Files that may carry this name."""

    name: str
    """As the workflow says it; sources strip folders and endings themselves."""
    model_types: tuple[ModelType, ...] = ()
    base_models: tuple[str, ...] = ()
    """What the rest of the workflow is made for; ranks, never filters."""


Query = AirQuery | HashQuery | UrlQuery | NameQuery
