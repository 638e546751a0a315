"""How a ref stands against the library, before any source is asked."""

from __future__ import annotations

from enum import StrEnum

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.files import LocalFile
    from wfdeps.domain.refs import ModelRef


class RefState(StrEnum):
    """The word a report gives each ref."""

    PRESENT = "present"
    PRESENT_ELSEWHERE = "present_elsewhere"
    """In the right folder under another name: subfolder, case, separator, or renamed with an equal hash."""
    WRONG_FOLDER = "wrong_folder"
    WRONG_HASH = "wrong_hash"
    CORRUPT = "corrupt"
    MISSING = "missing"
    RESOLVED = "resolved"
    """Missing, and known where to get."""
    AMBIGUOUS = "ambiguous"
    UNRESOLVED = "unresolved"
    OPTIONAL = "optional"
    """Not there, and a person said that the run may go without it."""
    GATED = "gated"
    """Known, and not to be had without a login, a token or consent to its terms."""
    EARLY_ACCESS = "early_access"
    UNAVAILABLE = "unavailable"
    """Known, and handed to nobody: deleted, archived, or its creator switched downloads off. No token helps."""
    REFUSED = "refused"
    """By policy, or because its name cannot be trusted."""
    UNDECIDED = "undecided"
    """No source could be asked: network, login, rate limit."""
    FAILED = "failed"
    """Its download or placement failed."""
    INVISIBLE = "invisible"
    """There, but the target's ComfyUI does not look in that folder."""
    AUTO_DOWNLOAD = "auto_download"
    INACTIVE = "inactive"
    UNREACHABLE = "unreachable"
    PLACEHOLDER = "placeholder"
    INERT = "inert"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one ref stands against the library, offline."""

    ref: ModelRef
    state: RefState
    files: tuple[LocalFile, ...] = ()
    """What was found, best first: the file itself, or what lies elsewhere."""
    detail: str = ""
    respell: bool = False
    """Whether no file can have the name as it is written, a separator of the other system being in it."""
    unlisted: bool = False
    """Whether the loader lists no file of that ending, whatever its name: only another node can load it."""
