"""What a workflow needs: refs, the sites that name them, and what was odd about the reading."""

from __future__ import annotations

from enum import StrEnum

from wfdeps import TYPE_CHECKING
from wfdeps.domain.folders import MODEL_ENDINGS
from wfdeps.values import dataclass

_ENDINGS = tuple(MODEL_ENDINGS)

if TYPE_CHECKING:
    from wfdeps.domain.air import Air
    from wfdeps.domain.digests import Digest
    from wfdeps.domain.model_types import ModelType


class Lookup(StrEnum):
    """How the reader of a name looks for its file; `match.lookups` holds the rules and their sources."""

    LIST = "list"
    """ComfyUI's list holds the very string."""
    HASH = "hash"
    """By hash alone: metadata that gives an id and no name."""
    EMBEDDING = "embedding"
    STEM = "stem"
    """LoRA Manager, and generation metadata of other programs: the stem, in any folder."""
    PATH_END = "path_end"
    """Impact, Inspire and Easy-Use: the first listed name that ends so."""
    NAME_START = "name_start"
    """lora_tag_loader: the first listed name whose base name begins so."""
    RGTHREE = "rgthree"
    PROMPT_CONTROL = "prompt_control"
    TAG = "tag"
    """Other parsers of `<lora:NAME:1>`."""
    PART = "part"
    """ComfyUI's VAELoader: the first file of `vae_approx` whose name begins with this and a dot."""
    FOLDER = "folder"
    """A listed file, or a directory that is a model itself (Nunchaku)."""


STAND_IN = "looks like a stand-in for a file's name"
"""Why a ref whose name somebody should have filled in is missing."""


class RefStatus(StrEnum):
    """Whether a run of the workflow needs the file."""

    REQUIRED = "required"
    INACTIVE = "inactive"
    """Its node, or a subgraph around it, is muted or bypassed, or its slot is switched off."""
    UNREACHABLE = "unreachable"
    """No output node depends on it."""
    AUTO_DOWNLOAD = "auto_download"
    """The node fetches it by itself at run time."""
    PLACEHOLDER = "placeholder"
    """A stand-in (`$LORA`, `your_lora_here.safetensors`), not a name."""
    INERT = "inert"
    """Text that looks like a reference where nothing parses it (`<lora:…>` in a plain CLIP text)."""


NEEDED = (RefStatus.REQUIRED, RefStatus.PLACEHOLDER)
"""What keeps a run from starting where it is not there: a slot that nobody filled does as a missing file."""


class Certainty(StrEnum):
    """How sure we are, in words that the JSON uses too."""

    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "guess"


def usual_lookups(folder: str, name: str) -> tuple[Lookup, ...]:
    """How a name of that folder is looked up where no node tells: in a lock, in an error message, typed by a person."""
    if folder == "embeddings":
        return (Lookup.EMBEDDING,)
    if folder == "vae_approx" and "." not in name:
        return (Lookup.PART,)
    return (Lookup.TAG,) if folder == "loras" and not name.lower().endswith(_ENDINGS) else (Lookup.LIST,)


