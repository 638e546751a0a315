"""A side stage: what does not fit together among the files that are there or chosen, before the GPU finds out.

What two files on disk say of each other is remembered with them, so that a warm check reads no header.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from json import loads

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.domain.refs import RefStatus
from wfdeps.errors import LibraryError
from wfdeps.values import replace

if TYPE_CHECKING:
    from wfdeps.domain.files import LocalFile
    from wfdeps.domain.refs import ModelRef, NodeSite, WorkflowRefs
    from wfdeps.domain.resolutions import Resolution
    from wfdeps.ports import Library

_TOPIC = "misfits/4"
_ROLE_TOPIC = "role/3"


def find_misfits(
    workflows: Iterable[WorkflowRefs],
    findings: Iterable[Finding],
    resolutions: Iterable[Resolution],
    library: Library,
) -> tuple[Lint, ...]:
    """Remarks on every pair of models that a workflow applies to each other, and on those loaded alone, each once.

    Headers speak where a file is there, its source's base model where one is chosen; who knows nothing says nothing.
    """
    workflows = tuple(workflows)
    known = _known(findings, resolutions)
    pairs = [pair for pair in _pairs(workflows) if pair[0].key in known and pair[1].key in known]
    remarks = [
        replace(remark, sites=sites, stops=remark.stops and _is_core(remark, dependent, base))
        for dependent, base, sites in pairs
        for remark in _remarks(dependent, base, (known[dependent.key], known[base.key]), library)
    ]
    paired = {ref.key for dependent, base, _ in pairs for ref in (dependent, base)}
    for ref in _alone(workflows, paired):
        file = known.get(ref.key)
        if file is not None and not isinstance(file, str):
            remarks += (replace(remark, sites=ref.sites) for remark in _role_remarks(ref, file, library))
    return tuple({(remark.code, remark.message): remark for remark in remarks}.values())


def _is_core(remark: Lint, *refs: ModelRef) -> bool:
    """Whether the remark is about a file that a core loader reads: what a pack's does with it is not known."""
    return any(
        site.node_class in CORE_LOADERS for ref in refs if (ref.name,) == remark.names for site in ref.sites
    )


CORE_LOADERS = frozenset(
    {
        "CheckpointLoaderSimple",
        "CheckpointLoader",
        "UNETLoader",
        "LoraLoader",
        "LoraLoaderModelOnly",
        "VAELoader",
        "CLIPLoader",
        "DualCLIPLoader",
        "TripleCLIPLoader",
        "QuadrupleCLIPLoader",
        "CLIPVisionLoader",
        "ControlNetLoader",
        "UpscaleModelLoader",
    }
)
"""Loaders that take a file for one thing only; a pack's may take from a checkpoint what it likes."""


def _alone(workflows: Iterable[WorkflowRefs], paired: set[tuple[str, str]]) -> Iterator[ModelRef]:
    """What such a loader reads and nothing known is applied to: only its own header can speak."""
    return (
        ref
        for workflow in workflows
        for ref in workflow.refs
        if ref.status is RefStatus.REQUIRED
        and ref.key not in paired
        and any(site.node_class in CORE_LOADERS for site in ref.sites)
    )


def _pairs(workflows: Iterable[WorkflowRefs]) -> Iterator[tuple[ModelRef, ModelRef, tuple[NodeSite, ...]]]:
    for workflow in workflows:
        refs = {site: ref for ref in workflow.refs for site in ref.sites}
        for pairing in workflow.pairings:
            dependent, base = refs.get(pairing.dependent), refs.get(pairing.base)
            if dependent and base:
                yield dependent, base, (pairing.dependent, pairing.base)


def _known(
    findings: Iterable[Finding], resolutions: Iterable[Resolution]
) -> dict[tuple[str, str], LocalFile | str]:
    """What is known of each ref: its file, else the base model its source names."""
    known: dict[tuple[str, str], LocalFile | str] = {}
    if resolutions := tuple(resolutions):
        from wfdeps.domain.resolutions import Resolved  # an offline check resolves nothing

        for resolution in resolutions:
            if isinstance(resolution, Resolved) and (base := resolution.choice.candidate.base_model):
                known[resolution.ref.key] = base
    known |= {finding.ref.key: finding.files[0] for finding in findings if finding.state is RefState.PRESENT}
    return known


def _remarks(
    dependent: ModelRef, base: ModelRef, known: tuple[LocalFile | str, LocalFile | str], library: Library
) -> tuple[Lint, ...]:
    def computed() -> tuple[Lint, ...]:
        from wfdeps.pipeline.misfits import misfits  # the detector's rules: only for what is not remembered

        try:
            return misfits(dependent, base, known, library)
        except (LibraryError, OSError):
            return ()  # a file that cannot be read is another remark's business

    mine, theirs = known
    if isinstance(mine, str) or isinstance(theirs, str):
        return computed()
    topic = f"{_TOPIC} {dependent.model_type} {dependent.name} {base.name}"
    return _from_json(library.memo(topic, (mine, theirs), lambda: _to_json(computed())))


def _role_remarks(ref: ModelRef, file: LocalFile, library: Library) -> tuple[Lint, ...]:
    def computed() -> str:
        from wfdeps.pipeline.misfits import role_misfits

        try:
            return _to_json(role_misfits(ref, file, library))
        except (LibraryError, OSError):
            return _to_json(())

    return _from_json(library.memo(f"{_ROLE_TOPIC} {ref.model_type} {ref.name}", (file,), computed))


def _to_json(remarks: Iterable[Lint]) -> str:
    from json import dumps  # once for each pair

    return dumps(
        [[one.level, one.code, one.message, one.names, one.consequence, one.stops] for one in remarks]
    )


def _from_json(text: str) -> tuple[Lint, ...]:
    return tuple(
        Lint(LintLevel(level), code, message, tuple(names), (), consequence, stops)
        for level, code, message, names, consequence, stops in loads(text)
    )
