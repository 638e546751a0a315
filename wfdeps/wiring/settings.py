"""Flags, environment and config file → one frozen Settings. Nobody else reads the environment.

Strongest first: a flag, an environment variable, `wfdeps.toml` in the working folder, the person's own config
file, the default.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.domain.secrets import Secret
from wfdeps.domain.urls import Addresses
from wfdeps.errors import ConfigError
from wfdeps.values import dataclass, field

if TYPE_CHECKING:
    import argparse
    from typing import Any

CIVITAI_TOKEN_NAMES = ("CIVITAI_API_TOKEN", "CIVITAI_TOKEN", "CIVITAI_API_KEY")
HF_TOKEN_NAMES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_ACCESS_TOKEN", "HF_API_TOKEN")
_PLATFORM = sys.platform  # a name of our own, so that no type checker folds the branches of other systems
CIVITAI = "https://civitai.com"
CIVITAI_RED = "https://civitai.red"
"""The same site, showing what `.com` does not show to all."""
HUGGINGFACE = "https://huggingface.co"
_LONGEST_TOKEN = 4096


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a command may need to know of the person, the machine and the line they typed."""

    comfyui: str | None = None
    models: str | None = None
    base_directory: str | None = None
    models_directory: str | None = None
    extra_model_paths: tuple[str, ...] = ()
    target: str | None = None
    civitai_url: str = CIVITAI
    civitai_token: Secret | None = None
    hf_endpoint: str = HUGGINGFACE
    hf_token: Secret | None = None
    notify_secret: Secret | None = None
    """Signs what `updates --notify` posts."""
    cache_dir: str = ""
    state_dir: str = ""
    color: str = "auto"
    no_color: bool = False
    redraws: bool = True
    """The terminal can move its cursor."""
    hyperlinks: bool = False
    """The terminal shows a word as a link."""
    ci: bool = False
    no_input: bool = False
    offline: bool = False
    verbosity: int = 0
    """-1 for `--quiet`, 0, 1 for `-v` …"""
    config: Mapping[str, Any] = field(default_factory=dict)
    """The config file's tables, as read."""
    config_path: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def addresses(self) -> Addresses:
        """Where the sites stand for this person."""
        # By path first: one hub may stand for both sites.
        own = tuple((CIVITAI + path, self.civitai_url + path) for path in ("/api", "/models"))
        return Addresses((*own, (HUGGINGFACE, self.hf_endpoint), (CIVITAI, self.civitai_url)))

    @property
    def civitai_fallback(self) -> str:
        """The other front of Civitai's own site, asked for what the first does not show; a hub has none."""
        return CIVITAI_RED if self.civitai_url == CIVITAI else ""

    def table(self, name: str) -> Mapping[str, Any]:
        """One table of the config file; empty where it has none. Raises ConfigError if it is no table."""
        found = self.config.get(name, {})
        if not isinstance(found, Mapping):
            raise ConfigError(f"`{name}` in {self.config_path} is no table", hint=f"write it as [{name}]")
        return found


