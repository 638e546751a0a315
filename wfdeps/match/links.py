"""URLs that workflows carry: which site's, which file, and how they are written plainly.

https://huggingface.co/o/r/blob/main/x.safetensors   → …/resolve/main/x.safetensors
https://civitai.red/models/7?modelVersionId=9         → version 9 of model 7, wherever Civitai stands
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, unquote, urlsplit

from wfdeps.domain.urls import without_secrets
from wfdeps.values import dataclass

CIVITAI_HOSTS = frozenset({"civitai.com", "civitai.red", "civitai.green"})
HUGGINGFACE_HOSTS = frozenset({"huggingface.co", "hf.co", "hf-mirror.com"})

_MODEL_PAGE = re.compile(r"^/(?:[a-z]{2}/)?models/(\d+)(?:/|$)")
_API_VERSION = re.compile(r"^/api/(?:download/models|v1/model-versions)/(\d+)/?$")
_HF_FILE = re.compile(r"^/([^/]+)/([^/]+)/(?:resolve|blob|raw)/([^/]+)/(.+)$")
_HF_FRONT = re.compile(r"^(\s*https?://[^/]+/[^/]+/[^/]+)/(?:blob|raw)/")
_HF_PAGE = re.compile(r"^/([^/]+)/([^/]+)(?:/tree/([^/]+)(?:/(.+?))?)?/?$")


@dataclass(frozen=True, slots=True)
class CivitaiLink:
    """What a URL of Civitai's names; `file_type`, `file_format` … are its own words for one file."""

    model_id: int | None
    version_id: int | None
    file_id: int | None = None
    file_type: str = ""
    file_format: str = ""
    size: str = ""
    precision: str = ""


@dataclass(frozen=True, slots=True)
class HuggingFaceLink:
    """One file of a repository."""

    repository: str
    revision: str
    path: str

    @property
    def file_name(self) -> str:
        return self.path.rpartition("/")[2]


def civitai_link(url: str, *, base_url: str = "") -> CivitaiLink | None:
    """What a Civitai URL names, on any of its hosts or at `base_url`; None for another site's."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        ours = base_url and parts.netloc == urlsplit(base_url).netloc
    except ValueError:
        return None
    if host not in CIVITAI_HOSTS and not ours:
        return None
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if match := _API_VERSION.match(parts.path):
        return CivitaiLink(
            None, int(match.group(1)), _number(asked.get("fileId")), asked.get("type", ""), asked.get("format", ""),
            asked.get("size", ""), asked.get("fp", ""),
        )  # fmt: skip
    if match := _MODEL_PAGE.match(parts.path):
        return CivitaiLink(
            int(match.group(1)), _number(asked.get("modelVersionId")), _number(asked.get("fileId"))
        )
    return None


def huggingface_link(url: str, *, base_url: str = "") -> HuggingFaceLink | None:
    """The repository, revision and file a Hugging Face URL names; None for another site's or another page."""
    match = _HF_FILE.match(_huggingface_path(url, base_url))
    if match is None:
        return None
    owner, name, revision, path = map(unquote, match.groups())
    if any(piece in ("", ".", "..") for piece in path.split("/")):
        return None
    return HuggingFaceLink(f"{owner}/{name}", revision, path)


def huggingface_page(url: str, *, base_url: str = "") -> HuggingFaceLink | None:
    """The repository, or the folder in it, whose files a page of Hugging Face lists; None for any other.

    `path` is the folder with a `/` behind it, empty for the whole repository.
    """
    match = _HF_PAGE.match(_huggingface_path(url, base_url))
    if match is None:
        return None
    owner, name, revision, folder = (unquote(piece or "") for piece in match.groups())
    return HuggingFaceLink(f"{owner}/{name}", revision or "main", f"{folder}/" if folder else "")


def _huggingface_path(url: str, base_url: str) -> str:
    """The path of a URL of Hugging Face's, or of what stands in for it; empty for another site's."""
    try:
        parts = urlsplit(url.strip())
        ours = base_url and parts.netloc == urlsplit(base_url).netloc
    except ValueError:
        return ""
    is_there = ours or (parts.hostname or "").removeprefix("www.") in HUGGINGFACE_HOSTS
    return parts.path if is_there else ""


def plain_url(url: str) -> str:
    """The URL as we keep it: blanks trimmed, `/blob/` turned into `/resolve/`, nothing secret, no fragment."""
    url = without_secrets(url.strip())
    link = huggingface_link(url)
    return file_url(link, "https://huggingface.co") if link else url


def bytes_url(url: str) -> str:
    """Where the bytes are that a file's page of Hugging Face's shows (`/blob/` → `/resolve/`); any other URL as it is."""
    return _HF_FRONT.sub(r"\1/resolve/", url, count=1) if huggingface_link(url) else url


def file_url(link: HuggingFaceLink, endpoint: str) -> str:
    """Where that file's bytes are asked for."""
    return f"{endpoint}/{link.repository}/resolve/{quote(link.revision, safe='')}/{quote(link.path)}"


def file_name_of(url: str) -> str:
    """The last part of a URL's path, unquoted; empty where there is none."""
    try:
        return unquote(urlsplit(url).path).rpartition("/")[2]
    except ValueError:
        return ""


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
