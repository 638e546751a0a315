"""Whether a file can be downloaded, as far as its source says before the first byte, and what follows from it."""

from __future__ import annotations

from enum import StrEnum

from wfdeps.domain.findings import RefState
from wfdeps.values import dataclass


class AccessState(StrEnum):
    """What stands between us and the bytes."""

    OPEN = "open"
    TOKEN = "token"
    """Needs a token, and we have none (all of Civitai's downloads, gated repositories)."""
    EARLY_ACCESS = "early_access"
    DISABLED = "disabled"
    """Its creator switched downloads off; no token helps."""
    ARCHIVED = "archived"
    DELETED = "deleted"
    BLOCKED = "blocked"
    """Closed to us as we are: by region, by licence, or because its terms were not accepted by this account."""


_REF_STATES: dict[AccessState, RefState] = {
    AccessState.OPEN: RefState.RESOLVED,
    AccessState.TOKEN: RefState.GATED,
    AccessState.EARLY_ACCESS: RefState.EARLY_ACCESS,
    AccessState.DISABLED: RefState.UNAVAILABLE,
    AccessState.ARCHIVED: RefState.UNAVAILABLE,
    AccessState.DELETED: RefState.UNAVAILABLE,
    AccessState.BLOCKED: RefState.GATED,
}
_HINTS: dict[AccessState, str] = {
    AccessState.OPEN: "",
    AccessState.TOKEN: "set a token (CIVITAI_API_TOKEN or HF_TOKEN); `wfdeps auth check` tells which works",
    AccessState.EARLY_ACCESS: "buy early access on its page, wait, or choose another version",
    AccessState.DISABLED: "no token helps: ask its creator, or choose another file",
    AccessState.ARCHIVED: "its page is archived; a mirror may still hold the same bytes",
    AccessState.DELETED: "it was deleted; a mirror may still hold the same bytes",
    AccessState.BLOCKED: "accept its terms on its page with the account of your token, or fetch it from another region",
}


def downloads_are_off(message: str) -> bool:
    """Whether a refusal says that the creator switched downloads off.

    Civitai answers 401 then, as for a missing token: "The creator of this asset has disabled downloads on this file".
    """
    return "has disabled downloads" in message


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a file can be downloaded from here, and if not, why."""

    state: AccessState = AccessState.OPEN
    detail: str = ""
    until: str | None = None
    """ISO 8601: the end of early access."""
    if_bought: bool = False
    """Open only to those who bought it; we have a token, and only a try tells whether its owner did."""

    @property
    def is_open(self) -> bool:
        return self.state is AccessState.OPEN

    @property
    def is_closed(self) -> bool:
        """Whether no token of ours opens it: all states but OPEN and TOKEN."""
        return self.state not in (AccessState.OPEN, AccessState.TOKEN)

    @property
    def is_settled(self) -> bool:
        """Whether the source hands the file to nobody, so that asking again would tell nothing new."""
        return self.ref_state is RefState.UNAVAILABLE or self.state is AccessState.BLOCKED

    @property
    def ref_state(self) -> RefState:
        """How a ref stands whose file is known and has this access."""
        return _REF_STATES[self.state]

    @property
    def words(self) -> str:
        """`early access until 2026-12-24`: what the source says, else the state; empty if open and nothing was said."""
        words = self.detail or ("" if self.is_open else self.state.replace("_", " "))
        return f"{words} until {self.until[:10]}" if words and self.until else words

    @property
    def hint(self) -> str:
        """What a person can do about it; empty if open."""
        return _HINTS[self.state]
