"""Which files bare names mean, without a workflow around them."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.console.silent import NeverAsk, Silent
from wfdeps.domain.air import air_of
from wfdeps.domain.digests import Digest
from wfdeps.domain.folders import FOLDER_KEYS, canonical_key, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.resolutions import Resolution
from wfdeps.errors import UsageError
from wfdeps.match.decide import decide
from wfdeps.pipeline.resolve import ResolvingDoors, ask
from wfdeps.wiring.doors import Doors


def refs_of_names(
    names: Sequence[str], *, folder: str = "", sha256: str = "", base_models: Sequence[str] = ()
) -> tuple[ModelRef, ...]:
    """One ref a name: a file name, an AIR or a URL. Raises UsageError for a folder or a hash that is none.

    `folder` is the folder key all of them belong in, `sha256` the hash of the one file that is named, `base_models`
    what the rest is made for.
    """
    if sha256 and len(names) > 1:
        raise UsageError("`--sha256` is the hash of one file, and several are named")
    key = canonical_key(folder) if folder else ""
    if key and key not in FOLDER_KEYS:
        raise UsageError(f"unknown folder `{key}`", hint=f"one of {', '.join(sorted(FOLDER_KEYS))}")
    try:
        digests = (Digest.parse(f"sha256:{sha256}"),) if sha256 else ()
    except ValueError:
        raise UsageError(f"not a SHA-256: `{sha256}`", hint="64 hexadecimal digits") from None
    return tuple(
        ModelRef(
            name,
            model_type_of(key) if key else ModelType.UNKNOWN,
            (key,) if key else (),
            RefStatus.REQUIRED,
            sites=(),
            digests=digests,
            air=air_of(name),
            base_models=tuple(base_models),
        )
        for name in names
    )


def resolve_names(refs: Sequence[ModelRef], doors: Doors) -> tuple[Resolution, ...]:
    """What the sources say each of these is; the model folders are not looked at, and nobody is asked."""
    policy = doors.settings.policy
    answers = ask(refs, ResolvingDoors(doors.sources(), NeverAsk(), Silent()), policy)
    return tuple(decide(ref, answers.of(ref, base_models=policy.base_models), policy=policy) for ref in refs)
