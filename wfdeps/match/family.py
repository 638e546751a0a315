"""What the rest of a workflow is made for: the base models of what is already settled in it.

A file that a hash, an id, a URL or a person settled speaks for its workflow; one that its name settled speaks only
if it is a base itself (a checkpoint or a diffusion model), since the rest follows the base and not the other way.
A base that is still to be chosen speaks where every file of its exact name says the same (pruned and full), and one
that the library has by its header.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wfdeps.domain.candidates import RankedCandidate, Why
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import Certainty, ModelRef
from wfdeps.domain.resolutions import Ambiguous, ChosenBy, Resolution, Resolved
from wfdeps.values import dataclass

BASES = (ModelType.CHECKPOINT, ModelType.DIFFUSION_MODEL)


@dataclass(frozen=True, slots=True)
class WorkflowBases:
    """Who said what of which workflow."""

    by_workflow: Mapping[str, tuple[tuple[ModelRef, str], ...]]
    """Workflow → (the ref whose file says it, base model)."""

    @classmethod
    def of(
        cls, resolutions: Iterable[Resolution], here: Iterable[tuple[ModelRef, Identity]] = ()
    ) -> WorkflowBases:
        """What these resolutions, and the bases that are here, say of their workflows."""
        bases = [(resolution.ref, _base_of(resolution)) for resolution in resolutions]
        bases += [(ref, _base_told_by(identity)) for ref, identity in here]
        spoken: dict[str, tuple[tuple[ModelRef, str], ...]] = {}
        for ref, base_model in bases:
            for workflow in {site.workflow for site in ref.sites} if base_model else ():
                spoken[workflow] = (*spoken.get(workflow, ()), (ref, base_model))
        return cls(spoken)

    def around(self, ref: ModelRef) -> tuple[str, ...]:
        """The base models of the workflows this ref stands in, by others than itself; sorted, each once."""
        workflows = {site.workflow for site in ref.sites}
        bases = (pair for workflow in workflows for pair in self.by_workflow.get(workflow, ()))
        return tuple(sorted({base for speaker, base in bases if speaker != ref}))


def _base_of(resolution: Resolution) -> str:
    """What this one says its workflow is made for; empty where it does not speak."""
    match resolution:
        case Resolved(ref, choice, chosen_by):
            speaks = chosen_by is not ChosenBy.NAME or ref.model_type in BASES
            return (choice.candidate.base_model or "") if speaks else ""
        case Ambiguous(ref, candidates) if ref.model_type in BASES:
            exact = {option.candidate.base_model for option in candidates if _is_exact(option)}
            return (exact.pop() or "") if len(exact) == 1 else ""
        case _:
            return ""


def _base_told_by(identity: Identity) -> str:
    """The one architecture its header shows beyond a guess; empty for any other."""
    is_told = len(identity.architectures) == 1 and identity.certainty is not Certainty.GUESS
    return identity.architectures[0] if is_told else ""


def _is_exact(option: RankedCandidate) -> bool:
    whys = {piece.why for piece in option.evidence}
    return whys >= {Why.NAME_EXACT, Why.TYPE_AGREES}
