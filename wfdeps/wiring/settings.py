"""What the caller says, environment and config files → one frozen Settings. Nobody else reads the environment.

Strongest first: a flag (Overrides), an environment variable, `wfdeps.toml` in the working folder, the person's own config
file, the default. The file in the working folder is the project's: until the person trusts it, only what `project_rules`
allows is taken from it. A token is for the address that the person named, never for one that only a project names.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.domain.secrets import Secret
from wfdeps.errors import ConfigError, os_error_words
from wfdeps.values import dataclass, field, replace
from wfdeps.wiring.config import (
    CIVITAI,
    CIVITAI_RED,
    CONNECTIONS,
    HUGGINGFACE,
    PROJECT_FILE,
    USUAL_SOURCES,
    Config,
)

if TYPE_CHECKING:
    from typing import Any

    from wfdeps.domain.reports import ExitPolicy, FailOn
    from wfdeps.domain.urls import Addresses
    from wfdeps.match.policy import Auto, Policy
    from wfdeps.wiring.trust import Project

CIVITAI_TOKEN_NAMES = ("CIVITAI_API_TOKEN", "CIVITAI_TOKEN", "CIVITAI_API_KEY")
HF_TOKEN_NAMES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_ACCESS_TOKEN", "HF_API_TOKEN")
_PLATFORM = sys.platform  # a name of our own, so that no type checker folds the branches of other systems
LOCK = "wfdeps.lock"
"""The lock's usual name, in the working folder."""
_LONGEST_TOKEN = 4096


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line, or a caller of the API, says itself: stronger than the environment and the config file.

    None, or an empty tuple: nothing is said.
    """

    comfyui: str | None = None
    models: str | None = None
    base_directory: str | None = None
    models_directory: str | None = None
    extra_model_paths: tuple[str, ...] = ()
    target: str | None = None
    civitai_url: str | None = None
    civitai_token: Secret | None = None
    civitai_token_file: str | None = None
    hf_token: Secret | None = None
    notify_secret_env: str | None = None
    """The environment variable that holds the secret."""
    auto: Auto | None = None
    allow_pickle: bool | None = None
    jobs: int | None = None
    connections: int | None = None
    limit_rate: str | None = None
    hand_off: bool | None = None
    store: str | None = None
    make_folders: bool | None = None
    fail_on: tuple[FailOn, ...] = ()
    strict: bool = False
    exit_zero: bool = False
    policy_file: str | None = None
    config: str | None = None
    """The config file; else the usual places."""
    color: str = "auto"
    no_input: bool = False
    offline: bool = False
    verbosity: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a job may need to know of the person and the machine: flag, else environment, else config, else default."""

    comfyui: str | None = None
    models: str | None = None
    base_directory: str | None = None
    models_directory: str | None = None
    extra_model_paths: tuple[str, ...] = ()
    target: str | None = None
    civitai_url: str = CIVITAI
    civitai_token: Secret | None = None
    civitai_token_for: str = CIVITAI
    """The address the person named for Civitai: the token goes nowhere else."""
    hf_endpoint: str = HUGGINGFACE
    hf_token: Secret | None = None
    hf_token_for: str = HUGGINGFACE
    plain_http: tuple[str, ...] = ()
    """Hosts beside this machine to which tokens may go over plain http."""
    civarchive_url: str | None = None
    """None: CivArchive's own."""
    notify_secret: Secret | None = None
    """Signs what `updates --notify` posts."""
    auto: Auto | None = None
    """None: the default of `Policy`."""
    allow_pickle: bool = False
    sources: tuple[str, ...] = USUAL_SOURCES
    """Names of the sources, in the order they are asked."""
    mirrors: tuple[str, ...] = ()
    """Addresses of the person's own stores, in the order they are asked."""
    name_index: bool = True
    """Names learned before are looked up."""
    model_list: str | None = None
    """The ComfyUI Manager's model list, a path or an address; None: the usual one, empty: none."""
    jobs: int | None = None
    """Files at once; None: by their sizes."""
    connections: int = CONNECTIONS
    """For one file at most."""
    limit_rate: str | None = None
    """Bytes per second over all files, as `5M` or `800k`; None: no limit."""
    hand_off: bool = True
    """Bodies may come over our own connections, read straight from the socket; else over httpx alone."""
    store: str | None = None
    """The folder that keeps files by their SHA-256; None: there is none."""
    make_folders: bool = False
    """A configured model folder whose base is not there may be made."""
    fail_on: frozenset[FailOn] | None = None
    """What turns the exit code; None: the default of `ExitPolicy`."""
    strict: bool = False
    exit_zero: bool = False
    policy_file: str | None = None
    """The TOML file that says what is not allowed here."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Civitai's model type or base model → the folder key its files go to, where the person decided otherwise."""
    nodes: Mapping[str, Any] = field(default_factory=dict)
    """Node class → its row in the person's own loader table, as read; `workflow.own_rows` checks it."""
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
    warnings: tuple[str, ...] = ()
    untrusted: tuple[str, ...] = ()
    """What the project's file says and is not taken from it, where taking it would change these settings."""

    @property
    def credentials(self) -> dict[str, Secret]:
        """Address → the token that is sent there, and only there. No token goes over plain http to another machine."""
        # One hub may stand for both sites; a missing token for one must not hide the other's.
        known = [(self.hf_token_for, self.hf_token), (self.civitai_token_for, self.civitai_token)]
        if self.civitai_token_for == CIVITAI:
            known.append((CIVITAI_RED, self.civitai_token))
        return {url: token for url, token in known if token is not None and _is_safe(url, self.plain_http)}

    @property
    def secrets(self) -> tuple[Secret | None, ...]:
        """All that nobody may see, of this run."""
        return (self.civitai_token, self.hf_token, self.notify_secret)

    def signs_in_at(self, url: str) -> bool:
        """Whether a token goes along to what is asked at this address."""
        if not (self.civitai_token or self.hf_token):
            return False
        from wfdeps.http.origins import origin_of  # who asks a site has loaded it

        return origin_of(url) in map(origin_of, self.credentials)

    def demand_trust(self) -> None:
        """Raise ConfigError where a run that nobody watches, or a strict one, would not do what the project says."""
        if self.untrusted and (self.ci or self.strict):
            raise ConfigError(
                f"`{PROJECT_FILE}` is not trusted: {', '.join(self.untrusted)}",
                hint=f"`wfdeps trust` shows what it says and takes it; so does `--config {PROJECT_FILE}`, for one run",
            )

    @property
    def addresses(self) -> Addresses:
        """Where the sites stand for this person."""
        from wfdeps.domain.urls import Addresses  # an offline check asks nobody

        # By path first: one hub may stand for both sites.
        own = tuple((CIVITAI + path, self.civitai_url + path) for path in ("/api", "/models"))
        return Addresses((*own, (HUGGINGFACE, self.hf_endpoint), (CIVITAI, self.civitai_url)))

    @property
    def civitai_fallback(self) -> str:
        """The other front of Civitai's own site, asked for what the first does not show; a hub has none."""
        return CIVITAI_RED if self.civitai_url == CIVITAI else ""

    @property
    def names_library(self) -> bool:
        """Whether the person said where the model folders are; else they are looked for."""
        return bool(self.comfyui or self.models or self.base_directory or self.models_directory)

    @property
    def policy(self) -> Policy:
        """What may be taken without asking."""
        from wfdeps.match.policy import Policy  # an offline check takes nothing

        if self.auto is None:
            return Policy(allow_pickle=self.allow_pickle)
        return Policy(auto=self.auto, allow_pickle=self.allow_pickle)

    @property
    def exit_policy(self) -> ExitPolicy:
        """What turns the exit code."""
        from wfdeps.domain.reports import DEFAULT_FAIL_ON, ExitPolicy  # only for what ends in a report

        fail_on = DEFAULT_FAIL_ON if self.fail_on is None else self.fail_on
        return ExitPolicy(fail_on, strict=self.strict, exit_zero=self.exit_zero)


