"""What the rest of a workflow is made for: the base models of what is already settled in it.

A file that a hash, an id, a URL or a person settled speaks for its workflow; one that its name settled speaks only
if it is a base itself (a checkpoint or a diffusion model), since the rest follows the base and not the other way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import ChosenBy, Resolution, Resolved
from wfdeps.values import dataclass

_BASES = (ModelType.CHECKPOINT, ModelType.DIFFUSION_MODEL)


@dataclass(frozen=True, slots=True)
class Family:
    """Who said what of which workflow."""

    by_workflow: Mapping[str, tuple[tuple[ModelRef, str], ...]]
    """Workflow → (the ref whose file says it, base model)."""

    @classmethod
    def of(cls, resolutions: Iterable[Resolution]) -> Family:
        """What these resolutions say of their workflows."""
        spoken: dict[str, tuple[tuple[ModelRef, str], ...]] = {}
        for one in resolutions:
            if isinstance(one, Resolved) and one.choice.candidate.base_model and _speaks(one):
                said = (one.ref, one.choice.candidate.base_model)
                for workflow in {site.workflow for site in one.ref.sites}:
                    spoken[workflow] = (*spoken.get(workflow, ()), said)
        return cls(spoken)

    def around(self, ref: ModelRef) -> tuple[str, ...]:
        """The base models of the workflows this ref stands in, by others than itself; sorted, each once."""
        workflows = {site.workflow for site in ref.sites}
        said = (pair for workflow in workflows for pair in self.by_workflow.get(workflow, ()))
        return tuple(sorted({base for speaker, base in said if speaker != ref}))


def _speaks(resolved: Resolved) -> bool:
    return resolved.chosen_by is not ChosenBy.NAME or resolved.ref.model_type in _BASES
