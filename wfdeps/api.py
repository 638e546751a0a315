"""wfdeps as a library: the stages of the command line as functions on values.

    read_workflow   a file's bytes or path        →  WorkflowRefs
    find_refs       workflows                     →  the refs of all, merged
    check           workflows, model folders      →  CheckReport, offline unless told otherwise
    resolve         … and the sources             →  one Resolution for each needed ref
    plan            … and where files go          →  Plan, nothing touched
    get             carries the plan out          →  CheckReport; writes a Lock where one is named

A workflow is a path, or what `read_workflow` gave. Nothing is asked and nothing is printed; errors are those of
`wfdeps.errors`. Settings come from the environment and the config file, as on the command line, unless they are given:

    >>> settings = wfdeps.load_settings(models=models, civitai_url=hub)

    >>> report = wfdeps.check(workflow, settings=settings)
    >>> report.verdict, report.totals.missing
    (<ReportVerdict.MISSING: 'missing'>, 5)

    >>> report = wfdeps.get(workflow, settings=settings, auto="best", lock=lock)
    >>> report.verdict, report.exit_code
    (<ReportVerdict.READY: 'ready'>, 0)

    >>> [entry.path for entry in wfdeps.Lock.read(lock).entries][:2]
    ['checkpoints/harbourLight_v20.safetensors', 'embeddings/low_tide_negative.safetensors']
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from wfdeps.console.silent import NeverAsk, Silent
from wfdeps.domain.locks import Lock as LockValue
from wfdeps.domain.merging import merge_refs
from wfdeps.domain.plans import Plan
from wfdeps.domain.refs import ModelRef, UnreadableWorkflow, WorkflowRefs
from wfdeps.domain.reports import CheckReport
from wfdeps.domain.resolutions import Resolution
from wfdeps.domain.secrets import Secret
from wfdeps.errors import UsageError, WorkflowError
from wfdeps.jobs import check as checking
from wfdeps.jobs import get as getting
from wfdeps.jobs.plan import plan_for
from wfdeps.jobs.reading import WorkflowFiles, read_file, read_options
from wfdeps.jobs.sync import lock_at
from wfdeps.lock.document import parse, to_text
from wfdeps.match.policy import Auto
from wfdeps.ports import Chooser, Reporter
from wfdeps.values import replace
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.settings import LOCK, Overrides
from wfdeps.wiring.settings import Settings as Settings
from wfdeps.wiring.settings import load_settings as settings_of
from wfdeps.workflow.read import Reading, ReadOptions
from wfdeps.workflow.read import read_workflow as read_bytes

Workflow: TypeAlias = "str | os.PathLike[str] | WorkflowRefs"
"""A path, or what `read_workflow` gave."""


def load_settings(
    *,
    comfyui: str | os.PathLike[str] | None = None,
    models: str | os.PathLike[str] | None = None,
    civitai_url: str | None = None,
    civitai_token: str | None = None,
    hf_token: str | None = None,
    offline: bool = False,
    config: str | None = None,
) -> Settings:
    """Settings as the command line would have them here; what is given is stronger. Raises ConfigError.

    >>> wfdeps.load_settings(models="models", civitai_token="s3cret").civitai_token
    Secret(…)
    """
    said = Overrides(
        comfyui=os.fspath(comfyui) if comfyui else None,
        models=os.fspath(models) if models else None,
        civitai_url=civitai_url,
        civitai_token=Secret(civitai_token) if civitai_token else None,
        hf_token=Secret(hf_token) if hf_token else None,
        config=config,
        color="never",
        no_input=True,
        offline=offline,
        verbosity=-1,
    )
    return settings_of(said, os.environ)


def read_workflow(
    source: str | os.PathLike[str] | bytes, *, name: str = "workflow", include_inactive: bool = False
) -> WorkflowRefs:
    """What one workflow references, from its file (JSON, or an image or clip that holds it) or its bytes.

    `name` is what bytes are called in reports. Raises WorkflowError where there is none, or more than one.

    >>> read = wfdeps.read_workflow(workflow)
    >>> read.format, len(read.refs)
    ('ui', 5)
    >>> wfdeps.read_workflow(b"[]")
    Traceback (most recent call last):
    wfdeps.errors.WorkflowError: `workflow` is no ComfyUI workflow: the JSON is an array
    """
    options = ReadOptions(include_inactive=include_inactive)
    if isinstance(source, bytes):
        return _only(read_bytes(source, name, options=options))
    return _only(read_file(os.fspath(source), options))


def find_refs(*workflows: Workflow) -> tuple[ModelRef, ...]:
    """The model files these workflows reference, each once however many nodes name it, muted ones too.

    >>> [ref.name for ref in wfdeps.find_refs(workflow) if ref.folder == "vae"]
    ['clearwater_vae.safetensors']
    """
    return merge_refs(ref for one in _read(workflows, load_settings()) for ref in one.refs)


def check(*workflows: Workflow, settings: Settings | None = None, online: bool = False) -> CheckReport:
    """Whether these workflows can run with what is there; `online` also says how missing files would be had.

    >>> report = wfdeps.check(workflow, settings=settings, online=True)
    >>> sorted({item.state.value for item in report.needed})
    ['ambiguous', 'resolved']
    """
    with _run(workflows, settings) as (readings, doors):
        if online:
            return checking.check_online(readings, doors, Silent()).report
        return checking.check(readings, doors).report


def resolve(
    *workflows: Workflow,
    settings: Settings | None = None,
    auto: str | None = None,
    allow_pickle: bool | None = None,
    chooser: Chooser | None = None,
) -> tuple[Resolution, ...]:
    """How each needed file would be had: Present, Resolved, Ambiguous or Unresolved, with its evidence.

    `auto` is what is taken alone: `hash`, `exact` or `best`; None: as the settings say. What stays open is put to the
    `chooser`, if there is one.

    >>> [type(one).__name__ for one in wfdeps.resolve(workflow, settings=settings)].count("Resolved")
    4
    """
    with _run(workflows, settings, auto, allow_pickle) as (readings, doors):
        return plan_for(readings, doors, chooser=chooser or NeverAsk(), reporter=Silent()).resolutions


def plan(
    *workflows: Workflow,
    settings: Settings | None = None,
    auto: str | None = None,
    allow_pickle: bool | None = None,
    chooser: Chooser | None = None,
) -> Plan:
    """What `get` would do, step by step; nothing is touched.

    >>> todo = wfdeps.plan(workflow, settings=settings, auto="best")
    >>> len(todo.downloads), todo.bytes_to_fetch > 1_000_000
    (5, True)
    """
    with _run(workflows, settings, auto, allow_pickle) as (readings, doors):
        return plan_for(readings, doors, chooser=chooser or NeverAsk(), reporter=Silent()).plan


def get(
    *workflows: Workflow,
    settings: Settings | None = None,
    auto: str | None = None,
    allow_pickle: bool | None = None,
    chooser: Chooser | None = None,
    reporter: Reporter | None = None,
    lock: str | os.PathLike[str] | None = None,
) -> CheckReport:
    """Download, verify and place what is missing, and write the lock where one is named; how it stands afterwards.

    Raises DiskFullError, before the first byte, where there is no room; LockError for a lock that is none of ours.
    What failed is in the report, not raised; the next call takes it up again.

    >>> wfdeps.get(workflow, settings=settings, auto="best", lock=lock).totals.present
    5
    """
    path = os.fspath(lock) if lock else ""
    with _run(workflows, settings, auto, allow_pickle, lock=path or LOCK) as (readings, doors):
        done = getting.get(
            readings, doors, chooser=chooser or NeverAsk(), reporter=reporter or Silent(), lock=path
        )
        if path:
            getting.write_lock_of(done, path, doors)
        return done.report


class Lock(LockValue):
    """What was chosen, by hash, so it can be repeated: `entries`, `workflows`, `unresolved`.

    >>> same = wfdeps.Lock.parse(str(wfdeps.Lock.read(lock)))
    >>> same.entries == wfdeps.Lock.read(lock).entries
    True
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Lock:
        """The lock a text is. Raises LockError."""
        value = parse(text)
        return cls(value.workflows, value.entries, value.unresolved, value.optional)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Lock:
        """The lock at that path. Raises LockError where there is none."""
        value = lock_at(os.fspath(path))
        return cls(value.workflows, value.entries, value.unresolved, value.optional)

    def __str__(self) -> str:
        return to_text(self)