def load_settings(said: Overrides, environ: Mapping[str, str]) -> Settings:
    """The settings of one run. Raises ConfigError for a config file, an address or a token file that cannot be used."""
    warnings: list[str] = []
    person, project = _read_configs(said.config, environ, warnings)
    if project is None:
        return _weighed(said, environ, person, person, warnings)
    settings = _weighed(said, environ, project.taken, person, warnings)
    if not project.refused:
        return settings
    wanted = _weighed(said, environ, project.whole, person, [])
    untrusted = tuple(
        str(entry)
        for entry in project.refused
        if getattr(wanted, entry.field) != getattr(settings, entry.field)
    )
    if not untrusted:
        return settings
    said_why = "it has changed since you trusted it" if project.has_changed else "it is not yours"
    refusal = (
        f"`{PROJECT_FILE}` says {', '.join(untrusted)}, which is not taken: {said_why};"
        " `wfdeps trust` shows what it says and takes it from then on"
    )
    return replace(settings, untrusted=untrusted, warnings=(*settings.warnings, refusal))


def _weighed(
    said: Overrides, environ: Mapping[str, str], config: Config, person: Config, warnings: list[str]
) -> Settings:
    """`config`: what the files say together; `person`: what the person's own says alone."""
    named_civitai = said.civitai_url or environ.get("WFDEPS_CIVITAI_URL")
    named_hf = environ.get("HF_ENDPOINT")
    settings = Settings(
        comfyui=_path(said.comfyui or environ.get("COMFYUI_PATH") or config.comfyui),
        models=_path(said.models or config.models),
        base_directory=_path(said.base_directory),
        models_directory=_path(said.models_directory),
        extra_model_paths=tuple(map(_expanded, said.extra_model_paths or config.extra_model_paths)),
        target=said.target or config.target,
        civitai_url=_base(named_civitai or config.civitai_url or CIVITAI, "WFDEPS_CIVITAI_URL"),
        civitai_token=_civitai_token(said, environ, warnings),
        civitai_token_for=_base(named_civitai or person.civitai_url or CIVITAI, "WFDEPS_CIVITAI_URL"),
        hf_endpoint=_base(named_hf or config.hf_endpoint or HUGGINGFACE, "HF_ENDPOINT"),
        hf_token_for=_base(named_hf or person.hf_endpoint or HUGGINGFACE, "HF_ENDPOINT"),
        plain_http=person.plain_http,
        hf_token=said.hf_token
        or _given_token(HF_TOKEN_NAMES, environ, warnings)
        or _stored_hf_token(environ, warnings),
        civarchive_url=config.civarchive_url,
        notify_secret=_notify_secret(said.notify_secret_env, environ),
        auto=said.auto or config.auto,
        allow_pickle=_first(said.allow_pickle, config.allow_pickle, default=False),
        sources=config.sources if config.sources is not None else USUAL_SOURCES,
        mirrors=config.mirrors,
        name_index=_first(config.name_index, default=True),
        model_list=config.model_list,
        jobs=said.jobs or config.jobs,
        connections=said.connections or config.connections or CONNECTIONS,
        limit_rate=said.limit_rate or config.limit_rate,
        hand_off=_first(said.hand_off, config.hand_off, default=True),
        store=_path(said.store or config.store),
        make_folders=bool(said.make_folders),
        fail_on=frozenset(said.fail_on) if said.fail_on else _frozen(config.fail_on),
        strict=said.strict,
        exit_zero=said.exit_zero,
        policy_file=said.policy_file or config.policy_file,
        folders=config.folders,
        nodes=config.nodes,
        cache_dir=_own_folder("cache", environ),
        state_dir=_own_folder("state", environ),
        color=said.color,
        no_color=bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb",
        redraws=environ.get("TERM") not in ("dumb", "unknown"),
        hyperlinks=_shows_links(environ),
        ci=environ.get("CI", "").lower() not in ("", "0", "false"),
        no_input=said.no_input,
        offline=said.offline or is_on(environ.get("WFDEPS_OFFLINE")),
        verbosity=said.verbosity,
    )
    return replace(settings, warnings=(*warnings, *_unsafe(settings)))


