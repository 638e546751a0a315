"""``python -m wfdeps``."""

from __future__ import annotations

from wfdeps.cli.main import run

if __name__ == "__main__":
    run()
