"""The room's entry: a file's bytes → what each workflow in it references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from wfdeps import TYPE_CHECKING
from wfdeps.domain.refs import ModelRef, Notice, RefStatus, UnreadableWorkflow, WorkflowRefs
from wfdeps.errors import WorkflowError
from wfdeps.values import dataclass, field
from wfdeps.workflow.api_format import read_prompt
from wfdeps.workflow.collect import claims_in
from wfdeps.workflow.containers.sniff import open_container
from wfdeps.workflow.documents import Document, documents_in, may_hold
from wfdeps.workflow.enrich import with_declared, with_hints, with_only_declared
from wfdeps.workflow.json_text import decode, parse
from wfdeps.workflow.limits import MAX_FILE_BYTES, Budget
from wfdeps.workflow.loaders import LoaderTable, default_table
from wfdeps.workflow.model_claims import refs_of_claims
from wfdeps.workflow.pairings import pairings_of
from wfdeps.workflow.ui_format import read_workflow_graph
from wfdeps.workflow.uses import input_uses, node_uses

if TYPE_CHECKING:  # most workflows are JSON without metadata: they do not pay for reading it
    from typing import Any

    from wfdeps.workflow.parameters import Resource


@dataclass(frozen=True, slots=True, eq=False)
class ReadOptions:
    """How workflows are read. Equal only to itself: its table is made once, however many files are read with it."""

    include_inactive: bool = False
    """Muted and bypassed nodes, and switched-off slots, count as required."""
    rows: Mapping[str, Any] = field(default_factory=dict)
    """More rows for the loader table, as `node_rows.own_rows` returns them; they win over ours."""
    object_info: Mapping[str, Any] | None = None
    """A ComfyUI's `/object_info`, which knows every class that is installed there."""
    model_lists: Mapping[str, Any] = field(default_factory=dict)
    """That ComfyUI's `/models/{folder}` by folder key, where they could be asked: makes folders exact."""
    hashed: bool = True
    """Whether the file's SHA-256 is wanted; without, it stays empty."""


DEFAULT = ReadOptions()
_NO_WORKFLOW_HINT = "save it in ComfyUI with Workflow → Save, or Export (API)"

Reading = WorkflowRefs | UnreadableWorkflow


def read_workflow(data: bytes, path: str, *, options: ReadOptions = DEFAULT) -> tuple[Reading, ...]:
    """Returns what each workflow in this file references: at least one result, and one for each workflow.

    Raises nothing: what cannot be read is an UnreadableWorkflow.
    """
    budget = Budget()
    if data.startswith(b"PK\x03\x04"):
        try:
            return tuple(_read_archive(data, path, options, budget))
        except WorkflowError as error:
            return (UnreadableWorkflow(path, error.message, error.hint),)
    return _readings(data, path, options, budget)


def _readings(data: bytes, path: str, options: ReadOptions, budget: Budget) -> tuple[Reading, ...]:
    try:
        return tuple(_read(data, path, options, budget))
    except WorkflowError as error:
        return (UnreadableWorkflow(path, error.message, error.hint),)
    except RecursionError:
        return (UnreadableWorkflow(path, "nested too deep to be a workflow"),)


def _read_archive(data: bytes, path: str, options: ReadOptions, budget: Budget) -> Iterator[Reading]:
    from wfdeps.workflow.containers.archive import members  # zipfile: only for those who need it

    some = False
    for name, body in members(data):
        if isinstance(body, WorkflowError):
            yield UnreadableWorkflow(f"{path}!{name}", body.message, body.hint)
            some = True
            continue
        if budget.is_spent:
            yield UnreadableWorkflow(
                f"{path}!{name}",
                "not looked at: the files before it hold more text than is read of one archive",
            )
            return
        budget.next_member()
        readings = _readings(body, f"{path}!{name}", options, budget) if not body.startswith(b"PK") else ()
        found = [reading for reading in readings if isinstance(reading, WorkflowRefs)]
        some = some or bool(found)
        yield from found
    if not some:
        raise WorkflowError("no workflow in this zip archive")


def _read(data: bytes, path: str, options: ReadOptions, budget: Budget) -> Iterator[Reading]:
    if not data:
        raise WorkflowError("the file is empty")
    if len(data) > MAX_FILE_BYTES:
        raise WorkflowError(f"too large: {len(data):,} bytes, the limit is {MAX_FILE_BYTES:,}")
    digest = _sha256(data) if options.hashed else ""
    table = _table(options)
    container = open_container(data)
    if container is None:
        yield from _read_text(data, path, digest, table, options)
        return
    from wfdeps.workflow.embedded import embedded_in

    embedded = embedded_in(container.texts, budget)
    resources = _resources(embedded.parameters, embedded.metadata)
    notices = tuple(Notice(code, message) for code, message in embedded.notices)
    if embedded.documents:
        for document in _keyed(embedded.documents):
            yield _refs(
                document, path, container.name, digest, table, options, resources=resources, notices=notices
            )
    elif resources or embedded.parameters:
        yield _from_metadata(
            resources, path, container.name, digest, "a1111" if embedded.parameters else "none"
        )
    else:
        raise WorkflowError(f"no workflow in this {container.name} file", hint=_NO_WORKFLOW_HINT)


