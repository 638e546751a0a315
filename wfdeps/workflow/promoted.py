"""The values that the host node of a subgraph sets inside it: promoted widgets, which win over the values inside.

Three serialisations are in use, tried in this order: by name (`widgets_values_named`); aligned with
`properties.proxyWidgets` where the lengths are equal; aligned with the definition's inputs that have a
widget. Source: ComfyUI_frontend `SubgraphNode._applyPromotedWidgetValues`, `adoptPromotedWidgetValue`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.patterns import pattern
from wfdeps.values import NamedTuple
from wfdeps.workflow.limits import MAX_ENTRIES

if TYPE_CHECKING:
    from typing import Any, TypeAlias

Raw: TypeAlias = "Mapping[str, Any]"
_LEGACY_PREFIX = pattern(r"^\s*\d+\s*:\s*(.+)$")


class HostValues(NamedTuple):
    """Values for a subgraph's interior."""

    inputs: dict[str, object]
    """By the name of the subgraph's input."""
    inner: dict[str, dict[str, object]]
    """By inner node and widget, for widgets promoted without an input."""


def host_values(host: Raw, definition: Raw, given: Mapping[str, object]) -> HostValues:
    """The values that this host sets inside; `given` are those set by a host around it, which win over its own."""
    into = HostValues({}, {})
    known = {name for name, _ in _inputs(definition)}
    proxies = list(_proxies(host))
    for node_id, name, value in _own_values(host, definition, proxies):
        _add(into, known, node_id, name, value)
    for node_id, name, value in _unmigrated(host):
        _add(into, known, node_id, name, value)
    for name, value in given.items():
        node_id = (
            "-1" if name in known else next((inner for inner, widget in proxies if widget == name), "-1")
        )
        _add(into, known, node_id, name, value)
    return into


def _add(into: HostValues, known: set[str], node_id: str, name: str, value: object) -> None:
    if value is None:  # a hole: the interior's value stays
        return
    if node_id == "-1":
        into.inputs[name] = value
    else:
        into.inner.setdefault(node_id, {})[name] = value


def _own_values(
    host: Raw, definition: Raw, proxies: list[tuple[str, str]]
) -> Iterator[tuple[str, str, object]]:
    named, values = host.get("widgets_values_named"), host.get("widgets_values")
    if isinstance(named, dict) and named:
        inputs = {name for name, _ in _inputs(definition)}
        by_widget = {widget: inner for inner, widget in proxies}
        for name, value in named.items():
            yield ("-1" if name in inputs else by_widget.get(name, "-1")), name, value
        return
    if isinstance(values, dict):
        for name, value in values.items():
            yield "-1", name, value
        return
    if not isinstance(values, list) or not values:
        return
    if len(values) == len(proxies):
        for (node_id, name), value in zip(proxies, values, strict=True):
            yield node_id, name, value
        return
    for name, value in zip(_widget_inputs(host, definition, len(values)), values, strict=False):
        yield "-1", name, value


def _proxies(host: Raw) -> Iterator[tuple[str, str]]:
    properties = host.get("properties")
    entries = properties.get("proxyWidgets") if isinstance(properties, dict) else None
    for entry in (entries if isinstance(entries, list) else ())[:MAX_ENTRIES]:
        if isinstance(entry, list) and len(entry) >= 2:
            yield str(entry[0]), _plain(entry[1])
        else:
            yield "-1", ""


def _unmigrated(host: Raw) -> Iterator[tuple[str, str, object]]:
    """Values of promotions that the frontend could not migrate; they replace the interior's values too."""
    properties = host.get("properties")
    entries = properties.get("proxyWidgetErrorQuarantine") if isinstance(properties, dict) else None
    for entry in (entries if isinstance(entries, list) else ())[:MAX_ENTRIES]:
        original = entry.get("originalEntry") if isinstance(entry, dict) else None
        if isinstance(original, list) and len(original) >= 2 and "hostValue" in entry:
            yield str(original[0]), _plain(original[1]), entry["hostValue"]


def _plain(name: object) -> str:
    """A widget's name without the node number older frontends put before it."""
    text = str(name)
    found = _LEGACY_PREFIX().match(text) if ":" in text else None
    return found.group(1) if found else text


def _inputs(definition: Raw) -> Iterator[tuple[str, Raw]]:
    inputs = definition.get("inputs")
    for given in inputs if isinstance(inputs, list) else ():
        if isinstance(given, dict) and isinstance(given.get("name"), str):
            yield given["name"], given


def _widget_inputs(host: Raw, definition: Raw, count: int) -> list[str]:
    """The names of a host's listed values: the definition's inputs, in its order, that lead to a widget.

    Which those are tells the interior (the input at the end of the link has a widget); where that gives
    another number than the values, the inputs that the host shows with a widget are tried.
    """
    inner = {
        link
        for node in _dicts(definition.get("nodes"))
        for given in _dicts(node.get("inputs"))
        if "widget" in given and isinstance(link := given.get("link"), int | str)
    }
    leading = [
        name for name, given in _inputs(definition) if not inner.isdisjoint(_hashable(given.get("linkIds")))
    ]
    shown = {
        given.get("name") for given in _dicts(host.get("inputs")) if isinstance(given.get("widget"), dict)
    }
    showing = [name for name, _ in _inputs(definition) if name in shown]
    candidates = (leading, showing, _controlled(leading), _controlled(showing))
    return next((names for names in candidates if len(names) == count), leading)


def _controlled(names: list[str]) -> list[str]:
    """The names with the `control_after_generate` that follows a promoted seed."""
    return [
        each for name in names for each in ((name, "control_after_generate") if "seed" in name else (name,))
    ]


def _dicts(values: object) -> list[Raw]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _hashable(values: object) -> list[int | str]:
    return [value for value in values if isinstance(value, int | str)] if isinstance(values, list) else []
