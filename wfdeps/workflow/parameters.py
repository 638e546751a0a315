"""What generation metadata names: A1111's `parameters` text, Civitai's resources. Hashes and ids, surer than names.

A1111 writes `…\\nNegative prompt: …\\nSteps: 20, Model hash: …, Model: …, Lora hashes: "a: 12, b: 34", Hashes: {…},
Civitai resources: […]`. Source: AUTOMATIC1111 `infotext_utils.py`, civitai `automatic.metadata.ts`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from wfdeps.domain.air import Air
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.patterns import pattern
from wfdeps.workflow.json_text import parse_or_none
from wfdeps.workflow.limits import MAX_ENTRIES
from wfdeps.workflow.names import is_name
from wfdeps.workflow.text_tags import loras_in

_FIELD = pattern(r'(?:^|, |\n)([A-Z][\w \-/+]{0,60}): ("(?:[^"\\]|\\.)*"|[^,\n]*)')
_FOLDERS = {
    "model": "checkpoints", "checkpoint": "checkpoints", "lora": "loras", "locon": "loras", "dora": "loras", "lycoris": "loras",
    "embed": "embeddings", "embedding": "embeddings", "textualinversion": "embeddings", "ti": "embeddings", "vae": "vae",
    "controlnet": "controlnet", "upscaler": "upscale_models", "hypernet": "hypernetworks", "hypernetwork": "hypernetworks",
}  # fmt: skip
_MODULE = pattern(r"Module \d{1,2}")
_TEXT_ENCODER = pattern(r"clip|t5|text.?enc|qwen|gemma|llama|mistral", re.IGNORECASE)
_GENERATED = frozenset(
    {"seed", "steps", "Steps", "cfg_scale", "cfgscale", "generation_mode", "guidance_scale"}
)
"""One of these stands beside the model in what a program for images writes."""
_BUILT_IN = frozenset({"built in", "built-in", "default (model)"})
"""What Forge and Fooocus write where the checkpoint's own is used."""
_MAX_TEXT = 2_000_000


class Resource(NamedTuple):
    """One model that metadata names."""

    name: str
    """Empty where only an id is given."""
    folder: str
    digest: Digest | None = None
    version_id: int | None = None
    air: Air | None = None
    base_model: str = ""
    more_folders: tuple[str, ...] = ()
    """Where it may lie as well: other programs keep checkpoints and diffusion models in one folder."""


def is_parameters(text: str) -> bool:
    """Whether this is A1111's text: its last line begins with the steps."""
    return "\nSteps: " in text or text.startswith("Steps: ")


def resources_in_text(text: str) -> list[Resource]:
    """Every model that a `parameters` text names, each once, with all that the text says of it."""
    text = text[:_MAX_TEXT]
    prompt, _, settings = text.rpartition("\nSteps: ")
    settings = f"Steps: {settings}"
    found = [*_from_fields(settings), *_from_hashes(settings), *_from_civitai_list(settings)]
    named = {resource.name.lower() for resource in found}
    found += [Resource(name, "loras") for name in loras_in(prompt) if name.lower() not in named]
    return _merged(found)


def resources_in_metadata(value: object) -> list[Resource]:
    """The resources in Civitai's `extraMetadata`, an object or JSON in a string, even twice."""
    if not isinstance(value, dict):
        return []
    extra = value.get("extraMetadata")
    for _ in range(3):
        if isinstance(extra, str):
            extra = parse_or_none(extra)
    found: list[Resource] = []
    found += _of_other_programs(value)
    for place in (extra, value.get("extra"), value):
        if isinstance(place, dict):
            found += _from_resource_list(place.get("resources"))
            found += _airs(place.get("airs"))
    return _merged(found)


def _airs(texts: object) -> Iterator[Resource]:
    for text in (texts if isinstance(texts, list) else ())[:MAX_ENTRIES]:
        air = _air(text)
        if air:
            yield Resource("", _FOLDERS.get(air.type or "", ""), air=air)


