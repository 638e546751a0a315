"""The table of node classes that name models: which input, in which folder, under what condition.

The rows are data (`loaders.json`, compiled from `tables/` by `.github/scripts/build_loaders.py`); this is how they
are looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from json import loads

from wfdeps import TYPE_CHECKING
from wfdeps.domain.folders import canonical_key
from wfdeps.domain.refs import Lookup
from wfdeps.patterns import pattern
from wfdeps.values import dataclass, field

if TYPE_CHECKING:
    from typing import Any

# Packs that give a class another device or a cache keep its inputs and add a word to its name.
_CLASS_SUFFIXES = ("DisTorch2MultiGPU", "DisTorchMultiGPU", "MultiGPU", " //Inspire", "|pysssss")
_DOWNLOADS_BY_NAME = pattern(
    r"^\(?Down(?:load)?\)?(?:AndLoad|Load)|Download(?:er|AndLoad)|\(Down\)Load|^\[Comfy3D\] Load .*(?:Model|Pipeline|Unet)"
)
"""Classes whose names say that they download, and ComfyUI-3D-Pack's loaders (`resume_or_download_model_from_hf`)."""

_REMEMBERED = 10_000
"""Rows kept as objects."""


@dataclass(frozen=True, slots=True)
class LoaderSlot:
    """One input that names models."""

    input: str
    """Its name; `{i}` counts, a trailing `*` stands for anything."""
    folders: tuple[str, ...] = ()
    """Canonical folder keys; empty where only the value or its consumer tells."""
    at: int | None = None
    """Its place among listed values, in the version that was read."""
    kind: str = "file"
    """`file`, `directory`, `auto` (the node fetches it), `objects`, `preset`, `picker` (never loaded)."""
    none: frozenset[str] = frozenset()
    """Values that mean no file; without `exact`, in lower case and besides the usual ones."""
    repeat: tuple[int, int, int] | None = None
    """First count, last count, and the distance between places."""
    when: tuple[tuple[tuple[str, ...], str, object], ...] = ()
    """It is loaded only where all of these hold: any of the inputs `is`, is `not` or is at `least` a value."""
    key: str = ""
    """Within an object value: the member with the name."""
    on: str = ""
    """Within an object value: the member that must be true."""
    zero: tuple[str, ...] = ()
    """Within an object value: if all of these are zero it is not loaded."""
    prefixes: Mapping[str, str] | None = None
    """Leading directory of the value → the folder key it lies in."""
    approximate_vaes: bool = False
    """Whether `taesd` and its like mean an encoder and a decoder in `vae_approx`."""
    split: str = ""
    """Several names in one value, separated by this."""
    lookup: Lookup = Lookup.LIST
    """How the node looks its file up, where it does not ask ComfyUI's list."""
    exact: bool = False
    """Whether ComfyUI refuses every word that is no file but those of `none`: a required list of its own."""


@dataclass(frozen=True, slots=True)
class LoaderRow:
    """One node class."""

    slots: tuple[LoaderSlot, ...]
    order: tuple[str, ...] = ()
    """The names of all its listed values, in the version that was read."""
    branches: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    """Widgets that stand behind this one where it has that value (DynamicCombo), by their full names."""
    grows: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of an input that grows (Autogrow) the names its widgets have; as many are listed as it has grown to."""
    fetches: bool = False
    """It downloads what it needs by itself, and names no file."""
    fetched: str = ""
    """What it downloads, in words; empty where that is not known."""
    fetched_into: str = ""
    """Into which folder, in words; empty where that is not known."""
    by_hand: str = ""
    """What it needs besides the files it names and does not fetch into the right place, in words."""

    def order_for(self, listed: Sequence[object]) -> tuple[str, ...]:
        """The names of these listed values: `order`, with what dynamic inputs add to it."""
        if not (self.branches or self.grows):
            return self.order
        fixed: list[str] = []
        for name in self.order:
            if name not in self.grows:
                _unfolded(name, listed, fixed, self, 0)
        names: list[str] = []
        for name in self.order:
            _unfolded(name, listed, names, self, len(listed) - len(fixed))
        return tuple(names)


def _unfolded(name: str, listed: Sequence[object], names: list[str], row: LoaderRow, spare: int) -> None:
    """Adds a widget's name and those of the widgets that its value brings, to any depth."""
    if name in row.grows:
        names.extend(row.grows[name][: max(0, spare)])
        return
    value = listed[len(names)] if len(names) < len(listed) else None
    names.append(name)
    for inner in row.branches.get(name, {}).get(str(value), ()):
        _unfolded(inner, listed, names, row, spare)


