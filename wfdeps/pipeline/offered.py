"""After the last stage: whether ComfyUI now offers each placed file under the very string its workflow says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wfdeps.domain.files import Inventory
from wfdeps.domain.outcomes import Outcome, Placed
from wfdeps.domain.plans import Blocked
from wfdeps.domain.resolutions import RefState
from wfdeps.match.local import find_local
from wfdeps.ports import Library


def as_offered(outcomes: Iterable[Outcome], library: Library) -> tuple[Outcome, ...]:
    """The same outcomes, but what no loader's list will show as the workflow spells it is blocked, and says so.

    A workflow saved on Windows asks for `SDXL\\\\x.safetensors`: on Linux its file is placed in `SDXL`, and still
    ComfyUI refuses that string.
    """
    outcomes = tuple(outcomes)
    inventory = library.inventory(
        [ref for one in outcomes if isinstance(one, Placed) for ref in one.download.refs]
    )
    return tuple(
        final
        for one in outcomes
        for final in (_offered(one, inventory) if isinstance(one, Placed) else (one,))
    )


def _offered(placed: Placed, inventory: Inventory) -> Iterator[Outcome]:
    findings = [find_local(ref, inventory) for ref in placed.download.refs]
    refused = [one for one in findings if one.state is not RefState.PRESENT]
    if len(refused) < len(findings):
        yield placed
    for one in refused:
        reason = f"placed, but ComfyUI here offers it under another spelling than `{one.ref.name}`"
        yield Blocked(
            one.ref, one.state, reason, "`wfdeps fix WORKFLOW --rewrite OUT.json --apply` respells it"
        )
