"""Reads a pickle's opcodes without ever running it: which names it would import, and what it describes.

A small machine keeps the stack and the memo, and puts a note where the real one would call or import
something. The opcodes that torch writes for every tensor are handled where they are met; every other one, and all
that is near the end of the bytes at hand, goes the long way through `pickletools`.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable
from struct import Struct
from typing import IO, Any, Final, cast

from wfdeps.detect.window import Window
from wfdeps.values import dataclass

MAX_BYTES: Final = 64_000_000
"""Of one pickle's opcodes; Stable Diffusion checkpoints need less than one million."""

MAX_OPCODES: Final = 4_000_000


@dataclass(slots=True, eq=False)
class Name:
    """A `module.name` the pickle would import."""

    text: str
    makes_a_table: bool = False


@dataclass(slots=True, eq=False)
class Made:
    """What calling a name would have made."""

    what: Any
    arguments: Any
    state: Any = None
    items: dict[Any, Any] | None = None
    """What was put into it by key."""


@dataclass(slots=True, eq=False)
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


def unroll(file: Window) -> Unrolled:
    """Reads one pickle up to its STOP. Raises BadPickleError, and nothing else."""
    machine = Machine()
    try:
        _run(machine, file)
    except BadPickleError:
        raise
    except Exception as error:  # damaged input raises many kinds; all mean the same
        raise BadPickleError(f"damaged pickle: {str(error)[:80]}") from error
    return machine.unrolled()


