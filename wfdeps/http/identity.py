"""Who we say we are."""

from __future__ import annotations

from wfdeps import __version__

USER_AGENT = f"wfdeps/{__version__} (+https://github.com/wfdeps/wfdeps)"
