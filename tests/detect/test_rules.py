"""The table of rules: whole, ordered, and each row reachable."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from tests.detect import import_signatures
from wfdeps.detect.identify import _WAYS
from wfdeps.detect.rules import GATES, Rule, first_rule, rules_of, source_of
from wfdeps.detect.scopes import Scope, _compiled, _pieces
from wfdeps.detect.tensors import Header, Tensor
from wfdeps.domain.folders import FOLDER_KEYS
from wfdeps.domain.model_types import ModelType

EVERY = [(gate, rule) for gate in (*GATES, "lora_arch") for rule in rules_of(gate)]
IDS = [f"{gate}:{rule.id}" for gate, rule in EVERY]


def test_ids_are_unique_within_a_gate() -> None:
    assert [item for item, count in Counter(IDS).items() if count > 1] == []


@pytest.mark.parametrize(("gate", "rule"), EVERY, ids=IDS)
def test_a_row_is_whole(gate: str, rule: Rule) -> None:
    assert ModelType(rule.model_type) is not ModelType.UNKNOWN
    assert rule.folder is None or rule.folder in {*FOLDER_KEYS, ""}
    assert source_of(rule)
    assert rule.sure in ("certain", "likely", "guess")
    assert rule.arch in _WAYS or (":" not in rule.arch and len(rule.arch.split("|")) <= 4)
    assert rule.arch or rule.sure == "guess", "a row that names no family tells the type alone, as a guess"
    assert rule.all or rule.any or rule.shape or rule.meta or rule.code or rule.tree
    for pattern in (*rule.all, *rule.raw_all, *rule.any, *rule.none, *(test[0] for test in rule.shape)):
        if pattern.removeprefix("raw:").startswith("re:"):
            _compiled(pattern.removeprefix("raw:"))
    assert all(op in ("eq", "ge", "in") for _, _, op, _ in rule.shape)


def example(pattern: str) -> str:
    """A name that fits the pattern: of each alternative the first, of each repetition the least."""
    pattern = pattern.removeprefix("raw:")
    return _shortest(parser.parse(pattern[3:])) if pattern.startswith("re:") else pattern


def _shortest(parts: Any) -> str:
    return "".join(map(_piece, parts))


def _piece(part: tuple[Any, Any]) -> str:
    kind, value = str(part[0]), part[1]
    match kind:
        case "LITERAL":
            return chr(value)
        case "ANY" | "NOT_LITERAL":
            return "x"
        case "IN":
            return _member(value)
        case "BRANCH":
            return _shortest(value[1][0])
        case "SUBPATTERN":
            return _shortest(value[3])
        case "MAX_REPEAT":
            return _shortest(value[2]) * int(value[0])
        case _:
            return ""


def _member(choices: Any) -> str:
    kind, value = str(choices[0][0]), choices[0][1]
    match kind:
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(value[0])
        case "CATEGORY":
            return "0"
        case _:
            return "x"


def minimal(rule: Rule) -> Header:
    """The least header that satisfies a row."""
    tensors: dict[str, Tensor] = {
        example(pattern): Tensor("F16", (1, 1), 2) for pattern in (*rule.all, *rule.raw_all, *rule.any[:1])
    }
    tensors |= {name: Tensor("F16", (1, 1), 2) for name in _names_of(rule.tree)}
    for pattern, dimension, op, value in rule.shape:
        length = value[0] if op == "in" else value
        fitting = Scope(tensors).find(pattern) or example(pattern) or "x"
        shape = list(tensors[fitting].shape or (1, 1)) if fitting in tensors else [1, 1]
        if dimension == "ndim":
            shape = [shape[-1]] * int(length)
        else:
            shape[{"in": 0, "out": 1}.get(str(dimension), dimension)] = length  # type: ignore[call-overload]
        tensors[fitting] = Tensor("F16", tuple(shape), 0)
    code = (rule.code.replace("^", "").replace("\\.", ".").split("(")[0] + "X",) if rule.code else ()
    return Header("safetensors", tensors, {name: values[0] for name, values in rule.meta}, code=code)


def _names_of(tree: Any) -> list[str]:
    if tree is None:
        return []
    if isinstance(tree, str):
        return [tree]
    return [name for part in tree.get("all_of", tree.get("any_of", [])[:1]) for name in _names_of(part)]


TOLD_BY_ABSENCE = {
    "core:ssd1b", "core:sdxl", "core:sd2_unclip", "core:unet_d_xl_keys", "core:ldm_xl_keys", "encoders:qwen25_vl7",
    "encoders:gemma3_12b",
}  # fmt: skip
"""Rows whose least header lacks what makes an earlier row pass by: a smaller model is told by what it has not."""


@pytest.mark.parametrize(
    ("gate", "rule"),
    [pair for pair in EVERY if not pair[1].code],
    ids=[i for i, p in zip(IDS, EVERY, strict=True) if not p[1].code],
)
def test_a_row_is_reached_or_an_earlier_one_says_the_same(gate: str, rule: Rule) -> None:
    header = minimal(rule)
    scope = Scope(header.tensors)
    found = first_rule(gate, header, scope, scope)
    assert found is not None
    if f"{gate}:{rule.id}" in TOLD_BY_ABSENCE:
        assert found.id != rule.id, "reached after all: take it off the list"
        return
    same = found.model_type == rule.model_type and set(found.arch.split("|")) & set(rule.arch.split("|"))
    assert found.id == rule.id or same, (found.id, list(header.tensors))


def test_a_gate_answers_nothing_for_nothing() -> None:
    empty = Scope({})
    header = Header("safetensors", {})
    assert [first_rule(gate, header, empty, empty) for gate in (*GATES, "lora_arch")] == [None] * (
        len(GATES) + 1
    )


def test_the_plain_pieces_of_a_pattern_are_in_everything_it_matches() -> None:
    for _, rule in EVERY:
        for pattern in (*rule.all, *rule.any, *rule.none):
            pattern = pattern.removeprefix("raw:")
            if pattern.startswith("re:"):
                kinds = Scope({example(pattern): Tensor("", None, 0)}).kinds
                assert all(piece in kinds for piece in _pieces(pattern)), pattern


def test_every_fact_has_its_row(shared: Path) -> None:
    signatures = shared / "data" / "detection" / "signatures.json"
    known = {gate: {rule.id for rule in rules_of(gate)} for gate in (*GATES, "lora_arch")}
    made = import_signatures.rows(json.loads(signatures.read_text(encoding="utf-8")))
    lacking = [
        (gate, row["id"]) for gate, rows in made.items() for row in rows if row["id"] not in known[gate]
    ]
    assert lacking == []
