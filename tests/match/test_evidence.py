"""What each reason is worth: a changed figure changes what is taken."""

from __future__ import annotations

from typing import Any

import pytest

from tests.match.making import file, ref, sha256
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Evidence, Why
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, Query, UrlQuery
from wfdeps.match.evidence import closeness, confidence_of, evidence_for, has, likeness, rank
from wfdeps.match.spelling import spell
from wfdeps.values import replace

_W = Why
WORTH = {
    _W.CHOSEN_BEFORE: 1.0, _W.SAME_HASH: 0.99, _W.SAME_ID: 0.95, _W.SAME_URL: 0.93, _W.NAME_EXACT: 0.88,
    _W.NAME_BY_RULE: 0.87, _W.NAME_SAME_STEM: 0.74, _W.NAME_CLOSE: 0.6, _W.WEAK_HASH: 0.5, _W.IN_NOTE: 0.3,
    _W.NUMBER_AS_NAME: 0.3,
}  # fmt: skip
ADDS = {
    _W.TYPE_AGREES: 0.05, _W.BASE_AGREES: 0.04, _W.PRECISION_AGREES: 0.03, _W.WEAK_HASH: 0.04, _W.IN_NOTE: 0.02,
    _W.TYPE_DIFFERS: -0.35, _W.BASE_DIFFERS: -0.25, _W.PRECISION_DIFFERS: -0.08, _W.PAIR_DIFFERS: -0.3,
    _W.HASH_DIFFERS: -0.6,
}  # fmt: skip


def confidence(*whys: Why, alike: float = 1.0) -> float:
    return confidence_of([Evidence(why) for why in whys], alike)


@pytest.mark.parametrize("why", Why)
def test_what_a_reason_is_worth_alone(why: Why) -> None:
    assert confidence(why) == min(
        WORTH.get(why, 0.0), 1.0 if why in (_W.CHOSEN_BEFORE, _W.SAME_HASH, _W.SAME_ID) else 0.97
    )


@pytest.mark.parametrize("why", Why)
def test_what_a_reason_adds_to_a_stem(why: Why) -> None:
    if WORTH.get(why, 0) <= WORTH[_W.NAME_SAME_STEM]:
        assert confidence(_W.NAME_SAME_STEM, why) == pytest.approx(0.74 + ADDS.get(why, 0.0))
        assert confidence(why, why, _W.NAME_SAME_STEM) == confidence(_W.NAME_SAME_STEM, why)


def test_confidence_has_bounds_and_only_a_proof_reaches_one() -> None:
    assert confidence(_W.SAME_URL, _W.TYPE_AGREES) == 0.97
    assert confidence(_W.SAME_HASH, _W.TYPE_AGREES) == 1.0
    assert confidence(_W.IN_NOTE, _W.HASH_DIFFERS) == 0.0
    assert confidence() == confidence(_W.TYPE_AGREES) == 0.0


@pytest.mark.parametrize(
    ("why", "value"), [(_W.NAME_CLOSE, 0.3), (_W.NAME_SAME_STEM, 0.37), (_W.NAME_EXACT, 0.88)]
)
def test_only_a_name_that_is_not_exact_counts_by_its_likeness(why: Why, value: float) -> None:
    assert confidence(why, alike=0.5) == value


def whys(candidate: Any, wanted: Any, *asked: Query, base_models: tuple[str, ...] = ()) -> dict[Why, str]:
    return {piece.why: piece.detail for piece in evidence_for(candidate, wanted, asked, base_models)}


