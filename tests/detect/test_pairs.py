"""A workflow's pairings become pairs to compare: only of models that are needed and known."""

from __future__ import annotations

from wfdeps.detect.compat import Side
from wfdeps.detect.pairs import pairs_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, NodeSite, Pairing, RefStatus, WorkflowRefs

CHECKPOINT, LORA, OTHER = (
    NodeSite("wf.json", node, kind, "name") for node, kind in (("1", "Ckpt"), ("2", "Lora"), ("3", "Lora"))
)


def ref(name: str, model_type: ModelType, site: NodeSite, status: RefStatus = RefStatus.REQUIRED) -> ModelRef:
    return ModelRef(name, model_type, (), status, (site,))


def workflow(*refs: ModelRef) -> WorkflowRefs:
    pairings = (Pairing(LORA, CHECKPOINT), Pairing(OTHER, CHECKPOINT))
    return WorkflowRefs("wf.json", "ui", "json", "", refs, pairings=pairings)


def test_each_ref_is_asked_about_once_and_inactive_ones_never() -> None:
    asked: list[str] = []

    def side_of(ref: ModelRef) -> Side:
        asked.append(ref.name)
        return Side(ref.name)

    pairs = pairs_of(
        workflow(
            ref("base", ModelType.CHECKPOINT, CHECKPOINT),
            ref("style", ModelType.LORA, LORA),
            ref("muted", ModelType.LORA, OTHER, RefStatus.INACTIVE),
        ),
        side_of,
    )
    assert [(pair.relation, pair.dependent.name, pair.base.name) for pair in pairs] == [
        (ModelType.LORA, "style", "base")
    ]
    assert sorted(asked) == ["base", "style"]


def test_a_file_nobody_knows_makes_no_pair() -> None:
    refs = (ref("base", ModelType.CHECKPOINT, CHECKPOINT), ref("style", ModelType.LORA, LORA))
    assert pairs_of(workflow(*refs), lambda ref: None if ref.name == "base" else Side(ref.name)) == ()
