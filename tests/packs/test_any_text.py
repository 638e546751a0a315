"""Whatever the text of a pack, reading it ends, raises nothing, and says so where it could not be read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfdeps.packs.registry import read_pack

_WHOLE = b"""
import importlib, folder_paths
from .nodes import NODE_CLASS_MAPPINGS as N
X = [1, *[2, 3]]
class A(Base, metaclass=M):
    NAME = f"{X[0]}"
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {"a": (["x"] + folder_paths.get_filename_list("vae"), {"default": None})}}
NODE_CLASS_MAPPINGS = {**N, A.NAME: A, **{k: v for k, v in zip(X, [A] * 3) if k}}
for n in X:
    try:
        NODE_CLASS_MAPPINGS.update(importlib.import_module("." + n).NODE_CLASS_MAPPINGS)
    except Exception as e:
        NODE_CLASS_MAPPINGS |= {"b": lambda: A}
async def comfy_entrypoint():
    return A()
"""


@given(st.binary(max_size=400))
def test_random_bytes(data: bytes) -> None:
    read_pack("p", {"__init__.py": b"NODE_CLASS_MAPPINGS = {}\n" + data})


@given(st.integers(0, len(_WHOLE)), st.integers(0, len(_WHOLE)))
@settings(max_examples=300)
def test_a_source_cut_and_joined_anywhere(end: int, start: int) -> None:
    read_pack("p", {"__init__.py": _WHOLE[:end] + _WHOLE[start:], "nodes.py": _WHOLE[:start]})


_PIECES = [
    "NODE_CLASS_MAPPINGS", "x", "f", "A", "=", "(", ")", "{", "}", "[", "]", ":", ",", "\n", "\n    ", "def f(x):", "class A:",
    "return", "for x in", "lambda x:", "*", "**", ".", "+", "|=", "f'{x}'", "'{}'.format", "import", "from . import", "if x:",
    "else:", "try:", "except:", "0", "1", "'a'", "dict", "getattr", "zip", "globals()", "yield", "await", "del", "global x", "@",
    "get_filename_list('vae')",
]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=60).map(" ".join))
@settings(max_examples=500)
def test_any_row_of_words(text: str) -> None:
    read_pack("p", {"__init__.py": text.encode()})


@pytest.mark.parametrize(
    "text",
    [
        "NODE_CLASS_MAPPINGS = " + "(" * 5000,
        "NODE_CLASS_MAPPINGS = " + "[" * 90 + "]" * 90,
        "NODE_CLASS_MAPPINGS = " + "-" * 50_000 + "1",
        "NODE_CLASS_MAPPINGS = " + "a+" * 50_000 + "a",
        "NODE_CLASS_MAPPINGS = a" + ".b" * 50_000,
        "NODE_CLASS_MAPPINGS = f" + "(1)" * 50_000,
        "NODE_CLASS_MAPPINGS = " + "9" * 100_000,
        "NODE_CLASS_MAPPINGS = {'" + "x" * 3_000_000 + "': 1, **a()}",
        "\0NODE_CLASS_MAPPINGS = {}",
        "NODE_CLASS_MAPPINGS = {\0}",
        "".join("if x:\n" + " " * depth for depth in range(1, 120)) + "NODE_CLASS_MAPPINGS = {}",
    ],
    ids=lambda text: text[:30] + text[-4:],
)
def test_what_no_reader_gets_through_is_said_to_be_open(text: str) -> None:
    assert not read_pack("p", {"__init__.py": text.encode()}).complete


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return f(x) + f(x) + f(x)\nNODE_CLASS_MAPPINGS = f(1)",
        "a = [1]\n" + "a += a\n" * 60 + "NODE_CLASS_MAPPINGS = {x: 1 for x in a for y in a for z in a}",
        "a = 'x' * 2\na = '{0}{0}{0}{0}'\n" + "a = a.format(a)\n" * 200 + "NODE_CLASS_MAPPINGS = {a: f()}",
        "a = '{:>9999999999}'.format(1)\nNODE_CLASS_MAPPINGS = {a: 1}",
        "a = {}\na['a'] = a\na[a] = a\nNODE_CLASS_MAPPINGS = {**a}\n"
        + "NODE_CLASS_MAPPINGS.update(a)\n" * 2000,
        "from . import *\nfrom .x import *\nNODE_CLASS_MAPPINGS = x",
        "class A(A): pass\nclass B(C): pass\nclass C(B): pass\nNODE_CLASS_MAPPINGS = {A.n: 1, B.n: C}",
        "x = lambda: x()\nNODE_CLASS_MAPPINGS = x()",
        "if a:\n    b = {}\n" * 20_000 + "NODE_CLASS_MAPPINGS = c()",
    ],
    ids=lambda text: text[:30],
)
def test_what_would_never_end_ends(text: str) -> None:
    found = read_pack("p", {"__init__.py": text.encode(), "x.py": b"from . import *\nfrom .x import x"})
    assert not found.complete
