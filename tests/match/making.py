"""Short names for the values these tests are about."""

from __future__ import annotations

from typing import Any

from wfdeps.domain.candidates import Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import Query
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.resolutions import Resolution
from wfdeps.match.decide import decide
from wfdeps.match.policy import Policy
from wfdeps.match.queries import queries_for

CIVITAI_TYPES = {
    ModelType.LORA: "LORA",
    ModelType.CHECKPOINT: "Checkpoint",
    ModelType.EMBEDDING: "TextualInversion",
    ModelType.VAE: "VAE",
}
FOLDERS = {
    ModelType.LORA: "loras",
    ModelType.CHECKPOINT: "checkpoints",
    ModelType.EMBEDDING: "embeddings",
    ModelType.VAE: "vae",
    ModelType.DIFFUSION_MODEL: "diffusion_models",
}


def sha256(letter: str) -> Digest:
    """A SHA-256 of one digit."""
    return Digest(Algorithm.SHA256, letter * 64)


def ref(name: str, model_type: ModelType = ModelType.LORA, **more: Any) -> ModelRef:
    """A required ref in the folder of its type."""
    folders = (FOLDERS[model_type],) if model_type in FOLDERS else ()
    return ModelRef(name, model_type, folders, RefStatus.REQUIRED, sites=(), **more)


def file(name: str, number: int = 1, model_type: ModelType = ModelType.LORA, **more: Any) -> Candidate:
    """A file of Civitai: `number` is its file id, its version's ten times that, its model's a hundred times."""
    told: dict[str, Any] = {
        "model_type": model_type,
        "source_type": CIVITAI_TYPES.get(model_type, ""),
        "file_type": "Model",
        "model_id": number * 100,
        "version_id": number * 10,
        "file_id": number,
        "is_primary": True,
    }
    return Candidate(
        "civitai", name, f"https://civitai.com/api/download/models/{number * 10}", **(told | more)
    )


def answer(*files: Candidate, source: str = "civitai") -> Answer:
    """What a source found, or that it knows no such thing."""
    kind = VerdictKind.FOUND if files else VerdictKind.NO_SUCH
    return Answer(files, Verdict(source, kind))


def settle(
    wanted: ModelRef, *files: Candidate, asked: Query | None = None, policy: Policy | None = None
) -> Resolution:
    """How the ref is settled when the last, or the given, of its queries is answered with these files."""
    query = asked or queries_for(wanted)[-1]
    return decide(wanted, [(query, answer(*files))], policy=policy)
