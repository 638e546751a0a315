"""What a person should know beyond the refs: notices, each with a stable code and a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.refs import Certainty, NodeSite, Notice, RefStatus
from wfdeps.patterns import pattern
from wfdeps.workflow.names import has_model_ending

if TYPE_CHECKING:
    from wfdeps.workflow.loaders import LoaderRow
    from wfdeps.workflow.model_claims import ModelClaim, RuntimeName, SitedClaim
    from wfdeps.workflow.node_graph import Node

_SHARD = pattern(r"-0*1-of-(\d+)\.\w+$")
_WILDCARD = pattern(r"__([\w*/\-]{1,80})__")
_READS_WILDCARDS = pattern(r"wildcard|detailer|mikey|easy positive|prompt with", re.IGNORECASE)
_HOLD_FOLDERS = frozenset({"diffusers", "LLM"})
"""Folder keys whose models are folders themselves, so that a name has no ending."""


def notices_on_node(node: Node, row: LoaderRow | None) -> Iterator[Notice]:
    """On a node that runs: what it fetches, what stays hidden in wildcard files."""
    if row is not None and (row.fetches or row.fetched):
        what = row.fetched or "what it needs, which is not listed here"
        into = row.fetched_into or "a folder that is not listed"
        yield Notice(
            "fetches_itself", f"{_node_title(node)} downloads {what} by itself at run time, into {into}"
        )
    if row is not None and row.by_hand:
        yield Notice("place_by_hand", f"{_node_title(node)} needs {row.by_hand}")
    texts = [value for _, value in node.values() if isinstance(value, str) and "__" in value]
    if texts and _READS_WILDCARDS().search(node.node_class):
        names = dict.fromkeys(name for text in texts for name in _WILDCARD().findall(text))
        if names:
            listed = ", ".join(f"`{name}`" for name in list(names)[:5])
            yield Notice(
                "wildcards",
                f"{_node_title(node)} fills in wildcards ({listed}); models named in their files stay unseen",
            )


def notices_on_claim(claim: ModelClaim, site: NodeSite, status: RefStatus) -> Iterator[Notice]:
    """On a file that is needed: why it is although nothing loads it, what is uncertain of it."""
    if status is not RefStatus.REQUIRED:
        return
    where = f"`{claim.name}` at node {site.node_id} (`{site.node_class}`)"
    if not claim.loaded:
        yield Notice(
            "validated_only", f"{where}: not loaded as its slot is set, but ComfyUI refuses to run without it"
        )
    if claim.certainty is Certainty.GUESS and claim.accepts:
        yield Notice("implied_base", f"{where}: {claim.why}")
    shard = _SHARD().search(claim.name) if "-of-" in claim.name else None
    if shard:
        yield Notice(
            "sharded", f"{where}: the first of {shard[1]} pieces; the whole folder around it is needed"
        )
    elif _has_no_ending(claim):
        yield Notice(
            "no_ending",
            f"{where}: no file ending, so a folder, or a name that only one hosting platform knows",
        )


def notices_on_guesses(claims: Iterable[SitedClaim]) -> Iterator[Notice]:
    """One on each unlisted class whose values are taken for models, however many nodes and values it has."""
    classes: dict[str, list[SitedClaim]] = {}
    for each in claims:
        guessed = each.claim.certainty is Certainty.GUESS and not each.claim.accepts
        if guessed and each.status is RefStatus.REQUIRED:
            classes.setdefault(each.site.node_class, []).append(each)
    for node_class, some in classes.items():
        nodes = _shortened(dict.fromkeys(each.site.node_id for each in some))
        names = _shortened(dict.fromkeys(f"`{each.claim.name}`" for each in some))
        yield Notice(
            "unlisted_class",
            f"nobody has listed the class `{node_class}` (node {nodes}): that it loads {names}, and from "
            "which folder, is a guess from names and endings",
        )


def not_judged(nodes: Sequence[Node]) -> Notice:
    """On nodes of unlisted classes that name no file, though their words speak of models."""
    classes = dict.fromkeys(f"`{node.node_class}`" for node in nodes)
    count = "1 node class" if len(classes) == 1 else f"{len(classes)} node classes"
    return Notice(
        "not_judged", f"not judged: {count} may need files of their own ({_shortened(classes, at_most=20)})"
    )


def _shortened(words: Iterable[str], at_most: int = 3) -> str:
    """The first of them, and how many more there are."""
    words = list(words)
    more = f" and {len(words) - at_most} more" if len(words) > at_most else ""
    return ", ".join(words[:at_most]) + more


def unknown_preset(node: Node) -> Notice:
    """On a node that runs and whose preset presets.json lacks."""
    return Notice(
        "implied_files",
        f"{_node_title(node)} picks its files by a preset that is not known here: they stay unseen",
    )


def embedding_dropped(node: Node, name: str, why: str) -> Notice:
    """On an `embedding:NAME` that is written so that ComfyUI passes it over."""
    return Notice("embedding_dropped", f"{_node_title(node)}: `embedding:{name}` is not loaded: {why}")


def runtime_name(node: Node, dynamic: RuntimeName) -> Notice:
    """On an input whose name is known only at run time."""
    return Notice(
        "dynamic",
        f"{_node_title(node)} takes `{dynamic.input}` from node {dynamic.origin}, known only at run time",
    )


def _has_no_ending(claim: ModelClaim) -> bool:
    """A combo's value that no file of a core folder could be."""
    if claim.kind != "file" or not claim.validated or has_model_ending(claim.name) or not claim.folders:
        return False
    return (
        claim.folders[0] not in _HOLD_FOLDERS
        and not claim.name.lower().endswith((".yaml", ".json"))
        and claim.folders[0] != "vae_approx"
    )


def _node_title(node: Node) -> str:
    return f"node {node.id} (`{node.node_class}`)"