def _sha256(data: bytes) -> str:
    from hashlib import sha256  # loads OpenSSL, and a check that shows text shows no hash

    return sha256(data).hexdigest()


def _read_text(
    data: bytes, path: str, digest: str, table: LoaderTable, options: ReadOptions
) -> Iterator[WorkflowRefs]:
    try:
        text = decode(data)
        value = parse(text)
    except WorkflowError:
        if b"\nSteps: " not in data and not data.startswith(b"Steps: "):
            raise
        resources = _resources([decode(data)], [])
        yield _from_metadata(resources, path, "text", digest, "a1111")
        return
    documents = documents_in(value) if may_hold(text) else []
    if not documents:
        raise WorkflowError("not a ComfyUI workflow", hint=_NO_WORKFLOW_HINT)
    metadata = (
        [value] if isinstance(value, dict) and ("extraMetadata" in value or "resources" in value) else []
    )
    resources = _resources(
        [], [*metadata, *(document.value for document in documents if _names_resources(document.value))]
    )
    for document in documents:
        yield _refs(document, path, "json", digest, table, options, resources=resources)


def _names_resources(value: Mapping[str, object]) -> bool:
    extra = value.get("extra")
    return "extraMetadata" in value or (isinstance(extra, dict) and ("airs" in extra or "resources" in extra))


def _refs(
    document: Document, path: str, container: str, digest: str, table: LoaderTable, options: ReadOptions, *,
    resources: list[Resource], notices: tuple[Notice, ...] = (),
) -> WorkflowRefs:  # fmt: skip
    path = f"{path}#{document.key}" if document.key else path
    graph = read_workflow_graph(document.value) if document.format == "ui" else read_prompt(document.value)
    gathered = claims_in(graph, table, path, include_inactive=options.include_inactive)
    refs = with_only_declared(with_declared(refs_of_claims(gathered.claims), graph), graph)
    refs = with_hints(refs, graph.notes)
    warnings = [*notices, *gathered.notices]
    if resources:
        from wfdeps.workflow.enrich import refs_of_resources, unnamed, with_resources

        refs = with_resources(refs, resources)
        refs = (*refs, *refs_of_resources(unnamed(resources, refs), path, "metadata"))
    if document.twin is not None:
        warnings += _disagreements(refs, document.twin, table)
    return WorkflowRefs(
        path,
        document.format,
        container,
        digest,
        refs,
        tuple(dict.fromkeys(warnings)),
        pairings_of(graph, gathered.claims),
        node_uses(graph, path, options.object_info, include_inactive=options.include_inactive),
        input_uses(graph, gathered.reach, path, options.object_info),
    )


def _disagreements(
    refs: tuple[ModelRef, ...], twin: Mapping[str, object], table: LoaderTable
) -> Iterator[Notice]:
    """Where the `prompt` stored beside a workflow runs other files than the workflow says."""
    other = refs_of_claims(claims_in(read_prompt(twin), table, "", include_inactive=False).claims)
    if any("${" in ref.name for ref in other):  # macros of a front end that fills them in
        return
    named = {ref.name for ref in refs}
    needed = {ref.name for ref in refs if ref.status is RefStatus.REQUIRED}
    ran = {ref.name for ref in other if ref.status is RefStatus.REQUIRED}
    for name in sorted(ran - named):
        yield Notice(
            "prompt_differs",
            f"the `prompt` stored in this file ran `{name}`, which its `workflow` does not name",
        )
    for name in sorted(needed - {ref.name for ref in other}):
        yield Notice("prompt_differs", f"the `prompt` stored in this file ran without `{name}`")


def _from_metadata(
    resources: list[Resource], path: str, container: str, digest: str, form: str
) -> WorkflowRefs:
    from wfdeps.workflow.enrich import refs_of_resources

    refs = refs_of_resources(resources, path, "parameters" if form == "a1111" else "metadata")
    notices = () if refs else (Notice("no_models_named", "generation parameters that name no model"),)
    return WorkflowRefs(path, form, container, digest, refs, notices)


def _resources(parameters: list[str], metadata: list[Any]) -> list[Resource]:
    if not parameters and not metadata:
        return []
    from wfdeps.workflow.parameters import is_parameters, resources_in_metadata, resources_in_text

    found: dict[Resource, None] = {}
    for text in parameters:
        if is_parameters(text):
            found.update(dict.fromkeys(resources_in_text(text)))
    for value in metadata:
        found.update(dict.fromkeys(resources_in_metadata(value)))
    return list(found)


def _keyed(documents: list[Document]) -> list[Document]:
    return [documents[0]._replace(key="")] if len(documents) == 1 else documents


@lru_cache(maxsize=2)
def _table(options: ReadOptions) -> LoaderTable:
    table = default_table()
    if options.object_info is not None:
        from wfdeps.workflow.object_info import rows_of

        rows, outputs = rows_of(options.object_info, options.model_lists, table)
        table = table.with_rows(rows, outputs)
    return table.with_rows(options.rows) if options.rows else table
