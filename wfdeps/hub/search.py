"""The parameters of `GET /api/v1/models`, with their oddities, and the models they select.

Two engines answer, as at Civitai. Without `query` it is a sorted list with a cursor of the sort's fields. With
`query` it is a full-text search over name, creator, hashes and trigger words: all words first, then all but the
last, and so on; among equals the most liked first, however exact another is. There `types` and the browsing
level are part of the search, while `baseModels`, `username`, `tag` and `period` only thin out the page found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from rapidfuzz.distance import DamerauLevenshtein
from starlette.datastructures import QueryParams

from wfdeps.hub.catalogue import Model
from wfdeps.hub.refusals import RefusedError, error, invalid
from wfdeps.hub.store import CatalogueStore
from wfdeps.hub.vocabulary import CHECKPOINT_TYPES, MODEL_TYPES, PERIODS, SORTS
from wfdeps.hub.words import words_of
from wfdeps.values import dataclass

DEEPEST_PAGE = 1000
_MAX_WORDS = 10
_PUBLIC_LEVELS, _ALL_LEVELS = 1, 63

_ORDERS: dict[str, tuple[str, ...]] = {
    "Highest Rated": ("thumbs", "downloads", "model_id"),
    "Most Downloaded": ("downloads", "thumbs", "model_id"),
    "Most Liked": ("thumbs", "downloads", "model_id"),
    "Most Discussed": ("thumbs", "model_id"),
    "Most Collected": ("thumbs", "model_id"),
    "Most Images": ("thumbs", "model_id"),
    "Newest": ("published_at", "model_id"),
    "Oldest": ("published_at", "model_id"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request for models, read and checked."""

    limit: int
    page: int | None
    cursor: str | None
    query: str
    types: tuple[str, ...]
    base_models: tuple[str, ...]
    ids: tuple[int, ...]
    version_ids: tuple[int, ...]
    tag: str
    username: str
    sort: str
    period: str
    nsfw: bool
    archived: bool
    early_access: bool
    made_on_site: bool
    """What only a site with a generator and followers has: nothing qualifies here."""
    primary_file_only: bool
    checkpoint_type: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page: the models, and where the next begins, if there is one."""

    models: tuple[Model, ...]
    next_cursor: str | None


def read_wanted(params: QueryParams, *, signed_in: bool) -> Wanted:
    """The request, or a RefusedError: 401, 400 or 429, checked in the order Civitai does."""
    # The mere presence of the key asks for a login, even as `favorites=false`.
    if not signed_in and ("favorites" in params or "hidden" in params):
        raise error(401, "Unauthorized")
    wanted = Wanted(
        limit=_limit(params.get("limit")),
        page=_page(params.get("page")),
        cursor=params.get("cursor") or None,
        query=params.get("query", "").strip(),
        types=_each_of("types", params, MODEL_TYPES),
        base_models=tuple(params.getlist("baseModels")),
        ids=_numbers("ids", params.get("ids")),
        version_ids=_numbers("modelVersionIds", params.get("modelVersionIds")),
        tag=params.get("tag") or params.get("tagname") or "",
        username=params.get("username") or params.get("user") or "",
        sort=_one_of("sort", params, SORTS) or "Highest Rated",
        period=_one_of("period", params, tuple(PERIODS)) or "AllTime",
        nsfw=_flag("nsfw", params),
        # Coerced, not read: every text is true, `false` too.
        archived=bool(params.get("archived")),
        early_access=bool(params.get("earlyAccess")),
        made_on_site=any(params.get(name) for name in ("supportsGeneration", "fromPlatform", "followed")),
        primary_file_only=_flag("primaryFileOnly", params),
        checkpoint_type=_one_of("checkpointType", params, CHECKPOINT_TYPES),
    )
    _flag("favorites", params), _flag("hidden", params)
    if wanted.page and not wanted.cursor and wanted.page * wanted.limit > DEEPEST_PAGE:
        raise error(429, "You've requested too many pages, please use cursors instead")
    if wanted.query and wanted.page:
        raise error(400, "Cannot use page param with query search. Use cursor-based pagination.")
    return wanted


def find_models(store: CatalogueStore, wanted: Wanted, now: datetime) -> SearchResult:
    """The page asked for. Raises RefusedError for an unknown user or a cursor of another sort."""
    if wanted.username and not store.fetch(
        "SELECT 1 FROM models WHERE creator = ?", (wanted.username.lower(),)
    ):
        raise RefusedError(404, {"message": "User not found"})
    if wanted.limit == 0:
        return SearchResult((), None)
    return _searched(store, wanted, now) if wanted.query else _listed(store, wanted, now)


def _listed(store: CatalogueStore, wanted: Wanted, now: datetime) -> SearchResult:
    fields = _ORDERS[wanted.sort]
    ascending = wanted.sort == "Oldest"
    conditions, values = _search_conditions(wanted)
    more, more_values = _list_conditions(store, wanted, now)
    conditions, values = conditions + more, values + more_values
    if wanted.ids:
        conditions.append(f"model_id IN ({','.join('?' * len(wanted.ids))})")
        values += wanted.ids
    skip = 0
    if wanted.cursor:
        conditions.append(f"({','.join(fields)}) {'>' if ascending else '<'} ({','.join('?' * len(fields))})")
        values += _cursor_values(wanted.cursor, fields)
    elif wanted.page:
        skip = (wanted.page - 1) * wanted.limit
    order = ", ".join(f"{field} {'ASC' if ascending else 'DESC'}" for field in fields)
    rows = store.fetch(
        f"SELECT model_id, {', '.join(fields)} FROM models WHERE {' AND '.join(conditions)}"  # noqa: S608
        f" ORDER BY {order} LIMIT ? OFFSET ?",
        (*values, wanted.limit + 1, skip),
    )
    page = rows[: wanted.limit]
    cursor = "|".join(str(value) for value in page[-1][1:]) if len(rows) > wanted.limit else None
    return SearchResult(tuple(store.models([row[0] for row in page])), cursor)


def _searched(store: CatalogueStore, wanted: Wanted, now: datetime) -> SearchResult:
    offset = _offset(wanted.cursor)
    hits = _hits(store, wanted, offset + wanted.limit + 1)
    page = hits[offset : offset + wanted.limit]
    cursor = str(offset + wanted.limit) if len(hits) > offset + wanted.limit else None
    conditions, values = _list_conditions(store, wanted, now)
    if conditions and page:
        kept = store.fetch(
            f"SELECT model_id FROM models WHERE model_id IN ({','.join('?' * len(page))})"  # noqa: S608
            f" AND {' AND '.join(conditions)}",
            (*page, *values),
        )
        allowed = {model_id for (model_id,) in kept}
        page = [model_id for model_id in page if model_id in allowed]
    return SearchResult(tuple(store.models(page)), cursor)


def _hits(store: CatalogueStore, wanted: Wanted, enough: int) -> list[int]:
    """Model ids in the engine's order, no more than are needed."""
    words = words_of(wanted.query)[:_MAX_WORDS]
    terms = [_term(store, word, is_last=index == len(words) - 1) for index, word in enumerate(words)]
    conditions, values = _search_conditions(wanted)
    where = " AND ".join(conditions)
    hits: dict[int, None] = {}
    for count in range(len(terms), 0, -1):
        every = " AND ".join(terms[:count])
        rows = store.fetch(
            # The attribute rule: where all words stand in the name, or in name and creator, that counts more.
            "SELECT model_id FROM models WHERE model_id IN (SELECT rowid FROM search WHERE search MATCH ?)"  # noqa: S608
            f" AND {where} ORDER BY model_id IN (SELECT rowid FROM search WHERE search MATCH ?) DESC,"
            " model_id IN (SELECT rowid FROM search WHERE search MATCH ?) DESC, thumbs DESC, model_id LIMIT ?",
            (every, *values, f"{{name}} : ({every})", f"{{name username}} : ({every})", enough),
        )
        hits |= dict.fromkeys(row[0] for row in rows)
        if len(hits) >= enough:
            break
    return list(hits)[:enough]


