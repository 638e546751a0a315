"""Every format that comes with wfdeps, and the one function that exports a lock to any format."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from importlib import import_module

from wfdeps.domain.locks import Lock
from wfdeps.errors import UsageError, did_you_mean
from wfdeps.exports.checked import checked_files
from wfdeps.exports.importing import lock_of
from wfdeps.exports.values import Bundle, Format, Imported, LeftOut, ModelFile, Reader, TextFile
from wfdeps.lock.document import SCHEMA, parse
from wfdeps.match.links import huggingface_link
from wfdeps.report.wording import count_text
from wfdeps.values import dataclass, replace

FORMATS: dict[str, str] = {
    "aria2": "aria2",
    "comfy-build": "comfy_build",
    "comfy-cli": "comfy_cli",
    "comfy-pack": "comfy_pack",
    "csv": "csv_table",
    "cyclonedx": "cyclonedx",
    "dockerfile": "dockerfile",
    "extra-model-paths": "extra_model_paths",
    "hf": "hf",
    "k8s": "k8s",
    "modal": "modal",
    "model-list": "model_list",
    "rclone": "rclone",
    "s5cmd": "s5cmd",
    "salad": "salad",
    "shell": "shell",
    "truss": "truss",
}
"""Format → the module of this room whose `FORMAT` it is; only what is asked for is imported."""

READERS: dict[str, str] = {
    "comfy-build": "comfy_build",
    "comfy-pack": "comfy_pack",
    "comfygit": "comfygit",
    "salad": "salad",
    "model-list": "model_list",
    "cog-weights": "cog_weights",
    "script": "shell_lines",
    "aria2": "aria2",
}
"""Format → the module of this room whose `READER` it is, in the order in which a file is held against them."""
WFDEPS_LOCK = "wfdeps"
"""Our own lock as a format of import."""


@dataclass(frozen=True, slots=True)
class Export:
    """The files of an export, the main one first, and what it does not carry, sorted."""

    files: tuple[TextFile, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...] = ()
    """What a person should know of the files that are carried."""


def built_in(name: str) -> Format:
    """The format of that name. Raises KeyError where none comes with wfdeps."""
    made: Format = import_module(f"wfdeps.exports.{FORMATS[name]}").FORMAT
    return made


def export(lock: Lock, form: Format, options: Mapping[str, str], here: Collection[str] = ()) -> Export:
    """The lock in that format. `here`: paths of files that can be uploaded from this machine.

    Raises UsageError for an option the format does not have, or cannot use.
    """
    for name in options:
        if name not in form.settings:
            hint = did_you_mean(name, form.settings) or (
                f"it has {', '.join(sorted(form.settings))}" if form.settings else "it has none"
            )
            raise UsageError(f"the format has no option `{name}`", hint=hint)
    settled = {name: options.get(name, setting.default) for name, setting in form.settings.items()}
    files, left_out = checked_files(lock)
    files = tuple(replace(file, is_here=file.path in here) for file in files)
    refused = [LeftOut(file.path, reason) for file in files if (reason := form.refusal(file))]
    carried = tuple(file for file in files if not form.refusal(file))
    all_left_out = tuple(sorted((*left_out, *refused), key=lambda one: (one.what, one.reason)))
    notes = _notes(carried) if form.is_anonymous else ()
    return Export(form.render(Bundle(carried, all_left_out, lock, settled, notes)), all_left_out, notes)


def _notes(files: Sequence[ModelFile]) -> tuple[str, ...]:
    """A lock does not say which repositories are gated, so a file of one cannot be told from the others."""
    count = sum(1 for file in files if huggingface_link(file.url))
    if not count:
        return ()
    return (
        f"{count_text(count, 'file')} of Hugging Face's is fetched without a login: if a repository is gated, that fails"
        if count == 1
        else f"{count_text(count, 'file')} of Hugging Face's are fetched without a login: those of gated repositories fail",
    )


def reader(name: str) -> Reader:
    """The reader of that format. Raises KeyError where there is none."""
    made: Reader = import_module(f"wfdeps.exports.{READERS[name]}").READER
    return made


def recognised(file_name: str, text: str) -> str | None:
    """The format of a foreign file, by its name and text; None where none fits."""
    if f'"{SCHEMA.rpartition("/")[0]}/' in text:
        return WFDEPS_LOCK
    return next((name for name in READERS if reader(name).recognises(file_name, text)), None)


def import_text(text: str, form: str, told_by: str) -> Imported:
    """A lock of what a text in that format names. Raises UsageError, and LockError for a lock that cannot be read."""
    if form == WFDEPS_LOCK:
        return Imported(parse(text), ())
    return lock_of(reader(form).read(text), told_by)
