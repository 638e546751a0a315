"""``python -m wfdeps``."""

from wfdeps.cli.main import run

if __name__ == "__main__":
    run()
