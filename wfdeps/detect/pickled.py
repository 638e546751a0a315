"""Finds the tensors among what a pickle describes: calls of torch's rebuilders, a training script's wrapping taken off."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from wfdeps.detect.pickles import Made, Name, Persistent
from wfdeps.detect.tensors import BITS, Tensor, elements

MAX_NODES: Final = 500_000
MAX_DEPTH: Final = 12
LONGEST_KEY: Final = 300

_STORAGES: Final[dict[str, str]] = {
    "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16", "DoubleStorage": "F64",
    "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8",
    "BoolStorage": "BOOL", "UntypedStorage": "U8", "Float8_e4m3fnStorage": "F8_E4M3", "Float8_e5m2Storage": "F8_E5M2",
    "ComplexFloatStorage": "C64",
}  # fmt: skip
_DTYPES: Final[dict[str, str]] = {
    "torch.float32": "F32", "torch.float16": "F16", "torch.bfloat16": "BF16", "torch.float64": "F64",
    "torch.int64": "I64", "torch.int32": "I32", "torch.int16": "I16", "torch.int8": "I8", "torch.uint8": "U8",
    "torch.bool": "BOOL", "torch.float8_e4m3fn": "F8_E4M3", "torch.float8_e5m2": "F8_E5M2",
}  # fmt: skip


def tensors_in(value: Any) -> dict[str, Tensor]:
    """The tensors a pickle describes, by their path, a training script's wrapping taken off."""
    found: dict[str, Tensor] = {}
    for path, tensor in _walk(_unwrapped(value)):
        found.setdefault(path, tensor)
    return found


_WRAPPINGS: Final = (
    "state_dict", "params_ema", "params-ema", "params", "model_state_dict", "module", "model", "net", "generator", "g_ema",
    "weights",
)  # fmt: skip
"""Keys under which scripts put the weights. Source: comfy/utils.py load_torch_file, spandrel canonicalize."""


def _unwrapped(value: Any) -> Any:
    for _ in range(2):  # Lightning's `state_dict` may hold a `params_ema`; nothing nests deeper
        table = _table_of(value)
        inner = next((part for key in _WRAPPINGS if _is_wrapping(part := table.get(key))), None)
        if inner is None:
            return value
        value = inner
    return value


def _is_wrapping(value: Any) -> bool:
    return bool(_table_of(value)) and _as_tensor(value) is None


def _table_of(value: Any) -> dict[Any, Any]:
    """The value's own table: a dict, or a module's state with what lies in its parameters."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Made):
        if value.items:
            return value.items
        state = value.state[0] if isinstance(value.state, tuple) and value.state else value.state
        if isinstance(state, dict):
            parts = [
                part
                for key in ("_parameters", "_buffers", "_modules")
                if isinstance(part := state.get(key), dict)
            ]
            return {key: item for part in parts for key, item in part.items()} if parts else state
    return {}


def _walk(value: Any) -> Iterator[tuple[str, Tensor]]:
    """Every tensor with its path. Shared and circular parts are walked again, up to a bound."""
    if tensor := _as_tensor(value):
        yield "", tensor
        return
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    room = MAX_NODES
    while stack and room > 0:
        path, item, depth = stack.pop()
        pairs = enumerate(item) if isinstance(item, list | tuple) else _table_of(item).items()
        start = f"{path}." if path else ""
        below = []
        for key, part in islice(pairs, room):
            if isinstance(part, Made) and (tensor := _as_tensor(part)):
                room -= 1
                if depth < MAX_DEPTH:
                    yield start + _key_text(key), tensor
            elif isinstance(part, dict | list | tuple | Made) and depth + 1 < MAX_DEPTH:
                below.append((start + _key_text(key), part, depth + 1))
        room -= len(below) + 1
        stack.extend(reversed(below))


def _key_text(key: str | int) -> str:
    if isinstance(key, str):
        return key[:LONGEST_KEY]
    return str(key) if abs(key) < 1 << 63 else "?"


def _as_tensor(value: Any) -> Tensor | None:
    """The tensor that a call of one of torch's rebuilders would have made."""
    if not isinstance(value, Made) or not isinstance(value.what, Name):
        return None
    arguments = value.arguments
    if not isinstance(arguments, tuple) or not arguments:
        return None
    match _maker(value.what.text):
        case "tensor" if len(arguments) >= 3:
            return _tensor(_storage_dtype(arguments[0]), arguments[2])
        case "parameter":
            return _as_tensor(arguments[0])
        case "typed" if len(arguments) >= 3:
            return _as_tensor(Made(arguments[0], arguments[2]))
    return None


@lru_cache(maxsize=64)
def _maker(name: str) -> str:
    """What a call of that name makes: a tensor of its arguments, one of another's, one of another call."""
    if name.startswith("torch._utils._rebuild_parameter") or name.endswith("nn.parameter.Parameter"):
        return "parameter"
    if name == "torch._tensor._rebuild_from_type_v2":
        return "typed"
    return "tensor" if name.startswith("torch._utils._rebuild_") else ""


def _tensor(dtype: str, shape: Any) -> Tensor | None:
    if isinstance(shape, Made) and isinstance(shape.arguments, tuple) and len(shape.arguments) == 1:
        shape = shape.arguments[0]  # torch.Size((…))
    if not isinstance(shape, tuple | list) or len(shape) > 64:
        return None
    for length in shape:
        if type(length) is not int or not 0 <= length < 1 << 48:
            return None
    return Tensor(dtype, tuple(shape), elements(tuple(shape)) * BITS.get(dtype, 0) // 8)


def _storage_dtype(value: Any) -> str:
    if isinstance(value, Persistent) and isinstance(value.id, tuple) and len(value.id) >= 2:
        kind = value.id[1]
        if isinstance(kind, Name):
            return _dtype(kind.text)
    return ""


@lru_cache(maxsize=64)
def _dtype(name: str) -> str:
    return _STORAGES.get(name.rpartition(".")[2], _DTYPES.get(name, ""))
