"""A person's words for a single file (number, AIR, address) → a Want, and what its source says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Answer, Candidate, VerdictKind
from wfdeps.domain.findings import RefState
from wfdeps.domain.folders import is_pickle_name
from wfdeps.domain.queries import AirQuery, Query, UrlQuery
from wfdeps.domain.wants import Want, WantResult, WantSource, WantState
from wfdeps.errors import UsageError
from wfdeps.match.links import civitai_link, huggingface_link, huggingface_page, plain_url
from wfdeps.ports import Source
from wfdeps.values import dataclass
from wfdeps.wiring.doors import Doors

_MODEL_FILES = ("Model", "Pruned Model", "Diffusion Model", "UNet")
_WITH_AIRS = (WantSource.CIVITAI, WantSource.HUGGINGFACE)
_STATES_WORTH_A_RETRY = frozenset({RefState.GATED, RefState.EARLY_ACCESS, RefState.UNDECIDED})
_VERDICTS_WORTH_A_RETRY = frozenset(
    {VerdictKind.UNREACHABLE, VerdictKind.RATE_LIMITED, VerdictKind.GATED, VerdictKind.REFUSED}
)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """The file that a Want means, as its source describes it."""

    candidate: Candidate
    remark: str = ""
    """What to tell the person about the choice; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why a Want cannot be had."""

    state: RefState
    """UNDECIDED, GATED or EARLY_ACCESS where a later try may succeed."""
    reason: str
    hint: str = ""


def result_of_unavailable(want: Want, why: Unavailable) -> WantResult:
    """How a Want ended for which there is nothing to fetch."""
    return WantResult(want, want_state_of(why.state), reason=why.reason, hint=why.hint)


def want_state_of(state: RefState) -> WantState:
    """The end of a Want whose file has that state and was not fetched."""
    return WantState.UNDECIDED if state in _STATES_WORTH_A_RETRY else WantState.FAILED


def pickle_refusal(name: str, *, allow_pickle: bool) -> Unavailable | None:
    """Why a file of that name is not fetched without the person's word; None where it may be."""
    if allow_pickle or not is_pickle_name(name):
        return None
    why = f"`{name}` is a pickle, which can run code when it is loaded"
    return Unavailable(RefState.REFUSED, why, "--allow-pickle takes it")


def want_of(text: str, base_url: str = "") -> Want:
    """An AIR or an address as a Want. Raises UsageError for anything else."""
    if "://" in text:
        return _want_at(text, base_url)
    try:
        air = Air.parse(text)
    except ValueError:
        air = None
    if air is None or air.source not in _WITH_AIRS:
        raise UsageError(
            f"neither an AIR nor an address: `{text}`",
            hint="urn:air:sdxl:lora:civitai:58390@62833, an https address, or --source with --model-id",
        )
    return Want(WantSource(air.source), air.id, air.version or "", air.file or "")


def is_described(text: str, base_url: str, *, in_tree: bool) -> bool:
    """Whether a source knows more of it than its bytes; any other address is fetched as any downloader would.

    `in_tree`: the file goes into the model folders, so that each address is asked about.
    """
    if "://" not in text:
        return text.lower().startswith(("urn:", "air:", *(f"{source}:" for source in _WITH_AIRS)))
    return in_tree or civitai_link(text, base_url=base_url) is not None


def _want_at(url: str, base_url: str) -> Want:
    if link := civitai_link(url, base_url=base_url):
        if link.model_id or link.version_id:
            model, version, file = (
                str(number or "") for number in (link.model_id, link.version_id, link.file_id)
            )
            return Want(WantSource.CIVITAI, model, version, file, "" if link.model_id else url)
    elif page := huggingface_link(url, base_url=base_url):
        return Want(WantSource.HUGGINGFACE, page.repository, page.revision, page.path)
    elif page := huggingface_page(url, base_url=base_url):
        return Want(WantSource.HUGGINGFACE, page.repository, page.revision, url=url)
    return Want(WantSource.URL, url=url)


def checked_want(want: Want) -> Want:
    """The Want itself. Raises UsageError where it names too little for its source to be asked."""
    if want.source is WantSource.CIVITAI:
        numbers = (want.model_id, want.version_id, want.file_id)
        if not (want.model_id or want.version_id):
            raise UsageError(
                f"{want}: no model and no version is named", hint="--model-id N or --version-id M"
            )
        if any(number and not (number.isdecimal() and len(number) < 16) for number in numbers):
            raise UsageError(f"{want}: Civitai's models, versions and files have numbers")
    if want.source is WantSource.HUGGINGFACE and want.model_id.count("/") != 1:
        raise UsageError(
            f"{want}: no repository is named", hint="--model-id owner/repository --file-id path/in/it"
        )
    if want.source is WantSource.URL and not want.url:
        raise UsageError(f"{want}: no address is named")
    return want


