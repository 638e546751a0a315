"""An error of ComfyUI's is explained with the model folders, with the workflow, or with neither."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.weights import holding
from tests.jobs.helpers import doors_of, readings_of
from tests.whole.conftest import Person
from wfdeps.domain.findings import RefState
from wfdeps.jobs.explain import explain_errors

ERROR = (Path(__file__).parents[1] / "cli" / "data" / "refused_truncated.json").read_text(encoding="utf-8")
UNET = "wan2.1_t2v_1.3B_fp16.safetensors"


def test_without_folders_it_says_what_and_where_and_nothing_of_what_is_here() -> None:
    encoder, unet = explain_errors(ERROR, None)
    assert encoder.ref is not None
    assert (encoder.ref.folder, encoder.finding, encoder.target) == ("text_encoders", None, "")
    assert unet.ref is not None
    assert unet.ref.name == UNET


def test_with_folders_it_says_what_is_here(person: Person) -> None:
    path = person.models / "checkpoints" / UNET
    path.parent.mkdir()
    path.write_bytes(holding(b"x"))
    with doors_of(person) as doors:
        _, unet = explain_errors(ERROR, doors.library_if_any())
    assert unet.finding is not None
    assert unet.finding.state is RefState.WRONG_FOLDER
    assert unet.target == f"{person.models}/diffusion_models/{UNET}"


def test_with_the_workflow_its_own_ref_is_the_answer() -> None:
    name = "umt5_xxl_fp8_e4m3fn_scaled.safetensors"
    readings = readings_of(CLIPLoader={"clip_name": name, "type": "wan"})
    encoder, _ = explain_errors(ERROR, None, readings)
    assert encoder.ref is not None
    assert [site.workflow for site in encoder.ref.sites] == ["wf.json"]


def test_any_other_text_has_no_explanation() -> None:
    assert explain_errors("all is well", None) == ()
