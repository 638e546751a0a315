"""Files a person asks for by number, AIR or address, and what their source says of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wfdeps.cli.context import Context
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Answer, Candidate, VerdictKind
from wfdeps.domain.queries import AirQuery, Query, UrlQuery
from wfdeps.domain.resolutions import RefState
from wfdeps.domain.urls import without_secrets
from wfdeps.errors import UsageError
from wfdeps.match.links import civitai_link, huggingface_link, plain_url
from wfdeps.ports import Source
from wfdeps.values import dataclass

SOURCES = ("civitai", "huggingface", "url")
_MODEL_FILES = ("Model", "Pruned Model", "Diffusion Model", "UNet")


@dataclass(frozen=True, slots=True)
class Want:
    """One file, as a person names it."""

    source: str
    """One of SOURCES."""
    model_id: str = ""
    """Civitai's number, or Hugging Face's `owner/repository`."""
    version_id: str = ""
    """Civitai's number, or Hugging Face's revision."""
    file_id: str = ""
    """Civitai's number, or a path inside the repository."""
    url: str = ""
    """The address of a file: `url`'s, or a download of Civitai's."""
    folder_key: str = ""
    """Where the person said it goes; empty: the header decides."""
    name: str = ""
    """The file's name to be; empty: the source's."""
    label: str = ""
    """What the person calls it."""
    sha256: str = ""

    def __str__(self) -> str:
        numbers = "".join((self.model_id, f"@{self.version_id}" if self.version_id else ""))
        return self.label or without_secrets(self.url) or f"{self.source}:{numbers or self.file_id}"


