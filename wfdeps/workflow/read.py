"""The room's door: a file's bytes → what each workflow in it references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from wfdeps.domain.refs import ModelRef, Notice, UnreadableWorkflow, WorkflowRefs
from wfdeps.errors import WorkflowError
from wfdeps.workflow.api_format import read_prompt
from wfdeps.workflow.claims import declared_of, merge, read_claims
from wfdeps.workflow.document import Document, documents_in
from wfdeps.workflow.graph import Graph
from wfdeps.workflow.json_text import parse
from wfdeps.workflow.loaders import LoaderTable, default_table
from wfdeps.workflow.ui_format import read_workflow_graph


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How workflows are read."""

    include_inactive: bool = False
    """Muted and bypassed nodes, and switched-off slots, count as required."""
    rows: Mapping[str, Any] = field(default_factory=dict)
    """More rows for the loader table, shaped as those of `loaders.json`; they win over ours."""
    object_info: Mapping[str, Any] | None = None
    """A ComfyUI's `/object_info`, which knows every class that is installed there."""


DEFAULT = ReadOptions()


def read_workflow(
    data: bytes, path: str, *, options: ReadOptions = DEFAULT
) -> tuple[WorkflowRefs | UnreadableWorkflow, ...]:
    """What each workflow in this file references: one result a workflow, never none, nothing raised."""
    try:
        return tuple(_read(data, path, options))
    except WorkflowError as error:
        return (UnreadableWorkflow(path, error.message, error.hint),)
    except RecursionError:
        return (UnreadableWorkflow(path, "nested too deep to be a workflow"),)


def _read(data: bytes, path: str, options: ReadOptions) -> Iterator[WorkflowRefs | UnreadableWorkflow]:
    if not data:
        raise WorkflowError("the file is empty")
    digest = sha256(data).hexdigest()
    container, documents = _documents(data)
    table = default_table().with_rows(options.rows) if options.rows else default_table()
    for document in documents:
        where = f"{path}#{document.key}" if document.key else path
        yield _refs(document, where, container, digest, table, options)


def _documents(data: bytes) -> tuple[str, list[Document]]:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        from wfdeps.workflow.containers import png  # zlib: only for those who need it

        texts = dict(png.texts(data))
        value = {key: texts[key].decode("utf-8", "replace") for key in ("workflow", "prompt") if key in texts}
        documents = documents_in(value)
        if not documents:
            raise WorkflowError("no workflow in this PNG")
        return "png", [documents[0]._replace(key="")] if len(documents) == 1 else documents
    documents = documents_in(parse(data))
    if not documents:
        raise WorkflowError("not a ComfyUI workflow", hint="save it with Workflow → Save, or Export (API)")
    return "json", documents


def _refs(
    document: Document, path: str, container: str, digest: str, table: LoaderTable, options: ReadOptions
) -> WorkflowRefs:
    graph = read_workflow_graph(document.value) if document.format == "ui" else read_prompt(document.value)
    reading = read_claims(graph, table, path, include_inactive=options.include_inactive)
    refs = tuple(_with_declared(merge(reading.found), graph))
    return WorkflowRefs(path, document.format, container, digest, refs, tuple(dict.fromkeys(reading.notices)))


def _with_declared(refs: tuple[ModelRef, ...], graph: Graph) -> Iterator[ModelRef]:
    declared = declared_of(graph)
    for ref in refs:
        urls: dict[str, None] = {}
        digests: dict[Any, None] = {}
        for key in [*((site.node_id, ref.name) for site in ref.sites), ("", ref.name)]:
            if key in declared:
                urls.update(dict.fromkeys(declared[key][0]))
                digests.update(dict.fromkeys(declared[key][1]))
        yield replace(ref, urls=tuple(urls), digests=tuple(digests)) if urls or digests else ref


__all__ = ["DEFAULT", "Notice", "ReadOptions", "read_workflow"]
