"""The quick values behave as the standard ones do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from wfdeps import values


@values.dataclass(frozen=True, slots=True)
class Quick:
    """A value."""

    name: str
    size: int | None = None
    parts: tuple[str, ...] = values.field(default_factory=tuple)
    note: str = values.field(default="", repr=False, compare=False)
    KINDS: ClassVar[int] = 3

    @property
    def label(self) -> str:
        return f"{self.name}:{self.size}"

    @classmethod
    def of(cls, name: str) -> Quick:
        return cls(name)


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """The same, the standard way."""

    name: str
    size: int | None = None
    parts: tuple[str, ...] = dataclasses.field(default_factory=tuple)
    note: str = dataclasses.field(default="", repr=False, compare=False)
    KINDS: ClassVar[int] = 3


@values.dataclass(slots=True)
class Draft:
    """A value that may change while it is made."""

    rows: list[int] = values.field(default_factory=list)


@values.dataclass(frozen=True, slots=True)
class Deeper(Quick):
    """One with a base."""

    depth: int = 0


ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a",), {}),
    (("a", 3), {}),
    (("a", None, ("x",)), {"note": "n"}),
    ((), {"size": 1, "name": "b"}),
]


@pytest.mark.parametrize(("args", "kwargs"), ARGUMENTS)
def test_it_is_made_shown_and_compared_as_the_standard_one(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    quick, standard = Quick(*args, **kwargs), Standard(*args, **kwargs)
    assert repr(quick) == repr(standard).replace("Standard", "Quick")
    assert (quick == Quick(*args, **kwargs), quick != Quick("other")) == (True, True)
    assert quick != standard
    assert hash(quick) == hash(Quick(*args, **kwargs))
    assert [getattr(quick, f.name) for f in dataclasses.fields(standard)] == list(
        dataclasses.astuple(standard)
    )


@pytest.mark.parametrize(
    "wrong", [lambda: Quick(), lambda: Quick("a", 1, (), "", 5), lambda: Quick("a", colour="red")]
)  # type: ignore[call-arg]
def test_wrong_arguments_are_a_type_error(wrong: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        wrong()


def test_what_does_not_compare_makes_no_difference() -> None:
    assert Quick("a", note="x") == Quick("a", note="y")
    assert len({Quick("a", note="x"), Quick("a", note="y")}) == 1


def test_a_frozen_value_stays_as_it_is() -> None:
    value = Quick("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del value.name
    with pytest.raises(AttributeError):
        value.other = 1  # type: ignore[attr-defined]
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("replace", [values.replace, dataclasses.replace])
def test_both_ways_to_replace_work_and_refuse_unknown_fields(replace: Callable[..., Quick]) -> None:
    assert replace(Quick("a", 1), size=2) == Quick("a", 2)
    with pytest.raises(TypeError):
        replace(Quick("a"), colour="red")


def test_the_standard_library_takes_it_for_its_own() -> None:
    assert dataclasses.is_dataclass(Quick)
    assert [f.name for f in dataclasses.fields(Quick)] == [f.name for f in dataclasses.fields(Standard)]
    assert dataclasses.asdict(Quick("a", 1)) == dataclasses.asdict(Standard("a", 1))


def test_match_takes_it_apart_by_place_and_by_name() -> None:
    match Quick("a", 7):
        case Quick(name, size=size):
            assert (name, size) == ("a", 7)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_it_is_copied_and_pickled(again: Callable[[Quick], Quick]) -> None:
    assert again(Quick("a", 1, ("x",))) == Quick("a", 1, ("x",))


def test_methods_properties_and_docstrings_stay() -> None:
    assert (Quick.of("a").label, Quick.__doc__, Quick.KINDS) == ("a:None", "A value.", 3)


def test_a_factory_makes_a_new_one_each_time_and_a_draft_may_change() -> None:
    first, second = Draft(), Draft()
    first.rows.append(1)
    first.rows = [*first.rows, 2]
    assert (first.rows, second.rows) == ([1, 2], [])
    with pytest.raises(TypeError):
        hash(first)


def test_fields_of_a_base_come_first() -> None:
    value = Deeper("a", depth=2)
    assert (value.name, value.depth, Deeper.__match_args__) == (
        "a",
        2,
        ("name", "size", "parts", "note", "depth"),
    )
    assert value != Quick("a")


def test_without_slots_it_is_refused() -> None:
    with pytest.raises(TypeError):
        values.dataclass(frozen=True)(Quick)


def test_importing_it_imports_neither_dataclasses_nor_inspect() -> None:
    program = "import sys; before = set(sys.modules); import wfdeps.values; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"dataclasses", "inspect"} & set(done.stdout.split())
