"""The values reports are made from, in few words."""

from __future__ import annotations

from wfdeps.domain.access import Access, AccessState
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Candidate, Evidence, RankedCandidate, Why
from wfdeps.domain.digests import Digest
from wfdeps.domain.files import LocalFile
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.folders import model_type_of
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus, UnreadableWorkflow, WorkflowRefs
from wfdeps.domain.reports import CheckReport
from wfdeps.domain.resolutions import Ambiguous, ChosenBy, Resolution, Resolved
from wfdeps.report.build import build_report
from wfdeps.values import replace

SHA = "ab" * 32


def ref(
    name: str,
    folder: str = "loras",
    *,
    workflow: str = "wf.json",
    node: str = "14",
    status: RefStatus = RefStatus.REQUIRED,
    node_class: str = "LoraLoader",
    widget: str = "lora_name",
) -> ModelRef:
    """A ref with one site."""
    site = NodeSite(workflow, node, node_class, widget)
    return ModelRef(name, model_type_of(folder), (folder,), status, (site,))


def workflow(*refs: ModelRef, path: str = "wf.json") -> WorkflowRefs:
    """A workflow that names these."""
    return WorkflowRefs(path, "ui", "json", SHA, refs)


def file(name: str, folder: str = "loras", size: int = 144_000_000) -> LocalFile:
    """A file of the library."""
    return LocalFile(f"/models/{folder}/{name}", folder, name, size)


def present(wanted: ModelRef, size: int = 144_000_000) -> Finding:
    """It is there."""
    return Finding(wanted, RefState.PRESENT, (file(wanted.name, wanted.folder, size),))


def missing(wanted: ModelRef) -> Finding:
    """It is not."""
    return Finding(wanted, RefState.MISSING)


def candidate(
    name: str, *, version_id: int = 101, size: int = 144_000_000, confidence: float = 0.9
) -> RankedCandidate:
    """One from Civitai."""
    return RankedCandidate(
        Candidate(
            source="civitai",
            file_name=name,
            url=f"https://civitai.com/api/download/models/{version_id}",
            base_model="SD 1.5",
            size=size,
            digests=(Digest.parse(f"sha256:{version_id:064x}"),),
            air=Air("civitai", "9", str(version_id), ecosystem="sd1", type="lora"),
            page=f"https://civitai.com/models/9?modelVersionId={version_id}",
            model_id=9,
            version_id=version_id,
            model_name="Detail Tweaker",
            version_name="v1.0",
        ),
        (Evidence(Why.NAME_EXACT), Evidence(Why.TYPE_AGREES)),
        confidence,
    )


def resolved(wanted: ModelRef, access: AccessState = AccessState.OPEN, **kind: int) -> Resolved:
    """A source has it."""
    choice = candidate(wanted.name, **kind)
    choice = replace(choice, candidate=replace(choice.candidate, access=Access(access)))
    return Resolved(wanted, choice, ChosenBy.NAME)


def ambiguous(wanted: ModelRef, count: int = 2) -> Ambiguous:
    """A person must choose."""
    rivals = tuple(candidate(wanted.name, version_id=101 + i, confidence=0.9 - i / 10) for i in range(count))
    return Ambiguous(wanted, rivals, "two files carry this name")


def every_state() -> CheckReport:
    """A report with an item in every state there is, a hostile name among them, and an unreadable file."""
    findings, resolutions, refs = [], list[Resolution](), []
    for number, state in enumerate(RefState):
        status = RefStatus(state.value) if state.value in set(RefStatus) else RefStatus.REQUIRED
        wanted = ref(f"{state.value}.safetensors", node=str(number), status=status)
        refs.append(wanted)
        if state is RefState.AMBIGUOUS:
            resolutions.append(ambiguous(wanted))
            findings.append(missing(wanted))
        elif state is RefState.RESOLVED:
            resolutions.append(resolved(wanted))
            findings.append(missing(wanted))
        else:
            files = (file("sub/" + wanted.name, "vae"),) if state is RefState.WRONG_FOLDER else ()
            findings.append(Finding(wanted, state, files, f"detail of {state.value}"))
    hostile = ref(HOSTILE, node="99|`x`")
    readable = workflow(*refs, hostile)
    return build_report(
        (readable, UnreadableWorkflow("bad|`<b>.png", "no workflow in this file", "save it from ComfyUI")),
        [*findings, missing(hostile)],
        resolutions,
    )


HOSTILE = "\x1b[31m\x9b2J</script><b>|`[x](javascript:y)]]>%0A::error::\r\n\u202egnp.\"'\\@all $(rm) &amp; \ud800.safetensors"
"""Everything a name can try on a terminal, Markdown, XML, a workflow command, DOT and a shell."""
