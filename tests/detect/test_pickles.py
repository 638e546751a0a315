"""Our reading of a pickle is `pickletools`' own, opcode for opcode, on whole pickles and on damaged ones."""

from __future__ import annotations

import io
import pickle as python_pickle
import pickletools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.detect.files import memoised_pickle, number, pickle, state_dict_pickle, table_pickle, text
from wfdeps.detect.pickles import BadPickleError, Machine, Made, Name, Persistent, Unrolled, unroll
from wfdeps.detect.window import Window

SHAPES: dict[str, tuple[int, ...]] = {
    f"blocks.{n}.w": shape
    for n, shape in enumerate([(4, 4), (), (3,), (2, 2, 2), (1, 2, 3, 4), (70_000, 300)] * 60)
}
SEEDS = [
    pickle(memoised_pickle(SHAPES)),
    pickle(memoised_pickle(dict(list(SHAPES.items())[:9]))),
    pickle(state_dict_pickle(dict(list(SHAPES.items())[:9]))),
    pickle(table_pickle({"a": b"cos\nsystem\n" + b"(" + text("ls") + b"tR", "b": number(-5)})),
    *(
        python_pickle.dumps({"a": [1, 2.5, (1, 2), {3}, b"x", None, True, "é", 1 << 80, -7]}, p)
        for p in range(6)
    ),
]


def by_pickletools(data: bytes) -> tuple[Unrolled, int]:
    """What the machine makes of the opcodes as `pickletools` reads them, and where they end."""
    machine, end = Machine(), 0
    for opcode, argument, position in pickletools.genops(io.BytesIO(data)):
        machine.step(opcode.name, argument)
        end = (position or 0) + 1
    return machine.unrolled(), end


def shown(value: Any, depth: int = 0) -> Any:
    """The value as texts and tuples that compare; circles are cut."""
    if depth > 12:
        return "…"
    match value:
        case Name():
            return ("name", value.text)
        case Persistent():
            return ("persistent", shown(value.id, depth + 1))
        case Made():
            parts = (value.what, value.arguments, value.state, value.items or {})
            return ("made", *(shown(part, depth + 1) for part in parts))
        case dict():
            return (
                "dict",
                *((shown(k, depth + 1), shown(v, depth + 1)) for k, v in list(value.items())[:400]),
            )
        case list() | tuple():
            return (type(value).__name__, *(shown(part, depth + 1) for part in value[:400]))
        case _:
            return (type(value).__name__, repr(value)[:200])


def agree(data: bytes) -> None:
    """Both give the same and stop at the same place, or both refuse; whatever part of the bytes is at hand first."""
    for held in (len(data), 0):
        window = Window(lambda offset, length: data[offset : offset + length], 0, len(data), data[:held])
        try:
            expected, end = by_pickletools(data)
        except Exception:
            with pytest.raises(BadPickleError):
                unroll(window)
            continue
        told = unroll(window)
        assert (told.names, shown(told.value), window.tell()) == (expected.names, shown(expected.value), end)


def test_whole_pickles_are_read_alike() -> None:
    for data in SEEDS:
        agree(data)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A pickle with bytes changed, cut out, doubled, or mixed with another."""
    data = bytearray(draw(st.sampled_from(SEEDS[1:])))
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(["change", "opcode", "cut", "double", "graft"])):
            case "change":
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "opcode":
                data[at:at] = draw(
                    st.sampled_from([o.code for o in pickletools.opcodes]).map(lambda c: c.encode("latin-1"))
                )
            case "cut":
                del data[at : at + draw(st.integers(1, 12))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 40))]
            case "graft":
                other = draw(st.sampled_from(SEEDS[1:]))
                data[at:] = other[draw(st.integers(0, len(other) - 1)) :]
    return bytes(data)


@given(mutated())
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_pickles_are_read_or_refused_alike(data: bytes) -> None:
    agree(data)


objects = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(objects, st.integers(0, 5))
@settings(max_examples=200, deadline=None)
def test_any_pickled_object_is_read_alike(value: object, protocol: int) -> None:
    data = python_pickle.dumps(value, protocol)
    agree(data)


shapes = st.dictionaries(st.text(max_size=20), st.lists(st.integers(0, 70_000), max_size=6), max_size=12)


@given(shapes, st.sampled_from(["HalfStorage", "FloatStorage"]), st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_state_dict_is_read_alike_with_anything_behind_it(
    shapes: dict[str, list[int]], storage: str, behind: bytes
) -> None:
    small = {name: shape for name, shape in shapes.items() if all(length < 300 for length in shape[:2])}
    small = {name: shape[:2] for name, shape in small.items()}
    agree(pickle(memoised_pickle(small, storage)) + behind)
