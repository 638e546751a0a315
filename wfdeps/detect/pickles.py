"""Reads a pickle's opcodes without ever running it: which names it would import, and the tensors it describes.

A small machine keeps the stack and the memo, and puts a note where the real one would call or import
something. What it may import is an allow-list, that of `torch.load(weights_only=True)`: everything else is
`unsafe or unknown`, however harmless its name sounds (blocklists stay bypassable: picklescan issue 66).
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO, Any, Final, Protocol, cast

from wfdeps.detect.tensors import BITS, Tensor, elements
from wfdeps.values import dataclass, field

MAX_BYTES: Final = 64_000_000
"""Of one pickle's opcodes; Stable Diffusion checkpoints need less than one million."""

MAX_OPCODES: Final = 4_000_000
MAX_NODES: Final = 500_000
MAX_DEPTH: Final = 12
LONGEST_KEY: Final = 300

_ALLOWED: Final = re.compile(
    r"(?:collections\.(?:OrderedDict|defaultdict|Counter)"
    r"|(?:builtins|__builtin__)\.(?:set|frozenset|bytearray|complex)"
    r"|torch\.(?:Size|device|Tensor|(?:b?float|complex|q?u?int)\d+|float8_\w+|float|half|double|long|short|int|bool"
    r"|strided|sparse_coo|per_tensor_affine|per_channel_affine)"
    r"|torch\.(?:cuda\.)?[A-Z]\w*(?:Storage|Tensor)"
    r"|torch\.storage\.(?:Untyped|Typed|_Untyped|_Typed)Storage"
    r"|torch\.nn\.parameter\.(?:Parameter|Buffer|UninitializedParameter)"
    r"|torch\._utils\._rebuild_(?:tensor|tensor_v[23]|parameter|parameter_with_state|qtensor|sparse_tensor"
    r"|meta_tensor_no_storage|nested_tensor|device_tensor_from_numpy)"
    r"|torch\._tensor\._rebuild_from_type_v2|torch\.serialization\._get_layout"
    r"|numpy\.(?:core|_core)\.multiarray\.(?:_reconstruct|scalar)|numpy\.(?:ndarray|dtype)"
    r"|numpy\.(?:bool_?|u?int\d*|float\d+|complex\d+)|numpy\.dtypes\.\w+DType"
    r"|_codecs\.encode)"
)

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

SAFE: Final = "safe"
UNSAFE: Final = "unsafe or unknown"


class Readable(Protocol):
    """What `pickletools` wants of a file, and where it stands."""

    def read(self, length: int, /) -> bytes: ...
    def readline(self) -> bytes: ...
    def tell(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Name:
    """A `module.name` the pickle would import."""

    text: str


@dataclass(slots=True)
class Made:
    """What calling a name would have made."""

    what: Any
    arguments: Any
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Persistent:
    """A reference to bytes that lie outside the pickle."""

    id: Any


@dataclass(frozen=True, slots=True)
class Unrolled:
    """One pickle, read."""

    value: Any
    names: frozenset[str]
    """Every `module.name` it would import; `?` where it computes one."""


class BadPickleError(Exception):
    """Opcodes that no pickle would have, or too many of them."""


def verdict(names: frozenset[str] | tuple[str, ...]) -> str:
    """`safe` where every name is on the allow-list, else `unsafe or unknown: …` with the first that are not."""
    others = sorted(name for name in names if not _ALLOWED.fullmatch(name))
    if not others:
        return SAFE
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f"{UNSAFE}: it imports {', '.join(f'`{name[:80]}`' for name in others[:3])}{more}"


def unroll(file: Readable) -> Unrolled:
    """Reads one pickle up to its STOP. Raises BadPickleError, and nothing else."""
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(cast("IO[bytes]", file))):
            if count > MAX_OPCODES:
                raise BadPickleError(f"more than {MAX_OPCODES} opcodes")
            machine.step(opcode.name, argument)
    except BadPickleError:
        raise
    except Exception as error:  # genops raises many kinds on damaged input; all mean the same
        raise BadPickleError(f"damaged pickle: {str(error)[:80]}") from error
    return Unrolled(machine.result(), frozenset(machine.names))


