"""No module imports itself by way of others, inside rooms either: imports go one way.

Who may import which room is written in pyproject.toml and checked by import-linter, which looks at whole rooms. Here
every import counts, those inside functions and those for type checkers too: a noun that two modules need has a module
of its own.
"""

from __future__ import annotations

import grimp
import networkx
import pytest


def circles(imports: networkx.DiGraph[str]) -> list[list[str]]:
    """The sets of modules that import each other, each sorted."""
    found = networkx.strongly_connected_components(imports)
    return sorted(sorted(modules) for modules in found if len(modules) > 1)


@pytest.fixture(scope="module")
def imports() -> networkx.DiGraph[str]:
    package = grimp.build_graph("wfdeps", cache_dir=None)
    # The package's own names are those of the API, looked up when first used; every module takes TYPE_CHECKING from it.
    edges = ((a, b) for a in package.modules for b in package.find_modules_directly_imported_by(a))
    return networkx.DiGraph((a, b) for a, b in edges if "wfdeps" not in (a, b))


def test_no_module_imports_itself_by_way_of_others(imports: networkx.DiGraph[str]) -> None:
    assert circles(imports) == []


def test_a_circle_would_be_found(imports: networkx.DiGraph[str]) -> None:
    assert imports.has_edge("wfdeps.workflow.read", "wfdeps.workflow.claims")
    closed = imports.copy()
    closed.add_edge("wfdeps.workflow.claims", "wfdeps.workflow.read")
    (circle,) = [each for each in circles(closed) if "wfdeps.workflow.read" in each]
    assert {"wfdeps.workflow.claims", "wfdeps.workflow.read"} <= {*circle}


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("wfdeps.workflow.read", "wfdeps.workflow.containers.archive"),  # only inside a function
        ("wfdeps.workflow.slots", "wfdeps.workflow.loaders"),  # only for type checkers
    ],
)
def test_imports_inside_functions_and_for_type_checkers_count(
    imports: networkx.DiGraph[str], importer: str, imported: str
) -> None:
    assert imports.has_edge(importer, imported)