def _from_fields(settings: str) -> Iterator[Resource]:
    fields = {name: _unquoted(value.strip()) for name, value in _FIELD().findall(settings)}
    if is_name(fields.get("Model")):
        yield _checkpoint(fields["Model"], fields.get("Model hash"))
    if is_name(fields.get("VAE")) and fields["VAE"] != "Automatic":
        yield Resource(fields["VAE"], "vae", _digest(fields.get("VAE hash")))
    for field, folder in (("Lora hashes", "loras"), ("TI hashes", "embeddings")):
        for pair in fields.get(field, "").split(", "):
            name, _, digest = pair.rpartition(": ")
            if is_name(name):
                yield Resource(name, folder, _digest(digest))
    for field, name in fields.items():
        if _MODULE().fullmatch(field) and is_name(name) and name.lower() not in _BUILT_IN:
            yield _module(name)
    upscaler = fields.get("Hires upscaler", "")
    if is_name(upscaler) and not upscaler.lower().startswith(("latent", "lanczos", "nearest", "none")):
        yield Resource(upscaler, "upscale_models")


def _checkpoint(name: str, digest: object) -> Resource:
    return Resource(name, "checkpoints", _digest(digest), more_folders=("diffusion_models",))


def _module(name: str) -> Resource:
    """Forge's `Module 1: ae`: a VAE or a text encoder, which its one list does not tell apart; their names do."""
    folders = ("text_encoders", "vae") if _TEXT_ENCODER().search(name) else ("vae", "text_encoders")
    return Resource(name, folders[0], more_folders=folders[1:])


def _of_other_programs(value: dict[str, object]) -> Iterator[Resource]:
    """Fooocus (`base_model`, `loras: [[name, weight, hash]]`), InvokeAI (`model: {name}`), SwarmUI (`sui_image_params`).

    Sources: Fooocus modules/meta_parser.py, invokeai/app/invocations/metadata.py, SwarmUI src/Text2Image/T2IParamInput.cs.
    """
    inner = value.get("sui_image_params")
    if isinstance(inner, dict):
        yield from _of_other_programs(inner)
        return
    if _GENERATED.isdisjoint(value):
        return
    for key in ("base_model", "model", "refiner_model", "refinermodel"):
        name, digest = _named(value.get(key)), value.get(f"{key}_hash")
        if name:
            yield _checkpoint(name, digest)
    if vae := _named(value.get("vae")):
        yield Resource(vae, "vae")
    loras = value.get("loras")
    for entry in (loras if isinstance(loras, list) else ())[:MAX_ENTRIES]:
        if isinstance(entry, dict):
            entry = entry.get("model", entry.get("lora"))
        row = entry if isinstance(entry, list) and entry else [entry]
        if name := _named(row[0]):
            yield Resource(name, "loras", _digest(row[2] if len(row) > 2 else None))


def _named(value: object) -> str:
    """The name in a text, or in an object that describes a model; empty where there is none."""
    if isinstance(value, dict):
        value = value.get("name", value.get("model_name"))
    return value if isinstance(value, str) and is_name(value) and value.lower() not in _BUILT_IN else ""


def _from_hashes(settings: str) -> Iterator[Resource]:
    """`Hashes: {"model": "…", "lora:name": "…", "embed:name": "…"}`; the model's own name stands in its field."""
    hashes = _json_after(settings, "Hashes: {")
    for key, value in hashes.items() if isinstance(hashes, dict) else ():
        kind, _, name = key.partition(":")
        folder = _FOLDERS.get(kind.strip().lower(), "")
        digest = _digest(value)
        if digest and folder:
            yield Resource(name.strip(), folder, digest)


def _from_civitai_list(settings: str) -> Iterator[Resource]:
    yield from _from_resource_list(_json_after(settings, "Civitai resources: ["))