@pytest.mark.parametrize(
    ("wanted", "theirs", "why", "detail"),
    [
        ((sha256("a"),), (sha256("a"),), _W.SAME_HASH, f"sha256:{'a' * 64}"),
        ((sha256("a"),), (sha256("b"),), _W.HASH_DIFFERS, "the workflow names another hash"),
        ((Digest(Algorithm.AUTOV1, "12345678"),), (Digest(Algorithm.AUTOV1, "12345678"),), _W.WEAK_HASH, "autov1:12345678"),
        (
            (Digest(Algorithm.AUTOV2, "a" * 10), sha256("a")),
            (sha256("a"), Digest(Algorithm.AUTOV2, "a" * 10)),
            _W.SAME_HASH,
            f"sha256:{'a' * 64}",
        ),
    ],
)  # fmt: skip
def test_a_hash_speaks_for_or_against(
    wanted: tuple[Digest, ...], theirs: tuple[Digest, ...], why: Why, detail: str
) -> None:
    told = whys(file("z.pt", digests=theirs), ref("a.pt", digests=wanted))
    assert told[why] == detail
    assert {_W.SAME_HASH, _W.HASH_DIFFERS, _W.WEAK_HASH} & set(told) == {why}


AIR = Air("civitai", "100", "10")


@pytest.mark.parametrize(
    ("query", "why", "detail"),
    [
        (AirQuery(AIR), _W.SAME_ID, str(AIR)),
        (AirQuery(AIR, hint=True), _W.NUMBER_AS_NAME, "Civitai version 10"),
        (AirQuery(Air("civitai", "100", "10", "1")), _W.SAME_ID, str(Air("civitai", "100", "10", "1"))),
        (AirQuery(Air("civitai", "100", "10", "2")), None, ""),
        (AirQuery(Air("civitai", "100", "11")), None, ""),
        (AirQuery(Air("civitai", "100")), _W.SAME_ID, str(Air("civitai", "100"))),
        (AirQuery(Air("civitai", "101")), None, ""),
        (AirQuery(Air("huggingface", "100", "10")), None, ""),
        (UrlQuery("https://example.org/a"), _W.SAME_URL, "https://example.org/a"),
        (UrlQuery("https://example.org/a", hint=True), _W.IN_NOTE, "https://example.org/a"),
        (UrlQuery("https://huggingface.co/o/r"), _W.IN_NOTE, "https://huggingface.co/o/r"),
        (UrlQuery("https://huggingface.co/o/r/resolve/main/z.pt"), _W.SAME_URL, "https://huggingface.co/o/r/resolve/main/z.pt"),
        (HashQuery(sha256("a")), None, ""),
        (NameQuery("a.pt"), None, ""),
    ],
)  # fmt: skip
def test_what_was_asked_is_evidence_as_far_as_it_names_the_file(
    query: Query, why: Why | None, detail: str
) -> None:
    told = whys(file("z.pt"), ref("unlike-it.pt"), query)
    of_question = {_W.SAME_ID, _W.NUMBER_AS_NAME, _W.SAME_URL, _W.IN_NOTE} & set(told)
    assert of_question == ({why} if why else set())
    assert not why or told[why] == detail


def test_a_repositorys_page_names_the_file_of_the_workflows_name() -> None:
    page = UrlQuery("https://huggingface.co/o/r")
    assert has(evidence_for(file("a.pt"), ref("s/a.pt"), [page]), _W.SAME_URL)


def test_a_repository_is_named_by_its_air() -> None:
    repository = AirQuery(Air("huggingface", "o/r"))
    named = file("a.pt", model_name="o/r")
    assert has(evidence_for(replace(named, source="huggingface"), ref("b.pt"), [repository]), _W.SAME_ID)
    assert not has(
        evidence_for(replace(named, source="huggingface", model_name="o/x"), ref("b.pt"), [repository]),
        _W.SAME_ID,
    )


NAMES = [
    ("sub/add_detail.pt", {}, _W.NAME_EXACT, "add_detail.pt"),
    ("add_detail", {}, _W.NAME_EXACT, "add_detail.pt"),
    ("Add Detail (1).safetensors", {}, _W.NAME_SAME_STEM, "add_detail.pt"),
    ("add_detail_fp16.pt", {}, _W.NAME_SAME_STEM, "add_detail.pt"),
    ("mine.pt", {"uploaded_name": "mine.pt"}, _W.NAME_EXACT, "mine.pt, as it was uploaded"),
    ("add_detai.pt", {}, _W.NAME_CLOSE, "95% alike: add_detail.pt"),
    ("quite_other.pt", {}, None, ""),
]


