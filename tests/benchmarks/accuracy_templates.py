"""Recall, precision and right folders on ComfyUI's official templates and blueprints.

    python tests/benchmarks/accuracy_templates.py [--verbose]

Truth is what the files declare in `properties.models`: name and directory. Each file is read as shipped, then
without that metadata and without notes, then flattened to API format in two ways: with its links, and as peers'
comparisons did it, one dict a node without links and `w0`, `w1` … for widgets nobody named. Promoted values of
subgraph hosts are checked one by one. Exits 1 where a figure falls below its limit.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from wfdeps.domain.folders import canonical_key
from wfdeps.domain.refs import RefStatus, WorkflowRefs
from wfdeps.workflow.names import has_model_ending
from wfdeps.workflow.node_graph import Literal
from wfdeps.workflow.read import read_workflow
from wfdeps.workflow.ui_format import read_workflow_graph, widget_names

RECALL, PRECISION, FOLDER = 0.995, 0.99, 0.99
Truth = set[tuple[str, str]]


class Score(NamedTuple):
    workflows: int
    recall: float
    precision: float
    folder: float
    complete: int
    clean: int
    clean_refs: int
    misses: list[str]


def main() -> int:
    verbose = "--verbose" in sys.argv
    failed = False
    print(
        f"{'corpus':<11}{'form':<26}{'files':>6}{'recall':>9}{'precision':>11}{'folder':>9}{'complete':>10}{'refs in files without models':>30}"
    )
    for corpus, package in (
        ("templates", "comfyui_workflow_templates_json"),
        ("blueprints", "comfyui_subgraph_blueprints"),
    ):
        files = dict(_files(package))
        for form, change in FORMS.items():
            score = measure(files, change)
            failed |= score.recall < RECALL or score.precision < PRECISION or score.folder < FOLDER
            print(
                f"{corpus:<11}{form:<26}{score.workflows:>6}{score.recall:>9.2%}{score.precision:>11.2%}{score.folder:>9.2%}"
                f"{score.complete:>6}/{score.workflows:<4}{score.clean_refs:>14} refs in {score.clean} files"
            )
            if verbose:
                print("\n".join(f"      {miss}" for miss in score.misses))
    total, right, wrong = promoted_values()
    print(f"\npromoted host values that name a model: {right} of {total} reach a loader")
    if verbose or wrong:
        print("\n".join(f"      {miss}" for miss in wrong))
    print(f"limits: recall {RECALL:.1%}, precision {PRECISION:.0%}, folder {FOLDER:.0%}, promoted values all")
    return 1 if failed or right != total else 0


def measure(files: dict[str, dict[str, Any]], change: Callable[[dict[str, Any]], dict[str, Any]]) -> Score:
    """All figures of one form of one corpus. A ref counts as found whatever its status."""
    named = found = right = reported = complete = clean = clean_refs = 0
    misses: list[str] = []
    for name, workflow in files.items():
        truth = truth_of(workflow)
        results = read_workflow(json.dumps(change(workflow)).encode(), name)
        refs = [ref for result in results if isinstance(result, WorkflowRefs) for ref in result.refs]
        names = {ref.name: ref.folder for ref in refs}
        wanted = dict(truth)
        if not truth:
            used = [ref for ref in refs if ref.status is not RefStatus.AUTO_DOWNLOAD]
            clean, clean_refs = clean + 1, clean_refs + len(used)
            misses += [f"{name}: {ref.name} in {ref.folder} ({ref.status}), declared nowhere" for ref in used]
            continue
        hits = wanted.keys() & names.keys()
        named, found, complete = named + len(wanted), found + len(hits), complete + (len(hits) == len(wanted))
        reported += len(names)
        right += sum(names[hit] == wanted[hit] for hit in hits)
        misses += [
            f"{name}: {miss} in {wanted[miss]} not found" for miss in sorted(wanted.keys() - names.keys())
        ]
        misses += [
            f"{name}: {extra} in {names[extra]} not declared"
            for extra in sorted(names.keys() - wanted.keys())
        ]
        misses += [
            f"{name}: {hit} in {names[hit]}, not {wanted[hit]}"
            for hit in sorted(hits)
            if names[hit] != wanted[hit]
        ]
    workflows = len(files) - clean
    return Score(
        workflows, found / named, found / reported, right / found, complete, clean, clean_refs, misses
    )


def promoted_values() -> tuple[int, int, list[str]]:
    """Host values with a model's name: how many there are, and how many reach an inner node's input."""
    total, right, wrong = 0, 0, []
    for package in ("comfyui_workflow_templates_json", "comfyui_subgraph_blueprints"):
        for name, workflow in _files(package):
            graph = read_workflow_graph(workflow)
            for host_id, values in _hosts(workflow):
                inside = [node for node in graph.nodes.values() if f":{host_id}:" in f":{node.id}"]
                reached = {
                    origin.value
                    for node in inside
                    for origin in node.origins.values()
                    if isinstance(origin, Literal) and isinstance(origin.value, str)
                } | {value for node in inside for value in node.named.values() if isinstance(value, str)}
                for value in values:
                    total += 1
                    if value in reached:
                        right += 1
                    else:
                        wrong.append(f"{name}: {value} at host {host_id}")
    return total, right, wrong


def truth_of(workflow: dict[str, Any]) -> Truth:
    """What a file declares of the nodes that can be reached from its root: (name, canonical folder)."""
    return {
        (model["name"], canonical_key(model["directory"]))
        for node in _nodes(workflow)
        for model in (node.get("properties") or {}).get("models") or ()
    }


def _as_shipped(workflow: dict[str, Any]) -> dict[str, Any]:
    return workflow


def _stripped(workflow: dict[str, Any]) -> dict[str, Any]:
    """A community workflow: no metadata, no notes."""
    workflow = copy.deepcopy(workflow)
    for graph in _graphs(workflow):
        graph["nodes"] = [node for node in graph["nodes"] if node["type"] not in ("Note", "MarkdownNote")]
        for node in graph["nodes"]:
            (node.get("properties") or {}).pop("models", None)
    workflow.pop("models", None)
    return workflow


def _api_with_links(workflow: dict[str, Any]) -> dict[str, Any]:
    graph = read_workflow_graph(_stripped(workflow))
    prompt: dict[str, Any] = {}
    for node in graph.nodes.values():
        inputs: dict[str, Any] = {
            name or f"w{index}": value for index, (name, value) in enumerate(node.values())
        }
        for name, origin in node.origins.items():
            inputs[name] = origin.value if isinstance(origin, Literal) else [origin.node_id, origin.slot]
        prompt[node.id] = {"class_type": node.node_class, "inputs": inputs}
    return prompt


def _api_one_dict_a_node(workflow: dict[str, Any]) -> dict[str, Any]:
    prompt: dict[str, Any] = {}
    for scope, graph in enumerate(_graphs(_stripped(workflow))):
        ids = {subgraph["id"] for subgraph in (workflow.get("definitions") or {}).get("subgraphs") or ()}
        for node in graph["nodes"]:
            if node["type"] in ids:
                continue
            values = node.get("widgets_values_named") or node.get("widgets_values") or []
            if isinstance(values, list):
                names = widget_names(node, len(values)) or [f"w{index}" for index in range(len(values))]
                values = dict(zip(names, values, strict=True))
            prompt[f"{scope}:{node['id']}" if scope else str(node["id"])] = {
                "class_type": node["type"],
                "inputs": values,
            }
    return prompt or {"1": {"class_type": "Note", "inputs": {}}}


FORMS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "as shipped": _as_shipped,
    "stripped": _stripped,
    "API": _api_with_links,
    "API, no links, w0 w1": _api_one_dict_a_node,
}


def _files(package: str) -> Iterator[tuple[str, dict[str, Any]]]:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"needs the package {package} (the dev extra)")
    for path in sorted(Path(spec.submodule_search_locations[0]).rglob("*.json")):
        value = json.loads(path.read_text("utf-8"))
        if isinstance(value, dict) and isinstance(value.get("nodes"), list):
            yield path.name, value


def _graphs(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield workflow
    for subgraph in (workflow.get("definitions") or {}).get("subgraphs") or ():
        yield from _graphs(subgraph)


def _nodes(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for graph in _graphs(workflow):
        yield from graph["nodes"]


def _hosts(workflow: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    ids = {graph["id"] for graph in _graphs(workflow) if graph is not workflow}
    for node in _nodes(workflow):
        if node["type"] in ids:
            named = node.get("widgets_values_named")
            values = list(named.values()) if named else node.get("widgets_values") or []
            models = [value for value in values if isinstance(value, str) and has_model_ending(value)]
            if models:
                yield str(node["id"]), models


if __name__ == "__main__":
    sys.exit(main())
