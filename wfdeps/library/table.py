"""ComfyUI's own table of folders, filled in its order. Source: `folder_paths.py` and `main.py`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from wfdeps import TYPE_CHECKING
from wfdeps.domain.files import Absence, Folder, Origin
from wfdeps.domain.folders import ANY_ENDING, BASE_KEYS, FOLDER_KEYS, INSIDE_ITS_PACK, LEGACY, WITHOUT_MODELS
from wfdeps.domain.refs import Notice
from wfdeps.library.absence import LINK_TO_NOWHERE, absence_of
from wfdeps.values import replace

if TYPE_CHECKING:
    from wfdeps.library.extra_paths import ExtraPath, ExtraPaths

OUTPUT_FOLDERS = (
    ("checkpoints", "checkpoints"),
    ("text_encoders", "clip"),
    ("vae", "vae"),
    ("diffusion_models", "diffusion_models"),
    ("loras", "loras"),
)
"""Folder key → folder below `output` in which models that were saved are found again."""


class FolderTable:
    """`folder_names_and_paths`, filled in ComfyUI's order."""

    def __init__(self, unmounted: tuple[str, ...] = (), *, may_make: bool = False) -> None:
        """`unmounted`: mount points without a share; `may_make`: folders whose base is not there may be made."""
        self._rows: dict[str, list[Folder]] = {}
        self._unmounted = unmounted
        self._may_make = may_make
        self._absences: dict[str, Notice] = {}

    def add(
        self, key: str, path: str, reason: str, origin: Origin, *, is_default: bool = False, base: str = ""
    ) -> None:
        """`add_model_folder_path`: at the end, or in front; a path that is there moves only to the front.

        `base`: as `absence_of` takes it.
        """
        row = FOLDER_KEYS.get(key)
        rows = self._rows.setdefault(key, [])
        there = next((folder for folder in rows if folder.path == path), None)
        if there and not is_default:
            return
        endings = row.endings if row else BASE_KEYS.get(key, ANY_ENDING)
        folder = Folder(key, path, endings, reason, is_default, origin, os.path.isdir(path))
        folder = replace(folder, absent=self._absence(path, reason, base))
        if there:
            rows.remove(there)
        rows.insert(0 if is_default else len(rows), folder)

    def _absence(self, path: str, reason: str, base: str = "") -> Absence | None:
        """Why the folder must not be made; None where it may be, or is there."""
        found = absence_of(path, base, self._unmounted)
        if found is None:
            return None
        self._absences.setdefault(
            found.reason, Notice(found.code, f"{reason}: {found.reason}: share not mounted?")
        )
        return None if self._may_make and found.code != LINK_TO_NOWHERE else found

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Which folders are not there, though something is configured to be."""
        return tuple(self._absences.values())

    def add_core(self, models: str) -> None:
        for row in FOLDER_KEYS.values():
            if row.core:
                for directory in row.directories:
                    self.add(row.key, os.path.join(models, *directory.split("/")), "models root", "models")

    def add_packs(self, models: str, base: str) -> None:
        installed = _packs_in(base)
        for row in FOLDER_KEYS.values():
            if not row.core:
                pack, inner = INSIDE_ITS_PACK.get(row.key, ("", ""))
                if own := installed.get(pack.lower()):
                    self.add(row.key, os.path.join(own, inner), "inside its custom pack", "base")
                for directory in row.directories:
                    self.add(
                        row.key, os.path.join(models, *directory.split("/")), "custom pack's folder", "pack"
                    )

    def add_base(self, base: str) -> None:
        for key in BASE_KEYS:
            self.add(key, os.path.join(base, key), "base directory", "base")

    def add_output(self, output: str) -> None:
        """The folders below `output`, always searched last of the core's."""
        for key, name in OUTPUT_FOLDERS:
            self.add(key, os.path.join(output, name), "output folder", "output")

    def add_extra(self, extra: ExtraPaths) -> None:
        """What one extra_model_paths.yaml adds."""
        for entry in extra.entries:
            reason = f"{os.path.basename(extra.file)} [{entry.section}]"
            self.add_entry(entry, entry.path, reason, base=entry.base)

    def add_entry(self, entry: ExtraPath, path: str, reason: str, *, base: str = "") -> None:
        """One line of such a file."""
        key = LEGACY.get(entry.key, entry.key)
        self.add(key, path, reason, "extra", is_default=entry.is_default, base=base)

    def folders(self, models: str) -> tuple[Folder, ...]:
        """The rows of models, each knowing whether its directory exists; the models root itself first, under no key."""
        absent = self._absence(models, "models root")
        root = Folder("", models, ANY_ENDING, "models root", exists=os.path.isdir(models), absent=absent)
        return (root, *self._rows_where(lambda key: key not in WITHOUT_MODELS))

    def without_models(self) -> tuple[Folder, ...]:
        """The other rows."""
        return tuple(self._rows_where(lambda key: key in WITHOUT_MODELS))

    def _rows_where(self, is_meant: Callable[[str], bool]) -> Iterator[Folder]:
        return (folder for key, rows in self._rows.items() if is_meant(key) for folder in rows)


def _packs_in(base: str) -> dict[str, str]:
    """The folders of installed packs by their names in small letters: the registry writes them so, git does not."""
    if not base:
        return {}
    try:
        with os.scandir(os.path.join(base, "custom_nodes")) as entries:
            return {entry.name.lower(): entry.path for entry in entries}
    except OSError:
        return {}
