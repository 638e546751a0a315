"""Where a file may stand: nothing from outside becomes a path before it was read here."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.files import Folder, LocalFile
from wfdeps.domain.folders import CIVITAI_FOLDERS, FOLDER_KEYS, canonical_key
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import FROM_CIVITAI, ModelType
from wfdeps.domain.plans import Link, Plan, Target
from wfdeps.domain.refs import Certainty, ModelRef, RefStatus
from wfdeps.errors import UnsafePathError
from wfdeps.planning.layout import (
    FolderChoice,
    Unplaceable,
    Witnesses,
    collisions,
    folder_for,
    safe_relative,
    target_for,
)


@pytest.mark.parametrize(
    "name",
    [
        "../x.safetensors",
        "..\\..\\x.safetensors",
        "a/../../x.safetensors",
        "/etc/passwd",
        "\\\\server\\share\\x.safetensors",
        "//server/x",
        "C:\\x.safetensors",
        "c:x.safetensors",
        "a:b",
        "x.safetensors:stream",
        "x\0.safetensors",
        "x\n.safetensors",
        "\x1b[31mred.safetensors",
        "safe\u202egpj.exe",
        "CON",
        "nul.safetensors",
        "sub/Com1.pt",
        "AUX .pt",
        "a.",
        "a ",
        "sub /x.pt",
        "",
        ".",
        "./",
        "ü" * 128,
        "/".join(["deep"] * 300),
        "\ud800.pt",
    ],
)
def test_a_name_that_could_leave_its_folder_or_be_stored_nowhere_is_refused_and_named(name: str) -> None:
    with pytest.raises(UnsafePathError) as caught:
        safe_relative(name)
    assert caught.value.hint
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a.safetensors", "a.safetensors"),
        ("SDXL\\detail v1.0.safetensors", "SDXL/detail v1.0.safetensors"),
        ("a//b/./c.pt", "a/b/c.pt"),
        ("日本語/モデル.safetensors", "日本語/モデル.safetensors"),
        ("console.pt", "console.pt"),
        ("what?.safetensors", "what?.safetensors"),
        (".hidden/x.pt", ".hidden/x.pt"),
        ("...a.pt", "...a.pt"),
    ],
)
def test_a_plain_name_is_read_with_either_separator(name: str, path: str) -> None:
    assert safe_relative(name) == PurePosixPath(path)


def test_a_windows_target_refuses_what_windows_alone_cannot_store() -> None:
    with pytest.raises(UnsafePathError):
        safe_relative("what?.safetensors", separator="\\")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_what_passes_never_leaves_its_folder_and_passes_again_unchanged(name: str) -> None:
    try:
        path = safe_relative(name)
    except UnsafePathError:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert safe_relative(str(path)) == path


def folder(key: str, path: str, **changes: object) -> Folder:
    return Folder(key, path, frozenset(), "test", **changes)  # type: ignore[arg-type]


UNET = folder("diffusion_models", "/m/unet")
DIFFUSION = folder("diffusion_models", "/m/diffusion_models")
ROOT = folder("", "/m")


def test_the_folder_named_after_its_key_is_preferred_to_the_one_comfyui_names_first() -> None:
    assert target_for("unet", "x.safetensors", (ROOT, UNET, DIFFUSION), "/") == Target(
        "diffusion_models", "/m/diffusion_models", "x.safetensors"
    )


def test_an_old_install_that_has_only_the_legacy_folder_keeps_it() -> None:
    missing = folder("diffusion_models", "/m/diffusion_models", exists=False)
    assert target_for("diffusion_models", "x.pt", (UNET, missing), "/").root == "/m/unet"


def test_a_folder_marked_default_comes_before_all() -> None:
    mine = folder("loras", "/big/loras", origin="extra", is_default=True)
    assert target_for("loras", "x.pt", (mine, folder("loras", "/m/loras")), "/").root == "/big/loras"


def test_new_files_never_go_to_the_output_folder_while_another_exists() -> None:
    output = folder("loras", "/out/loras", origin="output")
    assert (
        target_for("loras", "x.pt", (output, folder("loras", "/m/loras", exists=False)), "/").root
        == "/m/loras"
    )


def test_a_folder_the_target_does_not_search_is_the_last_choice() -> None:
    blind = folder("diffusion_models", "/v/models/diffusion_models", visible=False)
    seen = folder("diffusion_models", "/v/models/unet", origin="extra")
    assert target_for("diffusion_models", "x.pt", (blind, seen), "/").root == "/v/models/unet"


def test_a_key_nobody_lists_is_a_folder_below_the_models_root() -> None:
    assert target_for("depthanything", "x.pt", (ROOT,), "/") == Target(
        "depthanything", "/m/depthanything", "x.pt"
    )
    with pytest.raises(UnsafePathError):
        target_for("../../etc", "x.pt", (ROOT,), "/")
    with pytest.raises(UnsafePathError):
        target_for("", "x.pt", (ROOT,), "/")


def test_a_detectors_prefix_is_its_folder_not_part_of_its_name() -> None:
    bbox = folder("ultralytics_bbox", "/m/ultralytics/bbox")
    assert target_for("ultralytics_bbox", "bbox/face.pt", (bbox,), "/").name == "face.pt"
    assert target_for("ultralytics_bbox", "face.pt", (bbox,), "/").name == "face.pt"


# ── folders by type


def identity(folder_key: str, certainty: Certainty = Certainty.CERTAIN) -> Identity:
    return Identity(ModelType.OTHER, certainty=certainty, folder=folder_key)


def chosen(known: Witnesses, **more: object) -> str:
    choice = folder_for(known, **more)  # type: ignore[arg-type]
    assert isinstance(choice, FolderChoice)
    assert choice.reason
    return choice.folder_key


def test_the_strongest_witness_decides() -> None:
    everything = Witnesses(("unet",), identity("checkpoints"), ModelType.LORA, "LORA", "VAE")
    assert chosen(everything) == "diffusion_models"
    assert chosen(Witnesses((), identity("checkpoints"), ModelType.LORA, "LORA", "VAE")) == "checkpoints"
    assert (
        chosen(Witnesses((), identity("checkpoints", Certainty.GUESS), civitai_type="LORA", file_type="VAE"))
        == "vae"
    )
    assert chosen(Witnesses(civitai_type="LORA", file_type="Model")) == "loras"
    assert chosen(Witnesses(model_type=ModelType.UPSCALER)) == "upscale_models"


def test_of_several_folders_of_one_loader_the_header_chooses() -> None:
    slots = ("checkpoints", "diffusion_models")
    assert chosen(Witnesses(slots, identity("diffusion_models"))) == "diffusion_models"
    assert chosen(Witnesses(slots, identity("loras"))) == "checkpoints"


def test_a_type_nobody_lists_is_the_last_resort_and_says_so() -> None:
    choice = folder_for(Witnesses(civitai_type="Brandnew"))
    assert isinstance(choice, FolderChoice)
    assert (choice.folder_key, choice.certainty) == ("checkpoints", Certainty.GUESS)
    assert "last resort" in choice.reason


@pytest.mark.parametrize("civitai_type", ["Workflows", "ComfyWorkflows"])
def test_workflows_are_never_placed(civitai_type: str) -> None:
    assert isinstance(folder_for(Witnesses(civitai_type=civitai_type)), Unplaceable)


@pytest.mark.parametrize("file_type", ["Training Data", "Archive", "Workflow"])
def test_files_that_no_loader_reads_are_never_placed(file_type: str) -> None:
    assert isinstance(folder_for(Witnesses(civitai_type="LORA", file_type=file_type)), Unplaceable)


def test_the_config_file_overrides_the_table() -> None:
    known = Witnesses(civitai_type="MotionModule")
    assert chosen(known) == "motion_modules"
    assert chosen(known, overrides={"MotionModule": "animatediff_models"}) == "animatediff_models"
    assert (
        chosen(known, folders=(folder("animatediff_models", "/m/animatediff_models"),))
        == "animatediff_models"
    )


def test_every_civitai_type_has_a_folder_or_is_never_placed() -> None:
    for name in FROM_CIVITAI:
        choice = folder_for(Witnesses(civitai_type=name))
        assert isinstance(choice, Unplaceable) or choice.folder_key in CIVITAI_FOLDERS.values()


def test_the_tables_speak_of_canonical_keys_only() -> None:
    assert all(canonical_key(key) == key for key in FOLDER_KEYS)
    assert all(canonical_key(key) == key for key in CIVITAI_FOLDERS.values())


# ── collisions


def link(name: str, source: str = "/m/loras/a.safetensors") -> Link:
    ref = ModelRef(name, ModelType.LORA, ("loras",), RefStatus.REQUIRED, ())
    digest = (Digest(Algorithm.SHA256, "ab" * 32),)
    return Link(
        ref, LocalFile(source, "loras", "a.safetensors", 1, digest), Target("loras", "/m/loras", name)
    )


def test_names_that_differ_in_case_or_unicode_form_only_collide() -> None:
    found = collisions(
        Plan(
            (link("Detail.pt"), link("detail.pt"), link("caf\u00e9.pt"), link("cafe\u0301.pt"), link("x.pt"))
        )
    )
    assert [len(collision.targets) for collision in found] == [2, 2]
    assert "letter case" in str(found[0])


def test_two_files_for_one_name_collide_and_one_file_twice_does_not() -> None:
    assert collisions(Plan((link("x.pt"), link("x.pt")))) == ()
    (found,) = collisions(Plan((link("x.pt", "/m/loras/a.pt"), link("x.pt", "/m/loras/b.pt"))))
    assert "two different files" in str(found)
