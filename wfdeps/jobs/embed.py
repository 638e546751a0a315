"""What a lock knows, written into the workflow itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wfdeps.domain.locks import Lock, LockEntry
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.errors import UsageError, WorkflowError, os_error_words
from wfdeps.exports.checked import public_url
from wfdeps.exports.values import LeftOut
from wfdeps.jobs.users import all_readable
from wfdeps.match.links import civitai_link
from wfdeps.values import dataclass
from wfdeps.workflow.embedding import EmbeddedModel, has_places, with_models
from wfdeps.workflow.read import Reading
from wfdeps.workflow.rewriting import rewrite_image, rewrite_json

_SETTLED = frozenset({ChosenBy.HASH, ChosenBy.USER})
"""What needs no second look: the bytes agreed with a hash, or a person said so."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """A workflow file with its models in it, not yet written."""

    data: bytes
    models: tuple[EmbeddedModel, ...]
    left_out: tuple[LeftOut, ...]
    """Required files that are not in it, and why."""


def embed_workflow(
    path: str, readings: Sequence[Reading], lock: Lock, *, everything: bool, as_image: bool
) -> Embedding:
    """The workflow at that path with what the lock knows of its files. `everything`: also what was chosen by name or URL.

    `as_image`: the file is a PNG or a WebP, and comes back as one. Raises WorkflowError where it cannot be read, UsageError
    where nothing can be embedded.
    """
    models: dict[EmbeddedModel, list[str]] = {}
    left_out = []
    entries = {entry.key: entry for entry in lock.entries}
    for ref in (ref for reading in all_readable(readings) for ref in reading.refs):
        found = _model_of(ref, entries, everything)
        if isinstance(found, EmbeddedModel):
            models.setdefault(found, []).extend(site.node_id for site in ref.sites)
        elif ref.status is RefStatus.REQUIRED:
            left_out.append(LeftOut(f"{ref.folder}/{ref.name}", found))
    data, has_place = _rewritten(path, models, as_image=as_image)
    if not has_place:
        raise UsageError(
            f"`{path}` has no place for models: it holds an API prompt only",
            hint="save it with Workflow → Export",
        )
    return Embedding(data, tuple(models), tuple(left_out))


def _rewritten(
    path: str, models: Mapping[EmbeddedModel, Sequence[str]], *, as_image: bool
) -> tuple[bytes, bool]:
    """The file's bytes with the models in its workflow, and whether it has a workflow with places for them."""
    has_place = False

    def change(document: Any) -> tuple[Any, int]:
        nonlocal has_place
        has_place = has_place or has_places(document)
        return with_models(document, models)

    try:
        with open(path, "rb") as file:
            data, _ = (rewrite_image if as_image else rewrite_json)(file.read(), change)
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {os_error_words(error)}") from error
    except WorkflowError as error:
        raise UsageError(f"`{path}` cannot be rewritten: {error.message}", hint=error.hint) from error
    return data, has_place


def _model_of(
    ref: ModelRef, entries: Mapping[tuple[str, str], LockEntry], everything: bool
) -> EmbeddedModel | str:
    """What is embedded for a ref, or why nothing is."""
    entry = entries.get(ref.key)
    if entry is None:
        return "the lock does not know it"
    if entry.chosen_by not in _SETTLED and not everything:
        return f"it was chosen by {entry.chosen_by} alone; --all embeds it"
    urls = [url for source in entry.sources if (url := public_url(source.url)) and not _is_typed(url)]
    if not urls:
        return "the lock knows no URL that the frontend could use"
    models = [EmbeddedModel(ref.name, ref.folder, url, entry.sha256) for url in urls]
    return next((model for model in models if model.is_offered), models[0])


def _is_typed(url: str) -> bool:
    """Whether it is a Civitai URL of the form `?type=…`, which answers 404 to the frontend (comfyui-mcp#1300)."""
    return civitai_link(url) is not None and "type" in parse_qs(urlsplit(url).query)