@pytest.mark.parametrize(("name", "more", "why", "detail"), NAMES)
def test_how_a_name_speaks_for_a_file(name: str, more: dict[str, Any], why: Why | None, detail: str) -> None:
    told = whys(file("add_detail.pt", **more), ref(name))
    by_name = {_W.NAME_EXACT, _W.NAME_BY_RULE, _W.NAME_SAME_STEM, _W.NAME_CLOSE} & set(told)
    assert by_name == ({why} if why else set())
    if why is _W.NAME_CLOSE:
        assert told[why].endswith("alike: add_detail.pt")
    elif why:
        assert told[why] == detail
    assert (_W.RIVALS_UNKNOWN in told) == ("uploaded_name" in more)


_T = ModelType
TYPES = [
    (_T.LORA, _T.LORA, "LORA", "Model", True), (_T.LORA, _T.CHECKPOINT, "Checkpoint", "Model", False),
    (_T.LORA, _T.UNKNOWN, "", "Model", None), (_T.LORA, _T.OTHER, "Other", "Model", None),
    (_T.UNKNOWN, _T.LORA, "LORA", "Model", None),
    (_T.CONTROLNET, _T.CONTROL_LORA, "", "Model", True), (_T.CONTROLNET, _T.T2I_ADAPTER, "", "Model", True),
    (_T.CONTROLNET, _T.LORA, "", "Model", False),
    (_T.MOTION_LORA, _T.MOTION_MODULE, "", "Model", True), (_T.MOTION_LORA, _T.LORA, "", "Model", True),
    (_T.VAE, _T.VAE_APPROX, "", "Model", True), (_T.DETECTOR, _T.SAM, "", "Model", True),
    (_T.SAM, _T.DETECTOR, "", "Model", False),
    (_T.DIFFUSION_MODEL, _T.CHECKPOINT, "Checkpoint", "Model", True),
    (_T.DIFFUSION_MODEL, _T.CHECKPOINT, "Checkpoint", "Pruned Model", True),
    (_T.DIFFUSION_MODEL, _T.CHECKPOINT, "Checkpoint", "", True),
    (_T.DIFFUSION_MODEL, _T.CHECKPOINT, "Checkpoint", "VAE", False),
    (_T.DIFFUSION_MODEL, _T.LORA, "LORA", "Model", False),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "theirs", "source_type", "file_type", "fits"), TYPES)
def test_which_types_a_loader_takes(
    wanted: ModelType, theirs: ModelType, source_type: str, file_type: str, fits: bool | None
) -> None:
    candidate = file("a.pt", model_type=theirs, source_type=source_type, file_type=file_type)
    told = whys(candidate, ref("a.pt", wanted))
    assert {_W.TYPE_AGREES, _W.TYPE_DIFFERS} & set(told) == {
        True: {_W.TYPE_AGREES},
        False: {_W.TYPE_DIFFERS},
        None: set(),
    }[fits]


def test_a_type_that_differs_is_told_with_what_is_wanted() -> None:
    wanted = replace(ref("a.pt"), folders=("loras", "vae"))
    told = whys(file("a.pt", model_type=_T.CHECKPOINT, source_type="Checkpoint"), wanted)
    assert told[_W.TYPE_DIFFERS] == "Checkpoint, wanted lora or vae"


@pytest.mark.parametrize(
    ("wanted", "told", "here", "why", "detail"),
    [
        (("SD 1.5",), "SD 1.4", (), _W.BASE_AGREES, "SD 1.4"),
        (("SD 1.5", "Pony"), "Flux.1 D", (), _W.BASE_DIFFERS, "Flux.1 D, the workflow is SD 1.5 and Pony"),
        ((), "SD 1.4", ("SD 1.5",), _W.BASE_AGREES, "SD 1.4"),
        (("Pony",), "SD 1.4", ("SD 1.5",), _W.BASE_DIFFERS, "SD 1.4, the workflow is Pony"),
        (("SD 1.5",), None, (), None, ""),
    ],
)  # fmt: skip
def test_the_refs_own_base_model_comes_before_the_workflows(
    wanted: tuple[str, ...], told: str | None, here: tuple[str, ...], why: Why | None, detail: str
) -> None:
    evidence = whys(file("a.pt", base_model=told), ref("a.pt", base_models=wanted), base_models=here)
    assert {_W.BASE_AGREES, _W.BASE_DIFFERS} & set(evidence) == ({why} if why else set())
    assert not why or evidence[why] == detail


