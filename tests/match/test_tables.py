"""The tables of facts behind names and base models: a word that falls out of one, or changes, is seen here."""

from __future__ import annotations

import pytest

from wfdeps.match.base_models import bases_agree, family_of
from wfdeps.match.search_terms import PREFIX_LETTERS, says_nothing, search_terms
from wfdeps.match.spelling import bare_key_of, core_of, key_of, keys_of, precision_of, spell

FAMILIES = {
    "sd1": "sd 1.5, sd 1.4, sd 1.5 lcm, sd1.5, sd15, sd1, odor",
    "sd2": "sd 2.0, sd 2.1 768, sd2.1, sd21, sd2",
    "sdxl": "sdxl 1.0, sdxl turbo, sd xl, illustrious, noobai, pony, playground v2, sdxl distilled",
    "sd3": "sd 3, sd 3.5 large, sd3",
    "auraflow": "pony v7, auraflow",
    "scascade": "stable cascade",
    "flux1": "flux.1 d, flux.1 s, flux1, flux, flux.1 krea, flux.1 kontext",
    "flux2": "flux.2 d, flux2",
    "hydit1": "hunyuan 1, hunyuandit",
    "hyv1": "hunyuan video, hunyuan_video",
    "wan22-5b": "wan video 2.2 ti2v-5b",
    "wan-1.3b": "wan video 1.3b t2v",
    "wan-14b": "wan video, wan video 14b t2v, wan video 2.2 i2v-a14b",
    "zimage": "zimageturbo, zimagebase",
    "ltxv2": "ltxv 2.3, ltxv2, ltx2",
    "ltxv": "ltxv",
    "lumina": "lumina2, lumina",
    "pixart": "pixart a, pixart e",
    "qwen": "qwen, qwen 2",
    "svd": "svd, svd xt",
    "": "other, upscaler, none, wan, flux dev",
}
ALONE = (
    "anima, chroma, cogvideox, ernie, grok, happyhorse, hidream, hidream-o1, ideogram, boogu, kolors, lens, mageflow, "
    "mai, mochi, krea 2, krea_2, ace audio, hunyuan3d, minimax h3"
)


@pytest.mark.parametrize(
    ("name", "family"),
    [(name, family) for family, names in FAMILIES.items() for name in names.split(", ")]
    + [(name, name) for name in ALONE.split(", ")],
)
def test_each_base_model_is_of_its_family(name: str, family: str) -> None:
    assert family_of(name) == family_of(f" {name.upper()} ") == family


def test_a_file_fits_if_it_is_of_one_of_the_wanted_families() -> None:
    assert bases_agree(("SD 1.5", "Pony"), "SDXL 1.0") is True
    assert bases_agree(("Other", "Pony"), "SD 1.5") is False
    assert bases_agree(("Other",), "SD 1.5") is None
    assert family_of(None) == ""


NOISE = (
    "lora locon lycoris loha dora lo ra v ver version epoch step steps final last fix fixed new sd sdxl xl pony il ill "
    "illustrious noob noobai flux test ti emb embedding model models safetensors pruned full by the of a an and "
    "for in on to with from no vae dim alpha rank"
)


@pytest.mark.parametrize("word", NOISE.split())
def test_words_of_trainers_and_grammar_are_not_searched_for(word: str) -> None:
    terms = search_terms(f"Lantern {word} Harbor.safetensors")
    assert "Lantern Harbor" in terms
    assert word not in (term.casefold() for term in terms)


@pytest.mark.parametrize("word", ["ocean", "modelled"])
def test_any_other_word_is(word: str) -> None:
    assert "Lantern Harbor" not in search_terms(f"Lantern {word} Harbor.safetensors")


SILENT = {
    "the name every diffusers LoRA has": "pytorch_lora_weights, pytorch-lora-weights, x/Pytorch Lora Weights",
    "the name every transformers model has": "pytorch_model, pytorch_model-00001-of-00003",
    "the name every diffusers part has": "diffusion_pytorch_model, diffusion_pytorch_model.fp16",
    "the name every PEFT adapter has": "adapter_model",
    "the name every repository's main file has": "model, model.fp32, model-bf16, model (1)",
    "a name any LoRA may have": "lora",
    "the name a trainer gives its last step": "last",
    "a name any training run may end with": "final",
    "the name every diffusers embedding has": "learned_embeds",
    "a part of every model": "unet, vae, text_encoder",
    "a name any training run may have": "checkpoint",
    "a part of many repositories": "ip_adapter, ip-adapter",
    "what a browser calls a file without a name": "download",
    "no name at all": "untitled",
    "a name any file may have": "test",
    "a number that a platform gives a file": "tmp3k_x9qzw, 0b5a6d1e-8a3c-4d5e-9f00-1234567890ab, " + "ab" * 16 + ", " + "ab" * 32,
    "the name a trainer gives a step": "epoch-000005, step 12, checkpoint_9, e1, s-3, 000010, 7",
    "": "lantern, tmp3k_x9qz, models, epoch-0000000005x, unet2",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "why"), [(name, why) for why, names in SILENT.items() for name in names.split(", ")]
)
def test_why_a_name_says_nothing(name: str, why: str) -> None:
    assert says_nothing(f"{name}.safetensors") == why


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("urn:air:sd1:lora:civitai:1@2", True),
        ("https://example.org/models/9", True),
        ("https://example.org/lantern.pt", False),
        ("lantern", False),
    ],
)
def test_an_address_that_ends_in_no_file_cannot_be_searched(name: str, address: bool) -> None:
    assert (says_nothing(name) == "it is an address, no file's name") is address


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        (
            "dreamShaperXL_v21TurboDPMSDE.safetensors",
            ("dream Shaper XL", "dreamShaperXL", "dream Shaper", "Shaper XL", "Shaper", "dream", "drea", "dre"),
        ),
        (
            "GrecoRomaPunkAI.safetensors",
            ("GrecoRomaPunkAI", "Greco Roma Punk AI", "Greco Roma", "Greco Roma Punk", "Greco", "Roma", "Punk", "Grec", "Gre"),
        ),
    ],
)  # fmt: skip
def test_all_the_terms_of_a_name_in_their_order(name: str, terms: tuple[str, ...]) -> None:
    assert search_terms(name)[: len(terms)] == terms