_CODES: Final = {opcode.name: ord(opcode.code) for opcode in pickletools.opcodes}
_PUT, _LONG_PUT, _GET, _LONG_GET = (
    _CODES[name] for name in ("BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET")
)
_INT1, _INT2, _INT4, _TEXT, _FALSE = (
    _CODES[name] for name in ("BININT1", "BININT2", "BININT", "BINUNICODE", "NEWFALSE")
)
_MARK, _TUPLE, _TUPLE1, _TUPLE2, _TUPLE3, _NO_TUPLE = (
    _CODES[name] for name in ("MARK", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_TUPLE")
)
_REDUCE, _PERSISTENT, _GLOBAL = (_CODES[name] for name in ("REDUCE", "BINPERSID", "GLOBAL"))
_OPCODES: Final = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_WIDEST: Final = 5
"""Bytes of the longest of these opcodes, a text's own bytes left out."""

_u16: Final = Struct("<H").unpack_from
_u32: Final = Struct("<I").unpack_from
_i32: Final = Struct("<i").unpack_from


_NUMBER: Final = rb"(?:K.|M..|J...[\0-\x7f])"
_KEPT: Final = rb"(q.|r....)?"
_AGAIN: Final = rb"(h.|j....)"
_SIZES: Final = rb"(\((?:N)*t|N\x85|NN\x86|NNN\x87|\))".replace(b"N", _NUMBER)
_TENSOR: Final = re.compile(
    rb"\(\(" + _AGAIN + _AGAIN + rb"X([\x01-\x14])\0\0\0(\d+)" + _KEPT + _AGAIN + b"(" + _NUMBER + rb")(N?)t" + _KEPT
    + b"Q(" + _NUMBER + b")" + _SIZES + _KEPT + _SIZES + _KEPT + rb"([\x88\x89])" + _AGAIN + rb"\)R" + _KEPT
    + b"t" + _KEPT + b"R",
    re.DOTALL,
)  # fmt: skip
"""The thirty opcodes between a rebuilder and the tensor it makes, as torch writes them for all but the first."""


def _tensor_at(data: bytes, at: int) -> re.Match[bytes] | None:
    found = _TENSOR.match(data, at)
    return found if found and found[3][0] == len(found[4]) else None


def _numbers(opcodes: bytes) -> tuple[int, ...]:
    """What a run of number opcodes pushes; a mark before them and the tuple's opcode behind are passed over."""
    numbers, at = [], 0
    while at < len(opcodes):
        code = opcodes[at]
        width = {_INT1: 1, _INT2: 2, _INT4: 4}.get(code, 0)
        if width:
            numbers.append(int.from_bytes(opcodes[at + 1 : at + 1 + width], "little"))
        at += 1 + width
    return tuple(numbers)


def _run(machine: Machine, file: Window) -> None:
    """Every opcode up to STOP. One long loop, since a checkpoint has a hundred thousand: a call for each is the time."""
    stack, memo, marks = machine.stack, machine.memo, machine.marks
    push, pop = stack.append, stack.pop
    data, at = file.held()
    whole = len(data) - _WIDEST
    floor = 0  # how much of the stack lies below the last mark
    named: dict[bytes, Name] = {}
    for _ in range(MAX_OPCODES):
        code = data[at] if at <= whole else -1
        if code == _LONG_PUT and stack:
            memo[_u32(data, at + 1)[0]] = stack[-1]
            at += 5
        elif code == _TEXT and (end := at + 5 + _u32(data, at + 1)[0]) <= len(data):
            push(str(data[at + 5 : end], "utf-8", "surrogatepass"))
            at = end
        elif code == _GET and data[at + 1] in memo:
            push(memo[data[at + 1]])
            at += 2
        elif (
            code == _MARK and data[at + 1] == _MARK and len(stack) > floor and (found := _tensor_at(data, at))
        ):
            machine.rebuild(found)
            at = found.end()
        elif code == _PUT and stack:
            memo[data[at + 1]] = stack[-1]
            at += 2
        elif code == _INT1:
            push(data[at + 1])
            at += 2
        elif code == _INT2:
            push(_u16(data, at + 1)[0])
            at += 3
        elif code == _INT4:
            push(_i32(data, at + 1)[0])
            at += 5
        elif code == _MARK:
            floor = len(stack)
            marks.append(floor)
            at += 1
        elif code == _TUPLE and marks:
            made = tuple(stack[floor:])
            del stack[floor:]
            push(made)
            marks.pop()
            floor = marks[-1] if marks else 0
            at += 1
        elif code == _TUPLE2 and len(stack) - floor >= 2:
            stack[-2:] = [(stack[-2], stack[-1])]
            at += 1
        elif code == _REDUCE and len(stack) - floor >= 2:
            arguments = pop()
            machine.call(pop(), arguments)
            at += 1
        elif code == _TUPLE1 and len(stack) > floor:
            stack[-1] = (stack[-1],)
            at += 1
        elif code == _PERSISTENT and len(stack) > floor:
            stack[-1] = Persistent(stack[-1])
            at += 1
        elif code == _FALSE:
            push(False)
            at += 1
        elif code == _NO_TUPLE:
            push(())
            at += 1
        elif code == _LONG_GET and _u32(data, at + 1)[0] in memo:
            push(memo[_u32(data, at + 1)[0]])
            at += 5
        elif code == _TUPLE3 and len(stack) - floor >= 3:
            stack[-3:] = [(stack[-3], stack[-2], stack[-1])]
            at += 1
        elif code == _GLOBAL and (lines := _two_lines(data, at)) in named:
            push(named[lines])
            at += len(lines)
        else:
            file.stand(at)
            if _one_opcode(machine, file) == "STOP":
                return
            if code == _GLOBAL and lines:
                named[lines] = stack[-1]
            data, at = file.held()
            whole = len(data) - _WIDEST
            floor = marks[-1] if marks else 0
    raise BadPickleError(f"more than {MAX_OPCODES} opcodes")


def _two_lines(data: bytes, at: int) -> bytes:
    """From there through the second line break; nothing where there are not two."""
    return data[at : data.find(b"\n", data.find(b"\n", at) + 1) + 1]


def _one_opcode(machine: Machine, file: Window) -> str:
    """Reads and takes one opcode as `pickletools.genops` would, whatever it is, and gives its name."""
    code = file.read(1)
    opcode = _OPCODES.get(code)
    if opcode is None:
        raise BadPickleError(f"no opcode is {code[0]:#04x}" if code else "it ends before its STOP")
    argument = opcode.arg.reader(cast("IO[bytes]", file)) if opcode.arg else None
    machine.step(opcode.name, argument)
    return str(opcode.name)


_TABLES: Final = frozenset({"collections.OrderedDict", "builtins.dict", "collections.defaultdict"})


class Machine:
    """The stack machine of pickle, with notes instead of objects."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self._sizes: dict[bytes, tuple[int, ...]] = {}

    def unrolled(self) -> Unrolled:
        """What stands on top at the end. Raises BadPickleError where nothing does."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise BadPickleError("damaged pickle: it ends with nothing made")
        return Unrolled(self.stack[-1], frozenset(self.names))

    def step(self, name: str, argument: Any) -> None:
        action = _ACTIONS.get(name)
        if action is not None:
            action(self, argument)
        elif name in _PUSHES_ITS_ARGUMENT:
            self.stack.append(argument)
        elif name not in _NOTHING_TO_DO:
            self.names.add(f"opcode {name}")  # EXT1 and its like: a registry decides what they mean
            self.stack.append(None)

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if not self.stack or (self.marks and len(self.stack) <= self.marks[-1]):
            raise BadPickleError("the stack is empty")
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack:
            raise BadPickleError("the stack is empty")
        return self.stack[-1]

    def mark(self) -> None:
        self.marks.append(len(self.stack))

    def since_mark(self) -> list[Any]:
        if not self.marks:
            raise BadPickleError("no mark")
        at = self.marks.pop()
        taken = self.stack[at:]
        del self.stack[at:]
        return taken

    def drop(self) -> None:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.pop()

    def drop_to_mark(self) -> None:
        self.since_mark()

    def remember(self, key: int | None = None) -> None:
        self.memo[len(self.memo) if key is None else key] = self.top()

    def recall(self, key: int) -> None:
        if key not in self.memo:
            raise BadPickleError("a memo that was never set")
        self.stack.append(self.memo[key])

    def import_(self, module: Any, name: Any) -> None:
        text = f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "?"
        self.names.add(text)
        self.stack.append(Name(text, text in _TABLES))

    def call(self, what: Any, arguments: Any) -> None:
        self.stack.append(self.made(what, arguments))

    def made(self, what: Any, arguments: Any) -> Any:
        """The note for a call."""
        if not isinstance(what, Name):
            self.names.add("?")  # calls what another call made
        elif what.makes_a_table:
            return {}
        return Made(what, arguments)

    def rebuild(self, found: re.Match[bytes]) -> None:
        """What the opcodes of one tensor do, in their order; behind each one's first byte stands its number."""
        memo, number = self.memo, int.from_bytes
        kind, storage, _, index, kept, device, count, view, *more = found.groups()
        kept_id, offset, shape, kept_shape, strides, kept_strides, flag, hooks, kept_hooks, kept_all = more
        what, of, key = memo[number(kind[1:], "little")], memo[number(storage[1:], "little")], index.decode()
        if kept:
            memo[number(kept[1:], "little")] = key
        place: tuple[Any, ...] = (
            what,
            of,
            key,
            memo[number(device[1:], "little")],
            number(count[1:], "little"),
        )
        if view:
            place = (*place, None)
        if kept_id:
            memo[number(kept_id[1:], "little")] = place
        lengths, steps = self.sizes(shape), self.sizes(strides)
        if kept_shape:
            memo[number(kept_shape[1:], "little")] = lengths
        if kept_strides:
            memo[number(kept_strides[1:], "little")] = steps
        made = self.made(memo[number(hooks[1:], "little")], ())
        if kept_hooks:
            memo[number(kept_hooks[1:], "little")] = made
        arguments = (Persistent(place), number(offset[1:], "little"), lengths, steps, flag == b"\x88", made)
        if kept_all:
            memo[number(kept_all[1:], "little")] = arguments
        self.stack[-1] = self.made(self.stack[-1], arguments)

    def sizes(self, opcodes: bytes) -> tuple[int, ...]:
        """The tuple of numbers, read once for all tensors of that shape."""
        known = self._sizes.get(opcodes)
        if known is None:
            known = self._sizes[opcodes] = _numbers(opcodes)
        return known

    def set_items(self, pairs: list[Any]) -> None:
        target = self._target()
        if isinstance(target, Made):
            target.items = target.items or {}
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


def _stack_global(machine: Machine, _: Any) -> None:
    name, module = machine.pop(), machine.pop()
    machine.import_(module, name)


def _global(machine: Machine, argument: str) -> None:
    module, _, name = argument.partition(" ")
    machine.import_(module, name)


def _inst(machine: Machine, argument: str) -> None:
    arguments = machine.since_mark()
    _global(machine, argument)
    machine.call(machine.pop(), arguments)


def _obj(machine: Machine, _: Any) -> None:
    what, *arguments = machine.since_mark() or [None]
    machine.call(what, arguments)


def _reduce(machine: Machine, _: Any) -> None:
    arguments = machine.pop()
    machine.call(machine.pop(), arguments)


def _new_with_keywords(machine: Machine, _: Any) -> None:
    machine.pop()
    _reduce(machine, None)


def _set_item(machine: Machine, _: Any) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _tuple(length: int) -> Callable[[Machine, Any], None]:
    def make(machine: Machine, _: Any) -> None:
        machine.push(tuple([machine.pop() for _ in range(length)][::-1]))

    return make


def _table(machine: Machine, _: Any) -> None:
    pairs = machine.since_mark()
    machine.push({})
    machine.set_items(pairs)


_ACTIONS: Final[dict[str, Callable[[Machine, Any], None]]] = {
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