class _Machine:
    """The stack machine of pickle, with notes instead of objects."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def result(self) -> Any:
        return self._stack[-1] if self._stack else None

    def step(self, name: str, argument: Any) -> None:
        action = _ACTIONS.get(name)
        if action is not None:
            action(self, argument)
        elif name in _PUSHES_ITS_ARGUMENT:
            self._stack.append(argument)
        elif name not in _NOTHING_TO_DO:
            self.names.add(f"opcode {name}")  # EXT1 and its like: a registry decides what they mean
            self._stack.append(None)

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def pop(self) -> Any:
        if not self._stack or (self._marks and len(self._stack) <= self._marks[-1]):
            raise BadPickleError("the stack is empty")
        return self._stack.pop()

    def top(self) -> Any:
        if not self._stack:
            raise BadPickleError("the stack is empty")
        return self._stack[-1]

    def mark(self) -> None:
        self._marks.append(len(self._stack))

    def since_mark(self) -> list[Any]:
        if not self._marks:
            raise BadPickleError("no mark")
        at = self._marks.pop()
        taken = self._stack[at:]
        del self._stack[at:]
        return taken

    def drop(self) -> None:
        if self._marks and self._marks[-1] == len(self._stack):
            self._marks.pop()
        else:
            self.pop()

    def drop_to_mark(self) -> None:
        self.since_mark()

    def remember(self, key: int | None = None) -> None:
        self._memo[len(self._memo) if key is None else key] = self.top()

    def recall(self, key: int) -> None:
        if key not in self._memo:
            raise BadPickleError("a memo that was never set")
        self._stack.append(self._memo[key])

    def import_(self, module: Any, name: Any) -> None:
        text = f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "?"
        self.names.add(text)
        self._stack.append(Name(text))

    def call(self, what: Any, arguments: Any) -> None:
        if not isinstance(what, Name):
            self.names.add("?")  # calls what another call made
        self._stack.append({} if _makes_a_table(what) else Made(what, arguments))

    def set_items(self, pairs: list[Any]) -> None:
        target = self._target()
        table = target.items if isinstance(target, Made) else target
        if isinstance(table, dict):
            for key, value in zip(pairs[::2], pairs[1::2], strict=False):
                table[key if isinstance(key, str | int) else f"?{len(table)}"] = value

    def extend(self, values: list[Any]) -> None:
        target = self._target()
        if isinstance(target, list):
            target.extend(values)

    def build(self, state: Any) -> None:
        target = self._target()
        if isinstance(target, Made):
            target.state = state

    def _target(self) -> Any:
        """What is about to be changed; an imported thing itself never should be."""
        target = self.top()
        if isinstance(target, Name):
            self.names.add("?")
        return target


def _makes_a_table(what: Any) -> bool:
    return isinstance(what, Name) and what.text in (
        "collections.OrderedDict",
        "builtins.dict",
        "collections.defaultdict",
    )


def _stack_global(machine: _Machine, _: Any) -> None:
    name, module = machine.pop(), machine.pop()
    machine.import_(module, name)


def _global(machine: _Machine, argument: str) -> None:
    module, _, name = argument.partition(" ")
    machine.import_(module, name)


def _inst(machine: _Machine, argument: str) -> None:
    arguments = machine.since_mark()
    _global(machine, argument)
    machine.call(machine.pop(), arguments)


def _obj(machine: _Machine, _: Any) -> None:
    what, *arguments = machine.since_mark() or [None]
    machine.call(what, arguments)


def _reduce(machine: _Machine, _: Any) -> None:
    arguments = machine.pop()
    machine.call(machine.pop(), arguments)


def _new_with_keywords(machine: _Machine, _: Any) -> None:
    machine.pop()
    _reduce(machine, None)


def _set_item(machine: _Machine, _: Any) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _tuple(length: int) -> Callable[[_Machine, Any], None]:
    def make(machine: _Machine, _: Any) -> None:
        machine.push(tuple([machine.pop() for _ in range(length)][::-1]))

    return make


def _table(machine: _Machine, _: Any) -> None:
    pairs = machine.since_mark()
    machine.push({})
    machine.set_items(pairs)


_ACTIONS: Final[dict[str, Callable[[_Machine, Any], None]]] = {
    "MARK": lambda machine, _: machine.mark(),
    "POP": lambda machine, _: machine.drop(),
    "POP_MARK": lambda machine, _: machine.drop_to_mark(),
    "DUP": lambda machine, _: machine.push(machine.top()),
    "PUT": lambda machine, key: machine.remember(key),
    "BINPUT": lambda machine, key: machine.remember(key),
    "LONG_BINPUT": lambda machine, key: machine.remember(key),
    "MEMOIZE": lambda machine, _: machine.remember(),
    "GET": lambda machine, key: machine.recall(key),
    "BINGET": lambda machine, key: machine.recall(key),
    "LONG_BINGET": lambda machine, key: machine.recall(key),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "LIST": lambda machine, _: machine.push(machine.since_mark()),
    "APPEND": lambda machine, _: machine.extend([machine.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.since_mark()),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.since_mark())),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "DICT": _table,
    "SETITEM": _set_item,
    "SETITEMS": lambda machine, _: machine.set_items(machine.since_mark()),
    "EMPTY_SET": lambda machine, _: machine.push([]),
    "ADDITEMS": lambda machine, _: machine.extend(machine.since_mark()),
    "FROZENSET": lambda machine, _: machine.push(machine.since_mark()),
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "INST": _inst,
    "OBJ": _obj,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _new_with_keywords,
    "REDUCE": _reduce,
    "BUILD": lambda machine, _: machine.build(machine.pop()),
    "PERSID": lambda machine, argument: machine.push(Persistent(argument)),
    "BINPERSID": lambda machine, _: machine.push(Persistent(machine.pop())),
}
_PUSHES_ITS_ARGUMENT: Final = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
     "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES",
     "BINBYTES8", "BYTEARRAY8"}
)  # fmt: skip
_NOTHING_TO_DO: Final = frozenset({"PROTO", "FRAME", "STOP", "READONLY_BUFFER"})


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
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    room = MAX_NODES
    while stack:
        path, item, depth = stack.pop()
        if tensor := _as_tensor(item):
            yield path, tensor
        elif depth < MAX_DEPTH and room > 0:
            pairs = enumerate(item) if isinstance(item, list | tuple) else _table_of(item).items()
            below = [
                (f"{path}.{_key_text(key)}" if path else _key_text(key), part, depth + 1)
                for key, part in islice(pairs, room)
                if isinstance(part, dict | list | tuple | Made)
            ]
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
    what, arguments = value.what.text, value.arguments
    if not isinstance(arguments, tuple) or not arguments:
        return None
    if what.startswith("torch._utils._rebuild_parameter") or what.endswith("nn.parameter.Parameter"):
        return _as_tensor(arguments[0])
    if what == "torch._tensor._rebuild_from_type_v2" and len(arguments) >= 3:
        return _as_tensor(Made(arguments[0], arguments[2]))
    if what.startswith("torch._utils._rebuild_") and len(arguments) >= 3:
        return _tensor(_storage_dtype(arguments[0]), arguments[2])
    return None


def _tensor(dtype: str, shape: Any) -> Tensor | None:
    if isinstance(shape, Made) and isinstance(shape.arguments, tuple) and len(shape.arguments) == 1:
        shape = shape.arguments[0]  # torch.Size((…))
    if not isinstance(shape, tuple | list) or len(shape) > 64:
        return None
    if not all(isinstance(length, int) and 0 <= length < 1 << 48 for length in shape):
        return None
    return Tensor(dtype, tuple(shape), elements(tuple(shape)) * BITS.get(dtype, 0) // 8)


def _storage_dtype(value: Any) -> str:
    if isinstance(value, Persistent) and isinstance(value.id, tuple) and len(value.id) >= 2:
        kind = value.id[1]
        if isinstance(kind, Name):
            return _STORAGES.get(kind.text.rpartition(".")[2], _DTYPES.get(kind.text, ""))
    return ""
