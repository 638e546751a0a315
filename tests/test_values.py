"""Our slotted values behave as the standard library's do, checked side by side."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
import typing
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.values import NamedTuple, asdict, dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Ours:
    """A value."""

    name: str
    size: int = 0
    marks: tuple[str, ...] = ()
    extra: dict[str, int] = field(default_factory=dict, compare=False, repr=False)
    KINDS: ClassVar[int] = 3

    @property
    def label(self) -> str:
        return f"{self.name}:{self.size}"


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """A value."""

    name: str
    size: int = 0
    marks: tuple[str, ...] = ()
    extra: dict[str, int] = dataclasses.field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Other:
    """Another type of the same shape."""

    name: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Empty:
    """No field at all."""


@dataclass(slots=True)
class Draft:
    """May change."""

    rows: list[int] = field(default_factory=list)
    total: int = 0

    def __post_init__(self) -> None:
        self.total = sum(self.rows)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Remembers something that is no part of its value."""

    name: str
    memory: list[int] = field(default_factory=list, init=False, repr=False, compare=False)


@dataclass(slots=True, eq=False)
class Single:
    """Equal to itself alone."""

    name: str


names, sizes = st.text(max_size=5), st.integers()


@given(names, sizes, names, sizes)
def test_equality_hash_and_repr_are_the_standard_ones(a: str, n: int, b: str, m: int) -> None:
    assert (Ours(a, n) == Ours(b, m)) is (Theirs(a, n) == Theirs(b, m))
    assert hash(Ours(a, n)) == hash(Theirs(a, n))
    assert repr(Ours(a, n)) == repr(Theirs(a, n)).replace("Theirs", "Ours")


def test_a_field_left_out_of_comparison_does_not_tell_values_apart() -> None:
    assert Ours("a", extra={"x": 1}) == Ours("a", extra={"y": 2})


def test_values_of_different_types_are_never_equal() -> None:
    assert Other("a", 1) != Ours("a", 1)
    assert Empty() == Empty()


def test_defaults_that_are_made_are_made_anew() -> None:
    assert Ours("a").extra is not Ours("a").extra


@pytest.mark.parametrize("wrong", [(), ("a", 1, (), {}, 5)])
def test_wrong_arguments_are_a_type_error(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        Ours(*wrong)
    with pytest.raises(TypeError):
        Ours("a", nothing=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["size", "unknown"])
def test_nothing_can_be_assigned_or_deleted(name: str) -> None:
    value = Ours("a")
    with pytest.raises(AttributeError):
        setattr(value, name, 1)
    with pytest.raises(AttributeError):
        delattr(value, name)
    assert not hasattr(value, "__dict__")


def test_a_draft_may_change_and_has_no_hash() -> None:
    draft = Draft([1, 2])
    assert (draft.total, draft) == (3, Draft([1, 2]))
    draft.total = 9
    assert draft != Draft([1, 2])
    with pytest.raises(TypeError):
        hash(draft)
    with pytest.raises(AttributeError):
        draft.other = 1  # type: ignore[attr-defined]


def test_without_equality_each_is_itself_alone() -> None:
    one = Single("a")
    assert one == one
    assert one != Single("a")
    assert hash(one) == hash(one)


def test_replace_changes_only_what_is_named() -> None:
    assert replace(Ours("a", 1, ("x",)), size=2) == Ours("a", 2, ("x",))
    with pytest.raises(TypeError):
        replace(Ours("a"), nothing=1)  # type: ignore[call-arg]


def test_a_pattern_takes_fields_in_order() -> None:
    match Ours("a", 3):
        case Ours(name, size):
            assert (name, size) == ("a", 3)
        case _:
            pytest.fail("no match")


def test_copies_and_pickles_are_equal() -> None:
    value = Ours("a", 1, ("x",), {"k": 1})
    for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert twin == value
        assert twin.extra == value.extra


def test_the_standard_library_takes_them_for_its_own() -> None:
    assert [one.name for one in dataclasses.fields(Ours)] == [one.name for one in dataclasses.fields(Theirs)]
    assert dataclasses.asdict(Ours("a", 1)) == dataclasses.asdict(Theirs("a", 1))
    assert dataclasses.replace(Ours("a", 1), size=2) == Ours("a", 2)


def test_a_field_can_be_left_out_of_the_call() -> None:
    one, other = Keeping("a"), Keeping("a")
    one.memory.append(1)
    assert (one, other.memory) == (other, [])
    assert replace(one, name="b").memory == []
    with pytest.raises(TypeError):
        Keeping("a", [1])  # type: ignore[call-arg]


def test_as_dicts_it_is_the_standard_librarys() -> None:
    ours = (Ours("a", 1, ("x",)), "plain")
    assert asdict(ours) == ({"name": "a", "size": 1, "marks": ("x",), "extra": {}}, "plain")
    assert asdict(ours[0]) == dataclasses.asdict(Theirs("a", 1, ("x",)))


def test_the_class_keeps_its_name_docstring_constants_and_properties() -> None:
    assert (Ours.__name__, Ours.__doc__, Ours.KINDS, Ours("a", 2).label) == ("Ours", "A value.", 3, "a:2")


def test_a_class_without_slots_cannot_be_asked_for() -> None:
    with pytest.raises(TypeError):
        dataclass(slots=False)(Other)


def test_importing_it_imports_neither_dataclasses_nor_inspect() -> None:
    program = "import sys; import wfdeps.values; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"dataclasses", "inspect"} & set(done.stdout.split())


class OurPair(NamedTuple):
    """Two things."""

    left: str
    right: int = 0

    @property
    def both(self) -> str:
        return f"{self.left}{self.right}"


class TheirPair(typing.NamedTuple):
    """Two things."""

    left: str
    right: int = 0


@given(names, sizes)
def test_a_named_tuple_is_the_standard_one(left: str, right: int) -> None:
    ours, theirs = OurPair(left, right), TheirPair(left, right=right)
    assert ours == theirs == (left, right) == OurPair(right=right, left=left)
    assert hash(ours) == hash(theirs)
    assert repr(ours) == repr(theirs).replace("Their", "Our")
    assert (ours.left, ours.right, ours.both) == (left, right, f"{left}{right}")
    assert ours._replace(left="x") == theirs._replace(left="x")
    assert ours._asdict() == theirs._asdict()
    assert (OurPair._fields, OurPair._field_defaults) == (TheirPair._fields, TheirPair._field_defaults)


def test_a_named_tuple_keeps_its_type_and_has_no_room_for_more() -> None:
    pair = OurPair("a")
    for twin in (
        copy.copy(pair),
        copy.deepcopy(pair),
        pickle.loads(pickle.dumps(pair)),
        pair._replace(right=0),
    ):
        assert twin == pair
        assert type(twin) is OurPair
    match pair:
        case OurPair(left, right=right):
            assert (left, right) == ("a", 0)
    with pytest.raises(AttributeError):
        pair.left = "b"  # type: ignore[misc]
    with pytest.raises(TypeError):
        OurPair()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        OurPair("a", wrong=1)  # type: ignore[call-arg]
