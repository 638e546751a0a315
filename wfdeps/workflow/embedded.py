"""The texts of a container → the workflows and the generation parameters among them."""

from __future__ import annotations

from collections.abc import Iterable

from wfdeps.errors import WorkflowError
from wfdeps.values import dataclass, field
from wfdeps.workflow.documents import Document, documents_in, paired
from wfdeps.workflow.json_text import parse
from wfdeps.workflow.limits import Budget


@dataclass(slots=True)
class Embedded:
    """The texts of a container, sorted by what they are."""

    documents: list[Document] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    """A1111's text, as it stands."""
    metadata: list[object] = field(default_factory=list)
    """JSON that is no workflow but may name resources (Civitai's `extraMetadata`)."""
    notices: list[tuple[str, str]] = field(default_factory=list)


def embedded_in(texts: Iterable[tuple[str, object]], budget: Budget) -> Embedded:
    """Sort a container's texts. `workflow` wins over `prompt`, which is kept to compare; both over other keys.

    Where the budget is met, the rest is not looked at, and a notice says so. Raises WorkflowError where the one text that
    should be a workflow cannot be read, or nothing was found before the budget was met.
    """
    found = Embedded()
    by_key: dict[str, list[Document]] = {}
    broken: list[str] = []
    for key, value in texts:
        if not budget.take_text(len(value) if isinstance(value, str) else 0):
            break
        key = key.lower()
        if key == "xmp" and isinstance(value, str):
            from wfdeps.workflow.containers.markup import json_objects  # html: few files need it

            for name, inner in json_objects(value, budget):
                _take(name.lower(), inner, by_key, broken, found, budget)
        else:
            _take(key, value, by_key, broken, found, budget)
        if budget.reached:
            break
    found.documents = _chosen(by_key)
    if broken and found.documents:
        found.notices += [
            ("unreadable_text", f"`{key}` in this file cannot be read; another text is used")
            for key in broken
        ]
    elif budget.reached and not (found.documents or found.parameters):
        raise WorkflowError(f"it holds {budget.reached}, and no workflow among what is read of it")
    elif broken and not found.parameters:
        raise WorkflowError(f"its `{broken[0]}` cannot be read as a workflow")
    if budget.reached:
        found.notices.append(
            ("partly_read", f"this file holds {budget.reached}; what comes after that is not looked at")
        )
    return found


def _take(
    key: str,
    value: object,
    by_key: dict[str, list[Document]],
    broken: list[str],
    found: Embedded,
    budget: Budget,
) -> None:
    if isinstance(value, str):
        text = value.strip()
        if not text.startswith(("{", "[", '"')):
            if key in ("parameters", "usercomment", "comment", "description") or "\nSteps: " in text:
                found.parameters.append(text)
            return
        if not budget.take_json(len(text)):
            return
        try:
            value = parse(text)
        except WorkflowError:
            if key in ("workflow", "prompt"):
                broken.append(key)
            return
        if isinstance(value, str) and "\nSteps: " in value:
            found.parameters.append(value)
            return
    documents = documents_in(value)
    if documents:
        by_key.setdefault(key, []).extend(documents)
    if isinstance(value, dict):
        found.metadata.append(value)
        inner = value.get("parameters")
        if isinstance(inner, str):
            found.parameters.append(inner)


def _chosen(by_key: dict[str, list[Document]]) -> list[Document]:
    workflow, prompt = by_key.get("workflow", []), by_key.get("prompt", [])
    if workflow:
        return [paired(workflow[0], prompt[0]), *workflow[1:]] if prompt else workflow
    if prompt:
        return prompt
    return next(iter(by_key.values()), [])
