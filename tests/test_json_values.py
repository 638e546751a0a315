"""`loads` answers as the standard library's, errors and all."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.json_values import loads

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(values, st.sampled_from(["", " ", "\n\t ", "\r\n"]), st.sampled_from([None, 1]))
def test_every_value_is_read_back(value: object, around: str, indent: int | None) -> None:
    assert loads(around + json.dumps(value, indent=indent) + around) == value


@given(st.text(alphabet='[]{}",: \n\\u0123.eE-+tfn\x00\ufeff\u00a0'))
def test_a_text_that_is_wrong_is_refused_in_the_same_words(text: str) -> None:
    try:
        due = json.loads(text)
    except ValueError as error:
        with pytest.raises(json.JSONDecodeError) as refused:
            loads(text)
        assert str(refused.value) == str(error)
    else:
        assert loads(text) == due


def test_numbers_that_json_has_not_are_numbers_all_the_same() -> None:
    assert loads("[Infinity, -Infinity]") == [math.inf, -math.inf]
    assert math.isnan(loads("NaN"))


def test_the_last_of_double_keys_counts() -> None:
    assert loads('{"a": 1, "a": 2}') == {"a": 2}


def test_what_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(RecursionError):
        loads("[" * 200_000)


def test_a_number_too_long_to_read_is_refused() -> None:
    with pytest.raises(ValueError, match="digits"):
        loads("1" * 5000)
