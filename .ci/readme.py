"""The README's generated parts: `--write` renews them, `--check` fails where they are stale.

A part stands between `<!-- NAME -->` and `<!-- /NAME -->`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from wfdeps.cli.exit_codes import MEANINGS
from wfdeps.cli.main import help_text
from wfdeps.domain.folders import DEFAULT_KEY, FOLDER_KEYS

README = Path(__file__).resolve().parent.parent / "README.md"


def exit_codes() -> str:
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in MEANINGS.items())
    return f"| exit code | meaning |\n|---|---|\n{rows}"


def model_types() -> str:
    rows = "\n".join(
        f"| {model_type} | `{key}` | {', '.join(f'`{place}`' for place in FOLDER_KEYS[key].directories)} |"
        for model_type, key in DEFAULT_KEY.items()
    )
    return f"| model type | folder key | looked for in (below `models/`) |\n|---|---|---|\n{rows}"


PARTS = {
    "help": lambda: f"```text\n{help_text().rstrip()}\n```",
    "exit codes": exit_codes,
    "model types": model_types,
}


def renewed(text: str) -> str:
    """The README with every generated part made anew."""
    for name, make in PARTS.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise SystemExit(f"README.md does not have one part named `{name}`")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{make()}\n{end}{rest.partition(end)[2]}"
    return text


def main() -> None:
    before = README.read_text(encoding="utf-8")
    after = renewed(before)
    if "--write" in sys.argv:
        README.write_text(after, encoding="utf-8")
    elif before != after:
        raise SystemExit("README.md is stale; `python .ci/readme.py --write` renews it")


if __name__ == "__main__":
    main()
