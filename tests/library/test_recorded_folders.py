"""What a running ComfyUI 0.8.0 offered when a marked file was planted in every folder, our listings offer too."""

from __future__ import annotations

import json
from pathlib import Path

from wfdeps.domain.folders import FOLDER_KEYS, canonical_key
from wfdeps.library import Roots, open_library

NEWER_THAN_RECORDED = {"t2i_adapter"}
"""Directories below a key's first that 0.8.0 searched too, but in which nothing was planted for these inputs."""


def test_each_core_input_offers_exactly_the_folders_that_were_recorded(shared: Path, tmp_path: Path) -> None:
    recorded = json.loads((shared / "data" / "workflows" / "core_node_folders.json").read_text())
    models = tmp_path / "models"
    for row in FOLDER_KEYS.values():
        for directory in row.directories:
            ending = next(iter(sorted(row.endings & {".safetensors", ".yaml"})), ".safetensors")
            path = models / directory / f"in-{directory.replace('/', '-')}{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"marked")
    library = open_library(Roots(models=str(models)), index_path=None)
    for slot, directories in recorded.items():
        key = canonical_key(directories[0])
        offered = {
            name.removeprefix("in-").rpartition(".")[0] for name in library.listing(key)
        } - NEWER_THAN_RECORDED
        assert offered == set(directories), slot
    library.close()
