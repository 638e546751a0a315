"""YAML text → plain values, with every way it can fail as one error."""

from __future__ import annotations


class YamlTextError(ValueError):
    """Why a text is no YAML that can be read, in one line; `line` counts from 1 and is None where it is not known."""

    def __init__(self, reason: str, line: int | None) -> None:
        super().__init__(reason)
        self.line = line


def parse_yaml(text: str | bytes) -> object:
    """The value of a YAML text: mappings, lists, texts, numbers, dates. Raises YamlTextError.

    Besides YAMLError, PyYAML lets three kinds of error through: RecursionError for deep nesting, UnicodeDecodeError
    for bytes in another encoding, ValueError for values its constructors refuse (a 30th of February, a number of
    more than 4,300 digits). Importing yaml costs 40 ms: it is imported only by those who have such a file.
    """
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except RecursionError:
        raise YamlTextError("nested too deep", None) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = " ".join(str(error).split())[:200]
        raise YamlTextError(reason, mark.line + 1 if mark else None) from error