@dataclass(frozen=True, slots=True)
class NodeSite:
    """The node and input that name a ref."""

    workflow: str
    """The path of the workflow file, as it was given to us."""
    node_id: str
    """`12`, or `host:inner` inside subgraphs."""
    node_class: str
    input: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class ModelRef:
    """This workflow needs a model of this name in one of these folders."""

    name: str
    """Exactly what the workflow says, separators and all; with `accepts`, what the node's pack calls the file."""
    model_type: ModelType
    folders: tuple[str, ...]
    """ComfyUI folder keys, canonical first."""
    status: RefStatus
    sites: tuple[NodeSite, ...]
    digests: tuple[Digest, ...] = ()
    urls: tuple[str, ...] = ()
    """Where the workflow itself says the file can be had (`properties.models`, a URL as value), or the pack whose preset picks it."""
    air: Air | None = None
    version_id: int | None = None
    """A Civitai version named by metadata that names no model (`Civitai resources`)."""
    hints: tuple[str, ...] = ()
    """Download URLs in notes that contain this file's name: worth a try, never a requirement."""
    base_models: tuple[str, ...] = ()
    """What the workflow says of the family it fits, in Civitai's words; rarely there."""
    certainty: Certainty = Certainty.CERTAIN
    """That this value is a file, in this folder: `guess` for a class nobody has listed."""
    why: str = ""
    """One clause for the person: why it has this status or certainty."""
    accepts: str = ""
    """For a file that a preset picks by pattern: this regular expression. Any file of its folders in whose name it
    is found, letter case aside, serves as well; `name` is then what the pack calls it. Empty: the name and no other."""

    lookups: tuple[Lookup, ...] = (Lookup.LIST,)
    """How those who name it look it up, a file answers if it does for all of them."""

    @property
    def is_nameless(self) -> bool:
        """Whether its name is only our label (`civitai version 7`), no file's."""
        return Lookup.HASH in self.lookups

    @property
    def folder(self) -> str:
        """The canonical folder key; empty where nobody knows."""
        return self.folders[0] if self.folders else ""

    @property
    def is_folder_guessed(self) -> bool:
        """Whether its folders are guessed from words, as for a node of an unlisted class."""
        return self.certainty is Certainty.GUESS and bool(self.sites) and not self.accepts

    @property
    def key(self) -> tuple[str, str]:
        """(folder, name): what tells the refs of a run from others, and how they are sorted."""
        return self.folder, self.name


@dataclass(frozen=True, slots=True)
class Notice:
    """Something odd that did not stop the reading: a stable code and a sentence."""

    code: str
    message: str


STOPS_COMFYUI = "extra_paths_stop_comfyui"
"""The code of a notice about what keeps ComfyUI from starting at all."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """One model is applied to another: this LoRA, ControlNet or VAE to that base, following the links."""

    dependent: NodeSite
    base: NodeSite


@dataclass(frozen=True, slots=True)
class NodeUse:
    """One node class of one workflow, in nodes that are neither muted nor bypassed."""

    node_class: str
    site: NodeSite
    """The first node of the class."""
    count: int = 1
    """How many nodes are of it."""
    pack: str = ""
    """`cnr_id`, else `aux_id`, as the workflow says it; empty: it does not."""
    version: str = ""
    """The pack's version that the workflow was made with: `ver`."""
    registered: bool | None = None
    """Whether the ComfyUI's object_info has the class; None where none was given."""


@dataclass(frozen=True, slots=True)
class InputUse:
    """A file that a node of one workflow reads from ComfyUI's `input` folder (or `output`, `temp`)."""

    name: str
    """As the workflow says it, less the folder: `sub/name.png`."""
    site: NodeSite
    folder: str = "input"
    """`input`, `output` or `temp`."""
    offered: bool | None = None
    """Whether the node's list in the ComfyUI's object_info has it; None where that does not tell."""


@dataclass(frozen=True, slots=True)
class WorkflowRefs:
    """All that one workflow references."""

    path: str
    """As given; a workflow inside a bundle or archive adds `#key` or `!member`."""
    format: str
    """`ui`, `api`, `a1111` or `none`."""
    container: str
    """`json`, `png`, `webp` …"""
    sha256: str
    """Of the file as it lies on disk."""
    refs: tuple[ModelRef, ...]
    warnings: tuple[Notice, ...] = ()
    pairings: tuple[Pairing, ...] = ()
    nodes: tuple[NodeUse, ...] = ()
    """The node classes that a run needs, each once."""
    inputs: tuple[InputUse, ...] = ()
    """The files it reads from ComfyUI's `input` folder."""


@dataclass(frozen=True, slots=True)
class UnreadableWorkflow:
    """A file that could not be read as a workflow, and why."""

    path: str
    message: str
    hint: str | None = None
