"""An aria2 input file. aria2 leaves a file with a wrong hash under its final name (1.36.0), so files get the ending
`.part` and `finish.sh` renames what is right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from wfdeps.domain.folders import WEIGHTS_ENDINGS
from wfdeps.exports.remarks import comments, head, no_open_url, remark, sums
from wfdeps.exports.shell_words import line
from wfdeps.exports.values import Bundle, ForeignFile, Format, LeftOut, ModelFile, Reader, TextFile
from wfdeps.match.links import file_name_of

_FINISH = r"""
set -eu
failed=0

finish() { # PATH SHA256; - where it is not known
  if [ -e "$1" ] || [ -L "$1" ]; then return 0; fi
  if [ ! -e "$1.part" ] || [ -e "$1.part.aria2" ]; then
    echo "not complete: $1" >&2
    failed=1
  elif [ "$2" != - ] && ! echo "$2  $1.part" | sha256sum -c - >/dev/null 2>&1; then
    echo "not the bytes of the lock: $1.part" >&2
    failed=1
  else
    mv -n -- "$1.part" "$1"
  fi
}

"""


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    top = head(
        bundle,
        "aria2 input file",
        "Run both where models/ is or shall be, then check:",
        "aria2c --input-file=models.aria2 --continue=true --allow-overwrite=false --auto-file-renaming=false",
        "sh finish.sh && sha256sum -c SHA256SUMS",
        "It holds no token: aria2 would send it on to every host that a download is redirected to.",
    )
    entries = "".join(f"\n{comments([remark(file)])}{_entry(file)}" for file in bundle.files)
    finish = "".join(line("finish", f"models/{file.path}", file.sha256 or "-") for file in bundle.files)
    title = comments(["Gives each complete file of the aria2 list its name; a wrong one keeps `.part`."])
    return (
        TextFile(FORMAT.file_name, comments(top) + entries),
        TextFile("SHA256SUMS", sums(bundle.files, "models/")),
        TextFile("finish.sh", f"#!/bin/sh\n{title}{_FINISH}{finish}\nexit $failed\n"),
    )


def _entry(file: ModelFile) -> str:
    options = [f"dir=models/{file.directory}", f"out={file.name}.part"]
    if file.sha256:
        options.append(f"checksum=sha-256={file.sha256}")
    return "\t".join(file.open_urls) + "\n" + "".join(f"  {option}\n" for option in options)


def _refusal(file: ModelFile) -> str:
    if file.name.startswith(" ") or file.directory != file.directory.strip():
        return "a part of its path begins or ends with a blank, which aria2 drops"
    return no_open_url(file)


FORMAT = Format(
    "an aria2 input file with SHA256SUMS and finish.sh", "models.aria2", _render, _refusal, is_anonymous=True
)


def _read(text: str) -> tuple[ForeignFile | LeftOut, ...]:
    """An entry is a line of URLs and the indented lines below it (aria2's manual, "Input File")."""
    entries: list[tuple[list[str], dict[str, str]]] = []
    for row in text.replace("\r\n", "\n").split("\n"):
        if row.startswith("#") or not row.strip():
            continue
        if row[0] in " \t":
            name, _, value = row.strip().partition("=")
            if entries:
                entries[-1][1][name] = value
        else:
            entries.append((row.strip().split("\t"), {}))
    return tuple(_foreign(urls, options) for urls, options in entries)


def _foreign(urls: Sequence[str], options: Mapping[str, str]) -> ForeignFile | LeftOut:
    name = options.get("out") or file_name_of(urls[0])
    if not name.removesuffix(".part").lower().endswith(tuple(WEIGHTS_ENDINGS)):
        return LeftOut(urls[0], "neither `out` nor its URL gives it the name of a model")
    checksum = re.fullmatch(r"sha-256=([0-9A-Fa-f]{64})", options.get("checksum", ""))
    path = f"{options['dir']}/{name}" if options.get("dir") else name
    return ForeignFile(path.removesuffix(".part"), tuple(urls), checksum[1] if checksum else None)


READER = Reader(
    "an aria2 input file",
    lambda name, text: re.search(r"^(https?|ftp)://\S[^\n]*\n[ \t]+[a-z-]+=", text, re.MULTILINE) is not None,
    _read,
)
