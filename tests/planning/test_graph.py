"""The dependency graph holds every step from a workflow to a source, and no ring."""

from __future__ import annotations

import io

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.words import candidate, resolved, sha256
from tests.report import scenes
from wfdeps.domain.air import Air
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.graphs import Graph, GraphKind, Relation
from wfdeps.domain.refs import Pairing, UnreadableWorkflow
from wfdeps.domain.resolutions import Present, Resolution, Unresolved
from wfdeps.planning.graph import build_graph, graphml, to_networkx
from wfdeps.values import replace

LORA = scenes.ref("add_detail.safetensors")
CHECKPOINT = scenes.ref("sd15.safetensors", "checkpoints", node="4", node_class="CheckpointLoaderSimple")


def _path(graph: Graph) -> list[str]:
    return [str(edge.relation) for edge in graph.edges]


def test_a_missing_file_leads_from_its_workflow_to_its_source() -> None:
    graph = build_graph([scenes.workflow(LORA)], [scenes.missing(LORA)], [scenes.resolved(LORA)])
    kinds = [node.kind for node in graph.nodes]
    assert kinds == list(GraphKind)
    assert _path(graph) == [
        "contains",
        "needs",
        "chosen",
        "release_of",
        "of_model",
        "based_on",
        "from_source",
    ]


def test_a_file_of_the_library_is_drawn_with_where_it_came_from() -> None:
    finding = scenes.present(LORA)
    graph = build_graph(
        [scenes.workflow(LORA)], [finding], [Present(LORA, finding, scenes.candidate(LORA.name))]
    )
    file = next(node for node in graph.nodes if node.kind is GraphKind.FILE)
    assert (file.get("where"), file.get("path")) == ("library", "/models/loras/add_detail.safetensors")
    assert Relation.RELEASE_OF in {edge.relation for edge in graph.edges if edge.source == file.id}


def test_every_candidate_of_an_open_choice_is_drawn() -> None:
    graph = build_graph([scenes.workflow(LORA)], [scenes.missing(LORA)], [scenes.ambiguous(LORA, 3)])
    assert _path(graph).count("candidate") == 3
    ref = next(node for node in graph.nodes if node.kind is GraphKind.REF)
    assert ref.get("state") == "ambiguous"


def test_two_workflows_share_one_ref_and_one_file() -> None:
    twice = [scenes.ref("a.safetensors", workflow=path) for path in ("one.json", "two.json")]
    workflows = [scenes.workflow(wanted, path=wanted.sites[0].workflow) for wanted in twice]
    graph = build_graph(workflows, [scenes.present(twice[0])])
    assert sum(node.kind is GraphKind.REF for node in graph.nodes) == 1
    assert sum(node.kind is GraphKind.FILE for node in graph.nodes) == 1


def test_a_lora_is_drawn_on_the_checkpoint_it_patches() -> None:
    paired = replace(
        scenes.workflow(LORA, CHECKPOINT), pairings=(Pairing(LORA.sites[0], CHECKPOINT.sites[0]),)
    )
    graph = build_graph([paired], [])
    assert [(e.source, e.target) for e in graph.edges if e.relation is Relation.APPLIED_TO] == [
        ("ref:loras/add_detail.safetensors", "ref:checkpoints/sd15.safetensors")
    ]


def test_an_unreadable_workflow_stands_alone_and_says_why() -> None:
    graph = build_graph([UnreadableWorkflow("bad.png", "no workflow in this file")], [])
    assert graph.edges == ()
    assert graph.nodes[0].get("error") == "no workflow in this file"


NAMES = st.sampled_from([f"{letter}.safetensors" for letter in "abcdef"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES), max_size=12), st.sampled_from(RefState))
def test_no_pairing_however_wrong_makes_a_ring(pairs: list[tuple[str, str]], state: RefState) -> None:
    refs = {name: scenes.ref(name, node=name) for pair in pairs for name in pair}
    half = len(pairs) // 2
    workflows = [
        replace(
            scenes.workflow(*refs.values(), path=path),
            pairings=tuple(Pairing(refs[a].sites[0], refs[b].sites[0]) for a, b in part),
        )
        for path, part in (("one.json", pairs[:half]), ("two.json", pairs[half:]))
    ]
    graph = build_graph(workflows, [Finding(wanted, state) for wanted in refs.values()])
    assert networkx.is_directed_acyclic_graph(to_networkx(graph))
    assert graph == build_graph(workflows, [Finding(wanted, state) for wanted in reversed(refs.values())])


