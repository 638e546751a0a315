"""How far the table of node classes reaches in third-party workflows, and how right what is read from them is.

    python tests/benchmarks/accuracy_nodes.py [--verbose]

Reach: of all node instances of the corpus that hold a value which ends like a model file, the share whose class is
listed. Rightness, in two sets that differ in what was in sight while rows and rules were written:

- *labels*: 60 workflows with hand-read labels. They were in sight all along; a fall here is a regression, a high figure
  no proof. Recall and precision are of required names, folder of those found, status of the rows that are not required.
- *declared*: the corpus files without a label that say in `properties.models` which file belongs into which directory;
  the declarations are taken out before reading, so that nothing is read off them. There are few, and the files could be
  seen by those who wrote rows and rules: neither set is a hold-out. A blind one is not part of the shared data.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.accuracy_labels import DATA, EXCEPTIONS, STATUS, _folder, _implies
from wfdeps.domain.folders import canonical_key
from wfdeps.domain.refs import ModelRef, RefStatus, WorkflowRefs
from wfdeps.errors import WorkflowError
from wfdeps.workflow.api_format import read_prompt
from wfdeps.workflow.containers.sniff import open_container
from wfdeps.workflow.documents import documents_in
from wfdeps.workflow.embedded import embedded_in
from wfdeps.workflow.json_text import decode, parse
from wfdeps.workflow.limits import Budget
from wfdeps.workflow.loaders import default_table
from wfdeps.workflow.names import has_model_ending, is_name
from wfdeps.workflow.node_graph import Node, NodeGraph
from wfdeps.workflow.read import read_workflow
from wfdeps.workflow.ui_format import read_workflow_graph

LISTED, RECALL, PRECISION, FOLDER, OTHER_STATUS = 0.98, 0.99, 0.985, 0.99, 0.90


class Figures(NamedTuple):
    """Counts of one set: what was wanted, found, told, in its folder; of the other rows, those told right."""

    wanted: int
    found: int
    told: int
    in_folder: int
    others: int = 0
    others_right: int = 0


def main() -> int:
    if not DATA.is_dir():
        print("needs ../shared (third-party data that is not committed)")
        return 0
    verbose = "--verbose" in sys.argv
    labels = json.loads((DATA / "labels.json").read_text("utf-8"))
    holding, listed, unlisted = _reach()
    share = listed / holding
    print(
        f"nodes that hold a model's name: {listed} of {holding} are of a listed class, {share:.1%} (limit {LISTED:.0%})"
    )
    if verbose:
        print("\n".join(f"  {count:>3} {name}" for name, count in unlisted.most_common(40)))
    sets = {
        "labels (in sight)": _of_labels(labels, verbose),
        "declared": _of_declared({label["file"] for label in labels}, verbose),
    }
    print(
        f"{'set':<20}{'wanted':>7}{'recall':>9}{'precision':>11}{'folder':>9}{'other rows':>12}{'status':>9}"
    )
    is_good = share >= LISTED
    for name, figures in sets.items():
        recall, folder = figures.found / figures.wanted, figures.in_folder / figures.found
        precision = figures.found / figures.told if figures.told else 0.0
        status = figures.others_right / figures.others if figures.others else None
        print(
            f"{name:<20}{figures.wanted:>7}{recall:>9.1%}{_share(precision) if figures.told else '-':>11}{folder:>9.1%}"
            f"{figures.others:>12}{'-' if status is None else _share(status):>9}"
        )
        is_good &= recall >= RECALL and folder >= FOLDER
        is_good &= not figures.told or precision >= PRECISION
        is_good &= status is None or status >= OTHER_STATUS
    print(
        f"limits: recall {RECALL:.0%}, precision {PRECISION:.1%}, folder {FOLDER:.0%}, other statuses {OTHER_STATUS:.0%}"
    )
    return 0 if is_good else 1


def _share(value: float) -> str:
    return f"{value:.1%}"


def _reach() -> tuple[int, int, Counter[str]]:
    """Node instances that hold a model's name, those of a listed class, and the classes of the others."""
    table = default_table()
    holding = listed = 0
    unlisted: Counter[str] = Counter()
    for path in sorted((DATA / "corpus").iterdir()):
        for document in _documents(path):
            for node in document.nodes.values():
                if not any(_is_model(value) for _, value in node.values()) or node.node_class in table.known:
                    continue
                holding += 1
                if table.row(node.node_class, node.pack) is not None:
                    listed += 1
                else:
                    unlisted[node.node_class] += 1
    return holding, listed, unlisted