def _from_resource_list(resources: object) -> list[Resource]:
    found = []
    for entry in (resources if isinstance(resources, list) else ())[:MAX_ENTRIES]:
        if not isinstance(entry, dict):
            continue
        version = entry.get("modelVersionId") or entry.get("versionId")
        air = _air(entry.get("air"))
        digest = _digest(entry.get("hash"))
        if isinstance(version, str) and version.isdecimal():
            version = int(version)
        version = version if isinstance(version, int) and not isinstance(version, bool) else None
        if version is None and air is None and digest is None:
            continue
        kind = str(entry.get("type") or (air.type if air else "") or "").lower()
        base = entry.get("baseModel")
        found.append(
            Resource("", _FOLDERS.get(kind, ""), digest, version, air, base if isinstance(base, str) else "")
        )
    return found


def _merged(resources: list[Resource]) -> list[Resource]:
    """One of each: those without a name join one of the same hash, or the only one of their folder that lacks it."""
    kept: list[Resource] = []
    for resource in sorted(resources, key=lambda resource: not resource.name):
        for place, other in enumerate(kept):
            if _is_same(resource, other, kept):
                kept[place] = Resource(
                    other.name, other.folder or resource.folder, _strongest(other.digest, resource.digest), other.version_id or resource.version_id,
                    other.air or resource.air, other.base_model or resource.base_model, other.more_folders,
                )  # fmt: skip
                break
        else:
            kept.append(resource)
    return list(_without_doubles(kept))


def _without_doubles(resources: list[Resource]) -> Iterator[Resource]:
    """The resources; ids without a name are those of the named files where there are no more of them.

    One of each are one file. Of several nothing tells which id is whose: the names stay, the ids go.
    """
    folders = {resource.folder for resource in resources if not resource.name}
    for folder in folders:
        nameless = [each for each in resources if each.folder == folder and not each.name]
        open_names = [
            each
            for each in resources
            if each.name
            and folder in ("", each.folder, *each.more_folders)
            and not (each.version_id or each.air)
        ]
        if len(nameless) > len(open_names):
            continue
        resources = [each for each in resources if each not in nameless]
        if len(nameless) == len(open_names) == 1 and folder:
            (name,), (known,) = open_names, nameless
            whole = name._replace(
                digest=_strongest(name.digest, known.digest), version_id=known.version_id, air=known.air,
                base_model=name.base_model or known.base_model,
            )  # fmt: skip
            resources = [whole if each is name else each for each in resources]
    yield from resources


def _is_same(resource: Resource, other: Resource, kept: list[Resource]) -> bool:
    if resource.name and other.name:
        return resource.folder == other.folder and resource.name.lower() == other.name.lower()
    if resource.digest and other.digest:
        return resource.digest.agrees(other.digest) is True
    if resource.version_id and other.version_id:
        return resource.version_id == other.version_id
    if resource.air and other.version_id:
        return resource.air.version_id == other.version_id
    alone = sum(bool(each.name) and each.folder == resource.folder for each in kept) == 1
    return bool(
        resource.folder == other.folder == "checkpoints"
        and alone
        and not resource.name
        and other.version_id is None
    )


def _strongest(first: Digest | None, second: Digest | None) -> Digest | None:
    return min(
        (resource for resource in (first, second) if resource),
        key=lambda digest: digest.strength,
        default=None,
    )


def _digest(value: object) -> Digest | None:
    """A hash by its length: 8 digits are A1111's first one, AutoV1; 64 a SHA-256; LoRAs give 12 (AutoV3) or 10."""
    if not isinstance(value, str):
        return None
    value = value.strip().strip('"')
    try:
        return Digest.of(Algorithm.AUTOV1, value) if len(value) == 8 else Digest.parse(value)
    except ValueError:
        return None


def _air(value: object) -> Air | None:
    if not isinstance(value, str) or not value.lower().startswith("urn:air:"):
        return None
    try:
        return Air.parse(value)
    except ValueError:
        return None


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        found = parse_or_none(value)
        return found if isinstance(found, str) else value.strip('"')
    return value


def _json_after(text: str, mark: str) -> object:
    at = text.find(mark)
    if at < 0:
        return None
    try:
        value: object = json.JSONDecoder().raw_decode(text, at + len(mark) - 1)[0]
    except (ValueError, RecursionError):
        return None
    return value
