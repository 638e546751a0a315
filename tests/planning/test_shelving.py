"""Where a file goes that no workflow asks for: as the person said, else as its header, else as its source says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.words import FOLDERS, candidate, sha256
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import Fetched
from wfdeps.domain.plans import Download, Target
from wfdeps.domain.refs import Certainty, ModelRef, RefStatus
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.errors import UnsafePathError
from wfdeps.planning.settle import Misfit, Settled
from wfdeps.planning.shelving import plain_name, shelve, wish_for
from wfdeps.values import replace

ALOUD = "name a file with --out to have it anyway"
LORA = Identity(ModelType.LORA, (), Certainty.CERTAIN, ("lora keys",), folder="loras")


def shelved(
    folder: str = "", identity: Identity = LORA, name: str = "a.safetensors", **told: Any
) -> Settled | Misfit:
    remote = candidate(name, **told)
    ref = wish_for(remote, folder, name)
    assert isinstance(ref, ModelRef)
    step = Download((ref,), remote, Target(ref.folder, "/models/x", name), (), 100, (), ChosenBy.USER)
    return shelve(Fetched(step, "/models/.part/x", 100, (sha256("a"),), "sha256"), identity, FOLDERS, "/")


def test_a_wish_is_certain_only_of_the_folder_a_person_said() -> None:
    remote = candidate("up/a?.safetensors", source_type="LORA", digests=(sha256("a"),))
    assert wish_for(remote, "vae", "b.safetensors") == ModelRef(
        "b.safetensors", ModelType.VAE, ("vae",), RefStatus.REQUIRED, (), (sha256("a"),), why="you said so"
    )
    assert wish_for(remote) == ModelRef(
        "a_.safetensors",
        ModelType.LORA,
        ("loras",),
        RefStatus.REQUIRED,
        (),
        (sha256("a"),),
        certainty=Certainty.GUESS,
        why="Civitai calls the model a `LORA`",
    )


def test_what_no_loader_reads_is_no_wish_unless_a_folder_is_said() -> None:
    archive = candidate("a.zip", file_type="Archive")
    refused = wish_for(archive)
    assert refused == Misfit("Civitai calls it `Archive`, which no loader reads", ALOUD)
    assert isinstance(wish_for(archive, "loras"), ModelRef)


def test_the_config_files_folders_are_heard() -> None:
    wish = wish_for(candidate("a.pt", source_type="LORA"), overrides={"LORA": "vae"}, folders=FOLDERS)
    assert isinstance(wish, ModelRef)
    assert wish.folders == ("vae",)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("up/4x: Sharp?.pth ", "4x_ Sharp_.pth"),
        ("a\\b\\c.pt/", "c.pt"),
        ("..a.pt..", "a.pt"),
        ("Xa.ptX", "Xa.ptX"),
        ('<|"*>.pt', "_____.pt"),
        ("a\tb\u202e.pt", "a_b_.pt"),
    ],
)
def test_a_sources_name_is_made_one_that_every_system_stores(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize("name", ["", "...", "con.pt"])
def test_a_name_of_which_nothing_is_left_is_refused(name: str) -> None:
    with pytest.raises(UnsafePathError):
        plain_name(name)


GUESS = replace(LORA, certainty=Certainty.GUESS)
NOTHING = Identity(ModelType.UNKNOWN, (), Certainty.GUESS)
LOUD = "`a.safetensors` is a lora by its header (lora keys)"


@pytest.mark.parametrize(
    ("folder", "identity", "told", "root", "remark"),
    [
        ("", LORA, {}, "loras", ""),
        ("", LORA, {"model_type": ModelType.LORA}, "loras", ""),
        ("", LORA, {"model_type": ModelType.OTHER}, "loras", ""),
        (
            "",
            LORA,
            {"model_type": ModelType.TEXT_ENCODER},
            "loras",
            f"{LOUD}, though civitai calls it a text encoder: it goes to loras",
        ),
        (
            "",
            replace(LORA, reasons=()),
            {"model_type": ModelType.VAE},
            "loras",
            "`a.safetensors` is a lora by its header, though civitai calls it a vae: it goes to loras",
        ),
        ("", GUESS, {"source_type": "VAE", "model_type": ModelType.VAE}, "vae", ""),
        (
            "",
            NOTHING,
            {},
            "checkpoints",
            "nobody says what `a.safetensors` is; it goes to checkpoints as the last resort",
        ),
        ("loras", LORA, {"model_type": ModelType.VAE}, "loras", ""),
        ("vae", LORA, {}, "vae", f"{LOUD} and belongs in loras; it goes to vae, as you said"),
        ("vae", GUESS, {}, "vae", ""),
        ("vae", NOTHING, {}, "vae", ""),
        ("loras", replace(LORA, folder="lycoris"), {}, "loras", ""),
    ],
)
def test_the_strongest_witness_says_where_and_what_contradicts_it_is_said_aloud(
    folder: str, identity: Identity, told: dict[str, Any], root: str, remark: str
) -> None:
    result = shelved(folder, identity, **told)
    assert isinstance(result, Settled)
    assert (result.placement.target.folder_key, result.remark) == (root, remark)
    assert result.placement.target.root.startswith("/models/")
    assert (result.placement.staged, result.placement.digests) == ("/models/.part/x", (sha256("a"),))
    assert '"schema": "wfdeps/sidecar/1"' in (result.placement.sidecar or "")


def test_a_download_without_a_ref_is_shelved_by_its_header() -> None:
    step = Download((), candidate("a.pt"), Target("x", "/x", "a.pt"), (), 1, (), ChosenBy.USER)
    result = shelve(Fetched(step, "/p", 1, (), "unverified"), LORA, FOLDERS, "/")
    assert isinstance(result, Settled)
    assert result.placement.target.root == "/models/loras"


def test_what_cannot_be_placed_says_why() -> None:
    step = Download(
        (), candidate("a.zip", file_type="Archive"), Target("x", "/x", "a.zip"), (), 1, (), ChosenBy.USER
    )
    fetched = Fetched(step, "/p", 1, (), "unverified")
    assert shelve(fetched, LORA, FOLDERS, "/") == Misfit(
        "Civitai calls it `Archive`, which no loader reads", ALOUD
    )
    plain = replace(fetched, download=replace(step, candidate=candidate("a.pt")))
    assert shelve(plain, LORA, (), "/") == Misfit(
        "no folder is known for `a.zip`", "pass --comfyui or --models"
    )