@pytest.mark.parametrize(
    ("name", "theirs", "more", "why", "detail"),
    [
        ("a_fp16.pt", "a.pt", {"precision": "fp16"}, _W.PRECISION_AGREES, "fp16"),
        ("a_fp16.pt", "a.pt", {"precision": "FP-32"}, _W.PRECISION_DIFFERS, "fp32, the name says fp16"),
        ("a_fp8.pt", "a.pt", {"precision": "fp8_e4m3fn"}, _W.PRECISION_AGREES, "fp8"),
        ("a_fp8_e4m3fn.pt", "a.pt", {"precision": "fp8"}, _W.PRECISION_AGREES, "fp8e4m3fn"),
        ("a_q4_0.pt", "a.pt", {"precision": "fp16", "variant": "Q4_0"}, _W.PRECISION_AGREES, "q40"),
        ("a_fp16.pt", "a_bf16.pt", {"variant": "full"}, _W.PRECISION_DIFFERS, "bf16, the name says fp16"),
        ("a_fp16.pt", "a_bf16.pt", {"variant": "pruned"}, _W.PRECISION_DIFFERS, "bf16, the name says fp16"),
        ("a_fp16.pt", "a.pt", {}, None, ""),
        ("a.pt", "a.pt", {"precision": "fp16"}, None, ""),
    ],
)  # fmt: skip
def test_a_precision_in_the_name_speaks_for_files_that_have_it(
    name: str, theirs: str, more: dict[str, Any], why: Why | None, detail: str
) -> None:
    told = whys(file(theirs, **more), ref(name))
    assert {_W.PRECISION_AGREES, _W.PRECISION_DIFFERS} & set(told) == ({why} if why else set())
    assert not why or told[why] == detail


def test_downloads_are_told_and_weigh_nothing() -> None:
    assert whys(file("a.pt", downloads=1234), ref("b.pt"))[_W.POPULAR] == "1,234 downloads"
    assert _W.POPULAR not in whys(file("a.pt", downloads=0), ref("a.pt"))


def test_another_ending_takes_two_hundredths_from_a_name_that_is_not_exact() -> None:
    same, other = (
        rank(file("add_detail.pt"), ref(name), (), ()) for name in ("Add Detail.pt", "Add Detail.bin")
    )
    assert same.confidence == pytest.approx(0.74 + 0.05)
    assert other.confidence == pytest.approx(0.74 * 0.98 + 0.05, abs=0.001)


@pytest.mark.parametrize(
    ("ours", "theirs", "value"),
    [("abcdefghij", "abcdefghij", 1.0), ("abcd", "abcdefgh", 8 / 12 + 0.01), ("abcd_fp16", "abcd", 0.99), ("lantern-12345", "lantern", 0.98), ("abcd", "wxyz", 0.0)],
)  # fmt: skip
def test_how_alike_two_names_are(ours: str, theirs: str, value: float) -> None:
    assert likeness(spell(ours), theirs) == pytest.approx(value)


def test_a_models_title_counts_less_than_a_files_name() -> None:
    titled = file("z9q.pt", model_name="Add Detail", version_name="v2")
    assert closeness(spell("add_detail.pt"), titled) == (0.88, "the model is called `Add Detail`")
    assert closeness(spell("add_detail_v2.pt"), titled) == (0.88, "the model is called `Add Detail v2`")
    assert closeness(spell("z9q.pt"), titled) == (1.0, "z9q.pt")
    assert closeness(spell("add_detail.pt"), file("z9q.pt"))[1] == "z9q.pt"
