"""What a project's own file may say before the person trusts it: a rule for each key, used in `config_file.KEYS`.

A project's file is found by the working folder, so the author of what was cloned or unpacked there wrote it. It may narrow
what is done and name places inside its own folder; it may not loosen, redirect, or lead out of the folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from wfdeps.disk.filesystem import inside
from wfdeps.domain.reports import DEFAULT_FAIL_ON
from wfdeps.match.policy import Auto, Policy
from wfdeps.values import dataclass
from wfdeps.wiring.config import CONNECTIONS, USUAL_SOURCES, Config


@dataclass(frozen=True, slots=True)
class ProjectRule:
    """When a value is taken from a project's file."""

    words: str
    """For people: the README and the tests name it."""
    takes: Callable[[Any, Config, str], bool]
    """Whether it is taken untrusted, given the value, what the person's own file says, and the project's folder."""
    ever: bool = True
    """Whether trust makes up for it; else only the person's own file may say it."""


def _by_strictness(value: Auto, below: Config, folder: str) -> bool:
    order = list(Auto)
    return order.index(value) <= order.index(below.auto or Policy().auto)


def _fails_on_as_much(value: tuple[Any, ...], below: Config, folder: str) -> bool:
    return set(value) >= set(DEFAULT_FAIL_ON if below.fail_on is None else below.fail_on)


def _are_asked_anyway(value: tuple[str, ...], below: Config, folder: str) -> bool:
    return set(value) <= set(USUAL_SOURCES if below.sources is None else below.sources)


def _at_most(usual: int, field: str) -> Callable[[int, Config, str], bool]:
    return lambda value, below, folder: value <= (getattr(below, field) or usual)


def _is_inside(value: str, below: Config, folder: str) -> bool:
    """Whether the place and all that is in it lies in the project's folder, links and yaml files looked at.

    A `models/loras` that is a link to `~/.ssh` leads out, and so does an extra_model_paths.yaml.
    """
    path = os.path.join(folder, os.path.expanduser(value))
    if not inside(folder, path):
        return False
    places = [path, *(os.path.join(path, name) for name in ("models", "ComfyUI", "ComfyUI/models"))]
    for place in places:
        try:
            entries = list(os.scandir(place))
        except OSError:  # not there yet: made inside
            continue
        for entry in entries:
            if entry.name in _LEADING_OUT or (entry.is_symlink() and not inside(folder, entry.path)):
                return False
    return True


_LEADING_OUT = ("extra_model_paths.yaml", "extra_models_config.yaml")


def _is_only_policy(value: str, below: Config, folder: str) -> bool:
    return below.policy_file is None and inside(folder, os.path.join(folder, os.path.expanduser(value)))


def _is_known_target(value: str, below: Config, folder: str) -> bool:
    from wfdeps.library.targets import PROFILES

    return value in PROFILES


def _adds_a_class(entry: tuple[str, object], below: Config, folder: str) -> bool:
    """A row that makes a class nobody knows name models, or a class of the person's own again as it is.

    A row over a known class, and one that says a class names no model or fetches it by itself, hides what is missing.
    """
    from wfdeps.errors import ConfigError
    from wfdeps.workflow.loaders import default_table
    from wfdeps.workflow.node_rows import own_rows

    name, given = entry
    if name in below.nodes:
        return bool(below.nodes[name] == given)
    try:
        row = own_rows({name: given})[name]
    except ConfigError:  # who reads the table says what is wrong with it
        return True
    slots = row["slots"]
    loads = bool(slots) and not row.get("auto") and all(_loads_always(slot) for slot in slots)
    return loads and not default_table().is_listed(name)


def _loads_always(slot: Mapping[str, Any]) -> bool:
    hiding = slot.keys() & {"when", "none", "on", "zero"}
    return slot.get("kind", "file") in ("file", "directory") and not hiding


ANYTHING = ProjectRule("anything", lambda value, below, folder: True)
STRICTER_AUTO = ProjectRule("no more than you take without asking", _by_strictness)
FALSE_ONLY = ProjectRule(
    "only `false`, unless your own file says `true`",
    lambda value, below, folder: not value or bool(below.allow_pickle),
)
NO_LESS_FAILS = ProjectRule("all that fails for you, and more", _fails_on_as_much)
ASKED_ANYWAY = ProjectRule("some of those you ask, in any order", _are_asked_anyway)
NO_MORE_JOBS = ProjectRule("no more than you use, or 16", _at_most(16, "jobs"))
NO_MORE_CONNECTIONS = ProjectRule(
    f"no more than you use, or {CONNECTIONS}", _at_most(CONNECTIONS, "connections")
)
INSIDE = ProjectRule("a place inside the project, from which nothing leads out", _is_inside)
INSIDE_POLICY = ProjectRule(
    "a file inside the project, where you have no policy of your own", _is_only_policy
)
KNOWN_TARGET = ProjectRule("a target that wfdeps knows by name", _is_known_target)
NEW_CLASSES = ProjectRule("classes nobody knows, whose inputs name models", _adds_a_class)
TRUSTED = ProjectRule("nothing", lambda value, below, folder: False)
NEVER = ProjectRule("nothing, trusted or not", lambda value, below, folder: False, ever=False)