@dataclass(frozen=True, slots=True)
class Found:
    """The file that is meant."""

    candidate: Candidate
    remark: str = ""


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why there is none."""

    state: RefState
    """UNDECIDED where a later try may say more, else UNRESOLVED."""
    reason: str
    hint: str = ""


def want_of(text: str, base_url: str = "") -> Want:
    """An AIR or an address as a Want. Raises UsageError for anything else."""
    if "://" in text:
        return _want_at(text, base_url)
    try:
        air = Air.parse(text)
    except ValueError:
        air = None
    if air is None or air.source not in SOURCES[:2]:
        raise UsageError(
            f"neither an AIR nor an address: `{text}`",
            hint="urn:air:sdxl:lora:civitai:58390@62833, an https address, or --source with --model-id",
        )
    return Want(air.source, air.id, air.version or "", air.file or "")


def _want_at(url: str, base_url: str) -> Want:
    if link := civitai_link(url, base_url=base_url):
        if link.model_id or link.version_id:
            model, version, file = (
                str(number or "") for number in (link.model_id, link.version_id, link.file_id)
            )
            return Want("civitai", model, version, file, "" if link.model_id else url)
    elif found := huggingface_link(url, base_url=base_url):
        return Want("huggingface", found.repository, found.revision, found.path)
    return Want("url", url=url)


def checked(want: Want) -> Want:
    """The same, if its source can be asked for it. Raises UsageError."""
    if want.source == "civitai":
        numbers = (want.model_id, want.version_id, want.file_id)
        if not (want.model_id or want.version_id):
            raise UsageError(
                f"{want}: no model and no version is named", hint="--model-id N or --version-id M"
            )
        if any(number and not (number.isdecimal() and len(number) < 16) for number in numbers):
            raise UsageError(f"{want}: Civitai's models, versions and files have numbers")
    if want.source == "huggingface" and want.model_id.count("/") != 1:
        raise UsageError(
            f"{want}: no repository is named", hint="--model-id owner/repository --file-id path/in/it"
        )
    if want.source == "url" and not want.url:
        raise UsageError(f"{want}: no address is named")
    return want


def find_all(wants: Sequence[Want], context: Context) -> list[Found | NotFound]:
    """What each means, in their order; sources are asked for all of them at once."""
    from wfdeps.jobs.civitai_pages import completed  # a plain address never pays for it

    queries = [_query(want) for want in wants]
    answers: dict[Query, Answer] = {}
    for source in _asked(context.doors.sources(), wants):
        mine = [query for query, want in zip(queries, wants, strict=True) if want.source == source.name]
        answers |= source.find_all(mine)
    meant = [_meant(want, answers.get(query)) for want, query in zip(wants, queries, strict=True)]
    whole = iter(completed([one.candidate for one in meant if isinstance(one, Found)], context.doors))
    return [Found(next(whole), one.remark) if isinstance(one, Found) else one for one in meant]


def _asked(sources: Iterable[Source], wants: Sequence[Want]) -> list[Source]:
    named = {want.source for want in wants}
    found = [source for source in sources if source.name in named]
    if missing := named - {source.name for source in found}:
        raise UsageError(
            f"`{min(missing)}` is not among the sources", hint="add it to `[resolve] sources` of the config"
        )
    return found


def _query(want: Want) -> Query:
    if want.url:
        return UrlQuery(want.url)  # a download of Civitai's may say type, format and precision
    if want.source == "huggingface" and want.file_id:
        return UrlQuery(
            plain_url(
                f"https://huggingface.co/{want.model_id}/resolve/{want.version_id or 'main'}/{want.file_id}"
            )
        )
    # A version by itself is enough for Civitai; the model's number makes a better word when it is gone.
    return AirQuery(Air(want.source, want.model_id or "0", want.version_id or None, None))


def _meant(want: Want, answer: Answer | None) -> Found | NotFound:
    if answer is None:
        return NotFound(RefState.UNRESOLVED, f"{want.source} has no answer to it")
    verdict = answer.verdict
    if verdict.kind is VerdictKind.DELETED or not answer.candidates:
        state = RefState.UNDECIDED if verdict.kind in _LATER else RefState.UNRESOLVED
        return NotFound(state, verdict.detail or verdict.kind.replace("_", " "))
    files, remark = _of_version(want, answer.candidates)
    if want.source == "huggingface":
        return _only(want, files)
    if want.file_id:
        mine = [file for file in files if str(file.file_id) == want.file_id]
        if not mine:
            return NotFound(
                RefState.UNRESOLVED,
                f"version {files[0].version_id} has no file {want.file_id}",
                _listed(files),
            )
        return Found(mine[0], remark)
    return Found(_main(files), remark)


_LATER = frozenset(
    {VerdictKind.UNREACHABLE, VerdictKind.RATE_LIMITED, VerdictKind.GATED, VerdictKind.REFUSED}
)


def _of_version(want: Want, files: Sequence[Candidate]) -> tuple[Sequence[Candidate], str]:
    """The files of the version that is meant: the newest, if none is named, that can be had."""
    if want.source != "civitai" or want.version_id:
        return files, ""
    newest = files[0]
    taken = next((file for file in files if file.access.is_open and not file.access.if_bought), newest)
    mine = [file for file in files if file.version_id == taken.version_id]
    if taken.version_id == newest.version_id:
        return mine, ""
    reason = newest.access.detail or newest.access.state.replace("_", " ")
    return mine, f"`{newest.title}` is newer, and {reason}: `{taken.version_name}` is taken"


def _main(files: Sequence[Candidate]) -> Candidate:
    """The file a person means who names only the version: the primary, else the first that is a model."""
    primary = next((file for file in files if file.is_primary), None)
    model = next((file for file in files if file.file_type in _MODEL_FILES), None)
    return primary or model or files[0]


def _only(want: Want, files: Sequence[Candidate]) -> Found | NotFound:
    if len(files) == 1:
        return Found(files[0])
    return NotFound(RefState.UNRESOLVED, f"`{want.model_id}` has {len(files)} model files", _listed(files))


def _listed(files: Sequence[Candidate]) -> str:
    shown = [
        f"{file.file_id or '/'.join(part for part in (file.version_name, file.file_name) if part)}"
        for file in files[:8]
    ]
    more = f" and {len(files) - 8} more" if len(files) > 8 else ""
    return f"name one with --file-id: {', '.join(shown)}{more}"
