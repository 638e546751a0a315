"""The table of packs answers for classes that are not here, and its script writes it from the lists it names."""

from __future__ import annotations

import runpy
from pathlib import Path

from wfdeps.packs import class_packs
from wfdeps.packs.class_packs import CORE, is_core, is_listed, packs_of

SCRIPT = Path(__file__).parents[2] / ".github" / "scripts" / "build_class_packs.py"


def test_a_class_is_found_with_its_pack_and_one_that_nobody_has_with_none() -> None:
    assert packs_of("VHS_LoadVideo")[0] == "Kosinkadink/ComfyUI-VideoHelperSuite"
    assert packs_of("ImageResizeKJv2") == ("kijai/ComfyUI-KJNodes",)
    assert packs_of("UnetLoaderGGUF") == ("city96/ComfyUI-GGUF",)
    assert packs_of("Nobody Has This") == ()


def test_no_part_of_a_line_is_taken_for_a_class() -> None:
    assert packs_of("kijai/ComfyUI-KJNodes") == ()
    assert packs_of("VHS_Load") == ()
    assert packs_of("VHS_LoadVideo\tVHS_LoadVideoFFmpeg") == ()
    assert packs_of("") == ()


def test_comfyui_itself_stands_in_it_under_the_name_the_registry_gives_it() -> None:
    assert is_core("KSampler")
    assert packs_of("KSampler") == (CORE,)
    assert not is_core("VHS_LoadVideo")


def test_a_folder_is_a_listed_packs_whatever_the_case_of_its_letters() -> None:
    assert is_listed("comfyui-kjnodes")
    assert not is_listed("my-private-nodes")


def test_all_that_stands_in_the_table_is_what_its_script_writes(shared: Path) -> None:
    """Our own loader table may have grown since; then the script writes more."""
    written = runpy.run_path(str(SCRIPT))["written"](shared / "data").splitlines()
    lines = Path(class_packs.__file__).with_name("class_packs.txt").read_text(encoding="utf-8").splitlines()
    rows = {line.partition("\t")[0]: set(line.split("\t")[1:]) for line in reversed(written)}
    assert lines[0] == written[0]
    seen: set[str] = set()
    for line in lines:
        pack, _, classes = line.partition("\t")
        assert pack in seen or set(classes.split("\t")) <= rows[pack]
        seen.add(pack)