def test_graphml_reads_back_as_the_same_graph() -> None:
    graph = build_graph([scenes.workflow(LORA)], [scenes.missing(LORA)], [scenes.resolved(LORA)])
    back = networkx.read_graphml(io.BytesIO(graphml(graph).encode()))
    there = to_networkx(graph)
    assert dict(back.nodes(data=True)) == dict(there.nodes(data=True))
    assert list(back.edges(data=True)) == list(there.edges(data=True))


def test_graphml_is_xml_whatever_a_name_contains() -> None:
    hostile = scenes.ref(scenes.HOSTILE, node="\x00", node_class="<x>\ud800")
    graph = build_graph([scenes.workflow(hostile, path="a\x1b.json")], [scenes.missing(hostile)])
    assert networkx.read_graphml(io.BytesIO(graphml(graph).encode())).number_of_nodes() == len(graph.nodes)


@pytest.mark.parametrize(
    ("resolution", "state"),
    [
        (scenes.resolved(LORA), "resolved"),
        (scenes.ambiguous(LORA, 2), "ambiguous"),
        (Unresolved(LORA, RefState.GATED, "why"), "gated"),
        (Present(LORA, scenes.present(LORA)), "present"),
        (None, "missing"),
    ],
)
def test_a_ref_stands_as_its_last_stage_says(resolution: Resolution | None, state: str) -> None:
    resolutions = [resolution] if resolution else []
    graph = build_graph([scenes.workflow(LORA)], [scenes.missing(LORA)], resolutions)
    ref = next(node for node in graph.nodes if node.kind is GraphKind.REF)
    assert dict(ref.attributes) == {
        "folder": "loras",
        "model_type": "lora",
        "state": state,
        "status": "required",
    }
    assert (ref.id, ref.label) == ("ref:loras/add_detail.safetensors", "add_detail.safetensors")


def test_a_ref_nobody_looked_for_has_no_state() -> None:
    graph = build_graph([scenes.workflow(LORA)], [])
    ref = next(node for node in graph.nodes if node.kind is GraphKind.REF)
    assert ref.get("state") is None


def test_all_that_is_known_of_a_remote_file_is_in_its_nodes() -> None:
    remote = candidate(
        "a_v1.safetensors",
        url="https://civitai.com/api/download/models/2?token=s3cr3t",
        page="https://civitai.com/models/1?token=s3cr3t",
        model_id=1,
        version_id=2,
        file_id=3,
        version_name="v1",
        model_name="Lantern",
        base_model="SD 1.5",
        air=Air.parse("urn:air:sd1:lora:civitai:1@2"),
        digests=(sha256("a"),),
    )
    graph = build_graph([scenes.workflow(LORA)], [], [resolved(LORA, remote)])
    nodes = {node.kind: node for node in graph.nodes}
    file = nodes[GraphKind.FILE]
    assert (file.id, file.label) == ("file:civitai:3", "a_v1.safetensors")
    assert dict(file.attributes) == {
        "access": "open",
        "air": "urn:air:sd1:lora:civitai:1@2",
        "sha256": "a" * 64,
        "size": 100,
        "url": "https://civitai.com/api/download/models/2",
        "where": "remote",
    }
    version, model = nodes[GraphKind.VERSION], nodes[GraphKind.MODEL]
    assert (version.id, version.label, version.get("version_id")) == ("version:civitai:2", "v1", 2)
    assert (model.id, model.label, model.get("model_id")) == ("model:civitai:1", "Lantern", 1)
    assert model.get("page") == "https://civitai.com/models/1"
    assert nodes[GraphKind.SOURCE].id == "source:civitai"
    assert [(edge.source, edge.target) for edge in graph.edges if edge.relation is Relation.BASED_ON] == [
        (version.id, nodes[GraphKind.BASE_MODEL].id)
    ]


