"""Which tokens are there, and whether the sites take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wfdeps.domain.listings import TokenCheck, TokenState
from wfdeps.domain.secrets import Secret
from wfdeps.domain.visible import visible
from wfdeps.errors import AuthRequiredError, NotFoundError, SourceError
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.huggingface import HuggingFaceClient
from wfdeps.sources.json_values import record, text
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.settings import CIVITAI_TOKEN_NAMES, HF_TOKEN_NAMES


def check_tokens(doors: Doors) -> tuple[TokenCheck, ...]:
    """What each site says of its token; a site without a token is not asked."""
    settings, http = doors.settings, doors.http()
    civitai = CivitaiClient(http, settings.civitai_url)
    huggingface = HuggingFaceClient(http, settings.hf_endpoint)
    sites = (
        ("civitai", settings.civitai_url, settings.civitai_token, CIVITAI_TOKEN_NAMES, civitai.me),
        ("huggingface", settings.hf_endpoint, settings.hf_token, HF_TOKEN_NAMES, huggingface.whoami),
    )
    return tuple(
        TokenCheck(
            site,
            url,
            *(
                _answer_of(ask)
                if token is not None and settings.signs_in_at(url)
                else (TokenState.NO_TOKEN, _without(token, variables[0]))
            ),
        )
        for site, url, token, variables, ask in sites
    )


def _without(token: Secret | None, variable: str) -> str:
    if token is not None:
        return "there is a token, and it is not sent to this address"
    return f"set {variable} for files that need a login"


def _answer_of(ask: Callable[[], Any]) -> tuple[TokenState, str]:
    try:
        user = record(ask())
    except AuthRequiredError:
        return TokenState.REFUSED, "the token is wrong or has expired"
    except NotFoundError:
        return TokenState.UNKNOWN, "there is a token, and this server does not say whose"
    except SourceError as error:
        return TokenState.UNREACHABLE, error.message
    name = text(user.get("username")) or text(user.get("name")) or "somebody without a name"
    return TokenState.WORKS, f"signed in as {visible(name)}"
