"""`s5cmd run FILE`: copies from a bucket that holds files by their SHA-256, as `wfdeps --store` keeps them."""

from __future__ import annotations

import re

from wfdeps.errors import UsageError
from wfdeps.exports.remarks import comments, head, no_hash, remark
from wfdeps.exports.values import Bundle, Format, ModelFile, Setting, TextFile

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*")


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    bucket = bundle.options["bucket"].removeprefix("s3://").rstrip("/")
    if not _BUCKET.fullmatch(bucket):
        raise UsageError(
            f"`{bucket}` is no bucket"
            if bucket
            else "s5cmd needs the bucket that holds the files by SHA-256",
            hint="--with bucket=NAME/sha256",
        )
    top = head(bundle, "s5cmd commands", "AWS_EC2_METADATA_DISABLED=true s5cmd run models.s5cmd")
    rows = "".join(
        f'{comments([remark(file)])}cp "s3://{bucket}/{file.sha256}" "models/{file.path}"\n'
        for file in bundle.files
    )
    return (TextFile(FORMAT.file_name, comments(top) + rows),)


def _refusal(file: ModelFile) -> str:
    if set(file.path) & set("\"'\\`$*?[]{}"):
        return "its path has a quotation mark, a wildcard or a bracket, which s5cmd does not take literally"
    return no_hash(file)


FORMAT = Format(
    "`cp` lines for `s5cmd run`, from a bucket of files by SHA-256",
    "models.s5cmd",
    _render,
    _refusal,
    {"bucket": Setting("", "bucket and prefix below which each file is called by its SHA-256")},
)