def test_what_a_source_does_not_know_is_no_node() -> None:
    bare = candidate("a", source="url", url="https://example.org/a", size=None)
    graph = build_graph([scenes.workflow(LORA)], [], [resolved(LORA, bare)])
    file = next(node for node in graph.nodes if node.kind is GraphKind.FILE)
    assert file.id == "file:url:https://example.org/a"
    assert dict(file.attributes) == {"access": "open", "url": "https://example.org/a", "where": "remote"}
    assert {node.kind for node in graph.nodes}.isdisjoint({GraphKind.VERSION, GraphKind.MODEL})
    named = replace(bare, model_name="Lantern")
    graph = build_graph([scenes.workflow(LORA)], [], [resolved(LORA, named)])
    assert "model:url:Lantern" in {node.id for node in graph.nodes}


def test_numbers_in_ids_sort_by_value() -> None:
    refs = [scenes.ref(f"{number}.pt", node=str(number)) for number in (14, 9, 2)]
    graph = build_graph([scenes.workflow(*refs)], [])
    assert [node.label for node in graph.nodes if node.kind is GraphKind.REF] == ["2.pt", "9.pt", "14.pt"]


def test_an_address_as_a_name_is_shown_without_its_secrets() -> None:
    url = scenes.ref("https://example.org/a?token=s3cr3t")
    graph = build_graph([scenes.workflow(url)], [])
    (ref,) = [node for node in graph.nodes if node.kind is GraphKind.REF]
    assert ref.label == "https://example.org/a"


def test_a_ref_is_drawn_with_the_base_models_its_workflow_names_and_with_every_node() -> None:
    told = replace(LORA, base_models=("SD 1.5",))
    graph = build_graph([scenes.workflow(told)], [])
    edges = {(edge.source, edge.target, edge.relation) for edge in graph.edges}
    assert edges == {
        ("workflow:wf.json", "node:wf.json#14", Relation.CONTAINS),
        ("node:wf.json#14", "ref:loras/add_detail.safetensors", Relation.NEEDS),
        ("ref:loras/add_detail.safetensors", "base_model:SD 1.5", Relation.BASED_ON),
    }
    node = next(node for node in graph.nodes if node.kind is GraphKind.NODE)
    assert (node.label, dict(node.attributes)) == (
        "14 LoraLoader",
        {"node_class": "LoraLoader", "workflow": "wf.json"},
    )


def test_a_pairing_of_nodes_that_name_nothing_is_passed_over() -> None:
    nobody = scenes.ref("x.pt", node="99").sites[0]
    pairings = (
        Pairing(nobody, CHECKPOINT.sites[0]),
        Pairing(LORA.sites[0], nobody),
        Pairing(LORA.sites[0], CHECKPOINT.sites[0]),
    )
    graph = build_graph([replace(scenes.workflow(LORA, CHECKPOINT), pairings=pairings)], [])
    assert [edge.relation for edge in graph.edges].count(Relation.APPLIED_TO) == 1


def test_a_file_of_the_library_has_its_hash_where_it_is_known() -> None:
    finding = scenes.present(LORA)
    (file,) = finding.files
    for digests, told in (((), None), ((sha256("a"),), "a" * 64)):
        known = replace(finding, files=(replace(file, digests=digests),))
        graph = build_graph([scenes.workflow(LORA)], [known])
        (drawn,) = [node for node in graph.nodes if node.kind is GraphKind.FILE]
        assert drawn.get("sha256") == told
        assert (drawn.get("folder"), drawn.get("size"), drawn.label) == ("loras", 144_000_000, LORA.name)


def test_in_networkx_a_node_has_its_kind_its_label_and_its_attributes_and_an_edge_its_relation() -> None:
    graph = build_graph([scenes.workflow(LORA)], [scenes.missing(LORA)])
    drawn = to_networkx(graph)
    assert {node: dict(drawn.nodes[node]) for node in drawn} == {
        node.id: {"kind": str(node.kind), "label": node.label, **dict(node.attributes)}
        for node in graph.nodes
    }
    assert list(drawn.edges(data="relation")) == [
        (edge.source, edge.target, str(edge.relation)) for edge in graph.edges
    ]