def find_wants(wants: Sequence[Want], doors: Doors) -> list[FoundFile | Unavailable]:
    """The file that each Want means, in their order; sources are asked for all of them at once.

    Raises UsageError where the config leaves out a source that is wanted.
    """
    from wfdeps.jobs.civitai_pages import with_page_facts  # a plain address never pays for it

    queries = [_query(want) for want in wants]
    answers: dict[Query, Answer] = {}
    for source in _sources_of(wants, doors.sources()):
        mine = [query for query, want in zip(queries, wants, strict=True) if want.source == source.name]
        answers |= source.find_all(mine)
    files = [_file_of(want, answers.get(query)) for want, query in zip(wants, queries, strict=True)]
    whole = iter(with_page_facts([file.candidate for file in files if isinstance(file, FoundFile)], doors))
    return [FoundFile(next(whole), file.remark) if isinstance(file, FoundFile) else file for file in files]


def _sources_of(wants: Sequence[Want], sources: Iterable[Source]) -> list[Source]:
    named = {want.source for want in wants}
    wanted = [source for source in sources if source.name in named]
    if missing := named - {source.name for source in wanted}:
        raise UsageError(
            f"`{min(missing)}` is not among the sources", hint="add it to `[resolve] sources` of the config"
        )
    return wanted


def _query(want: Want) -> Query:
    if want.url:
        return UrlQuery(want.url)  # a download of Civitai's may say type, format and precision
    if want.source is WantSource.HUGGINGFACE and want.file_id:
        return UrlQuery(
            plain_url(
                f"https://huggingface.co/{want.model_id}/resolve/{want.version_id or 'main'}/{want.file_id}"
            )
        )
    # A version by itself is enough for Civitai; the model's number makes a better word when it is gone.
    return AirQuery(Air(want.source, want.model_id or "0", want.version_id or None, None))


def _file_of(want: Want, answer: Answer | None) -> FoundFile | Unavailable:
    if answer is None:
        return Unavailable(RefState.UNRESOLVED, f"{want.source} has no answer to it")
    verdict = answer.verdict
    if verdict.kind is VerdictKind.DELETED or not answer.candidates:
        state = RefState.UNDECIDED if verdict.kind in _VERDICTS_WORTH_A_RETRY else RefState.UNRESOLVED
        return Unavailable(state, verdict.detail or verdict.kind.replace("_", " "))
    files, remark = _files_of_version(want, answer.candidates)
    if want.source is WantSource.HUGGINGFACE:
        return _only_file(want, files)
    if want.file_id:
        mine = [file for file in files if str(file.file_id) == want.file_id]
        if not mine:
            return Unavailable(
                RefState.UNRESOLVED,
                f"version {files[0].version_id} has no file {want.file_id}",
                _file_hint(files),
            )
        return FoundFile(mine[0], remark)
    return FoundFile(_main_file(files), remark)


def _files_of_version(want: Want, files: Sequence[Candidate]) -> tuple[Sequence[Candidate], str]:
    """The files of the version that is meant: the newest, if none is named, that can be had."""
    if want.source is not WantSource.CIVITAI or want.version_id:
        return files, ""
    newest = files[0]
    taken = next((file for file in files if file.access.is_open and not file.access.if_bought), newest)
    mine = [file for file in files if file.version_id == taken.version_id]
    if taken.version_id == newest.version_id:
        return mine, ""
    return mine, f"`{newest.title}` is newer, and {newest.access.words}: `{taken.version_name}` is taken"


def _main_file(files: Sequence[Candidate]) -> Candidate:
    """The file a person means who names only the version: the primary, else the first that is a model."""
    primary = next((file for file in files if file.is_primary), None)
    model = next((file for file in files if file.file_type in _MODEL_FILES), None)
    return primary or model or files[0]


def _only_file(want: Want, files: Sequence[Candidate]) -> FoundFile | Unavailable:
    if len(files) == 1:
        return FoundFile(files[0])
    hint = f"name the address of one: {files[0].url}, …" if want.url else _file_hint(files)
    return Unavailable(RefState.UNRESOLVED, f"`{want.model_id}` has {len(files)} model files", hint)


def _file_hint(files: Sequence[Candidate]) -> str:
    shown = [
        f"{file.file_id or '/'.join(part for part in (file.version_name, file.file_name) if part)}"
        for file in files[:8]
    ]
    more = f" and {len(files) - 8} more" if len(files) > 8 else ""
    return f"name one with --file-id: {', '.join(shown)}{more}"
