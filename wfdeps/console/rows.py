"""What stands on a progress row: one file or all of them, as one line of text of a given width. Pure but for its clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from wfdeps.report.wording import size_text

WINDOW = 10.0
"""Seconds over which a speed is measured."""
LEAST_SPAN = 0.5
"""Seconds below which no speed is told."""
_GAP = "  "
_PERCENT, _SIZE, _SPEED, _LEFT = 4, 7, 9, 7
_FIXED = _PERCENT + _SIZE + _SPEED + _LEFT + 4 * len(_GAP)
_LEAST_NAME, _LEAST_BAR = 12, 10


class Meter:
    """How fast bytes come. What was here before is no speed, and a stall is one of nothing."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen: deque[tuple[float, int]] = deque()

    def saw(self, done: int) -> None:
        """So many bytes are here now."""
        now = self._now()
        self._seen.append((now, done))
        while len(self._seen) > 1 and self._seen[1][0] <= now - WINDOW:
            self._seen.popleft()

    @property
    def speed(self) -> float | None:
        """Bytes a second; None until that can be said."""
        if not self._seen:
            return None
        span = self._now() - self._seen[0][0]
        came = self._seen[-1][1] - self._seen[0][1]
        return max(0, came) / span if span >= LEAST_SPAN else None


def row(
    name: str, done: int, size: int | None, speed: float | None, *, width: int, plain: bool = False
) -> Text:
    """`name  ━━━━━━────  38%  60.0 MB  4.70 MB/s  0:00:08`, in `width` columns: the narrower, the less of it.

    `plain`: for a terminal that knows ASCII only.
    """
    share = min(1.0, done / size) if size else None
    percent = "" if share is None else f"{int(share * 100)}%"
    left = (size - done) / speed if size and speed else None
    length = size_text(done if size is None else size)
    figures = [f"{percent:>{_PERCENT}}", f"{length:>{_SIZE}}"]
    figures += [f"{_speed_text(speed):>{_SPEED}}", f"{_time_text(left):>{_LEFT}}"]
    room = width - _FIXED
    if room < _LEAST_NAME:
        figures, room = figures[:1], width - _PERCENT - len(_GAP)
    bar = max(_LEAST_BAR, room // 3) if room >= _LEAST_NAME + _LEAST_BAR + len(_GAP) else 0
    text = Text(fitted(name, room - bar - len(_GAP) * bool(bar), plain=plain), no_wrap=True)
    if bar:
        filled = round((share or 0.0) * bar)
        empty = " " if share is None else "." if plain else "─"
        text.append(_GAP)
        text.append(("#" if plain else "━") * filled, "green" if share == 1.0 else "cyan")
        text.append(empty * (bar - filled), "bright_black")
    text.append(_GAP + _GAP.join(figures))
    text.truncate(width)
    return text


def fitted(name: str, width: int, *, plain: bool = False) -> str:
    """The name in exactly so many columns: its beginning and its end, where it is too long."""
    width = max(1, width)
    if cell_len(name) <= width:
        return set_cell_size(name, width)
    dots = ".." if plain else "…"
    room = max(0, width - len(dots))
    back = name
    while cell_len(back) > room - room // 2:
        back = back[1:]
    return set_cell_size(set_cell_size(name, room - cell_len(back)) + dots + back, width)


def _speed_text(speed: float | None) -> str:
    return "" if speed is None else f"{size_text(int(speed))}/s"


def _time_text(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds >= 100 * 3600:
        return f"{seconds / 86_400:.0f} days" if seconds < 86_400 * 99 else "> 99 d"
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
