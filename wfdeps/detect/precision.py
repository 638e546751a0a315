"""How a model's numbers are stored, and how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from wfdeps.detect.tensors import Header, Tensor, elements

_WORDS: Final[dict[str, str]] = {
    "F64": "fp64", "F32": "fp32", "F16": "fp16", "BF16": "bf16",
    "F8_E4M3": "fp8_e4m3fn", "F8_E5M2": "fp8_e5m2", "F8_E4M3FNUZ": "fp8_e4m3fnuz", "F8_E5M2FNUZ": "fp8_e5m2fnuz",
    "F8_E8M0": "fp8_e8m0", "F4": "fp4", "F6_E2M3": "fp6", "F6_E3M2": "fp6",
    "I8": "int8", "U8": "uint8", "I16": "int16", "I32": "int32", "I64": "int64", "BOOL": "bool",
}  # fmt: skip

_SCALES: Final = (
    ".scale_weight", ".weight_scale", ".weight_scale_2", ".scale_input", ".input_scale", "scaled_fp8",
    ".comfy_quant", ".absmax", ".quant_map", ".smooth_factor", ".smooth_factor_orig", ".wscales", ".wzeros", ".wtscale",
)  # fmt: skip
"""Endings of keys that belong to a quantisation, not to the model."""

_FILE_TYPES: Final[dict[str, str]] = {
    "0": "F32", "1": "F16", "2": "Q4_0", "3": "Q4_1", "7": "Q8_0", "8": "Q5_0", "9": "Q5_1", "10": "Q2_K",
    "11": "Q3_K_S", "12": "Q3_K_M", "13": "Q3_K_L", "14": "Q4_K_S", "15": "Q4_K_M", "16": "Q5_K_S", "17": "Q5_K_M",
    "18": "Q6_K", "19": "IQ2_XXS", "20": "IQ2_XS", "21": "Q2_K_S", "22": "IQ3_XS", "23": "IQ3_XXS", "24": "IQ1_S",
    "25": "IQ4_NL", "26": "IQ3_S", "27": "IQ3_M", "28": "IQ2_S", "29": "IQ2_M", "30": "IQ4_XS", "31": "IQ1_M",
    "32": "BF16", "36": "TQ1_0", "37": "TQ2_0", "38": "MXFP4", "39": "NVFP4", "40": "Q1_0",
}  # fmt: skip
"""`general.file_type` of GGUF. Source: gguf 0.19.0 `LlamaFileType`."""


def precision_of(header: Header) -> str:
    """The dtype of most bytes (`bf16`, `fp8_e4m3fn_scaled`, `nf4`, `Q4_K_M` …); empty where nobody knows."""
    said = _FILE_TYPES.get(header.metadata.get("general.file_type", ""))
    most = next((dtype for dtype, _ in _sizes(header).most_common() if dtype), "")
    if header.format == "gguf":
        return said if said and most.startswith(said[:2]) else most
    word = _WORDS.get(most, most.lower())
    return _quantised(word, header.tensors)


def dtypes_of(header: Header) -> tuple[tuple[str, int], ...]:
    """Each dtype and how many bytes are stored as it, the most first."""
    found = ((_WORDS.get(dtype, dtype), size) for dtype, size in _sizes(header).items() if dtype)
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def _sizes(header: Header) -> Counter[str]:
    sizes: Counter[str] = Counter()
    for tensor in header.tensors.values():
        sizes[tensor.dtype] += tensor.nbytes or 1
    return sizes


def _quantised(word: str, tensors: Mapping[str, Tensor]) -> str:
    """The precision, with the name of the quantisation its extra keys betray."""
    if word.startswith(("fp8", "int8", "uint8", "fp4", "int32")):
        endings = {name.rpartition(".")[2] for name in tensors}
        if "bitsandbytes__nf4" in endings:
            return "nf4"
        if "bitsandbytes__fp4" in endings:
            return "fp4"
        if "qweight" in endings and endings & {"smooth_factor", "wscales", "smooth"}:
            return "svdq_fp4" if endings & {"wtscale", "wcscales"} else "svdq_int4"
        if word == "uint8" and "weight_scale_2" in endings:
            return "nvfp4"
        if endings & {"scale_weight", "weight_scale", "scaled_fp8", "comfy_quant"}:
            return f"{word}_scaled"
    return word


_QUANTISED: Final = frozenset(
    {"U8", "I8", "I32", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "F6_E2M3", "F6_E3M2"}
)


def parameters_of(header: Header) -> int | None:
    """How many numbers the model holds, quantisation's own left out; None where shapes are unknown."""
    halves = _packed(header)
    scaled = any(tensor.dtype in _QUANTISED for tensor in header.tensors.values())
    total = 0
    for name, tensor in header.tensors.items():
        if tensor.shape is None:
            return None
        if scaled and (name.endswith(_SCALES) or ".quant_state." in name):
            continue
        count = elements(tensor.shape)
        total += 2 * count if halves and tensor.dtype in ("U8", "I8") else count
    return total or None


def _packed(header: Header) -> bool:
    """Whether bytes hold two numbers each (nf4, nvfp4, nunchaku's int4)."""
    return header.format == "safetensors" and any(
        name.endswith((".quant_state.bitsandbytes__nf4", ".qweight", ".weight_scale_2"))
        for name in header.tensors
    )
