"""What the rest of a workflow is made for: the base models of what is already settled in it.

A file that a hash, an id, a URL or a person settled speaks for its workflow; one that its name settled speaks only
if it is a base itself (a checkpoint or a diffusion model), since the rest follows the base and not the other way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import ChosenBy, Resolution, Resolved

_BASES = (ModelType.CHECKPOINT, ModelType.DIFFUSION_MODEL)


@dataclass(frozen=True, slots=True)
class Family:
    """Who said what of which workflow."""

    spoken: tuple[tuple[str, ModelRef, str], ...]
    """(workflow, the ref whose file says it, base model)."""

    @classmethod
    def of(cls, resolutions: Iterable[Resolution]) -> Family:
        """What these resolutions say of their workflows."""
        return cls(
            tuple(
                (site.workflow, one.ref, one.choice.candidate.base_model)
                for one in resolutions
                if isinstance(one, Resolved) and one.choice.candidate.base_model and _speaks(one)
                for site in one.ref.sites
            )
        )

    def around(self, ref: ModelRef) -> tuple[str, ...]:
        """The base models of the workflows this ref stands in, by others than itself; sorted, each once."""
        workflows = {site.workflow for site in ref.sites}
        return tuple(
            sorted(
                {base for workflow, speaker, base in self.spoken if workflow in workflows and speaker != ref}
            )
        )


def _speaks(resolved: Resolved) -> bool:
    return resolved.chosen_by is not ChosenBy.NAME or resolved.ref.model_type in _BASES