def _first(*values: bool | None, default: bool) -> bool:
    return next((value for value in values if value is not None), default)


def _frozen(fail_on: tuple[FailOn, ...] | None) -> frozenset[FailOn] | None:
    return None if fail_on is None else frozenset(fail_on)


def _base(url: str, variable: str) -> str:
    """An address without its last slash. Raises ConfigError where it is none: a config file's was looked at before."""
    if url in _USUAL_SITES:
        return url
    from wfdeps.domain.urls import is_http, without_secrets  # only for who has an address of their own

    if not is_http(url):
        raise ConfigError(
            f"`{without_secrets(url)}` is no address that can be asked",
            hint=f"{variable} is to be like https://host or http://127.0.0.1:8190",
        )
    return url.rstrip("/")


_USUAL_SITES = (CIVITAI, HUGGINGFACE)


def _is_safe(url: str, plain_http: tuple[str, ...]) -> bool:
    """Whether a token may go there: over TLS, on this machine, or where the person's own file allows plain http."""
    if url.startswith("https://"):
        return True
    from wfdeps.domain.urls import host_in, is_this_machine

    host = host_in(url)
    return is_this_machine(host) or host in {allowed.lower() for allowed in plain_http}


def _unsafe(settings: Settings) -> Iterator[str]:
    """A warning for each address that a token is for and does not go to."""
    for url, token in (
        (settings.civitai_token_for, settings.civitai_token),
        (settings.hf_token_for, settings.hf_token),
    ):
        if token is not None and not _is_safe(url, settings.plain_http):
            from wfdeps.domain.urls import host_in

            yield (
                f"no token is sent to `{host_in(url)}`: anybody on the way reads plain http. Use https, or allow it with"
                f' `plain_http = ["{host_in(url)}"]` below [network] in your own config file'
            )
    for url, other, token in (
        (settings.civitai_url, settings.civitai_token_for, settings.civitai_token),
        (settings.hf_endpoint, settings.hf_token_for, settings.hf_token),
    ):
        if token is not None and url != other:
            from wfdeps.domain.urls import without_secrets

            yield (
                f"no token is sent to `{without_secrets(url)}`, which only the project names; name it in your own config file"
                " or in the environment, if it is to have yours"
            )


