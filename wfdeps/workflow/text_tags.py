"""Models named inside text: `embedding:NAME`, `<lora:NAME:1>`, AIR URNs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wfdeps.domain.air import AIR_ANYWHERE
from wfdeps.patterns import pattern
from wfdeps.values import NamedTuple
from wfdeps.workflow.graph import Graph, Literal, Node, Output
from wfdeps.workflow.names import has_model_ending, is_name

_LORA = pattern(r"<lora:([^:>\n]+)(?::([^>\n]*))?>")

# Nodes that load what `<lora:…>` names, by class. Elsewhere the tag is only text.
_PARSERS = pattern(
    r"^ImpactWildcard(?:Encode|Processor)|Detailer|^WildcardEncode|^Power Prompt|^SDXL Power Prompt|^PCLazy"
    r"|^PC: |^Lora ?Loader \(LoraManager\)|\(LoraManager\)$|^Prompt With |^Wildcard And LoRA|^WildcardAndLora|Mikey"
    r"|^easy (?:a1111Loader|comfyLoader|fullLoader|wildcards|positive|negative|fluxLoader)|^LoraTagLoader|^LoRATextLoader"
    r"|^Prompt(?:ToSchedule|ControlSimple|ToConditioning)?Schedule|^LoRAScheduler|^ttN (?:pipeLoader|tinyLoader|conditioning|text)"
    r"|^LoadLoRAsFromPrompt|^Load ?Lora ?Tag|^LoRA ?Tag|LoraFromText|LoRAsFromText|^SwarmLoraLoaderFromPrompt|^Eff.*WildcardEncode"
    r"|^BasicPipeToDetailerPipe|^ToDetailerPipe|^EditDetailerPipe|^MultiLoRATag|^CLIPTextEncodeWithLora|^LoraParser|^CR Load LoRA From Prompt",
)
# Nodes that only show or write text.
_SHOWS = pattern(r"^show ?text|display|^save|^preview|note$|^text to console|log(?:ger)?$", re.IGNORECASE)
_STUCK = "ComfyUI reads `embedding:NAME` behind a space and up to the next one: here something is stuck to it"
_LORA_IS_LOADED_FROM_LIST = frozenset({"Lora Loader (LoraManager)", "Lora Stacker (LoraManager)", "WanVideo Lora Select (LoraManager)"})  # fmt: skip


class Tag(NamedTuple):
    """A model that text names."""

    name: str
    folder: str
    input: str
    loaded: bool = True
    """False for a tag that nothing reads."""
    why: str = ""
    """Why nothing does."""


def tags_of(node: Node, readers: Callable[[], frozenset[str]]) -> Iterator[Tag]:
    """The models that this node's text names; `readers` says, when first asked, where `<lora:…>` is loaded."""
    for name, text in _texts(node):
        has_embedding, has_lora, has_air = "embedding:" in text, "<lora:" in text, "urn:air:" in text
        if not (has_embedding or has_lora or has_air) or _SHOWS().search(node.node_class):
            continue
        if has_embedding:
            from wfdeps.workflow.embeddings import embeddings_in  # many workflows name none

            for embedding, is_read in embeddings_in(text):
                yield Tag(embedding, "embeddings", name, is_read, "" if is_read else _STUCK)
        if has_lora and node.node_class not in _LORA_IS_LOADED_FROM_LIST:
            loaded = node.id in readers()
            for lora in loras_in(text):
                yield Tag(lora, "loras", name, loaded, "" if loaded else "no node downstream reads this tag")
        if has_air and " " in text.strip() and not has_model_ending(text.strip()):
            for air in AIR_ANYWHERE().findall(text):
                yield Tag(air, "", name)


def loras_in(text: str) -> Iterator[str]:
    """Names in `<lora:NAME:weights>`, those with a weight of zero left out."""
    for found in _LORA().finditer(text):
        name, weights = found.group(1).strip(), (found.group(2) or "").split(":")
        if is_name(name) and not _is_zero(weights):
            yield name


def lora_readers(graph: Graph) -> frozenset[str]:
    """The nodes whose `<lora:…>` is loaded: those that parse it, and those whose text flows to one."""
    found: set[str] = set()
    todo = [node.id for node in graph.nodes.values() if _PARSERS().search(node.node_class)]
    while todo:
        node = graph.nodes.get(todo.pop())
        if node is None or node.id in found:
            continue
        found.add(node.id)
        todo.extend(
            origin.node_id
            for origin in node.origins.values()
            if isinstance(origin, Output) and _gives_text(graph.nodes.get(origin.node_id))
        )
    return frozenset(found)


def _gives_text(node: Node | None) -> bool:
    """API format tells no types: there every link may carry text."""
    return node is not None and (not node.output_types or "STRING" in node.output_types)


def _texts(node: Node) -> Iterator[tuple[str, str]]:
    """The texts a node runs with; where as many widgets are fed by links as there are unnamed texts, those are stale."""
    texts = [
        (name, value) for name, value in node.values() if isinstance(value, str) and name not in node.origins
    ]
    if node.linked_widgets and sum(not name for name, _ in texts) <= node.linked_widgets:
        texts = [(name, value) for name, value in texts if name]
    for name, value in texts:
        if ":" in value:
            yield name or "text", value
    for name, origin in node.origins.items():
        if isinstance(origin, Literal) and isinstance(origin.value, str) and ":" in origin.value:
            yield name, origin.value


def _is_zero(weights: list[str]) -> bool:
    numbers = []
    for weight in weights:
        try:
            numbers.append(float(weight))
        except ValueError:
            return False
    return bool(numbers) and not any(numbers)
