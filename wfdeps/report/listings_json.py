"""What the listing commands print with `--json`, each kept by its schema in `schemas/`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wfdeps.domain.files import LocalFile
from wfdeps.domain.listings import (
    Duplicates,
    ListedFile,
    RememberedAnswer,
    SearchedFolder,
    StoredFile,
    TokenCheck,
    Verified,
)
from wfdeps.domain.refs import Notice
from wfdeps.domain.wants import WantResult, WantState, bytes_placed
from wfdeps.report.want_json import want_json
from wfdeps.report.wording import document_text

Fields = dict[str, object]


def render_library(files: Iterable[ListedFile]) -> str:
    """`wfdeps/library/1`: the files of the library."""
    return _render("library", files=[_listed(listed) for listed in files])


def _listed(listed: ListedFile) -> Fields:
    file, identity = listed.file, listed.identity
    header: Fields = (
        {}
        if identity is None
        else {
            "model_type": str(identity.model_type),
            "architectures": list(identity.architectures),
            "precision": identity.precision,
        }
    )
    return {
        "folder": file.folder_key,
        "name": file.name,
        "path": file.path,
        "size": file.size,
        "trouble": file.trouble,
        **header,
        "base_model": listed.sidecar.get("base_model"),
        "source": listed.origin,
        "digests": {str(digest.algorithm): digest.value for digest in file.digests},
        "used_by": list(listed.users),
    }


def render_unused(files: Iterable[LocalFile]) -> str:
    """`wfdeps/unused/1`: the files that no workflow names."""
    return _render(
        "unused",
        files=[
            {"folder": file.folder_key, "name": file.name, "path": file.path, "size": file.size}
            for file in files
        ],
    )


def render_duplicates(duplicates: Duplicates) -> str:
    """`wfdeps/duplicates/1`: files with equal bytes."""
    return _render(
        "duplicates",
        wasted=duplicates.wasted,
        groups=[
            {
                "sha256": group.sha256,
                "size": group.files[0].size,
                "paths": [file.path for file in group.files],
            }
            for group in duplicates.groups
        ],
    )


def render_verified(files: Iterable[Verified]) -> str:
    """`wfdeps/verify/1`: what is known of each file's bytes."""
    return _render(
        "verify",
        files=[
            {"path": row.file.path, "size": row.file.size, "verdict": str(row.verdict), "detail": row.reason}
            for row in files
        ],
    )


def render_paths(
    folders: Iterable[SearchedFolder],
    notices: Iterable[Notice],
    *,
    models_root: str,
    separator: str,
    names: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """`wfdeps/paths/1`: the folders searched, and where `names` is given the names offered from each folder key."""
    return _render(
        "paths",
        models_root=models_root,
        separator=separator,
        folders=[_searched(searched) for searched in folders],
        notices=[{"code": notice.code, "message": notice.message} for notice in notices],
        **({} if names is None else {"names": {key: list(offered) for key, offered in names.items()}}),
    )


def _searched(searched: SearchedFolder) -> Fields:
    folder = searched.folder
    return {
        "key": folder.folder_key,
        "path": folder.path,
        "endings": sorted(folder.endings),
        "reason": folder.reason,
        "origin": folder.origin,
        "is_default": folder.is_default,
        "exists": folder.exists,
        "visible": folder.visible,
        "fix": folder.fix,
        "receives": searched.receives,
    }


def render_store(files: Iterable[StoredFile]) -> str:
    """`wfdeps/store/1`: the files of the store."""
    return _render(
        "store",
        files=[
            {"sha256": file.sha256, "size": file.size, "links": file.links, "path": file.path}
            for file in files
        ],
    )


def render_answers(answers: Iterable[RememberedAnswer]) -> str:
    """`wfdeps/answers/1`: what was chosen before."""
    return _render("answers", answers=[_answer(answer) for answer in answers])


def _answer(answer: RememberedAnswer) -> Fields:
    chosen = answer.candidate
    return {
        "number": answer.number,
        "name": answer.name,
        "model_type": answer.model_type.value,
        "scope": answer.scope,
        "said": answer.answered,
        "air": str(chosen.air) if chosen and chosen.air else None,
        "url": chosen.url if chosen else None,
        "title": chosen.title if chosen else None,
        "optional": chosen is None,
    }


def render_tokens(checks: Iterable[TokenCheck]) -> str:
    """`wfdeps/auth/1`: what each site says of its token."""
    return _render(
        "auth",
        doors=[
            {"source": check.site, "url": check.url, "state": check.state.value, "detail": check.detail}
            for check in checks
        ],
    )


def render_batch(results: Sequence[WantResult]) -> str:
    """`wfdeps/batch-result/1`: how each download of a batch ended, and how many of each."""
    totals = {state.value: sum(result.state is state for result in results) for state in WantState}
    return _render(
        "batch-result",
        totals={**totals, "bytes_placed": bytes_placed(results)},
        downloads=[want_json(result) for result in results],
    )


def _render(schema: str, **fields: object) -> str:
    return document_text({"schema": f"wfdeps/{schema}/1", **fields})