class LoaderTable:
    """Node class → LoaderRow, with the user's own rows before ours.

    A row is given as data or as its JSON text, which is parsed when first asked for: a workflow has about ten classes.
    """

    def __init__(
        self,
        classes: Mapping[str, Any],
        outputs: Iterable[str],
        known: Iterable[str],
        tag_readers: Iterable[tuple[str, Lookup]] = (),
    ) -> None:
        self._classes = classes
        self._rows: dict[tuple[str, str], LoaderRow | None] = {}
        self.outputs = frozenset(outputs)
        """Classes a run starts from."""
        self.tag_readers = tuple(tag_readers)
        """Patterns of the classes that load what `<lora:…>` in their text names, and how each looks it up."""
        self.known = frozenset(known)
        """ComfyUI's own classes that name no model."""

    def row(self, node_class: str, pack: str = "") -> LoaderRow | None:
        """The row of a class; where two packs share a name, the one of that pack."""
        key = (node_class, pack)
        if key not in self._rows:
            if len(self._rows) >= _REMEMBERED:  # a file may name any number of classes
                self._rows.clear()
            self._rows[key] = self._find(node_class, pack)
        return self._rows[key]

    def raw(self, node_class: str, pack: str = "") -> Mapping[str, Any] | None:
        """The row of a class as data, to be changed and handed to `with_rows`."""
        found = self._classes.get(f"{node_class}@{_short(pack)}") if pack else None
        found = found or self._classes.get(node_class)
        return loads(found) if isinstance(found, str) else found

    def is_listed(self, node_class: str) -> bool:
        """Whether anything is known of this class."""
        return node_class in self.known or node_class in self.outputs or self.row(node_class) is not None

    def with_rows(self, rows: Mapping[str, Any], outputs: Iterable[str] = ()) -> LoaderTable:
        """Returns a table with more rows, which win whichever pack a class is from, and more output classes."""
        kept = {name: row for name, row in self._classes.items() if name.partition("@")[0] not in rows}
        return LoaderTable(
            {**kept, **rows}, {*self.outputs, *outputs}, self.known - rows.keys(), self.tag_readers
        )

    def _find(self, node_class: str, pack: str) -> LoaderRow | None:
        raw = self.raw(node_class, pack)
        if raw is None and node_class not in self.known and node_class.endswith(_CLASS_SUFFIXES):
            raw = self.raw(
                next(node_class.removesuffix(end) for end in _CLASS_SUFFIXES if node_class.endswith(end))
            )
        if raw is not None:
            return _row(raw)
        named = "Down" in node_class or node_class.startswith("[Comfy3D]")
        return LoaderRow((), (), fetches=True) if named and _DOWNLOADS_BY_NAME().search(node_class) else None


def _short(pack: str) -> str:
    """`owner/Repo.git` and the registry's `repo` are one pack."""
    return pack.rstrip("/").rpartition("/")[2].lower().removesuffix(".git")


@cache
def default_table() -> LoaderTable:
    """The table that comes with wfdeps, read once."""
    assert __spec__ is not None and __spec__.loader is not None
    loader: Any = __spec__.loader  # data beside a module: works from a zip too, and costs no import
    text = loader.get_data(__file__.rpartition("loaders.py")[0] + "loaders.json").decode()
    rows, _, lists = text.removeprefix('{"classes":{\n').partition("\n},\n")
    document = loads("{" + lists)
    readers = ((words, Lookup(lookup)) for words, lookup in document["tag_readers"])
    return LoaderTable(dict(map(_line, rows.split("\n"))), document["outputs"], document["known"], readers)


def _line(line: str) -> tuple[str, str]:
    """The class of one line of `loaders.json`, and its row as JSON: each stands on a line of its own."""
    name, _, row = line.partition(":{")
    return name[1:-1], "{" + row.rstrip(",")


def _row(raw: Mapping[str, Any]) -> LoaderRow:
    slots = tuple(_slot(slot) for slot in raw.get("slots", ()))
    order = tuple(raw.get("order", ())) or tuple(slot.input for slot in slots if slot.repeat is None)
    return LoaderRow(
        slots,
        order,
        raw.get("branches", {}),
        raw.get("grows", {}),
        bool(raw.get("auto")),
        str(raw.get("fetches", "")),
        str(raw.get("into", "")),
        str(raw.get("by_hand", "")),
    )


def _slot(raw: Mapping[str, Any]) -> LoaderSlot:
    repeat = raw.get("repeat")
    exact = bool(raw.get("exact"))
    return LoaderSlot(
        input=raw["input"],
        folders=tuple(dict.fromkeys(canonical_key(key) for key in raw.get("folders", ()))),
        at=raw.get("at"),
        kind=raw.get("kind", "file"),
        none=frozenset(value if exact else value.lower() for value in raw.get("none", ())),
        repeat=(repeat[0], repeat[1], repeat[2]) if repeat else None,
        when=tuple((tuple(names), test, value) for names, test, value in raw.get("when", ())),
        key=raw.get("key", ""),
        on=raw.get("on", ""),
        zero=tuple(raw.get("zero", ())),
        prefixes=raw.get("prefixes"),
        approximate_vaes=bool(raw.get("approximate_vaes")),
        split=raw.get("split", ""),
        lookup=Lookup(raw.get("lookup", Lookup.LIST)),
        exact=exact,
    )
