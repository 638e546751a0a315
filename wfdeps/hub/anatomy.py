"""Which tensors tell what a model is: true names and widths, few layers, heights cut to stay small (pure).

A loader would refuse these files, a detector must not: every name and dimension that a rule looks at is as in
the real thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Shapes = Mapping[str, tuple[int, ...]]
"""Tensor name → shape."""

_UNET = "model.diffusion_model."
_VAE = "first_stage_model."


def _vae(channels: int, *, quantised: bool, prefix: str = "") -> dict[str, tuple[int, ...]]:
    """An image autoencoder; Flux's has sixteen latent channels and no quant convolutions."""
    shapes: dict[str, tuple[int, ...]] = {
        "encoder.conv_in.weight": (128, 3, 3, 3),
        "encoder.conv_in.bias": (128,),
        "encoder.down.0.block.0.norm1.weight": (128,),
        "encoder.down.0.block.0.norm1.bias": (128,),
        "encoder.mid.block_1.norm1.weight": (512,),
        "encoder.norm_out.weight": (512,),
        "decoder.conv_in.weight": (512, channels, 3, 3),
        "decoder.conv_in.bias": (512,),
        "decoder.mid.attn_1.norm.weight": (512,),
        "decoder.mid.block_1.norm1.weight": (512,),
        "decoder.mid.block_1.norm1.bias": (512,),
        "decoder.up.0.block.0.norm1.weight": (256,),
        "decoder.norm_out.weight": (128,),
        "decoder.conv_out.weight": (3, 128, 3, 3),
        "decoder.conv_out.bias": (3,),
    }
    if quantised:
        shapes |= {
            "quant_conv.weight": (2 * channels, 2 * channels, 1, 1),
            "quant_conv.bias": (2 * channels,),
            "post_quant_conv.weight": (channels, channels, 1, 1),
            "post_quant_conv.bias": (channels,),
        }
    return {prefix + name: shape for name, shape in shapes.items()}


def _clip_text(prefix: str, layers: int, width: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        f"{prefix}embeddings.position_embedding.weight": (77, width),
        f"{prefix}final_layer_norm.weight": (width,),
        f"{prefix}final_layer_norm.bias": (width,),
    }
    for layer in range(layers):
        shapes[f"{prefix}encoder.layers.{layer}.layer_norm1.weight"] = (width,)
        shapes[f"{prefix}encoder.layers.{layer}.layer_norm2.weight"] = (width,)
        shapes[f"{prefix}encoder.layers.{layer}.self_attn.q_proj.bias"] = (width,)
    return shapes


def _lora(modules: Mapping[str, tuple[int, int]], rank: int = 8) -> dict[str, tuple[int, ...]]:
    """kohya's form: down, up and alpha for each module of (inputs, outputs)."""
    shapes: dict[str, tuple[int, ...]] = {}
    for module, (inputs, outputs) in modules.items():
        shapes[f"{module}.alpha"] = ()
        shapes[f"{module}.lora_down.weight"] = (rank, inputs)
        shapes[f"{module}.lora_up.weight"] = (outputs, rank)
    return shapes


SD1_CHECKPOINT: Final[Shapes] = {
    f"{_UNET}input_blocks.0.0.weight": (320, 4, 3, 3),
    f"{_UNET}input_blocks.0.0.bias": (320,),
    f"{_UNET}time_embed.0.bias": (1280,),
    f"{_UNET}input_blocks.1.1.norm.weight": (320,),
    f"{_UNET}input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight": (320, 320),
    f"{_UNET}input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    f"{_UNET}input_blocks.1.1.transformer_blocks.0.norm1.weight": (320,),
    f"{_UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight": (1280, 768),
    f"{_UNET}middle_block.1.transformer_blocks.0.norm1.weight": (1280,),
    f"{_UNET}output_blocks.11.1.transformer_blocks.0.attn2.to_v.weight": (320, 768),
    f"{_UNET}out.0.weight": (320,),
    f"{_UNET}out.2.weight": (4, 320, 3, 3),
    **_vae(4, quantised=True, prefix=_VAE),
    **_clip_text("cond_stage_model.transformer.text_model.", 12, 768),
}