def _term(store: CatalogueStore, word: str, *, is_last: bool) -> str:
    """A word for the full-text index: the last one as a beginning, long ones with their likely misspellings."""
    alike = [f'"{other}"' for other in _alike(store, word)]
    exact = f'"{word}"' + (" *" if is_last else "")
    return f"({' OR '.join([exact, *alike])})" if alike else exact


def _alike(store: CatalogueStore, word: str) -> Iterator[str]:
    allowed = 2 if len(word) >= 16 else 1 if len(word) >= 12 else 0
    if not allowed:
        return
    for length in range(len(word) - allowed, len(word) + allowed + 1):
        for other in store.long_words(length):
            # A typo in the first letter counts twice.
            cost = DamerauLevenshtein.distance(word, other, score_cutoff=allowed) + (word[0] != other[0])
            if other != word and cost <= allowed:
                yield other


def _search_conditions(wanted: Wanted) -> tuple[list[str], tuple[Any, ...]]:
    """What both engines filter by themselves."""
    conditions = ["listed", "nsfw_level & ? != 0"]
    values: tuple[Any, ...] = (_ALL_LEVELS if wanted.nsfw else _PUBLIC_LEVELS,)
    if wanted.nsfw:
        conditions.append("NOT minor")
    if wanted.types:
        conditions.append(f"type IN ({','.join('?' * len(wanted.types))})")
        values += wanted.types
    return conditions, values


