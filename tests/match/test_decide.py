"""The line between deciding and asking."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.match.making import answer, file, ref, settle, sha256
from wfdeps.domain.access import Access, AccessState
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import (
    Answer,
    Candidate,
    Caution,
    Evidence,
    RankedCandidate,
    Verdict,
    VerdictKind,
    Why,
)
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.findings import RefState
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, UrlQuery
from wfdeps.domain.resolutions import Ambiguous, ChosenBy, Resolved, Unresolved
from wfdeps.match.decide import cautions_of, decide
from wfdeps.match.policy import Auto, Policy
from wfdeps.values import replace

NAME = "add_detail.safetensors"
HASH = Policy(auto=Auto.HASH)
BEST = Policy(auto=Auto.BEST)


def taken(resolution: object) -> tuple[int | None, ChosenBy]:
    """The file id that was taken, and why."""
    assert isinstance(resolution, Resolved), resolution
    return resolution.choice.candidate.file_id, resolution.chosen_by


def test_an_equal_sha256_is_enough_whatever_the_name() -> None:
    wanted = ref(NAME, digests=(sha256("a"),))
    assert taken(settle(wanted, file("renamed.safetensors", digests=(sha256("a"),)))) == (1, ChosenBy.HASH)


def test_another_hash_is_never_taken_even_with_the_exact_name() -> None:
    wanted = ref(NAME, digests=(sha256("a"),))
    for policy in (Policy(), BEST):
        resolution = settle(wanted, file(NAME, digests=(sha256("b"),)), policy=policy)
        assert isinstance(resolution, Ambiguous)
        assert "another hash" in resolution.reason


@pytest.mark.parametrize("weak", [Digest(Algorithm.AUTOV1, "de2f2560"), Digest(Algorithm.CRC32, "0d4a1185")])
def test_a_weak_hash_ranks_and_never_decides(weak: Digest) -> None:
    resolution = settle(ref(NAME, digests=(weak,)), file("other.safetensors", digests=(weak,)))
    assert isinstance(resolution, Ambiguous)


def test_a_version_id_picks_its_main_file() -> None:
    air = Air("civitai", "100", "10")
    files = (
        file("main.safetensors", 1),
        file("data.zip", 2, version_id=10, file_type="Training Data", is_primary=False),
        file("full.safetensors", 3, version_id=10, is_primary=False),
    )
    assert taken(settle(ref("x", air=air), *files, asked=AirQuery(air))) == (1, ChosenBy.ID)


def test_training_data_is_no_candidate_however_it_is_asked_for() -> None:
    data = file("x.safetensors", 2, file_type="Training Data")
    for asked in (AirQuery(Air("civitai", "100", "10", "2")), NameQuery("x.safetensors", (ModelType.LORA,))):
        resolution = settle(ref("x.safetensors"), data, asked=asked)
        assert isinstance(resolution, Unresolved)


def test_a_file_id_picks_that_file() -> None:
    air = Air("civitai", "100", "10", "3")
    files = (file("main.safetensors", 1), file("full.safetensors", 3, version_id=10, is_primary=False))
    assert taken(settle(ref("x", air=air), *files, asked=AirQuery(air))) == (3, ChosenBy.ID)


def test_a_model_without_a_version_is_its_one_file_or_a_question() -> None:
    air = Air("civitai", "100")
    one, other = file("main.safetensors", 1), file("newer.safetensors", 2, model_id=100)
    assert taken(settle(ref("x", air=air), one, asked=AirQuery(air))) == (1, ChosenBy.ID)
    resolution = settle(ref("x", air=air), one, other, asked=AirQuery(air))
    assert isinstance(resolution, Ambiguous)
    assert "several files, and none of this name" in resolution.reason
    named = settle(ref("newer.safetensors", air=air), one, other, asked=AirQuery(air))
    assert taken(named) == (2, ChosenBy.NAME)


def test_the_workflows_own_url_is_taken() -> None:
    url = "https://host.example/x.safetensors"
    found = Candidate("url", "x.safetensors", url)
    resolution = settle(ref("x.safetensors", urls=(url,)), found, asked=UrlQuery(url))
    assert isinstance(resolution, Resolved)
    assert resolution.chosen_by is ChosenBy.URL


def test_a_url_in_a_note_is_only_a_hint() -> None:
    url = "https://host.example/x.safetensors"
    found = Candidate("url", "x.safetensors", url)
    wanted = ref("x.safetensors", hints=(url,))
    assert isinstance(settle(wanted, found, asked=UrlQuery(url, hint=True)), Ambiguous)


def test_an_exact_name_of_the_right_type_without_rival_is_taken() -> None:
    assert taken(settle(ref(f"SDXL/{NAME}"), file(NAME), file("add_details.safetensors", 2))) == (
        1,
        ChosenBy.NAME,
    )


def test_an_exact_name_by_the_sites_rule_is_taken() -> None:
    renamed = file(
        "renamed.safetensors", 1, ModelType.CHECKPOINT, model_name="Detail Mix", version_name="v1.0"
    )
    assert taken(settle(ref("detailMix_v10.safetensors", ModelType.CHECKPOINT), renamed)) == (
        1,
        ChosenBy.NAME,
    )


def test_hash_mode_never_takes_a_name() -> None:
    assert isinstance(settle(ref(NAME), file(NAME), policy=HASH), Ambiguous)


@pytest.mark.parametrize(
    "rival",
    [file(NAME, 2), file(NAME, 2, version_id=10, model_id=100, precision="fp32")],
    ids=["of another model", "in the same version"],
)
def test_a_second_file_of_that_name_makes_it_a_question(rival: Candidate) -> None:
    assert isinstance(settle(ref(NAME), file(NAME), rival), Ambiguous)


def test_the_same_bytes_at_two_places_are_no_rivals_but_mirrors() -> None:
    one, other = file(NAME, 1, digests=(sha256("a"),)), file(NAME, 2, digests=(sha256("a"),))
    resolution = settle(ref(NAME), one, other)
    assert isinstance(resolution, Resolved)
    assert resolution.choice.candidate.mirrors == (other.url,)


def test_the_base_model_of_the_workflow_settles_between_two_of_one_name() -> None:
    files = (file(NAME, 1, base_model="SDXL 1.0"), file(NAME, 2, base_model="SD 1.5"))
    assert taken(settle(ref(NAME, base_models=("SD 1.5",)), *files)) == (2, ChosenBy.NAME)


def test_precision_in_the_name_settles_between_two_files_of_a_version() -> None:
    name = "flux_fp8.safetensors"
    files = (file(name, 1, precision="fp16"), file(name, 2, version_id=10, precision="fp8", is_primary=False))
    assert taken(settle(ref(name), *files)) == (2, ChosenBy.NAME)


@pytest.mark.parametrize(
    ("name", "found", "why"),
    [
        ("old.ckpt", file("old.ckpt"), "pickle"),
        (NAME, file(NAME, base_model="SDXL 1.0"), "base model"),
        (NAME, file(NAME, unsafe="dangerous import"), "scanner"),
    ],
)
def test_what_may_hurt_is_never_taken_silently(name: str, found: Candidate, why: str) -> None:
    for policy in (Policy(), BEST):
        resolution = settle(ref(name, base_models=("SD 1.5",)), found, policy=policy)
        assert isinstance(resolution, Ambiguous)
    assert isinstance(resolution, Ambiguous)
    assert why in settle(ref(name, base_models=("SD 1.5",)), found).reason  # type: ignore[union-attr]


def test_a_pickle_is_taken_where_the_person_allows_it() -> None:
    assert taken(settle(ref("old.ckpt"), file("old.ckpt"), policy=Policy(allow_pickle=True))) == (
        1,
        ChosenBy.NAME,
    )


def test_early_access_is_known_by_name_and_not_taken() -> None:
    closed = file(NAME, access=Access(AccessState.EARLY_ACCESS, "early access", "2030-01-01T00:00:00.000Z"))
    resolution = settle(ref(NAME), closed)
    assert isinstance(resolution, Unresolved)
    assert resolution.state is RefState.EARLY_ACCESS
    assert "2030-01-01" in resolution.reason
    assert resolution.candidates[0].candidate == closed


SEEN = replace(answer(file(NAME)), is_whole=False)
ASKED = NameQuery(NAME, (ModelType.LORA,))


@pytest.mark.parametrize(
    "search",
    [
        (),
        (Answer((), Verdict("civitai", VerdictKind.UNREACHABLE, "offline, and not remembered")),),
        (Answer((), Verdict("civitai", VerdictKind.RATE_LIMITED)),),
        (answer(source="official"),),
    ],
    ids=["nobody asked", "unreachable", "rate limited", "another source asked"],
)
def test_a_file_only_seen_before_is_not_taken_by_its_name(search: tuple[Answer, ...]) -> None:
    resolution = decide(ref(NAME), [(ASKED, told) for told in (SEEN, *search)])
    assert isinstance(resolution, Ambiguous)
    assert "civitai was not asked whether others bear it" in resolution.reason
    assert resolution.candidates[0].evidence[-1].why is Why.RIVALS_UNKNOWN


def test_a_file_seen_before_is_taken_once_the_search_knows_no_rival() -> None:
    assert taken(decide(ref(NAME), [(ASKED, SEEN), (ASKED, answer())])) == (1, ChosenBy.NAME)


def test_a_rival_only_the_search_knows_makes_a_file_seen_before_a_question() -> None:
    resolution = decide(ref(NAME), [(ASKED, SEEN), (ASKED, answer(file(NAME, 2)))])
    assert isinstance(resolution, Ambiguous)
    assert {one.candidate.file_id for one in resolution.candidates} == {1, 2}


def test_what_a_source_says_now_is_newer_than_what_was_seen() -> None:
    bought = file(NAME, access=Access(AccessState.EARLY_ACCESS, "early access", "2030-01-01T00:00:00.000Z"))
    resolution = decide(ref(NAME), [(ASKED, SEEN), (ASKED, answer(bought))])
    assert isinstance(resolution, Unresolved)
    assert resolution.state is RefState.EARLY_ACCESS


def test_another_type_of_that_name_is_not_taken() -> None:
    assert isinstance(settle(ref(NAME), file(NAME, 1, ModelType.CHECKPOINT)), Ambiguous)


def test_a_checkpoint_on_the_site_may_be_the_diffusion_model_of_a_workflow() -> None:
    wanted = ref("flux_dev.safetensors", ModelType.DIFFUSION_MODEL)
    assert taken(settle(wanted, file("flux_dev.safetensors", 1, ModelType.CHECKPOINT))) == (1, ChosenBy.NAME)


def test_a_name_that_says_nothing_is_never_taken() -> None:
    name = "pytorch_lora_weights.safetensors"
    for policy in (Policy(), BEST):
        assert isinstance(settle(ref(name), file(name), policy=policy), Ambiguous)


@pytest.mark.parametrize(
    "written",
    [
        "Add Detail.safetensors",
        "add_detail (1).safetensors",
        "add_detail_fp16.safetensors",
        "add_detai.safetensors",
        "3f2a91c07b_add_detail.safetensors",
        "add_detail.safetensors.safetensors",
        "add_detail_1187153.safetensors",
    ],
)
def test_a_name_that_is_only_close_is_shown_first_and_not_taken(written: str) -> None:
    resolution = settle(ref(written), file("bad_detail_maker.safetensors", 2), file(NAME))
    assert isinstance(resolution, Ambiguous)
    assert resolution.candidates[0].candidate.file_id == 1


def test_a_file_called_after_its_models_page_is_shown_and_not_taken() -> None:
    found = file("dtxl_final3.safetensors", model_name="Detail Tweaker XL", version_name="v1.0")
    resolution = settle(ref("Detail Tweaker XL.safetensors"), found)
    assert isinstance(resolution, Ambiguous)
    assert "the model is called" in str(resolution.candidates[0].evidence[0])


def test_the_best_is_taken_only_where_asked_for() -> None:
    assert taken(settle(ref("add_detail (1).safetensors"), file(NAME), policy=BEST)) == (1, ChosenBy.POLICY)


def test_popularity_only_breaks_ties() -> None:
    files = (file("add_details.safetensors", 1, downloads=10**6), file(NAME, 2, downloads=1))
    resolution = settle(ref(NAME), *files)
    assert taken(resolution) == (2, ChosenBy.NAME)


def test_what_a_person_chose_is_taken_whatever_it_is_called() -> None:
    chosen = Answer((file("other.ckpt"),), Verdict("answers", VerdictKind.FOUND, "by you"))
    wanted = ref(NAME)
    resolution = decide(wanted, [(NameQuery(NAME, (ModelType.LORA,)), chosen)])
    assert taken(resolution) == (1, ChosenBy.USER)


@pytest.mark.parametrize("kind", [VerdictKind.UNREACHABLE, VerdictKind.RATE_LIMITED])
def test_who_did_not_answer_leaves_it_undecided_and_is_named_whatever_the_others_say(
    kind: VerdictKind,
) -> None:
    query = NameQuery(NAME, (ModelType.LORA,))
    silent = Answer((), Verdict("civitai", kind, "not available in this region"))
    resolution = decide(ref(NAME), [(query, silent), (query, answer(source="catalogue"))])
    assert isinstance(resolution, Unresolved)
    assert resolution.state is RefState.UNDECIDED
    assert resolution.reason == "civitai: not available in this region"


def test_a_miss_by_hash_never_means_deleted() -> None:
    wanted = ref(NAME, digests=(sha256("a"),))
    resolution = decide(wanted, [(HashQuery(sha256("a")), answer())])
    assert isinstance(resolution, Unresolved)
    assert resolution.state is RefState.UNRESOLVED
    assert "deleted" not in resolution.reason


def test_the_order_does_not_depend_on_who_answered_first() -> None:
    files = [file(f"add_detail_{number}.safetensors", number) for number in range(1, 8)]
    one, other = settle(ref(NAME), *files), settle(ref(NAME), *reversed(files))
    assert one == other


_FILES = st.builds(
    file,
    st.sampled_from([NAME, "Add Detail.safetensors", "add_detail.ckpt", "else.safetensors", ""]),
    st.integers(1, 5),
    st.sampled_from([ModelType.LORA, ModelType.CHECKPOINT, ModelType.UNKNOWN]),
    digests=st.sampled_from([(), (sha256("a"),), (sha256("b"),)]),
    base_model=st.sampled_from([None, "SD 1.5", "SDXL 1.0"]),
    unsafe=st.sampled_from(["", "danger"]),
)


@given(st.lists(_FILES, max_size=6), st.sampled_from(list(Auto)), st.sampled_from([(), (sha256("a"),)]))
def test_what_is_taken_never_has_another_hash_a_warning_or_another_base(
    files: list[Candidate], auto: Auto, digests: tuple[Digest, ...]
) -> None:
    resolution = settle(ref(NAME, digests=digests, base_models=("SD 1.5",)), *files, policy=Policy(auto=auto))
    if not isinstance(resolution, Resolved):
        return
    against = {Why.HASH_DIFFERS, Why.TYPE_DIFFERS, Why.BASE_DIFFERS}
    if resolution.chosen_by is ChosenBy.HASH:
        against -= {Why.TYPE_DIFFERS}
    assert against.isdisjoint(piece.why for piece in resolution.choice.evidence)
    assert not resolution.choice.candidate.unsafe
    assert not resolution.choice.candidate.file_name.endswith(".ckpt")


@given(st.lists(_FILES, max_size=6))
def test_confidence_falls_from_the_first_to_the_last(files: list[Candidate]) -> None:
    resolution = settle(ref("else_where.safetensors"), *files)
    if isinstance(resolution, Ambiguous):
        said = [one.confidence for one in resolution.candidates]
        assert said == sorted(said, reverse=True)
        assert all(0 <= one <= 1 for one in said)


def test_a_file_is_counted_once_however_often_it_was_told() -> None:
    found = file(NAME)
    assert isinstance(settle(ref(NAME), found, found, replace(found)), Resolved)


def made(evidence: Sequence[Evidence] = (), **more: object) -> RankedCandidate:
    """A candidate named `a.safetensors`, unless told otherwise, with this evidence."""
    name = str(more.pop("name", "a.safetensors"))
    return RankedCandidate(file(name, **more), tuple(evidence), 0.9)


@pytest.mark.parametrize(
    ("ranked", "caution"),
    [
        (made([Evidence(Why.HASH_DIFFERS, "")]), Caution.HASH_DIFFERS),
        (made(access=Access(if_bought=True)), Caution.BOUGHT),
        (made(unsafe="a warning"), Caution.SCANNER),
        (made(name="a.ckpt"), Caution.PICKLE),
        (made([Evidence(Why.BASE_DIFFERS, "")]), Caution.BASE_DIFFERS),
        (made(access=Access(AccessState.DISABLED)), Caution.CLOSED),
        (made([Evidence(Why.TYPE_DIFFERS, "")]), Caution.TYPE_DIFFERS),
        (made([Evidence(Why.PAIR_DIFFERS, "")]), Caution.PAIR_DIFFERS),
        (made(file_type="Training Data"), Caution.NOT_A_MODEL),
        (made(file_type="Archive"), Caution.NOT_A_MODEL),
        (made(name="a.yaml"), Caution.NOT_A_MODEL),
    ],
)
def test_each_reason_to_ask_has_its_caution(ranked: RankedCandidate, caution: Caution) -> None:
    assert cautions_of(ranked, Policy()) == (caution,)


def test_nothing_against_it_is_no_caution_and_allowed_pickles_are_none() -> None:
    assert cautions_of(made([Evidence(Why.NAME_EXACT, "")]), Policy()) == ()
    assert cautions_of(made(access=Access(AccessState.TOKEN)), Policy()) == ()
    assert cautions_of(made(name="a.ckpt"), Policy(allow_pickle=True)) == ()


def test_what_speaks_against_a_name_only_does_not_outweigh_a_proof() -> None:
    assert {caution for caution in Caution if not caution.outweighs_proof} == {
        Caution.TYPE_DIFFERS,
        Caution.PAIR_DIFFERS,
        Caution.NOT_A_MODEL,
    }


def test_a_version_whose_number_is_the_name_is_offered_and_never_taken() -> None:
    wanted = ref("226804.safetensors", model_type=ModelType.CHECKPOINT)
    version = file("harbourReal_v3.safetensors", model_type=ModelType.CHECKPOINT, version_id=226804)
    query = AirQuery(Air("civitai", "0", "226804"), hint=True)
    for policy in (Policy(), BEST):
        resolution = decide(wanted, [(query, answer(version))], policy=policy)
        assert isinstance(resolution, Ambiguous)
        assert "number of this version" in resolution.reason
        assert [one.candidate.version_id for one in resolution.candidates] == [226804]
