"""A graph can be read back from each of its formats, and drawn within the limits of who draws it."""

from __future__ import annotations

import json
import re

import pydot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report import scenes
from wfdeps.domain.graphs import Graph, GraphEdge, GraphKind, GraphNode, Relation
from wfdeps.report import graph_dot, graph_json, graph_mermaid, graph_tree
from wfdeps.report.collapsing import smaller, without
from wfdeps.report.wording import View
from wfdeps.schema import problems

K, R = GraphKind, Relation

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pydot")

NODE_LINE = re.compile(r'  n\d+(\(\[|\[\(|\[|\(|\{\{)"([^"\n]*)"(\]\)|\)\]|\]|\)|\}\})(:::\w+)?')
EDGE_LINE = re.compile(r"  n\d+ (-->|-\.->)(\|[a-z ]+\|)? n\d+")
CLASS_LINE = re.compile(r"  classDef \w+ [\w#:,]+")


def chain(*, workflows: int = 1, refs: int = 1, label: str = "a") -> Graph:
    """Workflows, each with its refs, each with a file of one source."""
    nodes, edges = [GraphNode("s", K.SOURCE, "civitai")], []
    for w in range(workflows):
        nodes.append(GraphNode(f"w{w}", K.WORKFLOW, f"{label}{w}.json"))
        for r in range(refs):
            at = f"{w}.{r}"
            state = (("folder", "loras"), ("state", "present" if r % 2 else "missing"))
            nodes += [
                GraphNode(f"n{at}", K.NODE, f"{r} {label}"),
                GraphNode(f"r{at}", K.REF, f"{label}{r}", state),
                GraphNode(f"f{at}", K.FILE, f"{label}{r}", (("size", 5),)),
            ]
            edges += [
                GraphEdge(f"w{w}", f"n{at}", R.CONTAINS),
                GraphEdge(f"n{at}", f"r{at}", R.NEEDS),
                GraphEdge(f"r{at}", f"f{at}", R.CHOSEN),
                GraphEdge(f"f{at}", "s", R.FROM_SOURCE),
            ]
    return Graph(tuple(nodes), tuple(edges))


def assert_mermaid(text: str) -> tuple[int, int]:
    """Each line is of the kinds we write, and what is drawn fits GitHub; the numbers of nodes and edges."""
    first, *rest = text.splitlines()
    assert first == "flowchart LR"
    lines = [line for line in rest if not line.startswith("%% ")]
    for line in lines:
        assert NODE_LINE.fullmatch(line) or EDGE_LINE.fullmatch(line) or CLASS_LINE.fullmatch(line), line
    edges = sum(EDGE_LINE.fullmatch(line) is not None for line in lines)
    assert edges <= 500
    assert len(text) <= 50_000
    return sum(NODE_LINE.fullmatch(line) is not None for line in lines), edges


def test_json_keeps_its_schema_and_every_edge_ends_at_a_node() -> None:
    document = json.loads(graph_json.render(chain(refs=3)))
    assert problems(document, "graph-1") == ()
    ids = {node["id"] for node in document["nodes"]}
    assert all({edge["source"], edge["target"]} <= ids for edge in document["edges"])


def test_a_small_graph_is_drawn_whole() -> None:
    graph = chain(refs=3)
    assert assert_mermaid(graph_mermaid.render(graph)) == (len(graph.nodes), len(graph.edges))


@pytest.mark.parametrize(("workflows", "refs"), [(1, 60), (1, 5_000), (60, 30), (2_000, 2)])
def test_a_large_graph_collapses_until_github_draws_it_and_says_so(workflows: int, refs: int) -> None:
    text = graph_mermaid.render(chain(workflows=workflows, refs=refs))
    nodes, _ = assert_mermaid(text)
    assert 1 < nodes <= 310
    assert "collapsed" in text


def test_workflows_left_out_are_counted() -> None:
    text = graph_mermaid.render(chain(workflows=2_000, refs=2))
    left = re.search(r'"and (\d+) more workflows"', text)
    assert left
    assert int(left[1]) + sum(".json" in line for line in text.splitlines()) == 2_000


def test_labels_that_grow_tenfold_when_escaped_still_fit() -> None:
    assert_mermaid(graph_mermaid.render(chain(workflows=140, refs=1, label="\u2603" * 100)))


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=40) | st.just(scenes.HOSTILE))
def test_no_label_breaks_out_of_its_quotes(label: str) -> None:
    graph = Graph((GraphNode("w", K.WORKFLOW, label), GraphNode("r", K.REF, label, (("folder", label),))), ())
    assert assert_mermaid(graph_mermaid.render(graph)) == (2, 0)
    drawn = pydot.graph_from_dot_data(graph_dot.render(graph))
    assert drawn is not None
    assert [node.get_name() for node in drawn[0].get_nodes()] == ["node", "n0", "n1"]
    assert len(graph_tree.render(graph).splitlines()) == 1


def test_dot_is_read_by_pydot_with_every_node_and_edge() -> None:
    graph = chain(workflows=2, refs=3)
    drawn = pydot.graph_from_dot_data(graph_dot.render(graph))
    assert drawn is not None
    assert len(drawn[0].get_edges()) == len(graph.edges)
    assert len(drawn[0].get_nodes()) == len(graph.nodes) + 1  # and the defaults


def test_what_is_skipped_keeps_its_ends_joined() -> None:
    small = without(chain(refs=2), frozenset({K.NODE, K.FILE}))
    assert [(edge.source, edge.target, edge.relation) for edge in small.edges] == [
        ("w0", "r0.0", R.NEEDS),
        ("r0.0", "s", R.FROM_SOURCE),
        ("w0", "r0.1", R.NEEDS),
        ("r0.1", "s", R.FROM_SOURCE),
    ]


def test_the_smallest_form_counts_by_folder_and_state() -> None:
    *_, last = smaller(chain(refs=5))
    assert [node.label for node in last.nodes] == ["a0.json", "loras: 3 missing, 2 present"]


def test_a_tree_shows_each_thing_once_and_refers_back() -> None:
    graph = Graph(
        (
            GraphNode("w", K.WORKFLOW, "wf.json"),
            GraphNode("n1", K.NODE, "1 LoraLoader"),
            GraphNode("n2", K.NODE, "2 LoraLoader"),
            GraphNode("r", K.REF, "a.safetensors", (("folder", "loras"), ("state", "resolved"))),
            GraphNode("f", K.FILE, "a.safetensors", (("size", 36_000_000), ("where", "remote"))),
        ),
        (
            GraphEdge("w", "n1", R.CONTAINS),
            GraphEdge("w", "n2", R.CONTAINS),
            GraphEdge("n1", "r", R.NEEDS),
            GraphEdge("n2", "r", R.NEEDS),
            GraphEdge("r", "f", R.CHOSEN),
        ),
    )
    assert graph_tree.render(graph, View(ascii=True)) == (
        "wf.json\n"
        "|- 1 LoraLoader\n"
        "|  `- loras/a.safetensors  resolved\n"
        "|     `- a.safetensors  36.0 MB\n"
        "`- 2 LoraLoader\n"
        "   `- loras/a.safetensors  resolved (above)\n"
    )


def test_an_empty_graph_is_still_a_graph() -> None:
    empty = Graph((), ())
    assert graph_tree.render(empty) == ""
    assert_mermaid(graph_mermaid.render(empty))
    assert problems(json.loads(graph_json.render(empty)), "graph-1") == ()
