"""A ref is present exactly when ComfyUI would offer that very string in that loader; every other find has its own word."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.files import Inventory, LocalFile, split_ending
from wfdeps.domain.findings import RefState
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import Certainty, Lookup, ModelRef, NodeSite, RefStatus
from wfdeps.match.local import find_local
from wfdeps.values import replace

ONE, TWO = Digest(Algorithm.SHA256, "1" * 64), Digest(Algorithm.SHA256, "2" * 64)


def ref(
    name: str, *folders: str, digests: tuple[Digest, ...] = (), node: str = "", widget: str = "text",
    lookups: tuple[Lookup, ...] = (Lookup.LIST,),
) -> ModelRef:  # fmt: skip
    sites = (NodeSite("w.json", "1", node, widget),) if node else ()
    return ModelRef(name, ModelType.OTHER, folders, RefStatus.REQUIRED, sites, digests, lookups=lookups)


def file(key: str, name: str, **changes: object) -> LocalFile:
    return LocalFile(f"/m/{changes.get('order', 0)}/{key}/{name}", key, name, 10, **changes)  # type: ignore[arg-type]


def state(wanted: ModelRef, *files: LocalFile, separator: str = "/") -> RefState:
    return find_local(wanted, Inventory(separator, files)).state


def test_the_very_string_in_the_very_folder_is_present() -> None:
    found = find_local(ref("sub/a.pt", "loras"), Inventory("/", (file("loras", "sub/a.pt"),)))
    assert (found.state, found.detail) == (RefState.PRESENT, "")
    assert found.files[0].name == "sub/a.pt"


def test_nothing_is_missing() -> None:
    assert state(ref("a.pt", "loras")) is RefState.MISSING
    assert state(ref("a.pt", "loras"), file("loras", "b.pt")) is RefState.MISSING


@pytest.mark.parametrize(
    ("name", "separator", "expected"),
    [
        ("sub\\a.pt", "/", RefState.PRESENT_ELSEWHERE),
        ("sub/a.pt", "/", RefState.PRESENT),
        ("sub\\a.pt", "\\", RefState.PRESENT),
        ("sub/a.pt", "\\", RefState.PRESENT_ELSEWHERE),
    ],
)
def test_the_separator_is_part_of_the_string(name: str, separator: str, expected: RefState) -> None:
    assert state(ref(name, "loras"), file("loras", "sub/a.pt"), separator=separator) is expected


def test_a_file_that_a_presets_pattern_finds_is_present_under_any_name() -> None:
    wanted = ModelRef(
        "ip-adapter_sd15.safetensors", ModelType.OTHER, ("ipadapter",), RefStatus.REQUIRED, (),
        accepts=r"ip.adapter.sd15\.(safetensors|bin)$",
    )  # fmt: skip
    found = find_local(wanted, Inventory("/", (file("ipadapter", "old/IP_Adapter-SD15.bin"),)))
    assert (found.state, found.detail) == (RefState.PRESENT, "as `old/IP_Adapter-SD15.bin`")
    assert state(wanted, file("ipadapter", "ip-adapter_sd15.safetensors")) is RefState.PRESENT
    assert state(wanted, file("ipadapter", "ip-adapter_sd15_vit-G.bin")) is RefState.MISSING
    assert state(wanted, file("loras", "ip-adapter_sd15.bin")) is RefState.MISSING
    assert state(wanted, file("loras", "ip-adapter_sd15.safetensors")) is RefState.WRONG_FOLDER


def test_letter_case_and_unicode_form_are_part_of_the_string() -> None:
    assert state(ref("A.pt", "loras"), file("loras", "a.pt")) is RefState.PRESENT_ELSEWHERE
    assert state(ref("caf\u00e9.pt", "loras"), file("loras", "cafe\u0301.pt")) is RefState.PRESENT_ELSEWHERE


def test_another_subfolder_of_the_right_folder_is_present_elsewhere() -> None:
    found = find_local(ref("t5.pt", "text_encoders"), Inventory("/", (file("text_encoders", "t5/t5.pt"),)))
    assert found.state is RefState.PRESENT_ELSEWHERE
    assert "text_encoders/t5/t5.pt" in found.detail


def test_the_right_name_in_the_wrong_folder_is_its_own_state() -> None:
    found = find_local(ref("flux.pt", "diffusion_models"), Inventory("/", (file("checkpoints", "flux.pt"),)))
    assert found.state is RefState.WRONG_FOLDER
    assert "checkpoints/flux.pt" in found.detail
    assert "diffusion_models" in found.detail


def test_legacy_keys_are_the_same_folder() -> None:
    assert state(ref("a.pt", "unet"), file("diffusion_models", "a.pt")) is RefState.PRESENT
    assert state(ref("a.pt", "clip"), file("text_encoders", "a.pt")) is RefState.PRESENT


def test_of_equal_names_the_first_directory_is_loaded() -> None:
    first, second = (
        file("loras", "a.pt", order=0, digests=(ONE,)),
        file("loras", "a.pt", order=1, digests=(TWO,)),
    )
    assert state(ref("a.pt", "loras", digests=(ONE,)), second, first) is RefState.PRESENT
    assert state(ref("a.pt", "loras", digests=(TWO,)), second, first) is RefState.WRONG_HASH


def test_a_broken_link_is_passed_over_for_the_next_directory() -> None:
    broken = file("loras", "a.pt", order=0, trouble="a link to nowhere")
    assert state(ref("a.pt", "loras"), broken) is RefState.CORRUPT
    assert state(ref("a.pt", "loras"), broken, file("loras", "a.pt", order=1)) is RefState.PRESENT


def test_another_hash_under_the_name_is_said_with_both() -> None:
    found = find_local(
        ref("a.pt", "loras", digests=(ONE,)), Inventory("/", (file("loras", "a.pt", digests=(TWO,)),))
    )
    assert found.state is RefState.WRONG_HASH
    assert str(ONE) in found.detail
    assert str(TWO) in found.detail


def test_a_sidecars_claim_never_makes_a_hash_wrong() -> None:
    found = find_local(
        ref("a.pt", "loras", digests=(ONE,)), Inventory("/", (file("loras", "a.pt", claimed=(TWO,)),))
    )
    assert found.state is RefState.PRESENT
    assert "verify" in found.detail


def test_a_renamed_file_is_found_by_its_hash_known_or_claimed() -> None:
    wanted = ref("a.pt", "loras", digests=(ONE,))
    assert state(wanted, file("loras", "b.pt", digests=(ONE,))) is RefState.PRESENT_ELSEWHERE
    assert state(wanted, file("loras", "b.pt", claimed=(ONE,))) is RefState.PRESENT_ELSEWHERE
    assert state(wanted, file("checkpoints", "b.pt", digests=(ONE,))) is RefState.WRONG_FOLDER


def test_the_same_name_elsewhere_with_another_hash_is_not_the_file() -> None:
    found = find_local(
        ref("a.pt", "loras", digests=(ONE,)), Inventory("/", (file("loras", "x/a.pt", digests=(TWO,)),))
    )
    assert (found.state, found.files) == (RefState.MISSING, ())
    assert "another hash" in found.detail


def test_what_cannot_be_loaded_is_corrupt_with_its_reason() -> None:
    found = find_local(ref("a.pt", "loras"), Inventory("/", (file("loras", "a.pt", trouble="lfs pointer"),)))
    assert (found.state, found.detail) == (RefState.CORRUPT, "lfs pointer")


def test_a_ruined_file_elsewhere_is_no_answer() -> None:
    found = find_local(ref("a.pt", "loras"), Inventory("/", (file("loras", "x/a.pt", trouble="empty"),)))
    assert (found.state, found.files) == (RefState.MISSING, ())
    assert "empty" in found.detail


def test_a_folder_the_target_does_not_search_makes_the_file_invisible() -> None:
    blind = file("diffusion_models", "a.pt", visible=False)
    assert state(ref("a.pt", "diffusion_models"), blind) is RefState.INVISIBLE
    seen = file("diffusion_models", "a.pt", order=1)
    assert state(ref("a.pt", "diffusion_models"), blind, seen) is RefState.PRESENT


def test_any_of_several_folders_of_a_loader_will_do() -> None:
    assert (
        state(ref("a.pt", "checkpoints", "diffusion_models"), file("diffusion_models", "a.pt"))
        is RefState.PRESENT
    )


def test_a_class_nobody_lists_is_answered_by_any_folder_that_lists_the_name() -> None:
    assert state(ref("a.pt"), file("loras", "a.pt")) is RefState.PRESENT
    assert state(ref("a.pt"), file("loras", "a.pt", listed=False)) is not RefState.PRESENT


# ── special loaders


def embedding(name: str) -> ModelRef:
    return ref(name, "embeddings", lookups=(Lookup.EMBEDDING,))


@pytest.mark.parametrize("ending", [".safetensors", ".pt", ".bin"])
def test_an_embedding_is_named_without_its_ending_and_found_in_every_subfolder(ending: str) -> None:
    assert state(embedding("easy"), file("embeddings", "easy" + ending)) is RefState.PRESENT
    assert state(embedding("sub/easy"), file("embeddings", "sub/easy" + ending)) is RefState.PRESENT
    assert state(embedding("easy"), file("embeddings", "a/sub/easy" + ending)) is RefState.PRESENT
    assert state(embedding("sub/easy"), file("embeddings", "a/sub/easy" + ending)) is RefState.PRESENT
    assert state(embedding("easy"), file("embeddings", "uneasy" + ending)) is RefState.MISSING


def test_an_embedding_may_be_named_whole_and_other_endings_are_not_tried() -> None:
    assert state(embedding("easy.pt"), file("embeddings", "easy.pt")) is RefState.PRESENT
    assert state(embedding("easy"), file("embeddings", "easy.ckpt")) is not RefState.PRESENT


@pytest.mark.parametrize("name", ["easy", "easy.sft"])
def test_an_embedding_in_an_sft_does_not_load(name: str) -> None:
    found = find_local(embedding(name), Inventory("/", (file("embeddings", "easy.sft"),)))
    assert (found.state, found.unlisted) == (RefState.PRESENT_ELSEWHERE, name == "easy.sft")
    assert "does not list `.sft`" in found.detail


def test_an_embeddings_path_takes_either_separator_on_windows_only() -> None:
    there = file("embeddings", "sub/easy.pt")
    assert state(embedding("sub/easy"), there, separator="\\") is RefState.PRESENT
    assert state(embedding("sub\\easy"), there, separator="\\") is RefState.PRESENT
    assert state(embedding("sub\\easy"), there) is RefState.PRESENT_ELSEWHERE


def test_a_lora_tag_means_the_stem_in_any_subfolder_and_a_list_wants_the_whole_name() -> None:
    there = file("loras", "sdxl/detail.safetensors")
    assert state(ref("detail", "loras", lookups=(Lookup.TAG,)), there) is RefState.PRESENT
    assert state(ref("detail", "loras"), there) is RefState.PRESENT_ELSEWHERE


def test_a_name_that_several_readers_want_is_there_only_if_all_of_them_find_it() -> None:
    both = ref("sub/a.pt", "loras", lookups=(Lookup.LIST, Lookup.STEM))
    assert state(both, file("loras", "sub/a.pt")) is RefState.PRESENT
    assert state(both, file("loras", "other/a.pt")) is RefState.PRESENT_ELSEWHERE


def test_the_other_systems_spelling_is_told_only_of_a_name_with_its_separator() -> None:
    def detail(name: str) -> str:
        return find_local(ref(name, "loras"), Inventory("/", (file("loras", "sub/a.pt"),))).detail

    assert "other system" in detail("sub\\a.pt")
    assert "other system" not in detail("sub/a") and "leaves out its ending" in detail("sub/a")


def test_a_detectors_value_carries_its_folder() -> None:
    bbox = file("ultralytics_bbox", "face.pt")
    assert state(ref("bbox/face.pt", "ultralytics_bbox"), bbox) is RefState.PRESENT
    assert state(ref("bbox/face.pt", "ultralytics_bbox"), bbox, separator="\\") is RefState.PRESENT
    assert state(ref("bbox/face.pt", "ultralytics"), file("ultralytics", "bbox/face.pt")) is RefState.PRESENT
    assert state(ref("segm/face.pt", "ultralytics_segm"), bbox) is RefState.WRONG_FOLDER


def test_gguf_files_are_offered_by_the_packs_that_load_them_and_not_by_the_core() -> None:
    there = file("diffusion_models", "flux.gguf", listed=False)
    assert state(ref("flux.gguf", "diffusion_models", node="UnetLoaderGGUF"), there) is RefState.PRESENT
    core = find_local(ref("flux.gguf", "diffusion_models", node="UNETLoader"), Inventory("/", (there,)))
    assert core.state is RefState.PRESENT_ELSEWHERE
    assert "does not list `.gguf`" in core.detail


def test_a_small_vae_needs_both_its_halves() -> None:
    halves = file("vae_approx", "taesd_encoder.pth"), file("vae_approx", "taesd_decoder.pth")
    assert state(ref("taesd", "vae"), *halves) is RefState.PRESENT
    assert state(ref("taesd", "vae"), halves[0]) is RefState.MISSING
    assert state(ref("taesdxl", "vae"), *halves) is RefState.MISSING


def test_video_taes_are_offered_as_vaes_under_their_own_name() -> None:
    assert state(ref("taehv.safetensors", "vae"), file("vae_approx", "taehv.safetensors")) is RefState.PRESENT
    assert (
        state(ref("other.safetensors", "vae"), file("vae_approx", "other.safetensors"))
        is RefState.WRONG_FOLDER
    )


def test_a_built_in_vae_is_no_file() -> None:
    assert state(ref("pixel_space", "vae")) is RefState.PRESENT
    assert state(ref("pixel_space", "loras")) is RefState.MISSING


def test_a_directory_can_be_the_model() -> None:
    there = file("diffusers", "sd15/base", is_directory=True)
    assert state(ref("sd15/base", "diffusers"), there) is RefState.PRESENT
    assert state(ref("base", "diffusers"), there) is RefState.PRESENT_ELSEWHERE
    unmarked = file("diffusers", "sd15/base", is_directory=True, listed=False)
    assert state(ref("sd15/base", "diffusers"), unmarked) is RefState.MISSING


def test_another_ending_is_mentioned_and_not_taken() -> None:
    found = find_local(ref("a.safetensors", "checkpoints"), Inventory("/", (file("checkpoints", "a.ckpt"),)))
    assert (found.state, found.files) == (RefState.MISSING, ())
    assert "differs in its ending" in found.detail


@given(st.text(alphabet="a./\u00e9", max_size=12))
def test_endings_are_split_as_comfyui_splits_them(name: str) -> None:
    assert split_ending(name) == posixpath.splitext(name)


def guessed(name: str, *folders: str) -> ModelRef:
    """As a node of a class that nobody has listed names it."""
    return replace(ref(name, *folders, node="SomeLoader"), certainty=Certainty.GUESS)


@pytest.mark.parametrize(
    ("key", "name"), [("sonic", "unet.pth"), ("TTS", "DiffRhythm/unet.pth"), ("diffusion_models", "unet.pth")]
)
def test_where_the_folder_is_a_guess_a_file_of_that_name_anywhere_is_present(key: str, name: str) -> None:
    assert state(guessed("unet.pth", "diffusion_models"), file(key, name)) is RefState.PRESENT
    is_there = key == "diffusion_models"
    expected = RefState.PRESENT if is_there else RefState.WRONG_FOLDER
    assert state(ref("unet.pth", "diffusion_models", node="SomeLoader"), file(key, name)) is expected


def test_a_guessed_folder_is_said_not_to_be_known() -> None:
    found = find_local(guessed("unet.pth", "vae"), Inventory("/", (file("sonic", "unet.pth"),)))
    assert found.detail == "as `sonic/unet.pth`: which folder its node reads is not known"


def test_a_guessed_folder_is_never_told_as_a_fact() -> None:
    found = find_local(guessed("UNET.pth", "vae"), Inventory("/", (file("sonic", "unet.pth"),)))
    assert found.state is RefState.PRESENT_ELSEWHERE and "`vae`" not in found.detail


def test_another_file_or_another_hash_is_no_answer_to_a_guess() -> None:
    assert state(guessed("unet.pth", "vae"), file("sonic", "unet2.pth")) is RefState.MISSING
    wanted = replace(guessed("unet.pth", "vae"), digests=(ONE,))
    assert state(wanted, file("sonic", "unet.pth", digests=(TWO,))) is not RefState.PRESENT
