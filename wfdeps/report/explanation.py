"""Explanations as text for people and as `wfdeps/explain/1`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wfdeps.domain.explanations import Explanation, Rejection
from wfdeps.domain.findings import RefState
from wfdeps.domain.visible import visible
from wfdeps.report.ref_fields import file_fields
from wfdeps.report.states import STATES
from wfdeps.report.wording import Painter, View, document_text

SCHEMA = "wfdeps/explain/1"
_SHOWN = 5

HINTS: dict[str, str] = {
    "missing_node_type": "this node class is not installed: search its name in ComfyUI-Manager, and install the pack that has it",
    "invalid_prompt": "the prompt itself is wrong: save the workflow again with Export (API)",
    "prompt_no_outputs": "nothing in this workflow shows or saves a result: add a SaveImage or PreviewImage node",
    "required_input_missing": "this input is not connected",
    "return_type_mismatch": "what is connected does not fit: a custom node changed since the workflow was saved",
    "bad_linked_input": "the link into this input is damaged: choose the value in the node, and save the workflow again",
    "invalid_input_type": "the value is of another type than this input takes: set it in the node, and save the workflow again",
    "custom_validation_failed": "the node's own check failed; for images, the file is not in ComfyUI's input folder",
    "value_not_in_list": "this ComfyUI does not offer that value",
    "value_smaller_than_min": "the value is below what this input takes: set it in the node",
    "value_bigger_than_max": "the value is above what this input takes: set it in the node",
}
"""What to make of complaints that are not about a model."""


def render_text(explanations: Sequence[Explanation], view: View | None = None) -> str:
    """A block for each complaint: what is missing, where it should be, how to get it."""
    view = view or View()
    paint = Painter(color=view.color, ascii=view.ascii, width=view.width)
    return "\n\n".join("\n".join(_block(explanation, paint)) for explanation in explanations) + "\n"


def render_json(explanations: Sequence[Explanation]) -> str:
    """The document, indented."""
    document = {"schema": SCHEMA, "problems": [_fields(explanation) for explanation in explanations]}
    return document_text(document)


def _block(explanation: Explanation, paint: Painter) -> Iterator[str]:
    rejection, ref, finding = explanation.rejection, explanation.ref, explanation.finding
    is_here = finding is not None and finding.files and finding.state in _HERE
    bad = paint.tone(paint.glyph("bad"), "bad")
    yield f"{bad} {_subject(rejection)}"
    if ref is None or explanation.cause:
        yield f"    ComfyUI   {visible(' '.join(rejection.message.split()))}"
    if explanation.cause:
        yield f"    cause     {visible(explanation.cause)}"
    if ref is None:
        if rejection.value:
            yield f"    asked     {visible(rejection.value)}"
        if explanation.alike:
            yield f"    offered   {_listed(explanation.alike)}"
        elif rejection.options:
            yield f"    offered   {_listed(rejection.options)}"
    else:
        word = "file   " if is_here or explanation.cause else "missing"
        yield f"    {word}   {paint.bold(visible(ref.name), 'bad')}  ({ref.model_type.replace('_', ' ')})"
        yield f"    folder    {', '.join(map(visible, ref.folders)) or 'unknown'}"
        if finding is not None:
            yield f"    here      {_state(explanation)}"
        if explanation.target and not is_here:
            yield f"    place     {visible(explanation.target)}"
        if explanation.alike:
            yield f"    offered   {_listed(explanation.alike)}"
    if explanation.hint:
        yield f"  {paint.glyph('next')} {visible(explanation.hint)}" + (":" if explanation.next else "")
    if explanation.next:
        yield f"      {paint.tone(explanation.next, 'command')}"


_HERE = (RefState.PRESENT, RefState.CORRUPT, RefState.WRONG_HASH)
"""States of a file that is in its place."""


def _subject(rejection: Rejection) -> str:
    node = f"node {visible(rejection.node_id)} " if rejection.node_id else ""
    name = f"{node}{visible(rejection.node_class)}".strip() or (
        "the prompt" if rejection.type in HINTS else "the run"
    )
    return f"{name}, input {visible(rejection.input)}" if rejection.input else name


def _state(explanation: Explanation) -> str:
    finding = explanation.finding
    assert finding is not None
    if finding.state is RefState.PRESENT and finding.files and explanation.cause:
        return visible(finding.files[0].path)
    if finding.state is RefState.CORRUPT and finding.files:
        return f"{visible(finding.files[0].path)}: {visible(finding.detail or finding.files[0].trouble)}"
    if finding.state is RefState.PRESENT and finding.files:
        return f"{visible(finding.files[0].path)} (ComfyUI has not seen it yet: press R there, or restart it)"
    title = STATES[finding.state].title
    files = ", ".join(visible(file.path) for file in finding.files[:3])
    return f"{title}: {files}" if files else visible(finding.detail) or "no"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(visible(name) for name in names[:_SHOWN])
    return f"{shown} (+{len(names) - _SHOWN})" if len(names) > _SHOWN else shown


def _fields(explanation: Explanation) -> dict[str, Any]:
    rejection, ref, finding = explanation.rejection, explanation.ref, explanation.finding
    return {
        "type": rejection.type,
        "message": rejection.message,
        "node_id": rejection.node_id,
        "node_class": rejection.node_class,
        "input": rejection.input,
        "value": rejection.value,
        "outputs": list(rejection.outputs),
        "name": ref.name if ref else None,
        "model_type": str(ref.model_type) if ref else None,
        "folders": list(ref.folders) if ref else [],
        "state": str(finding.state) if finding else None,
        "found": [file_fields(file) for file in finding.files] if finding else [],
        "target": explanation.target or None,
        "alike": list(explanation.alike),
        "cause": explanation.cause,
        "hint": explanation.hint,
        "next": explanation.next,
    }