def test_a_fused_word_is_searched_by_its_beginnings() -> None:
    assert PREFIX_LETTERS == (6, 5, 4, 3)
    terms = search_terms("ASHLEYCL4.safetensors")
    assert [term for term in terms if "ASHLEYCL".startswith(term)] == [
        "ASHLEYCL",
        "ASHLEY",
        "ASHLE",
        "ASHL",
        "ASH",
    ]


ENDINGS = "safetensors sft ckpt pt pt2 pth bin pkl gguf onnx zip yaml yml json safetensor patch engine"


@pytest.mark.parametrize("ending", ENDINGS.split())
def test_the_endings_that_are_taken_off_a_name(ending: str) -> None:
    spelling = spell(f"sub\\a.b.{ending.upper()} ")
    assert (spelling.base, spelling.stem, spelling.ending) == (f"a.b.{ending.upper()}", "a.b", f".{ending}")


@pytest.mark.parametrize("name", ["lora_v1.5", ".safetensors", "a.safetensors.part", "safetensors", "a."])
def test_what_is_no_ending_stays(name: str) -> None:
    assert (spell(name).stem, spell(name).ending) == (name, "")


@pytest.mark.parametrize("ending", ENDINGS.split())
def test_which_endings_are_pickles(ending: str) -> None:
    assert spell(f"a.{ending}").is_pickle is (ending in {"ckpt", "pt", "pt2", "pth", "bin", "pkl"})


PRECISIONS = {
    "a_fp16": "fp16", "a-fp8": "fp8", "a fp32": "fp32", "a_fp64": "fp64", "a_fp4": "fp4", "a_fp8_e4m3fn": "fp8e4m3fn",
    "a_fp8-e5m2": "fp8e5m2", "a_fp8_scaled": "fp8scaled", "a_fp8_e4m3fn_fast": "fp8e4m3fnfast", "a_f16": "f16",
    "a_f32": "f32", "a_bf16": "bf16", "a_nf4": "nf4", "a_nvfp4": "nvfp4", "a_mxfp8": "mxfp8", "a_int4": "int4",
    "a_int8": "int8", "a-Q4_K_M": "q4km", "a-IQ3_XXS": "iq3xxs", "a_q8_0": "q80", "a_fp16_q5_1": "q51",
    "modelFp16Pruned": "fp16", "modelBF16": "bf16", "a": "", "afp16b": "", "q9_0": "",
}  # fmt: skip


@pytest.mark.parametrize(("stem", "precision"), PRECISIONS.items())
def test_what_precision_a_name_claims(stem: str, precision: str) -> None:
    assert precision_of(stem) == precision


@pytest.mark.parametrize(
    "word",
    ["pruned", "full", "emaonly", "noema", "nonema", "half", "scaled", "ema", "no", "only", "fp16", "Q4_K_M"],
)
def test_words_of_variants_do_not_count_in_a_bare_key(word: str) -> None:
    assert bare_key_of(f"lantern-{word}") == "lantern"
    assert bare_key_of(word) == key_of(word) != ""


@pytest.mark.parametrize(
    ("stem", "core"),
    [
        ("1a2b3c4d5e_add_detail_87153.safetensors (1)", "add_detail"),
        ("lantern (2)", "lantern"),
        ("lantern - copy 3", "lantern"),
        ("lantern_kopie", "lantern"),
        ("4xUltrasharp.D8rD", "4xUltrasharp"),
        ("4xUltrasharp.abcd", "4xUltrasharp.abcd"),
        ("lantern-12345", "lantern"),
        ("lantern-1234", "lantern-1234"),
        ("lantern-12345678", "lantern-12345678"),
        ("abcdefab_lantern", "abcdefab_lantern"),
        ("a1cdefab_lantern", "lantern"),
        ("a1cdefa_lantern", "a1cdefa_lantern"),
        ("12345678", "12345678"),
    ],
)
def test_what_sites_and_tools_put_round_a_name_is_taken_off(stem: str, core: str) -> None:
    assert core_of(stem) == core


def test_the_surest_key_comes_first_and_none_is_empty() -> None:
    assert keys_of("1a2b3c4d_Lantern-fp16 (1)") == (
        "1a2b3c4dlanternfp16",
        "1a2b3c4dlantern",
        "lanternfp16",
        "lantern",
    )
    assert keys_of("Lantern") == ("lantern",)
    assert keys_of("---") == ()
