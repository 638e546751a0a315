"""Where a file may stand: nothing from outside becomes a path before it was read here."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.words import candidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.files import Absence, Folder, LocalFile
from wfdeps.domain.findings import RefState
from wfdeps.domain.folders import CIVITAI_FOLDERS, FOLDER_KEYS, canonical_key
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import FROM_CIVITAI, ModelType
from wfdeps.domain.plans import Blocked, Download, Keep, Link, Plan, Target
from wfdeps.domain.refs import Certainty, ModelRef, RefStatus
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.errors import UnsafePathError
from wfdeps.planning.layout import (
    FolderChoice,
    Unplaceable,
    Witnesses,
    collisions,
    folder_for,
    place_of,
    receiving_folder,
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


@pytest.mark.parametrize("better", range(4))
def test_of_two_folders_the_one_of_the_earlier_origin_receives(better: int) -> None:
    origins = ("models", "extra", "pack", "base", "output")
    rows = [folder("loras", f"/{origin}/loras", origin=origin) for origin in origins]
    assert receiving_folder("loras", [*rows[:better:-1], rows[better]]) == rows[better]


PREFERENCES = [
    ({"visible": False, "is_default": True}, {}),
    ({"origin": "models"}, {"is_default": True, "origin": "output"}),
    ({"origin": "extra"}, {"exists": False}),
    ({"exists": False}, {"path": "/m/other"}),
    ({"path": "/m/other"}, {}),
    ({"path": "/m/other"}, {"path": "C:\\m\\loras\\"}),
]
"""(worse, better): the first difference that counts decides."""


@pytest.mark.parametrize(("worse", "better"), PREFERENCES)
def test_what_makes_a_folder_the_better_one(worse: dict[str, object], better: dict[str, object]) -> None:
    first, second = (
        Folder(
            **{"folder_key": "loras", "path": "/m/loras", "endings": frozenset(), "reason": "test", **changes}
        )  # type: ignore[arg-type]
        for changes in (worse, better)
    )
    assert receiving_folder("loras", [first, second]) == second


def test_equal_folders_keep_the_order_of_the_search_and_a_root_receives_what_has_none() -> None:
    first, second = folder("loras", "/a/loras"), folder("loras", "/b/loras")
    assert receiving_folder("loras", [ROOT, first, second]) == first
    assert receiving_folder("vae", [first, ROOT]) == ROOT
    assert receiving_folder("vae", [first]) is None
    assert receiving_folder("", [ROOT]) is None


def test_nothing_is_put_where_the_share_is_missing() -> None:
    away = folder(
        "loras", "/nas/loras", absent=Absence("folder-not-there", "the share is not mounted", "mount it")
    )
    with pytest.raises(UnsafePathError) as caught:
        target_for("loras", "x.pt", (away,), "/")
    assert caught.value.message == "nothing is put in `/nas/loras`: the share is not mounted"
    assert caught.value.hint == "mount it"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a\tb", "`a\\u0009b` holds characters that cannot be shown"),
        ("/a", "`/a` is an absolute path"),
        ("Z:a", "`Z:a` is an absolute path"),
        ("./", "`./` names no file"),
        ("a/../b", "`a/../b` leaves its folder"),
        ("ab:c", "`ab:c` holds a `:`, which opens a hidden stream on Windows"),
        ("a.", "`a.` ends in a dot or a space, which Windows drops"),
        ("x/AUX .pt", "`x/AUX .pt` uses `AUX `, a device's name on Windows"),
        ("ä" * 128, f"`{'ä' * 100}…{'ä' * 12}` is longer than 255 bytes"),
        ("x" * 121 + ".", f"`{'x' * 100}…{'x' * 11}.` ends in a dot or a space, which Windows drops"),
        ("x" * 120 + ".", f"`{'x' * 100}…{'x' * 11}.` ends in a dot or a space, which Windows drops"),
        ("x" * 119 + ".", f"`{'x' * 119}.` ends in a dot or a space, which Windows drops"),
    ],
)
def test_a_refused_name_is_shown_with_what_is_wrong(name: str, words: str) -> None:
    with pytest.raises(UnsafePathError) as caught:
        safe_relative(name)
    assert caught.value.message == words


def test_names_may_be_as_long_as_every_system_stores_and_no_longer() -> None:
    assert str(safe_relative("x" * 255)) == "x" * 255
    whole = "/".join(["x" * 249] * 4)
    assert len(whole) == 999
    assert safe_relative(whole + "x")
    with pytest.raises(UnsafePathError, match="longer than 1000 bytes"):
        safe_relative(whole + "xx")


CHOICES = [
    (Witnesses(slots=("unet", "vae"), identity=identity("loras")), ("diffusion_models", "certain")),
    (Witnesses(slots=("vae", "vae_approx"), identity=identity("vae_approx", Certainty.LIKELY)), ("vae_approx", "likely")),
    (Witnesses(slots=("vae",), identity=identity("vae", Certainty.LIKELY)), ("vae", "certain")),
    (Witnesses(file_type="Config", civitai_type="LORA"), ("loras", "likely")),
    (Witnesses(file_type="Config", civitai_type="Strange"), ("configs", "likely")),
    (Witnesses(identity=identity("vae", Certainty.LIKELY), file_type="VAE"), ("vae", "likely")),
    (Witnesses(identity=identity("vae", Certainty.GUESS), civitai_type="LORA"), ("loras", "likely")),
    (Witnesses(identity=identity(""), civitai_type="LORA"), ("loras", "likely")),
    (Witnesses(identity=identity("loras"), civitai_type="Workflows"), ("loras", "certain")),
    (Witnesses(file_type="VAE", civitai_type="Checkpoint"), ("vae", "likely")),
    (Witnesses(model_type=ModelType.TEXT_ENCODER), ("text_encoders", "likely")),
    (Witnesses(civitai_type="Other", model_type=ModelType.VAE), ("vae", "likely")),
    (Witnesses(civitai_type="Other"), ("checkpoints", "guess")),
    (Witnesses(), ("checkpoints", "guess")),
]  # fmt: skip


@pytest.mark.parametrize(("known", "choice"), CHOICES)
def test_each_witness_has_its_say_and_its_certainty(known: Witnesses, choice: tuple[str, str]) -> None:
    answer = folder_for(known)
    assert isinstance(answer, FolderChoice)
    assert (answer.folder_key, answer.certainty) == choice


def test_the_config_file_maps_a_type_the_file_type_and_the_last_resort() -> None:
    mine = {"VAE": "vae_approx", "LORA": "lycoris", "Other": "vae"}
    assert chosen(Witnesses(file_type="VAE"), overrides=mine) == "vae_approx"
    assert chosen(Witnesses(civitai_type="LORA", model_type=ModelType.VAE), overrides=mine) == "lycoris"
    assert chosen(Witnesses(), overrides=mine) == "vae"
    assert chosen(Witnesses(civitai_type="Other"), overrides=mine) == "vae"


def test_an_animatediff_folder_is_preferred_only_where_it_exists() -> None:
    motion = Witnesses(civitai_type="MotionModule")
    evolved = folder("animatediff_models", "/m/animatediff_models")
    assert chosen(motion, folders=(evolved,)) == "animatediff_models"
    assert chosen(motion, folders=(folder("animatediff_models", "/m/a", exists=False),)) == chosen(motion)
    assert chosen(motion, folders=(ROOT,)) == CIVITAI_FOLDERS["MotionModule"]
    assert chosen(Witnesses(civitai_type="LORA"), folders=(evolved,)) == "loras"


def test_the_place_of_a_step_is_its_path_with_slashes() -> None:
    windows = Target("loras", "C:\\m", "s/a.pt")
    file = LocalFile("C:\\x\\a.pt", "loras", "a.pt", 1)
    ref = ModelRef("a.pt", ModelType.LORA, ("loras",), RefStatus.REQUIRED, ())
    assert place_of(Link(ref, file, windows)) == "C:/m/s/a.pt"
    assert place_of(Keep(ref, file)) == "C:/x/a.pt"
    assert place_of(Blocked(ref, RefState.MISSING, "")) == ""


def test_a_collision_names_each_place_once_and_sorted() -> None:
    (found,) = collisions(Plan((link("b.pt", "/m/1"), link("B.pt", "/m/2"))))
    assert str(found) == (
        "`/m/loras/B.pt` and `/m/loras/b.pt` are one name where letter case or Unicode form does not count"
    )
    (same,) = collisions(Plan((link("x.pt", "/m/1"), link("x.pt", "/m/2"))))
    assert str(same) == "two different files want `/m/loras/x.pt`"
    several = collisions(Plan(tuple(link(name, f"/m/{at}") for at, name in enumerate(["z", "Z", "a", "A"]))))
    assert [collision.targets for collision in several] == [
        ("/m/loras/A", "/m/loras/a"),
        ("/m/loras/Z", "/m/loras/z"),
    ]


def test_what_lies_below_the_models_root_is_joined_once() -> None:
    assert target_for("depthanything", "x.pt", (folder("", "/m/"),), "/").root == "/m/depthanything"
    assert target_for("vae", "x.pt", (folder("", "/"),), "/").root == "/vae"
    assert target_for("vae", "x.pt", (folder("", "/X"),), "/").root == "/X/vae"


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_one_hash_at_two_addresses_is_one_file_and_two_hashes_are_two(names: tuple[str, str]) -> None:
    ref = ModelRef("x.pt", ModelType.LORA, ("loras",), RefStatus.REQUIRED, ())
    target = Target("loras", "/m/loras", "x.pt")

    def download(url: str, *digests: Digest) -> Download:
        return Download((ref,), candidate("x.pt"), target, (url,), 1, digests, ChosenBy.HASH)

    sha, other = Digest(Algorithm.SHA256, "a" * 64), Digest(Algorithm.SHA256, "b" * 64)
    weak = Digest(Algorithm.AUTOV1, "12345678")
    first, second = names
    assert collisions(Plan((download(first, weak, sha), download(second, sha)))) == ()
    assert len(collisions(Plan((download(first, sha), download(second, other))))) == 1
    assert len(collisions(Plan((download(first), download(second))))) == 1
    assert collisions(Plan((download(first), download(first)))) == ()


def test_a_type_is_said_in_words() -> None:
    answer = folder_for(Witnesses(model_type=ModelType.TEXT_ENCODER))
    assert isinstance(answer, FolderChoice)
    assert answer.reason == "it is said to be a text encoder"