# ── within


@contextmanager
def _run(
    workflows: tuple[Workflow, ...],
    settings: Settings | None,
    auto: str | None = None,
    allow_pickle: bool | None = None,
    *,
    lock: str = LOCK,
) -> Iterator[tuple[tuple[WorkflowRefs, ...], Doors]]:
    """The workflows read, and the doors of this call. What the call itself says is stronger than the settings."""
    settings = settings or load_settings()
    if allow_pickle is not None:
        settings = replace(settings, allow_pickle=allow_pickle)
    if auto is not None:
        if auto not in set(Auto):
            raise UsageError(f"`auto` is none of {', '.join(Auto)}: `{auto}`")
        settings = replace(settings, auto=Auto(auto))
    readings = _read(workflows, settings)
    with Doors(settings, workflows=tuple(reading.path for reading in readings), lock=lock) as doors:
        yield readings, doors


def _read(workflows: tuple[Workflow, ...], settings: Settings) -> tuple[WorkflowRefs, ...]:
    """The workflows, read with the person's own rows of the loader table."""
    if not workflows:
        raise UsageError("no workflow was given")
    with Doors(settings) as doors:
        options = read_options(WorkflowFiles((), with_packs=settings.names_library), doors)
    return tuple(
        given if isinstance(given, WorkflowRefs) else _only(read_file(os.fspath(given), options))
        for given in workflows
    )


def _only(readings: tuple[Reading, ...]) -> WorkflowRefs:
    """The one workflow of a file. Raises WorkflowError where it has several, or none that can be read."""
    if len(readings) > 1:
        raise WorkflowError(
            f"`{readings[0].path}` and {len(readings) - 1} more are in one file", hint="extract one"
        )
    (reading,) = readings
    if isinstance(reading, UnreadableWorkflow):
        raise WorkflowError(reading.message, hint=reading.hint)
    return reading
