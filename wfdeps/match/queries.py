"""What to ask about one ref, strongest first: id > hash > URL > name."""

from __future__ import annotations

from wfdeps.domain.air import Air, air_of
from wfdeps.domain.digests import EMPTY_SHA256
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, Query, UrlQuery
from wfdeps.domain.refs import ModelRef
from wfdeps.match.links import plain_url
from wfdeps.match.spelling import spell


def queries_for(ref: ModelRef, *, base_models: tuple[str, ...] = ()) -> tuple[Query, ...]:
    """Every question worth asking, strongest first and each once. `base_models`: of the rest of the workflow."""
    strong = (*_id_queries(ref), *_hash_queries(ref), *_url_queries(ref))
    return tuple(dict.fromkeys((*strong, *_name_queries(ref, base_models))))


def _id_queries(ref: ModelRef) -> tuple[AirQuery, ...]:
    airs = [ref.air] if ref.air else []
    if ref.version_id is not None:
        airs.append(Air("civitai", "0", str(ref.version_id)))
    if not (airs or ref.digests or ref.urls) and (number := version_number_in(ref.name)):
        return (AirQuery(Air("civitai", "0", number), hint=True),)
    return tuple(map(AirQuery, airs))


def version_number_in(name: str) -> str:
    """The number a file is called by, where it may be that of a version of Civitai's; empty for any other name.

    https://civitai.com/api/download/models/226804 saved without its Content-Disposition is `226804`, and people add
    the ending (city96/ComfyUI-GGUF#137). Steps of trainers are written with leading zeros or fewer digits.
    """
    stem = spell(name).stem
    return stem if stem.isascii() and stem.isdecimal() and 4 <= len(stem) <= 8 and stem[0] != "0" else ""


def _hash_queries(ref: ModelRef) -> tuple[HashQuery, ...]:
    """Weak hashes are asked too: what they find ranks, and never passes alone."""
    useful = (digest for digest in ref.digests if not EMPTY_SHA256.startswith(digest.value))
    return tuple(HashQuery(digest) for digest in sorted(useful, key=lambda digest: digest.strength))


def _url_queries(ref: ModelRef) -> tuple[Query, ...]:
    queries = [UrlQuery(plain_url(url)) for url in ref.urls]
    if "://" in ref.name and air_of(ref.name) is None:
        queries.append(UrlQuery(plain_url(ref.name)))
    return (*queries, *(UrlQuery(plain_url(url), hint=True) for url in ref.hints))


def _name_queries(ref: ModelRef, base_models: tuple[str, ...]) -> tuple[NameQuery, ...]:
    if ref.is_nameless:
        return ()
    types = () if ref.model_type is ModelType.UNKNOWN else (ref.model_type,)
    return (NameQuery(ref.name, types, ref.base_models or base_models),)
