"""The fields of a ref and of a candidate as the JSON formats write them."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.urls import without_secrets
from wfdeps.report.states import choose_command
from wfdeps.report.wording import shown_name

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from wfdeps.domain.candidates import Candidate, RankedCandidate
    from wfdeps.domain.files import LocalFile
    from wfdeps.domain.refs import ModelRef, NodeSite

Fields: TypeAlias = "dict[str, Any]"


def ref_fields(ref: ModelRef) -> Fields:
    """As in `wfdeps/refs/1`, and which workflow each site is in."""
    return {
        "name": shown_name(ref.name),
        "model_type": str(ref.model_type),
        "folders": list(ref.folders),
        "status": str(ref.status),
        "certainty": str(ref.certainty),
        "sites": [site_fields(site) for site in ref.sites],
        "digests": [str(digest) for digest in ref.digests],
        "urls": [without_secrets(url) for url in ref.urls],
        "air": str(ref.air) if ref.air else None,
        "accepts": ref.accepts or None,
    }


def site_fields(site: NodeSite) -> Fields:
    """One node and input."""
    return {
        "workflow": site.workflow,
        "node_id": site.node_id,
        "node_class": site.node_class,
        "input": site.input,
    }


def file_fields(file: LocalFile) -> Fields:
    """One file that was found."""
    return {
        "path": file.path,
        "folder": file.folder_key,
        "name": file.name,
        "size": file.size,
        "digests": [str(digest) for digest in file.digests],
        "listed": file.listed,
        "trouble": file.trouble,
    }


def candidate_fields(ranked: RankedCandidate, ref: ModelRef) -> Fields:
    """One file that may be it, with what speaks for it and the command that takes it."""
    candidate = ranked.candidate
    sha256 = find_digest(candidate.digests, Algorithm.SHA256)
    return {
        "source": candidate.source,
        "title": candidate.title,
        "file_name": candidate.file_name,
        "model_type": str(candidate.model_type),
        "base_model": candidate.base_model,
        "size": candidate.size,
        "sha256": sha256.value if sha256 else None,
        "digests": [str(digest) for digest in candidate.digests],
        "url": without_secrets(candidate.url),
        "page": without_secrets(candidate.page) if candidate.page else None,
        "air": str(candidate.air) if candidate.air else None,
        "model_id": candidate.model_id,
        "version_id": candidate.version_id,
        "file_id": candidate.file_id,
        "creator": candidate.creator,
        "access": str(candidate.access.state),
        "access_until": candidate.access.until,
        **told_fields(candidate),
        "confidence": round(ranked.confidence, 4),
        "evidence": [{"why": str(evidence.why), "detail": evidence.detail} for evidence in ranked.evidence],
        "choose": choose_command(ref, ranked),
    }


def told_fields(candidate: Candidate) -> Fields:
    """What else a person is shown when they choose."""
    return {
        "precision": candidate.precision or None,
        "downloads": candidate.downloads,
        "published": candidate.published,
        "trained_words": list(candidate.trained_words),
        "licence": list(candidate.licence),
        "access_detail": candidate.access.detail or None,
        "unsafe": candidate.unsafe or None,
    }