def load_settings(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Settings:
    """The settings for one command line. Raises ConfigError for a config file that cannot be used."""
    warnings: list[str] = []
    config_path, config = _read_config(arguments.config, environ)
    library = _table(config, "library", config_path)
    civitai = _table(config, "civitai", config_path)
    huggingface = _table(config, "huggingface", config_path)
    return Settings(
        comfyui=_path(_flag(arguments, "comfyui") or environ.get("COMFYUI_PATH") or library.get("comfyui")),
        models=_path(_flag(arguments, "models") or library.get("models")),
        base_directory=_path(_flag(arguments, "base_directory")),
        models_directory=_path(_flag(arguments, "models_directory")),
        extra_model_paths=tuple(
            map(
                _expanded,
                _flag(arguments, "extra_model_paths_config") or library.get("extra_model_paths", ()),
            )
        ),
        target=_flag(arguments, "target") or library.get("target"),
        civitai_url=(environ.get("WFDEPS_CIVITAI_URL") or civitai.get("url") or CIVITAI).rstrip("/"),
        civitai_token=_civitai_token(arguments, environ, warnings),
        hf_endpoint=(environ.get("HF_ENDPOINT") or huggingface.get("endpoint") or HUGGINGFACE).rstrip("/"),
        hf_token=_given_token(HF_TOKEN_NAMES, environ, warnings) or _stored_hf_token(environ, warnings),
        notify_secret=_notify_secret(arguments, environ),
        cache_dir=_own_folder("cache", environ),
        state_dir=_own_folder("state", environ),
        color=arguments.color,
        no_color=bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb",
        redraws=environ.get("TERM") not in ("dumb", "unknown"),
        hyperlinks=_shows_links(environ),
        ci=environ.get("CI", "").lower() not in ("", "0", "false"),
        no_input=arguments.no_input,
        offline=arguments.offline or is_on(environ.get("WFDEPS_OFFLINE")),
        verbosity=-1 if arguments.quiet else arguments.verbose,
        config=config,
        config_path=config_path,
        warnings=tuple(warnings),
    )


def _civitai_token(
    arguments: argparse.Namespace, environ: Mapping[str, str], warnings: list[str]
) -> Secret | None:
    if arguments.api_key:
        warnings.append("`--api-key` is visible in the process list; prefer CIVITAI_API_TOKEN")
        return Secret(arguments.api_key)
    if arguments.civitai_token_file:
        return Secret(_token_in(arguments.civitai_token_file))
    return _given_token(CIVITAI_TOKEN_NAMES, environ, warnings)


def _given_token(names: tuple[str, ...], environ: Mapping[str, str], warnings: list[str]) -> Secret | None:
    """The first of these variables that is set, or the content of the file that one of them with `_FILE` behind names.

    `NAME_FILE` is how containers hand over secrets (Docker's official images, `/run/secrets`).
    """
    given = {name: environ[name] for name in names if environ.get(name)}
    if len(set(given.values())) > 1:
        first, *others = given
        warnings.append(
            f"{' and '.join(others)} {'differs' if len(others) == 1 else 'differ'} from {first}; {first} is used"
        )
    files = (environ[f"{name}_FILE"] for name in names if environ.get(f"{name}_FILE"))
    value = next(iter(given.values()), None) or next(map(_token_in, files), None)
    return Secret(value) if value else None


def _token_in(path: str) -> str:
    """The token a file holds. Raises ConfigError, which never shows what is in it."""
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            token = file.read(_LONGEST_TOKEN).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(f"cannot read a token from `{path}`: {why}") from None
    if not token or len(token.split()) > 1:
        raise ConfigError(f"`{path}` holds no token", hint="one line, and nothing but the token")
    return token


def _stored_hf_token(environ: Mapping[str, str], warnings: list[str]) -> Secret | None:
    """What `hf auth login` has left, where its own tools would look; None where nobody has logged in.

    From https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
    """
    if is_on(environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN")):
        return None
    cache = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME", "~"), ".cache")
    home = environ.get("HF_HOME") or os.path.join(cache, "huggingface")
    path = environ.get("HF_TOKEN_PATH") or os.path.join(home, "token")
    try:
        return Secret(_token_in(path)) if os.path.isfile(os.path.expanduser(path)) else None
    except ConfigError as error:  # nobody has named it on this line: not worth stopping for
        warnings.append(error.message)
        return None


def _notify_secret(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Secret | None:
    named = _flag(arguments, "notify_secret_env")
    if named and not environ.get(named):
        raise ConfigError(f"the environment has no `{named}`", hint="it is to hold the secret that signs")
    value = environ.get(named or "WFDEPS_NOTIFY_SECRET")
    return Secret(value) if value else None


def _read_config(named: str | None, environ: Mapping[str, str]) -> tuple[str | None, Mapping[str, Any]]:
    if named and not os.path.isfile(named):
        raise ConfigError(f"no config file at `{named}`")
    home = os.path.join(_own_folder("config", environ), "config.toml")
    path = named or next((place for place in ("wfdeps.toml", home) if os.path.isfile(place)), None)
    if path is None:
        return None, {}
    from wfdeps.wiring.config_file import read_config  # only those who have a config file pay for reading one

    return path, read_config(path)


def _table(config: Mapping[str, Any], name: str, path: str | None) -> Mapping[str, Any]:
    return Settings(config=config, config_path=path).table(name)


def _flag(arguments: argparse.Namespace, name: str) -> Any:
    return getattr(arguments, name, None)


def _path(text: str | None) -> str | None:
    return _expanded(text) if text else None


def _expanded(text: str) -> str:
    return os.path.abspath(os.path.expanduser(text))


def is_on(text: str | None) -> bool:
    """Whether a variable's value switches something on."""
    return (text or "").lower() in ("1", "true", "yes", "on")


def _shows_links(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is one of those that are known to show a word as a link (OSC 8)."""
    if "FORCE_HYPERLINK" in environ:
        return is_on(environ["FORCE_HYPERLINK"])
    if environ.get("TERM_PROGRAM") in _LINKING or environ.get("TERM", "").endswith(_LINKING_TERMS):
        return True
    vte = environ.get("VTE_VERSION", "")
    return (vte.isdecimal() and int(vte) >= 5000) or bool(_LINKING_SIGNS & environ.keys())


_LINKING = ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper")
_LINKING_TERMS = ("kitty", "ghostty", "alacritty", "foot", "wezterm")
_LINKING_SIGNS = frozenset({"WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "DOMTERM"})


def _own_folder(purpose: str, environ: Mapping[str, str]) -> str:
    """Our folder for `cache`, `state` or `config`.

    On Linux these are the XDG folders, spelt out because platformdirs costs more to import than `check` may
    spend; elsewhere platformdirs knows.
    """
    if own := environ.get(f"WFDEPS_{purpose.upper()}_DIR"):
        return os.path.abspath(own)
    if _PLATFORM.startswith("linux"):
        default = {"cache": "~/.cache", "state": "~/.local/state", "config": "~/.config"}[purpose]
        base = environ.get(f"XDG_{purpose.upper()}_HOME") or default.replace("~", environ.get("HOME", "~"), 1)
        return os.path.join(os.path.expanduser(base), "wfdeps")
    import platformdirs

    folders = {
        "cache": platformdirs.user_cache_dir,
        "state": platformdirs.user_state_dir,
        "config": platformdirs.user_config_dir,
    }
    return folders[purpose]("wfdeps", appauthor=False)
