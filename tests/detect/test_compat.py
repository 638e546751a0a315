"""Which models do not fit, by their layers where both headers are there, else by family."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.detect.test_corpus import corpus
from wfdeps.detect.compat import Pair, Side, lint, lint_role
from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import Header, Tensor
from wfdeps.domain.lints import LintLevel
from wfdeps.domain.model_types import ModelType

Shapes = Mapping[str, tuple[int, ...]]


def side(name: str, shapes: Shapes | None = None, base_model: str = "", dtype: str = "F16") -> Side:
    if shapes is None:
        return Side(name, base_model=base_model)
    header = Header("safetensors", {key: Tensor(dtype, shape, 0) for key, shape in shapes.items()})
    return Side(name, identify(header), header, base_model)


def told(relation: ModelType, dependent: Side, base: Side) -> list[tuple[str, str]]:
    return [(str(remark.level), remark.code) for remark in lint([Pair(relation, dependent, base)])]


def wan(width: int) -> Shapes:
    return {
        "head.modulation": (1, 2, width),
        **{f"blocks.{n}.self_attn.{part}.weight": (width, width) for n in range(3) for part in "qkvo"},
    }


def lora_for(width: int, *, prefix: str = "diffusion_model.", part: str = "self_attn.q") -> Shapes:
    modules = [f"{prefix}blocks.{n}.{part}" for n in range(3)]
    return {
        key: shape
        for module in modules
        for key, shape in ((f"{module}.lora_A.weight", (16, width)), (f"{module}.lora_B.weight", (width, 16)))
    }


def test_a_14b_lora_on_the_5b_model_is_an_error_in_comfyuis_own_words() -> None:
    (remark,) = lint(
        [Pair(ModelType.LORA, side("style.safetensors", lora_for(5120)), side("ti2v.safetensors", wan(3072)))]
    )
    assert (remark.level, remark.code) == (LintLevel.ERROR, "shape-mismatch")
    assert remark.names == ("style.safetensors", "ti2v.safetensors")
    assert (
        "3 of its 3 layers have another size (blocks.0.self_attn.q: 5120 → 5120 against 3072 → 3072)"
        in remark.message
    )
    assert remark.consequence == (
        "ERROR lora diffusion_model.blocks.0.self_attn.q.weight shape '[3072, 3072]' is invalid for input of size 26214400"
    )


def test_diffusers_names_are_compared_too() -> None:
    mine = side("style", lora_for(5120, prefix="transformer.", part="attn1.to_q"))
    assert told(ModelType.LORA, mine, side("ti2v", wan(3072))) == [("error", "shape-mismatch")]
    assert told(ModelType.LORA, mine, side("t2v", wan(5120))) == []


def test_a_lora_that_fits_gives_no_remark() -> None:
    assert told(ModelType.LORA, side("style", lora_for(5120)), side("t2v", wan(5120))) == []


def test_layers_without_a_counterpart_are_a_warning() -> None:
    shapes = {**lora_for(5120), **lora_for(5120, part="cross_attn.k_img")}
    (remark,) = lint([Pair(ModelType.LORA, side("i2v-style", shapes), side("t2v", wan(5120)))])
    assert (remark.level, remark.code) == (LintLevel.WARNING, "base-partial")
    assert "50 % of its 6 layers" in remark.message
    assert (
        remark.consequence == "lora key not loaded: diffusion_model.blocks.0.cross_attn.k_img.lora_A.weight"
    )


def test_packed_layers_are_not_compared() -> None:
    base = side("nf4", {**wan(3072), "blocks.0.self_attn.q.weight": (4_718_592, 1)}, dtype="U8")
    assert told(ModelType.LORA, side("style", lora_for(3072)), base) == []


def test_where_headers_are_missing_civitais_words_decide() -> None:
    sdxl, sd1 = side("a", base_model="SDXL 1.0"), side("b", base_model="SD 1.5")
    assert told(ModelType.LORA, sdxl, sd1) == [("error", "base-mismatch")]
    assert told(ModelType.CONTROLNET, sd1, sdxl) == [("error", "base-mismatch")]
    assert told(ModelType.LORA, side("a", base_model="Pony"), side("b", base_model="Illustrious")) == [
        ("info", "base-relative")
    ]
    assert told(ModelType.LORA, side("a", base_model="Flux.1 D"), side("b", base_model="Chroma")) == [
        ("warning", "base-close")
    ]
    assert told(
        ModelType.LORA,
        side("a", base_model="Wan Video 14B t2v"),
        side("b", base_model="Wan Video 2.2 TI2V-5B"),
    ) == [("error", "base-mismatch")]
    assert told(ModelType.LORA, side("a", base_model="SDXL 1.0"), side("b", base_model="Other")) == []


def test_one_header_and_one_word_are_compared() -> None:
    sdxl = {"lora_unet_input_blocks_4_1_transformer_blocks_1_attn2_to_k.lora_down.weight": (8, 2048)}
    assert told(ModelType.LORA, side("a", sdxl), side("b", base_model="SD 1.5")) == [
        ("error", "base-mismatch")
    ]
    assert told(ModelType.LORA, side("a", sdxl), side("b", base_model="Pony")) == []


def test_an_embedding_of_another_family_is_only_ignored() -> None:
    sd1 = side("e", {"emb_params": (4, 768)})
    assert told(ModelType.EMBEDDING, sd1, side("b", base_model="SDXL 1.0")) == [("warning", "base-close")]
    assert told(ModelType.EMBEDDING, sd1, side("b", base_model="SD 2.1")) == [("warning", "base-mismatch")]


SD_VAE: Shapes = {"decoder.conv_in.weight": (512, 4, 3, 3), "decoder.mid.block_1.norm1.weight": (512,)}


def test_an_autoencoder_goes_with_its_group() -> None:
    vae = side("kl-f8", SD_VAE)
    assert told(ModelType.VAE, vae, side("b", base_model="SDXL 1.0")) == []
    assert told(ModelType.VAE, vae, side("b", base_model="Flux.1 D")) == [("error", "vae-mismatch")]
    wan21 = side("wan21", {"decoder.middle.0.residual.0.gamma": (384,), "decoder.conv1.weight": (1, 1)})
    assert told(ModelType.VAE, wan21, side("t2v", wan(5120))) == []
    assert told(ModelType.VAE, wan21, side("ti2v", wan(3072))) == [("error", "vae-mismatch")]


def test_what_a_foreign_autoencoder_says_is_torchs_own_sentence_with_its_own_shape() -> None:
    (remark,) = lint([Pair(ModelType.VAE, side("kl-f8", SD_VAE), side("b", base_model="Flux.1 D"))])
    assert remark.consequence == (
        "Given groups=1, weight of size [512, 4, 3, 3], expected input[…] to have 4 channels, but got …"
    )


def test_a_text_encoder_goes_with_its_model() -> None:
    t5 = side("t5", {"encoder.block.23.layer.1.DenseReluDense.wi_1.weight": (10240, 4096)})
    assert told(ModelType.TEXT_ENCODER, t5, side("b", base_model="Flux.1 D")) == []
    assert told(ModelType.TEXT_ENCODER, t5, side("t2v", wan(5120))) == [("error", "encoder-mismatch")]


def test_the_same_pair_twice_is_said_once_and_errors_come_first() -> None:
    pairs = [
        Pair(ModelType.LORA, side("a", base_model="Pony"), side("b", base_model="Illustrious")),
        Pair(ModelType.LORA, side("c", base_model="SDXL 1.0"), side("d", base_model="SD 1.5")),
    ]
    assert [str(remark.level) for remark in lint([*pairs, *pairs])] == ["error", "info"]


def test_a_lora_in_a_checkpoint_loader_is_named_with_comfyuis_hint() -> None:
    (remark,) = lint_role(side("style", lora_for(5120)), ModelType.CHECKPOINT)
    assert (remark.level, remark.code) == (LintLevel.ERROR, "wrong-type")
    assert "HINT: This seems to be a Lora file" in remark.consequence
    assert lint_role(side("t2v", wan(5120)), ModelType.DIFFUSION_MODEL) == ()
    assert [remark.level for remark in lint_role(side("t2v", wan(5120)), ModelType.CHECKPOINT)] == [
        LintLevel.WARNING
    ]


def test_comfyui_reads_a_file_by_its_ending_so_another_format_behind_it_is_an_error() -> None:
    def remarks(name: str, form: str) -> list[tuple[str, str]]:
        header = Header(form, {"weight": Tensor("F16", (1,), 2)})
        return [
            (remark.code, remark.consequence)
            for remark in lint_role(Side(name, identify(header), header), ModelType.CHECKPOINT)
        ]

    for form in ("pickle", "torchscript", "gguf", "onnx"):
        ((code, consequence),) = remarks("model.SafeTensors", form)
        assert code == "wrong-format"
        assert "not a ckpt or pt or other filetype" in consequence
    assert remarks("model.ckpt", "safetensors") == [("wrong-format", "Weights only load failed.")]
    for name, form in (
        ("a.safetensors", "safetensors"),
        ("a.ckpt", "pickle"),
        ("a.gguf", "gguf"),
        ("a.pth", "torchscript"),
    ):
        assert remarks(name, form) == []


def test_an_sdxl_lora_on_sdxls_relatives_is_a_warning_whatever_the_shapes_say(shared: Path) -> None:
    files = {
        row["file"]: header for row, header in corpus(shared / "data" / "detection" / "headers.jsonl.gz")
    }

    def of(name: str) -> Side:
        return Side(name, identify(files[name]), files[name])

    lora = of("drv_lora_kohya_df_unet_sdxl.json")
    for base in (
        "aitk_refiner.json",
        "toolkit_ckpt_sdxl_refiner.json",
        "con_ldm_ssd1b.json",
        "aitk_vega.json",
    ):
        assert [level for level, _ in told(ModelType.LORA, lora, of(base))] == ["warning"], base
    assert [level for level, _ in told(ModelType.LORA, lora, of("sdmecha_sd1-ldm.json"))] == ["error"]


def test_on_recorded_headers_fitting_pairs_are_silent_and_others_are_not(shared: Path) -> None:
    files = {
        row["file"]: header for row, header in corpus(shared / "data" / "detection" / "headers.jsonl.gz")
    }

    def of(name: str) -> Side:
        return Side(name, identify(files[name]), files[name])

    sd1, sdxl, flux = of("sdmecha_sd1-ldm.json"), of("sdmecha_sdxl-sgm.json"), of("sdmecha_flux-flux.json")
    sd1_lora, sdxl_lora = of("drv_lora_kohya_df_unet_sd15.json"), of("drv_lora_kohya_df_unet_sdxl.json")
    assert [told(ModelType.LORA, mine, base) for mine, base in ((sd1_lora, sd1), (sdxl_lora, sdxl))] == [
        [],
        [],
    ]
    assert told(ModelType.LORA, of("invoke_flux_lora_kohya_format.json"), flux) == []
    assert (
        told(ModelType.LORA, sdxl_lora, sd1)
        == told(ModelType.LORA, sd1_lora, sdxl)
        == [("error", "base-mismatch")]
    )
    assert told(ModelType.LORA, of("drv_lora_peft_wan21_t2v_14b.json"), of("con_wan22_ti2v_5b.json")) == [
        ("error", "shape-mismatch")
    ]
