"""The loader's slot decides the folder, then the header; a header that contradicts a mere name stops the file."""

from __future__ import annotations

import json

import pytest

from tests.fakes.words import FOLDERS, candidate, ref, resolved, sha256
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import Fetched
from wfdeps.domain.refs import Certainty
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.planning.build import Layout, build_plan
from wfdeps.planning.settle import Misfit, Settled, settle


def fetched(folder: str, *more: str, by: ChosenBy = ChosenBy.NAME) -> Fetched:
    wanted = ref("a.safetensors", folder, folders=(folder, *more))
    (download,) = build_plan(
        [resolved(wanted, candidate("a.safetensors"), by)], Layout(FOLDERS, "/")
    ).downloads
    return Fetched(download, "/models/.part/x", 100, (sha256("a"),), "sha256")


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
