"""A repository's listing → candidates. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wfdeps.domain.candidates import Access, AccessState, Candidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.folders import FOLDER_KEYS, canonical_key, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.errors import UnexpectedPayloadError
from wfdeps.match.links import HuggingFaceLink, file_url
from wfdeps.match.spelling import NOT_MODELS, spell
from wfdeps.sources.json_values import record, records, text, whole

SOURCE = "huggingface"


def candidates_of_repository(
    payload: object, repository: str, revision: str, endpoint: str, *, signed_in: bool
) -> tuple[Candidate, ...]:
    """Every model file of a repository. Raises UnexpectedPayloadError where this is no repository."""
    body = record(payload)
    if not isinstance(body.get("siblings"), list):
        raise UnexpectedPayloadError("a repository was answered without its files", payload=payload)
    access = _access(body, repository, signed_in)
    return tuple(
        _candidate(sibling, HuggingFaceLink(repository, revision, path), endpoint, access)
        for sibling in records(body["siblings"])
        if (path := text(sibling.get("rfilename"))) and _is_model(path)
    )


def candidate_of_link(link: HuggingFaceLink, endpoint: str, access: Access) -> Candidate:
    """What the URL alone says of a file."""
    return _candidate({}, link, endpoint, access)


def _is_model(path: str) -> bool:
    ending = spell(path).ending
    return bool(ending) and ending not in NOT_MODELS


def _access(body: Mapping[str, Any], repository: str, signed_in: bool) -> Access:
    gated = body.get("gated")
    if not gated:
        return Access()
    if not signed_in:
        return Access(AccessState.TOKEN, f"`{repository}` is gated: accept its terms there and set HF_TOKEN")
    return Access(AccessState.OPEN, f"`{repository}` is gated: its terms must have been accepted")


def _candidate(sibling: Mapping[str, Any], link: HuggingFaceLink, endpoint: str, access: Access) -> Candidate:
    lfs = record(sibling.get("lfs"))
    size = whole(lfs.get("size")) or whole(sibling.get("size"))
    return Candidate(
        source=SOURCE,
        file_name=link.file_name,
        url=file_url(link, endpoint),
        model_type=_type_by_folder(link.path),
        size=size,
        size_is_exact=size is not None,
        digests=_digests(lfs),
        access=access,
        page=f"{endpoint}/{link.repository}",
        model_name=link.repository,
        version_name=link.path.rpartition("/")[0],
        creator=link.repository.partition("/")[0],
    )


def _digests(lfs: Mapping[str, Any]) -> tuple[Digest, ...]:
    told = text(lfs.get("sha256")) or text(lfs.get("oid")).removeprefix("sha256:")
    try:
        return (Digest.of(Algorithm.SHA256, told),)
    except ValueError:
        return ()


def _type_by_folder(path: str) -> ModelType:
    """`split_files/text_encoders/x.safetensors` says what it is; most repositories say nothing."""
    folders = [canonical_key(folder) for folder in path.split("/")[:-1]]
    return next(
        (model_type_of(folder) for folder in reversed(folders) if folder in FOLDER_KEYS), ModelType.UNKNOWN
    )
