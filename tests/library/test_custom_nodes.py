"""Which packs are installed is read from `custom_nodes` as ComfyUI would import it, and remembered by file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from wfdeps.domain.files import folded_stem
from wfdeps.domain.nodes import NodePack
from wfdeps.library.custom_nodes import read_packs, read_sources
from wfdeps.library.index import Index

A_PACK = "from .nodes import NODE_CLASS_MAPPINGS"


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(str(tmp_path / "index.sqlite"), stem_of=folded_stem)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "custom_nodes").mkdir()
    return tmp_path / "custom_nodes"


def write(path: Path, text: str, *, age: float = 3600) -> Path:
    """A file, and its folder, of which the last change is long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    for each in (path, path.parent):
        os.utime(each, (time.time() - age,) * 2)
    return path


def register(*names: str) -> str:
    return f"NODE_CLASS_MAPPINGS = {dict.fromkeys(names, 1)}"


def read(top: Path, index: Index, *, thorough: bool = False) -> dict[str, NodePack]:
    return {pack.name: pack for pack in read_packs([str(top)], index, thorough=thorough)}


def test_a_folder_and_a_single_file_are_packs_and_what_comfyui_skips_is_none(top: Path, index: Index) -> None:
    write(top / "folder" / "__init__.py", A_PACK)
    write(top / "folder" / "nodes.py", register("A"))
    write(top / "single.py", register("B"))
    write(top / "off.disabled" / "__init__.py", register("Off"))
    write(top / "__pycache__" / "__init__.py", register("Off"))
    write(top / ".git" / "__init__.py", register("Off"))
    write(top / "notes.txt", register("Off"))
    assert {name: set(pack.classes) for name, pack in read(top, index).items()} == {
        "folder": {"A"},
        "single.py": {"B"},
    }


def test_a_folder_without_an_init_registers_nothing(top: Path, index: Index) -> None:
    write(top / "half" / "nodes.py", register("A"))
    assert read(top, index)["half"].classes == frozenset()


def test_no_link_is_followed_out_of_custom_nodes_and_what_is_behind_is_unknown(
    top: Path, index: Index, tmp_path: Path
) -> None:
    write(tmp_path / "outside" / "__init__.py", register("Outside"))
    write(tmp_path / "outside" / "nodes.py", register("Outside"))
    (top / "linked").symlink_to(tmp_path / "outside")
    write(top / "inner" / "__init__.py", A_PACK)
    (top / "inner" / "nodes.py").symlink_to(tmp_path / "outside" / "nodes.py")
    found = read(top, index)
    assert {name: (pack.classes, pack.complete) for name, pack in found.items()} == {
        "linked": (frozenset(), False),
        "inner": (frozenset(), False),
    }


def test_what_is_remembered_is_not_read_again_until_a_file_changes(top: Path, index: Index) -> None:
    path = write(top / "pack" / "__init__.py", register("A"))
    read(top, index)
    path.chmod(0)
    # Who may read everything would read it: then the stamp alone says that nothing has to be.
    assert read(top, index)["pack"].classes == {"A"}
    path.chmod(0o644)
    write(path, register("A", "B"))
    assert read(top, index)["pack"].classes == {"A", "B"}


def test_a_file_that_was_added_is_seen_at_once(top: Path, index: Index) -> None:
    write(
        top / "pack" / "__init__.py",
        "try:\n    from .more import NODE_CLASS_MAPPINGS\nexcept ImportError:\n    pass",
    )
    read(top, index)
    write(top / "pack" / "more.py", register("More"), age=1800)
    assert read(top, index)["pack"].classes == {"More"}


def test_a_silent_file_that_begins_to_register_is_seen_by_a_thorough_look(top: Path, index: Index) -> None:
    write(
        top / "pack" / "__init__.py",
        "from .quiet import *\n" + register("A") + "\nNODE_CLASS_MAPPINGS.update(MORE)",
    )
    quiet = write(top / "pack" / "quiet.py", "MORE = {}")
    read(top, index)
    folder = os.stat(top / "pack")
    quiet.write_text("MORE = {'New': 1}")
    os.utime(quiet, (time.time() - 1800,) * 2)
    os.utime(top / "pack", ns=(folder.st_atime_ns, folder.st_mtime_ns))
    assert read(top, index, thorough=True)["pack"].classes == {"A", "New"}


def test_what_was_changed_this_moment_is_not_believed_the_next(top: Path, index: Index) -> None:
    path = write(top / "pack" / "__init__.py", register("A"), age=0)
    read(top, index)
    before = path.stat()
    path.write_text(register("Z"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read(top, index)["pack"].classes == {"Z"}


def test_a_pack_of_more_files_than_are_read_is_unknown(
    top: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfdeps.library.custom_nodes.MAX_FILES", 3)
    write(top / "pack" / "__init__.py", register("A"))
    for number in range(4):
        write(top / "pack" / "inner" / f"m{number}.py", "")
    assert not read(top, index)["pack"].complete


def test_the_classes_of_comfyui_are_those_of_its_sources(tmp_path: Path, index: Index) -> None:
    assert read_sources(str(tmp_path), index) is None
    write(tmp_path / "nodes.py", register("KSampler"))
    write(tmp_path / "comfy_extras" / "nodes_more.py", register("More"))
    write(tmp_path / "comfy_extras" / "nodes_folder" / "__init__.py", register("InFolder"))
    write(tmp_path / "comfy_extras" / "helper.py", register("NotOne"))
    for _ in range(2):
        core = read_sources(str(tmp_path), index)
        assert core is not None
        assert core.classes == {"KSampler", "More", "InFolder"}
