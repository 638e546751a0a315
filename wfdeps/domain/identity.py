"""What a file is, told from its header."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.domain.refs import Certainty
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.digests import Digest
    from wfdeps.domain.model_types import ModelType


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file is, how sure that is, and why."""

    model_type: ModelType
    architectures: tuple[str, ...] = ()
    """A set, sorted: some families cannot be told apart by their keys. Empty: unknown."""
    certainty: Certainty = Certainty.GUESS
    reasons: tuple[str, ...] = ()
    adapter: str | None = None
    """`lora`, `locon`, `loha`, `lokr`, `dora`, `oft` … for adapters."""
    folder: str | None = None
    """The folder key it belongs in; None where only a person can say."""
    precision: str = ""
    """The dtype of most of its bytes: `fp16`, `bf16`, `fp8_e4m3fn`, `Q4_K_M` …"""
    dtypes: tuple[tuple[str, int], ...] = ()
    """Each dtype and the bytes stored as it, the most first."""
    parameters: int | None = None
    rank: int | None = None
    trained_words: tuple[str, ...] = ()
    format: str = ""
    """`safetensors`, `gguf`, `pickle`, `onnx` …"""
    tensors: int | None = None
    safety: str = "safe"
    """`safe`, or `unsafe or unknown: …` for formats that can run code."""
    metadata: tuple[tuple[str, str], ...] = ()
    """What the header says of itself, the part worth showing; it narrows, never proves."""

    @property
    def can_run_code(self) -> bool:
        """Whether its format lets a loader run code, whatever this file holds; `safety` says what its opcodes do."""
        return self.format in ("pickle", "torchscript")


@dataclass(frozen=True, slots=True)
class Inspection:
    """One file that was asked about, and what could be told of it."""

    path: str
    """As it was given: a path, a URL without secrets, an AIR."""
    identity: Identity | None = None
    """None where its header cannot be read: `error` says why. A cut file still says what it was to be."""
    size: int | None = None
    digests: tuple[Digest, ...] | None = None
    """None where nobody asked for them, or the file is not here."""
    error: str = ""
    """One clause; a damaged file's begins with `corrupt: `."""