SDXL_CHECKPOINT: Final[Shapes] = {
    f"{_UNET}input_blocks.0.0.weight": (320, 4, 3, 3),
    f"{_UNET}input_blocks.0.0.bias": (320,),
    f"{_UNET}label_emb.0.0.weight": (64, 2816),
    f"{_UNET}label_emb.0.0.bias": (1280,),
    f"{_UNET}input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
    f"{_UNET}input_blocks.4.1.transformer_blocks.1.norm1.weight": (640,),
    **{f"{_UNET}input_blocks.7.1.transformer_blocks.{block}.norm1.weight": (1280,) for block in range(10)},
    f"{_UNET}out.2.weight": (4, 320, 3, 3),
    **_vae(4, quantised=True, prefix=_VAE),
    **_clip_text("conditioner.embedders.0.transformer.text_model.", 12, 768),
    "conditioner.embedders.1.model.positional_embedding": (77, 1280),
    "conditioner.embedders.1.model.ln_final.weight": (1280,),
    "conditioner.embedders.1.model.transformer.resblocks.0.ln_1.weight": (1280,),
    "conditioner.embedders.1.model.transformer.resblocks.31.ln_1.weight": (1280,),
    "conditioner.embedders.1.model.text_projection": (80, 1280),
}

SD_VAE: Final[Shapes] = _vae(4, quantised=True)
FLUX_VAE: Final[Shapes] = _vae(16, quantised=False)
CLIP_L: Final[Shapes] = _clip_text("text_model.", 12, 768)

SD1_LORA: Final[Shapes] = _lora(
    {
        "lora_te_text_model_encoder_layers_0_self_attn_q_proj": (768, 768),
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q": (320, 320),
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k": (768, 320),
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k": (768, 1280),
        "lora_unet_up_blocks_3_attentions_2_transformer_blocks_0_attn2_to_v": (768, 320),
    }
)

SDXL_LORA: Final[Shapes] = _lora(
    {
        "lora_te1_text_model_encoder_layers_0_self_attn_q_proj": (768, 768),
        "lora_te2_text_model_encoder_layers_0_self_attn_q_proj": (1280, 1280),
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k": (2048, 640),
    }
)

FLUX_TRANSFORMER: Final[Shapes] = {
    "img_in.weight": (3072, 64),
    "img_in.bias": (3072,),
    "txt_in.weight": (32, 4096),
    "txt_in.bias": (3072,),
    "time_in.in_layer.weight": (64, 256),
    "vector_in.in_layer.weight": (32, 768),
    "guidance_in.in_layer.weight": (64, 256),
    "guidance_in.in_layer.bias": (3072,),
    **{f"double_blocks.{block}.img_attn.norm.key_norm.scale": (128,) for block in range(19)},
    **{f"double_blocks.{block}.txt_attn.norm.query_norm.scale": (128,) for block in range(19)},
    "double_blocks.0.img_mod.lin.bias": (18432,),
    **{f"single_blocks.{block}.norm.key_norm.scale": (128,) for block in range(38)},
    "single_blocks.0.modulation.lin.bias": (9216,),
    "final_layer.linear.weight": (64, 3072),
    "final_layer.linear.bias": (64,),
}

T5XXL: Final[Shapes] = {
    "shared.weight": (16, 4096),
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": (32, 64),
    "encoder.block.0.layer.0.SelfAttention.k.weight": (16, 4096),
    **{f"encoder.block.{block}.layer.0.layer_norm.weight": (4096,) for block in range(24)},
    "encoder.block.0.layer.1.DenseReluDense.wi_1.weight": (16, 4096),
    "encoder.block.23.layer.1.DenseReluDense.wi_0.weight": (16, 4096),
    "encoder.block.23.layer.1.DenseReluDense.wi_1.weight": (16, 4096),
    "encoder.final_layer_norm.weight": (4096,),
}

SD1_EMBEDDING: Final[Shapes] = {"emb_params": (6, 768)}
SDXL_EMBEDDING: Final[Shapes] = {"clip_l": (4, 768), "clip_g": (4, 1280)}

ESRGAN_4X: Final[Shapes] = {
    "model.0.weight": (64, 3, 3, 3),
    "model.0.bias": (64,),
    **{f"model.1.sub.0.RDB1.conv{conv}.0.weight": (32, 32 + 32 * conv, 3, 3) for conv in range(1, 5)},
    "model.1.sub.0.RDB1.conv5.0.weight": (64, 192, 3, 3),
    "model.1.sub.23.bias": (64,),
    "model.3.bias": (64,),
    "model.6.bias": (64,),
    "model.8.bias": (64,),
    "model.10.weight": (3, 64, 3, 3),
    "model.10.bias": (3,),
}
