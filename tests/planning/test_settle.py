"""The loader's slot decides the folder, then the header; a header that contradicts a mere name stops the file."""

from __future__ import annotations

import json

import pytest

from tests.fakes.words import FOLDERS, candidate, ref, resolved, sha256
from wfdeps.domain.folders import model_type_of
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import Fetched
from wfdeps.domain.plans import Download, Target
from wfdeps.domain.refs import Certainty
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.planning.build import Layout, build_plan
from wfdeps.planning.settle import Misfit, Settled, disguise_of, misfit_of, settle, warning_of


def fetched(folder: str, *more: str, by: ChosenBy = ChosenBy.NAME) -> Fetched:
    wanted = ref("a.safetensors", folder, folders=(folder, *more))
    (download,) = build_plan(
        [resolved(wanted, candidate("a.safetensors"), by)], Layout(FOLDERS, "/")
    ).downloads
    return Fetched(download, "/models/.part/x", 100, (sha256("a"),), "sha256")


def download_to(folder: str, name: str = "a.safetensors", *, by: ChosenBy = ChosenBy.NAME) -> Download:
    target = Target(folder, f"/models/{folder}", name)
    wanted = ref(name, folder, folders=(folder,))
    return Download((wanted,), candidate(name), target, (), 100, (), by)


def is_a(model_type: ModelType, certainty: Certainty = Certainty.CERTAIN) -> Identity:
    return Identity(model_type, certainty=certainty)


def settled(what: Fetched, identity: Identity) -> Settled | Misfit:
    return settle(what, identity, FOLDERS, "/")


def test_a_file_that_is_what_its_slot_says_goes_there_silently() -> None:
    result = settled(fetched("loras"), is_a(ModelType.LORA))
    assert isinstance(result, Settled)
    assert (result.placement.target.root, result.remark) == ("/models/loras", "")


def test_a_file_chosen_by_name_must_not_contradict_its_header() -> None:
    result = settled(fetched("checkpoints"), is_a(ModelType.LORA))
    assert isinstance(result, Misfit)
    assert "is a lora by its header" in result.reason


@pytest.mark.parametrize("by", [ChosenBy.HASH, ChosenBy.ID, ChosenBy.URL, ChosenBy.USER])
def test_a_file_that_was_asked_for_itself_is_placed_and_the_contradiction_said_aloud(by: ChosenBy) -> None:
    result = settled(fetched("checkpoints", by=by), is_a(ModelType.LORA))
    assert isinstance(result, Settled)
    assert "is a lora by its header" in result.remark


def test_a_guess_contradicts_nothing() -> None:
    result = settled(fetched("checkpoints"), is_a(ModelType.LORA, Certainty.GUESS))
    assert isinstance(result, Settled)
    assert result.remark == ""


def test_a_loader_with_two_folders_lets_the_header_choose() -> None:
    result = settled(fetched("vae", "vae_approx"), is_a(ModelType.VAE_APPROX))
    assert isinstance(result, Settled)
    assert result.placement.target.root == "/models/vae_approx"


def test_a_whole_checkpoint_serves_a_diffusion_model_loader() -> None:
    result = settled(fetched("diffusion_models"), is_a(ModelType.CHECKPOINT))
    assert isinstance(result, Settled)
    assert result.placement.target.root == "/models/diffusion_models"


def test_a_bare_diffusion_model_does_not_serve_a_checkpoint_loader() -> None:
    assert isinstance(settled(fetched("checkpoints"), is_a(ModelType.DIFFUSION_MODEL)), Misfit)


def test_the_sidecar_says_what_the_file_is_and_where_it_is_from() -> None:
    result = settled(fetched("loras"), is_a(ModelType.LORA))
    assert isinstance(result, Settled)
    sidecar = json.loads(result.placement.sidecar or "")
    assert sidecar["model_type"] == "lora"
    assert sidecar["hashes"] == {"sha256": "a" * 64}
    assert sidecar["source"] == "civitai"


FITS_BESIDE_ITS_OWN = {
    "diffusion_models": {ModelType.CHECKPOINT},
    "controlnet": {ModelType.CONTROL_LORA, ModelType.T2I_ADAPTER},
    "loras": {ModelType.CONTROL_LORA, ModelType.MOTION_LORA, ModelType.IP_ADAPTER},
    "vae": {ModelType.VAE_APPROX, ModelType.CHECKPOINT},
    "vae_approx": {ModelType.VAE},
    "text_encoders": {ModelType.CHECKPOINT},
    "upscale_models": {ModelType.LATENT_UPSCALER},
    "ultralytics": {ModelType.SAM},
    "animatediff_models": {ModelType.MOTION_LORA},
    "checkpoints": set[ModelType](),
}
"""What a folder's loader takes besides the type the folder is named for."""
CONTRADICTS_NOTHING = {
    ModelType.UNKNOWN,
    ModelType.OTHER,
    ModelType.LLM,
    ModelType.MODEL_PATCH,
    ModelType.CONFIG,
}


@pytest.mark.parametrize("model_type", ModelType)
@pytest.mark.parametrize("folder", sorted(FITS_BESIDE_ITS_OWN))
def test_a_folder_takes_its_own_type_those_of_its_row_and_what_a_header_cannot_tell(
    folder: str, model_type: ModelType
) -> None:
    fits = FITS_BESIDE_ITS_OWN[folder] | CONTRADICTS_NOTHING | {model_type_of(folder)}
    misfit = misfit_of(download_to(folder), is_a(model_type))
    assert (misfit is None) == (model_type in fits)


@pytest.mark.parametrize("by", ChosenBy)
def test_only_a_file_chosen_by_its_name_is_a_misfit(by: ChosenBy) -> None:
    misfit = misfit_of(
        download_to("checkpoints", by=by), Identity(ModelType.LORA, (), Certainty.CERTAIN, ("keys",))
    )
    assert misfit == (
        Misfit(
            "`a.safetensors` is a lora by its header (keys), but the workflow loads it as a checkpoint",
            "it was chosen by its name, and its header says otherwise; nothing was placed",
        )
        if by is ChosenBy.NAME
        else None
    )


@pytest.mark.parametrize(
    ("name", "format_", "placed"),
    [
        ("a.safetensors", "safetensors", True),
        ("a.safetensors", "pickle", False),
        ("a.safetensors", "torchscript", False),
        ("a.pt", "pickle", True),
        ("a.pt", "safetensors", True),
    ],
)
def test_what_can_run_code_is_placed_only_under_a_name_that_says_so(
    name: str, format_: str, placed: bool
) -> None:
    identity = Identity(ModelType.LORA, format=format_, safety="unsafe or unknown: os.system")
    disguise = disguise_of(download_to("loras", name), identity)
    if placed:
        assert disguise is None
    else:
        assert disguise == Misfit(
            f"`{name}` is a {format_} by its bytes, whatever its name says (unsafe or unknown: os.system)",
            "nothing was placed; ComfyUI reads a file by its ending and would not load it either",
        )


@pytest.mark.parametrize(
    ("format_", "safety", "warning"),
    [
        ("pickle", "safe", ""),
        ("torchscript", "safe", ""),
        ("safetensors", "unsafe or unknown: x", ""),
        ("pickle", "unsafe or unknown: x", "`a.pt` can run code when it is loaded: unsafe or unknown: x"),
    ],
)
def test_a_pickle_that_only_holds_numbers_is_not_said_to_run_code(
    format_: str, safety: str, warning: str
) -> None:
    identity = Identity(ModelType.LORA, format=format_, safety=safety)
    assert warning_of(download_to("loras", "a.pt"), identity) == warning
