"""Reads a pickle's opcodes without ever running it: which names it would import, and what it describes.

A small machine keeps the stack and the memo, and puts a note where the real one would call or import
something. The opcodes that torch writes for every tensor are handled where they are met; every other one, and all
that is near the end of the bytes at hand, goes the long way through `pickletools`.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
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


_OPCODES: Final = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}


def _run(machine: Machine, file: Window) -> None:
    """Every opcode up to STOP."""
    for _ in range(MAX_OPCODES):
        if _one_opcode(machine, file) == "STOP":
            return
    raise BadPickleError(f"more than {MAX_OPCODES} opcodes")


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
