"""One line, or yes and no, from the person at the terminal. Spoken on stderr: data may go to a file meanwhile."""

from __future__ import annotations

import sys
from typing import Any


def read_line(prompt: str) -> str | None:
    """What the person typed; None where they pressed Ctrl-C or closed the input."""
    import questionary  # a quarter of a second to import: only for those who are asked

    answer: str | None = _answer_to(questionary.text(prompt, qmark="", output=_on_stderr()))
    return answer


def agreed(question: str) -> bool:
    """Yes or no; Enter is yes. Raises KeyboardInterrupt for Ctrl-C and a closed input."""
    import questionary

    answer = _answer_to(questionary.confirm(question, default=True, output=_on_stderr()))
    if answer is None:
        raise KeyboardInterrupt
    return bool(answer)


def _answer_to(question: Any) -> Any:
    try:
        return question.unsafe_ask()  # `ask` would say on stdout that it was cancelled
    except (EOFError, KeyboardInterrupt):
        return None


def _on_stderr() -> Any:
    from prompt_toolkit.output import create_output

    return create_output(stdout=sys.stderr)
