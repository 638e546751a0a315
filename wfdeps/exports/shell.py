"""A POSIX shell script that needs nothing but curl and sha256sum (or shasum): resumes, verifies, overwrites nothing."""

from __future__ import annotations

from wfdeps.exports.checked import CIVITAI_TOKEN
from wfdeps.exports.remarks import comments, head, no_url, remark
from wfdeps.exports.shell_words import line
from wfdeps.exports.values import Bundle, Format, ModelFile, TextFile
from wfdeps.match.links import CIVITAI_HOSTS

# The token goes through curl's standard input: on its command line every user of the machine could read it.
# curl passes a header on to the host it is redirected to only with --location-trusted (seen on 7.88.1).
_FUNCTIONS = r"""
set -eu
cd -- "${1:-.}"
failed=0

sum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

is_right() { # FILE BYTES SHA256; - where one is not known
  if [ "$2" != - ] && [ "$(wc -c <"$1" | tr -d ' ')" != "$2" ]; then return 1; fi
  if [ "$3" != - ] && [ "$(sum "$1")" != "$3" ]; then return 1; fi
}

token() { # URL
  case $1 in
    @CIVITAI@) printf %s "${@TOKEN@:-}" ;;
    https://huggingface.co/*) printf %s "${HF_TOKEN:-}" ;;
  esac
}

download() { # URL FILE: goes on where FILE ends
  secret=$(token "$1")
  header=
  if [ -n "$secret" ]; then header="header = \"Authorization: Bearer $secret\""; fi
  printf '%s\n' "$header" |
    curl --config - --globoff --fail --location --retry 5 --continue-at - --output "$2" -- "$1"
}

download_whole() { # URL FILE
  status=0
  download "$1" "$2" || status=$?
  case $status in 22 | 33) ;; *) return $status ;; esac
  # 33: the server cannot go on in the middle. 22: an HTTP error, which for a file that is whole already is 416.
  if [ ! -e "$2" ]; then return $status; fi
  rm -f -- "$2"
  download "$1" "$2"
}

fetch() { # PATH BYTES SHA256 URL...
  path=$1 bytes=$2 hash=$3
  shift 3
  if [ -e "$path" ] || [ -L "$path" ]; then
    if [ -f "$path" ] && is_right "$path" "$bytes" "$hash"; then
      echo "there: $path"
    else
      echo "another file is there, left as it is: $path" >&2
      failed=1
    fi
    return 0
  fi
  mkdir -p -- "$(dirname -- "$path")"
  part=$path.part
  for url in "$@"; do
    if [ "$bytes$hash" = -- ]; then rm -f -- "$part"; fi # nothing says where it ends
    if [ ! -e "$part" ] || ! is_right "$part" "$bytes" "$hash"; then
      if [ -e "$part" ] && [ "$bytes" != - ] && [ "$(wc -c <"$part" | tr -d ' ')" -ge "$bytes" ]; then
        rm -f -- "$part"
      fi
      download_whole "$url" "$part" || continue
    fi
    if ! is_right "$part" "$bytes" "$hash"; then
      echo "not the bytes of the lock: $url" >&2
      rm -f -- "$part"
      continue
    fi
    mv -n -- "$part" "$path"
    if [ ! -e "$part" ]; then
      echo "done: $path"
      return 0
    fi
  done
  echo "failed: $path" >&2
  failed=1
}
"""


_CIVITAI = " | ".join(f"https://{host}/*" for host in sorted(CIVITAI_HOSTS))


def _render(bundle: Bundle) -> tuple[TextFile, ...]:
    top = head(
        bundle,
        "shell script",
        "Run it where models/ is or shall be, or name that folder: sh models.sh /ComfyUI",
        "Civitai needs CIVITAI_API_TOKEN; Hugging Face is given HF_TOKEN where that is set.",
        "Run it again to resume.",
    )
    files = "".join(f"\n{comments([remark(file)])}{_line(file)}" for file in bundle.files)
    functions = _FUNCTIONS.replace("@CIVITAI@", _CIVITAI).replace("@TOKEN@", CIVITAI_TOKEN)
    text = f"#!/bin/sh\n{comments(top)}{functions}{files}\nexit $failed\n"
    return (TextFile(FORMAT.file_name, text),)


def _line(file: ModelFile) -> str:
    size = "-" if file.size is None else str(file.size)
    urls = sorted(file.urls, key=lambda url: url not in file.open_urls)
    return line("fetch", f"models/{file.path}", size, file.sha256 or "-", *urls)


FORMAT = Format("a POSIX shell script: curl and sha256sum", "models.sh", _render, no_url)