def _is_model(value: object) -> bool:
    if isinstance(value, dict):
        return any(isinstance(inner, str) and _is_model(inner) for inner in value.values())
    return isinstance(value, str) and is_name(value) and has_model_ending(value) and "://" not in value


def _documents(path: Path) -> Iterator[NodeGraph]:
    """The graphs of a file; none where it cannot be read."""
    try:
        for document in _raw(path):
            yield (
                read_workflow_graph(document.value)
                if document.format == "ui"
                else read_prompt(document.value)
            )
    except WorkflowError:
        return


def _raw(path: Path) -> list[Any]:
    data = path.read_bytes()
    container = open_container(data)
    return list(
        documents_in(parse(decode(data)))
        if container is None
        else embedded_in(container.texts, Budget()).documents
    )


def _refs(data: bytes, name: str) -> list[ModelRef]:
    return [
        ref for result in read_workflow(data, name) if isinstance(result, WorkflowRefs) for ref in result.refs
    ]


def _of_labels(labels: list[dict[str, Any]], verbose: bool) -> Figures:
    wanted = found = told = in_folder = others = right = 0
    for label in labels:
        refs = _refs((DATA / "corpus" / label["file"]).read_bytes(), label["file"])
        mine = {ref.name: ref for ref in refs if ref.status is RefStatus.REQUIRED}
        rows = {row["name"]: row for row in label["models"] if row["required"]}
        implied = [
            ref.name
            for row in label["indirect"]
            for ref in mine.values()
            if _implies(ref, row["pattern"], row["folder"])
        ]
        wanted += len(rows)
        found += sum(name in mine for name in rows)
        told += len(mine.keys() - {*implied})
        in_folder += sum(name in mine and _folder(row) in mine[name].folders for name, row in rows.items())
        for row in label["models"]:
            if row["required"] or (label["id"], row["name"]) in EXCEPTIONS:
                continue
            expected = (
                RefStatus.AUTO_DOWNLOAD
                if row.get("auto_download") and row["status"] == "active"
                else STATUS[row["status"]]
            )
            others += 1
            is_right = any(ref.name == row["name"] and ref.status is expected for ref in refs)
            right += is_right
            if verbose and not is_right:
                print(f"  label {label['id']}: {row['name']} is not told as {expected}")
    return Figures(wanted, found, told, in_folder, others, right)


def _of_declared(labelled: set[str], verbose: bool) -> Figures:
    """Recall and folder against `properties.models`; what else a file names is not declared wrong, so no precision."""
    wanted = found = in_folder = 0
    for path in sorted((DATA / "corpus").iterdir()):
        if path.name in labelled or not path.name.endswith(".json"):
            continue
        for document, graph in zip(_safely(path), _documents(path), strict=False):
            declared = _declared(graph)
            if not declared:
                continue
            refs = {ref.name: ref for ref in _refs(_without_declarations(document), path.name)}
            for name, directory in declared.items():
                wanted += 1
                ref = refs.get(name) or next(
                    (ref for ref in refs.values() if ref.name.replace("\\", "/").endswith(f"/{name}")), None
                )
                found += ref is not None
                is_there = ref is not None and canonical_key(directory) in ref.folders
                in_folder += is_there
                if verbose and not is_there:
                    print(
                        f"  {path.name[:70]}: {name} in {directory}, here {ref.folders if ref else 'not named'}"
                    )
    return Figures(wanted, found, 0, in_folder)


def _safely(path: Path) -> list[Any]:
    try:
        return [document.value for document in _raw(path)]
    except WorkflowError:
        return []


def _declared(graph: NodeGraph) -> dict[str, str]:
    """Name → directory of what the nodes declare and also hold as a value: a note of the author may name others."""
    return {
        model["name"]: model["directory"]
        for node in graph.nodes.values()
        for model in node.declared
        if isinstance(model.get("name"), str) and isinstance(model.get("directory"), str) and _holds(node, model["name"])
    }  # fmt: skip


def _holds(node: Node, name: object) -> bool:
    return any(
        isinstance(value, str) and value.replace("\\", "/").rpartition("/")[2] == name
        for _, value in node.values()
    )


def _without_declarations(value: Any) -> bytes:
    def strip(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: strip(inner) for key, inner in part.items() if key != "models"}
        return [strip(inner) for inner in part] if isinstance(part, list) else part

    return json.dumps(strip(value)).encode()


if __name__ == "__main__":
    sys.exit(main())
