"""What a name in a pack's source may mean: a constant, a list, a dict, a class, a call; and how two of them join.

What is not known is UNKNOWN, and a list or dict that something unknown went into is `is_open`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.packs.source import Stub
from wfdeps.values import dataclass, field

if TYPE_CHECKING:
    from typing import TypeAlias

MAX_ITEMS = 20_000
MAX_TEXT = 10_000
_FIELD = re.compile(r"\{(\w*)\}")

Value: TypeAlias = object


class Unknown:
    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(slots=True, eq=False)
class ListOf:
    items: list[object] = field(default_factory=list)
    is_open: bool = False


@dataclass(slots=True, eq=False)
class MapOf:
    items: dict[object, object] = field(default_factory=dict)
    is_open: bool = False

    def add(self, other: object) -> None:
        """As `update` does; anything but a dict leaves it open."""
        if isinstance(other, MapOf):
            self.items.update(other.items)
            self.is_open = self.is_open or other.is_open
        elif isinstance(other, ListOf) and all(_is_pair(item) for item in other.items):
            self.items.update(_pair(item) for item in other.items)
            self.is_open = self.is_open or other.is_open
        else:
            self.is_open = True
        if len(self.items) > MAX_ITEMS:
            self.items.clear()
            self.is_open = True


@dataclass(slots=True, eq=False)
class Outside:
    """Something of another package, by its dotted name."""

    name: str


@dataclass(slots=True, eq=False)
class Called:
    """The answer of a call that is not ours to follow."""

    name: str
    args: Sequence[object]
    named: Mapping[str, object]


@dataclass(slots=True, eq=False)
class Files:
    """`get_filename_list` of these folder keys, with what was put beside."""

    keys: tuple[str, ...]
    beside: tuple[str, ...] = ()
    is_open: bool = False


@dataclass(slots=True, eq=False)
class Function:
    module: Module
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    bound: object = None


@dataclass(slots=True, eq=False)
class Class:
    name: str
    module: Module
    stub: Stub | ast.ClassDef
    names: dict[str, object] | None = None
    bases: Sequence[object] = ()


@dataclass(slots=True, eq=False)
class AnyModule:
    """A module of the pack, nobody knows which."""


@dataclass(slots=True, eq=False)
class Later:
    """A name imported from a module of the pack, looked up when it is used."""

    module: Module
    name: str


@dataclass(slots=True, eq=False)
class Module:
    path: str
    """Below the pack's folder, with `/`."""
    names: dict[str, object] = field(default_factory=dict)
    is_read: bool = False
    is_broken: bool = False
    """Its text is no Python."""
    is_open: bool = False
    """It takes all names of something unknown."""


@dataclass(slots=True, eq=False)
class StubFunction:
    module: Module
    stub: Stub


def is_constant(value: Value) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    return value is None or isinstance(value, float) or (isinstance(value, int) and value.bit_length() < 200)


def _pair(value: Value) -> tuple[Value, Value]:
    assert isinstance(value, ListOf)
    return value.items[0], value.items[1]


def _is_pair(value: Value) -> bool:
    return (
        isinstance(value, ListOf)
        and len(value.items) == 2
        and not value.is_open
        and is_constant(value.items[0])
    )


def items_of(value: Value) -> tuple[Sequence[Value], bool]:
    """What a loop over the value meets, and whether it may meet more."""
    if isinstance(value, ListOf):
        return list(value.items), value.is_open
    if isinstance(value, MapOf):
        return list(value.items), value.is_open
    if isinstance(value, str) and len(value) < 100:
        return list(value), False
    return (), True


def joined(first: Value, second: Value) -> Value:
    """What is one or the other: dicts and lists hold what both have, else the one that is known."""
    if first is second or second is UNKNOWN or second is None:
        return first
    if first is UNKNOWN or first is None:
        return second
    if isinstance(first, MapOf) and isinstance(second, MapOf):
        made = MapOf(dict(first.items), first.is_open)
        made.add(second)
        return made
    if isinstance(first, ListOf) and isinstance(second, ListOf):
        return ListOf([*first.items, *second.items][:MAX_ITEMS], first.is_open or second.is_open)
    if isinstance(second, Files) and not isinstance(first, Files):
        return files_with(second, first)
    if isinstance(first, Files):
        return files_with(first, second)
    return first