def _list_conditions(
    store: CatalogueStore, wanted: Wanted, now: datetime
) -> tuple[list[str], tuple[Any, ...]]:
    """What is applied to a list as a whole, but to a search only after its page was cut."""
    conditions: list[str] = [] if wanted.archived else ["NOT archived"]
    values: tuple[Any, ...] = ()
    if wanted.base_models:
        conditions.append(f"({' OR '.join(['instr(base_models, ?) > 0'] * len(wanted.base_models))})")
        values += tuple(f"|{name}|" for name in wanted.base_models)
    if wanted.username:
        conditions.append("creator = ?")
        values += (wanted.username.lower(),)
    # An unknown tag filters nothing at all.
    if wanted.tag and store.fetch("SELECT 1 FROM tags WHERE tag = ?", (wanted.tag,)):
        conditions.append("model_id IN (SELECT model_id FROM tags WHERE tag = ?)")
        values += (wanted.tag,)
    if wanted.version_ids:
        marks = ",".join("?" * len(wanted.version_ids))
        conditions.append(f"model_id IN (SELECT model_id FROM versions WHERE version_id IN ({marks}))")  # noqa: S608
        values += wanted.version_ids
    if wanted.early_access:
        conditions.append("early")
    if wanted.made_on_site:
        conditions.append("0")
    if wanted.checkpoint_type:
        conditions.append("checkpoint_type = ?")
        values += (wanted.checkpoint_type,)
    if days := PERIODS[wanted.period]:
        conditions.append("published_at >= ?")
        values += ((now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),)
    return conditions, values


def _cursor_values(cursor: str, fields: Sequence[str]) -> tuple[Any, ...]:
    parts = cursor.split("|")
    numeric = [part for field, part in zip(fields, parts, strict=False) if field != "published_at"]
    if len(parts) != len(fields) or not all(_is_number(part) for part in numeric):
        raise RefusedError(400, {"message": "Invalid cursor", "error": "Invalid cursor"})
    return tuple(
        part if field == "published_at" else int(part) for field, part in zip(fields, parts, strict=True)
    )


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not _is_number(cursor) or int(cursor) < 0:
        raise RefusedError(400, {"message": "Invalid cursor", "error": "Invalid cursor"})
    return int(cursor)


def _limit(text: str | None) -> int:
    if text is None:
        return 100
    if not _is_number(text or "0"):
        raise invalid("limit", "Invalid input: expected number, received NaN", "invalid_type")
    limit = int(text or "0")
    if limit > 100:
        raise invalid("limit", "Too big: expected number to be <=100", "too_big")
    if limit < 0:
        raise invalid("limit", "Too small: expected number to be >=0", "too_small")
    return limit


def _page(text: str | None) -> int | None:
    if text is None:
        return None
    if not _is_number(text):
        raise invalid("page", "Invalid input: expected number, received NaN", "invalid_type")
    if int(text) < 1:
        raise invalid("page", "Too small: expected number to be >=1", "too_small")
    return int(text)


def _each_of(name: str, params: QueryParams, known: Sequence[str]) -> tuple[str, ...]:
    """A repeatable parameter; a list with commas is one unknown word."""
    given = tuple(params.getlist(name))
    for word in given:
        if word not in known:
            raise invalid(name, f"Invalid option: expected one of {_options(known)}")
    return given


def _one_of(name: str, params: QueryParams, known: Sequence[str]) -> str:
    given = params.get(name)
    if given is not None and given not in known:
        raise invalid(name, f"Invalid option: expected one of {_options(known)}")
    return given or ""


def _flag(name: str, params: QueryParams) -> bool:
    given = params.get(name)
    if given not in (None, "", "true", "false"):
        raise invalid(name, 'Invalid option: expected one of "true"|"false"')
    return given == "true"


def _numbers(name: str, text: str | None) -> tuple[int, ...]:
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    if not all(map(_is_number, parts)):
        raise invalid(name, "Invalid input: expected number, received NaN", "invalid_type")
    return tuple(map(int, parts))


def _options(known: Sequence[str]) -> str:
    return "|".join(f'"{word}"' for word in known)


def _is_number(text: str) -> bool:
    # SQLite holds no number of 20 digits, and Python reads none of 4,301.
    return text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 18
