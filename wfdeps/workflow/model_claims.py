"""What nodes claim to load, and the refs that these claims make together."""

from __future__ import annotations

from collections.abc import Iterable

from wfdeps import TYPE_CHECKING
from wfdeps.domain.air import AIR_ANYWHERE, Air
from wfdeps.domain.folders import model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import Certainty, Lookup, ModelRef, NodeSite, RefStatus
from wfdeps.values import NamedTuple

if TYPE_CHECKING:
    from typing import TypeVar

    _T = TypeVar("_T")

# The strongest status of all sites is the ref's.
_ORDER = (
    RefStatus.REQUIRED, RefStatus.AUTO_DOWNLOAD, RefStatus.PLACEHOLDER, RefStatus.INACTIVE, RefStatus.UNREACHABLE,
    RefStatus.INERT,
)  # fmt: skip
_RANK = {status: rank for rank, status in enumerate(_ORDER)}
_CERTAINTIES = tuple(Certainty)


class ModelClaim(NamedTuple):
    """This input of this node names this model."""

    name: str
    folders: tuple[str, ...]
    input: str
    kind: str = "file"
    """`file`, `directory`, `auto` (the node fetches it), `inert` (nothing reads it) or `unfilled` (a word the list lacks)."""
    loaded: bool = True
    """False where a switch, a count or a strength of zero keeps it from being loaded."""
    validated: bool = True
    """Whether the server checks the name even then."""
    certainty: Certainty = Certainty.CERTAIN
    why: str = ""
    accepts: str = ""
    """A pattern: any file of the folders in whose name it is found serves as well."""
    lookups: tuple[Lookup, ...] = (Lookup.LIST,)
    """How those who read it look the name up."""
    urls: tuple[str, ...] = ()
    """Where the file can be had, for one that the workflow does not name itself."""
    hints: tuple[str, ...] = ()


class RuntimeName(NamedTuple):
    """This input gets its name from a node whose output cannot be known without running it."""

    input: str
    folders: tuple[str, ...]
    origin: str


class SitedClaim(NamedTuple):
    """One claim with the node and input it is made at, and whether what it names is needed."""

    claim: ModelClaim
    site: NodeSite
    status: RefStatus
    why: str


def refs_of_claims(claims: Iterable[SitedClaim]) -> tuple[ModelRef, ...]:
    """One ref for each name in a folder, its sites in the workflow's order; sorted by folder and name."""
    groups: dict[tuple[str, str], list[SitedClaim]] = {}
    for each in claims:
        folder = each.claim.folders[0] if each.claim.folders else ""
        groups.setdefault((folder, each.claim.name), []).append(each)
    return tuple(_ref(group) for _, group in sorted(groups.items()))


def _ref(group: list[SitedClaim]) -> ModelRef:
    best = min(group, key=lambda each: _RANK[each.status])
    folders = max((each.claim.folders for each in group), key=len)
    accepts = {each.claim.accepts for each in group}
    return ModelRef(
        name=best.claim.name,
        model_type=model_type_of(folders[0]) if folders else ModelType.UNKNOWN,
        folders=folders,
        status=best.status,
        sites=tuple(dict.fromkeys(each.site for each in group)),
        air=_air(best.claim.name),
        urls=_union(each.claim.urls for each in group),
        hints=_union(each.claim.hints for each in group),
        certainty=min((each.claim.certainty for each in group), key=_CERTAINTIES.index),
        why=best.why,
        accepts=accepts.pop() if len(accepts) == 1 else "",
        lookups=_union(each.claim.lookups for each in group),
    )


def _union(values: Iterable[tuple[_T, ...]]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(value for some in values for value in some))


def _air(name: str) -> Air | None:
    lower = name.lower()
    if not lower.startswith(("urn:air:", "air:", "civitai:")):
        found = AIR_ANYWHERE().search(name) if "urn:air:" in lower else None
        name = found.group() if found else ""
    try:
        return Air.parse(name) if name else None
    except ValueError:
        return None