def _civitai_token(said: Overrides, environ: Mapping[str, str], warnings: list[str]) -> Secret | None:
    if said.civitai_token:
        return said.civitai_token
    if said.civitai_token_file:
        return Secret(_token_in(said.civitai_token_file))
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
    except OSError as error:
        raise ConfigError(f"cannot read a token from `{path}`: {os_error_words(error)}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"cannot read a token from `{path}`: it is not text") from None
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


def _notify_secret(named: str | None, environ: Mapping[str, str]) -> Secret | None:
    if named and not environ.get(named):
        raise ConfigError(f"the environment has no `{named}`", hint="it is to hold the secret that signs")
    value = environ.get(named or "WFDEPS_NOTIFY_SECRET")
    return Secret(value) if value else None


def _read_configs(
    named: str | None, environ: Mapping[str, str], warnings: list[str]
) -> tuple[Config, Project | None]:
    """The person's own file, or the one they name instead of all others; and the project's file on top of it."""
    if named and not os.path.isfile(named):
        raise ConfigError(f"no config file at `{named}`", hint=_no_file(named))
    home = os.path.join(_own_folder("config", environ), "config.toml")
    path = named or (home if os.path.isfile(home) else None)
    has_project = not named and os.path.isfile(PROJECT_FILE)
    if not named:
        warnings += [
            f"`{place}` is not read: {why}" for place in (home, PROJECT_FILE) if (why := _no_file(place))
        ]
    if path is None and not has_project:
        return Config(), None
    from wfdeps.wiring.config_file import read_config  # only those who have a config file pay for reading one

    person = read_config(path) if path else Config()
    if not has_project:
        return person, None
    from wfdeps.wiring.trust import read_project

    return person, read_project(os.getcwd(), person, _own_folder("state", environ))


def _no_file(path: str) -> str | None:
    """What stands there instead of a file; None where a file stands there, or nothing."""
    if os.path.isfile(path) or not os.path.exists(path):
        return None
    return "it is a folder" if os.path.isdir(path) else "it is no file but a pipe, a socket or a device"


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
