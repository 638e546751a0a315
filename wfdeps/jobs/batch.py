"""A batch file (JSON or YAML) → what it wants. Its keys are secrets from the first byte: no message quotes the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wfdeps.domain.folders import WEIGHTS_ENDINGS
from wfdeps.domain.secrets import Secret
from wfdeps.domain.type_words import folder_key_of
from wfdeps.domain.wants import Want, WantSource
from wfdeps.errors import ConfigError, UsageError, os_error_words
from wfdeps.jobs.wants import checked_want, want_of
from wfdeps.schema import load_schema
from wfdeps.values import dataclass, replace
from wfdeps.wiring.settings import Settings
from wfdeps.yaml_text import YamlTextError, parse_yaml

LARGEST = 16 << 20
_ENDINGS = tuple(WEIGHTS_ENDINGS)
_SETTINGS = ("civitai_api_key", "huggingface_token", "jobs")
_SAFE = frozenset({"required", "additionalProperties"})
"""Checks whose message names keys only, never a value."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch file asks for."""

    wants: tuple[Want, ...]
    civitai_token: Secret | None = None
    hf_token: Secret | None = None
    jobs: int | None = None
    remarks: tuple[str, ...] = ()
    """What in it is not understood, and left out."""


def read_batch(path: str, base_url: str) -> Batch:
    """The batch at that path. Raises ConfigError or UsageError, quoting nothing of what might be a key."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"cannot read `{path}`: {os_error_words(error)}") from error
    if len(data) > LARGEST:
        raise ConfigError(f"`{path}` is larger than {LARGEST >> 20} MiB")
    document = _document(path, data)
    if problems := _problems(document):
        raise ConfigError(f"`{path}`: {problems[0]}", hint="schemas/batch.schema.json says what it may hold")
    settings = document.get("settings", {})
    return Batch(
        wants=tuple(_want(number, row, base_url) for number, row in enumerate(document["downloads"], 1)),
        civitai_token=_secret(settings, "civitai_api_key"),
        hf_token=_secret(settings, "huggingface_token"),
        jobs=settings.get("jobs"),
        remarks=tuple(
            f"settings: `{name}` is not known, and left out" for name in settings if name not in _SETTINGS
        ),
    )


def settings_for(batch: Batch, settings: Settings, *, jobs: int | None) -> Settings:
    """The settings with what the file sets, which is weaker than `jobs` of the command line and than the environment's
    tokens, and stronger than the config file."""
    return replace(
        settings,
        civitai_token=settings.civitai_token or batch.civitai_token,
        hf_token=settings.hf_token or batch.hf_token,
        jobs=jobs or batch.jobs or settings.jobs,
    )


def _document(path: str, data: bytes) -> Any:
    """JSON if it is, else YAML: a JSON file with a slip in it is told its line by either."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        if path.lower().endswith(".json"):
            where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "somewhere"
            raise ConfigError(f"`{path}` is no JSON: look at {where}") from None
    try:
        return parse_yaml(data)
    except YamlTextError as error:
        where = f"line {error.line}" if error.line else "somewhere"
        raise ConfigError(f"`{path}` is neither JSON nor YAML: look at {where}") from None


def _problems(document: object) -> list[str]:
    """What is wrong with it, each as `where: what`, without any value of the file."""
    from jsonschema import Draft202012Validator

    found = Draft202012Validator(load_schema("batch")).iter_errors(document)
    return [
        f"{_where(error.absolute_path)}: {_what(error)}"
        for error in sorted(found, key=lambda error: list(map(str, error.absolute_path)))
    ]


def _where(path: Any) -> str:
    words = [f"download {part + 1}" if isinstance(part, int) else str(part) for part in path]
    return ", ".join(words) or "the file"


def _what(error: Any) -> str:
    if error.validator in _SAFE:
        return str(error.message)
    if error.validator == "anyOf":
        return "one of model_id, version_id, url or air is needed"
    wanted = error.validator_value
    shown = " or ".join(map(str, wanted)) if isinstance(wanted, list) else wanted
    return f"is not as it must be: {error.validator} {shown}"


def _want(number: int, row: Mapping[str, Any], base_url: str) -> Want:
    name = row.get("name", "")
    label = name or f"download {number}"
    try:
        named = _named(row, base_url)
        key = folder_key_of(row["model_type"]) if "model_type" in row else ""
        is_file = name.lower().endswith(_ENDINGS)
        return checked_want(
            replace(
                named,
                folder_key=key,
                name=name if is_file else "",
                label=name,
                sha256=row.get("sha256", "").lower(),
            )
        )
    except UsageError as error:
        raise UsageError(
            f"{label}: {error.message}" if label not in error.message else error.message, hint=error.hint
        ) from None


def _named(row: Mapping[str, Any], base_url: str) -> Want:
    if "air" in row:
        return want_of(row["air"])
    if "url" in row:
        return (
            Want(WantSource.URL, url=row["url"])
            if row.get("source") == "url"
            else want_of(row["url"], base_url)
        )
    numbers = (str(row.get(key, "")).strip() for key in ("model_id", "version_id", "file_id"))
    return Want(WantSource(row.get("source", "civitai")), *numbers)


def _secret(settings: Mapping[str, Any], key: str) -> Secret | None:
    return Secret(settings[key]) if settings.get(key) else None
