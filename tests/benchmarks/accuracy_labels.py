"""Agreement with hand-read labels on 60 third-party workflows of every form.

    python tests/benchmarks/accuracy_labels.py [--verbose]

A workflow is exact when its required files, name and folder, are just those of its label. A row of a label agrees
when the ref of that name has the status the label says. Where the label is wrong or names what no workflow says,
EXCEPTIONS gives the reason, and the figure is printed with and without them.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from wfdeps.domain.refs import ModelRef, RefStatus, WorkflowRefs
from wfdeps.workflow.read import read_workflow

WORKFLOWS_EXACT, ROWS_AGREE = 0.95, 0.97
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "workflows"

STATUS = {
    "active": RefStatus.REQUIRED,
    "validation-only": RefStatus.REQUIRED,
    "bypassed": RefStatus.INACTIVE,
    "muted": RefStatus.INACTIVE,
    "unreachable": RefStatus.UNREACHABLE,
    "placeholder": RefStatus.PLACEHOLDER,
    "inert-text": RefStatus.INERT,
}

_UNNAMED = "no value of the workflow says this name; the node is reported as one that fetches what it needs"
EXCEPTIONS: dict[tuple[int, str], str] = {
    (
        9,
        "RMBG-2.0",
    ): "its image goes through a reroute and `Koolook_LoopStatus` to `SaveEXRFrames`, which writes files "
    "and has no outputs: an output node, though of a class the label's list lacked",
    (19, "OpenposePreprocessor annotators"): _UNNAMED,
    (59, "LivePortrait models"): _UNNAMED,
    (60, "MiDaS annotator"): _UNNAMED,
}
"""(label, name) → why the label is wrong."""


def main() -> int:
    if not DATA.is_dir():
        print("needs ../shared (third-party data that is not committed)")
        return 0
    verbose = "--verbose" in sys.argv
    labels = json.loads((DATA / "labels.json").read_text("utf-8"))
    exact = rows = agreeing = excused = 0
    for label in labels:
        refs = _refs(DATA / "corpus" / label["file"])
        missing, extra, told = _required(label, refs)
        is_exact = not missing and not extra
        exact += is_exact
        notes = [f"required in the label, not here: {name} in {folder}" for name, folder in missing]
        notes += [f"required here, not in the label: {name} in {folder}" for name, folder in extra]
        for row in label["models"]:
            rows += 1
            verdict = _verdict(row, told)
            if verdict is None:
                agreeing += 1
            elif (label["id"], row["name"]) in EXCEPTIONS:
                excused += 1
            else:
                notes.append(f"{row['name']}: {verdict}")
        if verbose and notes:
            print(f"{label['id']:>3} {label['file'][:90]}")
            print("\n".join(f"      {note}" for note in notes))
    print(f"{'':<34}{'agree':>7}{'of':>6}{'':>4}{'share':>7}   limit")
    print(
        f"{'workflows exact (name and folder)':<34}{exact:>7}{len(labels):>6}{'':>4}{exact / len(labels):>7.1%}   {WORKFLOWS_EXACT:.0%}"
    )
    print(f"{'rows, status as labelled':<34}{agreeing:>7}{rows:>6}{'':>4}{agreeing / rows:>7.1%}")
    judged = rows - excused
    print(
        f"{'  without the exceptions below':<34}{agreeing:>7}{judged:>6}{'':>4}{agreeing / judged:>7.1%}   {ROWS_AGREE:.0%}"
    )
    for (number, name), reason in EXCEPTIONS.items():
        print(f"  exception, label {number}, {name}: {reason}")
    return 0 if exact / len(labels) >= WORKFLOWS_EXACT and agreeing / judged >= ROWS_AGREE else 1


def _refs(path: Path) -> list[ModelRef]:
    return [
        ref
        for result in read_workflow(path.read_bytes(), path.name)
        if isinstance(result, WorkflowRefs)
        for ref in result.refs
    ]


def _required(
    label: dict[str, Any], refs: list[ModelRef]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]], dict[str, ModelRef]]:
    wanted = {row["name"]: row for row in label["models"] if row["required"]}
    mine = {ref.name: ref for ref in refs if ref.status is RefStatus.REQUIRED}
    missing = [
        (name, str(row["folder"]))
        for name, row in sorted(wanted.items())
        if name not in mine or _folder(row) not in mine[name].folders
    ]
    implied = {(row["pattern"], row["folder"]): None for row in label["indirect"]}
    for pattern, folder in implied:
        implied[pattern, folder] = next(
            (ref for ref in mine.values() if _implies(ref, pattern, folder)), None
        )
    missing += [key for key, ref in implied.items() if ref is None]
    picked = {ref.name for ref in implied.values() if ref is not None}
    extra = [
        (name, ref.folder) for name, ref in sorted(mine.items()) if name not in wanted and name not in picked
    ]
    return missing, extra, {**{ref.name: ref for ref in refs}, **mine}


def _implies(ref: ModelRef, pattern: str, folder: str) -> bool:
    """Whether this ref is the file that a label gives as a pattern: a preset picks it."""
    return (
        bool(ref.accepts) and ref.folder == folder and re.search(pattern, ref.name, re.IGNORECASE) is not None
    )


def _folder(row: dict[str, Any]) -> str:
    return {"unet_gguf": "diffusion_models", "clip_gguf": "text_encoders", "clip": "text_encoders"}.get(
        row["folder"], row["folder"]
    )


def _verdict(row: dict[str, Any], told: dict[str, ModelRef]) -> str | None:
    """What differs, None where nothing does."""
    expected = (
        RefStatus.AUTO_DOWNLOAD
        if row.get("auto_download") and row["status"] == "active"
        else STATUS[row["status"]]
    )
    ref = told.get(row["name"])
    if ref is None:
        return f"not found, the label says {expected}"
    return None if ref.status is expected else f"{ref.status} here, the label says {expected}"


if __name__ == "__main__":
    sys.exit(main())