def files_with(files: Files, other: Value) -> Files:
    if isinstance(other, Files):
        keys = tuple(dict.fromkeys((*files.keys, *other.keys)))
        return Files(keys, (*files.beside, *other.beside), files.is_open or other.is_open)
    items, is_open = items_of(other)
    texts = tuple(item for item in items if isinstance(item, str))
    return Files(files.keys, (*files.beside, *texts), files.is_open or is_open or len(texts) < len(items))


def call_on_map(owner: MapOf, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    if name == "update":
        for arg in args:
            owner.add(arg)
        owner.items.update(named)
        return None
    if name == "items":
        return ListOf([ListOf([key, value]) for key, value in owner.items.items()], owner.is_open)
    if name == "keys":
        return ListOf(list(owner.items), owner.is_open)
    if name == "values":
        return ListOf(list(owner.items.values()), owner.is_open)
    if name == "copy":
        return MapOf(dict(owner.items), owner.is_open)
    if name in ("get", "setdefault", "pop") and args:
        key = args[0]
        if not is_constant(key):
            owner.is_open = owner.is_open or name != "get"
            return UNKNOWN
        if name == "setdefault":
            return owner.items.setdefault(key, args[1] if len(args) > 1 else None)
        return owner.items.get(key, args[1] if len(args) > 1 else UNKNOWN)
    return UNKNOWN


def call_on_list(owner: ListOf, name: str, args: Sequence[Value]) -> Value:
    if name == "append" and args and len(owner.items) < MAX_ITEMS:
        owner.items.append(args[0])
    elif name == "insert" and len(args) == 2:
        owner.items.insert(args[0] if isinstance(args[0], int) else len(owner.items), args[1])
    elif name == "extend" and args:
        items, is_open = items_of(args[0])
        owner.items.extend(items[: max(0, MAX_ITEMS - len(owner.items))])
        owner.is_open = owner.is_open or is_open
    elif name == "copy":
        return ListOf(list(owner.items), owner.is_open)
    elif name in ("append", "extend"):
        owner.is_open = True
    return None


def call_on_text(owner: str, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    if name == "format":
        return formatted(owner, args, named)
    if name in ("lower", "upper", "strip", "title") and not args:
        return {"lower": owner.lower, "upper": owner.upper, "strip": owner.strip, "title": owner.title}[
            name
        ]()
    if name == "replace" and len(args) == 2 and all(isinstance(arg, str) and len(arg) < 100 for arg in args):
        return owner.replace(str(args[0]), str(args[1]))[:MAX_TEXT]
    if name == "join" and args and isinstance(args[0], ListOf) and not args[0].is_open:
        parts = args[0].items
        if len(parts) < 1000 and all(isinstance(part, str) and len(part) < 1000 for part in parts):
            return owner.join(map(str, parts))[:MAX_TEXT]
    if name == "split" and len(args) <= 1 and all(isinstance(arg, str) and arg for arg in args):
        return ListOf(list(owner.split(str(args[0]) if args else None)))
    return UNKNOWN


def formatted(text: str, args: Sequence[Value], named: Mapping[str, Value] | None = None) -> Value:
    """`{}`, `{0}` and `{name}` filled in; UNKNOWN for any other format and for values that are unknown."""
    given = {str(place): value for place, value in enumerate(args)} | dict(named or {})
    places = iter(range(len(args)))
    fields = _FIELD.findall(text)
    if len(fields) != text.count("{") or len(fields) > 100:
        return UNKNOWN
    made = _FIELD.sub(lambda field: f"\0{field[1] or next(places, '')}\0", text).split("\0")
    for place in range(1, len(made), 2):
        value = given.get(made[place], UNKNOWN)
        if not is_constant(value):
            return UNKNOWN
        made[place] = str(value)
    return "".join(made)[:MAX_TEXT]
