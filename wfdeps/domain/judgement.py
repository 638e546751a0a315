"""What the judge of files says of one: light, since every warm check remembers it instead of asking anew."""

from __future__ import annotations

from wfdeps.domain.folders import FOLDER_KEYS
from wfdeps.values import NamedTuple


class Judgement(NamedTuple):
    """Whether a file can be loaded under its name. Made by `wfdeps.detect.judge`."""

    trouble: str = ""
    """Why not, in one clause; empty for a sound file and for one that is not judged."""
    hint: str = ""
    """What to do other than to fetch it again; empty where nothing else helps."""
    comfyui: str = ""
    """How the error begins that ComfyUI would show; empty where its own loaders do not read such a file."""
    core_only: bool = False
    """ComfyUI's own loaders refuse it; a pack's own loader might know better."""

    def counts_in(self, folder_key: str) -> bool:
        """Whether this speaks against the file as one of that folder, whose loader is ComfyUI's own or a pack's."""
        row = FOLDER_KEYS.get(folder_key)
        return bool(self.trouble) and (not self.core_only or (row is not None and row.core))


SOUND = Judgement()
