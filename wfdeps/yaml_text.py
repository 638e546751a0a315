"""YAML text → plain values, with every way it can fail as one error."""

from __future__ import annotations


class YamlTextError(ValueError):
    """Why a text is no YAML that can be read, in one line; `line` counts from 1 and is None where it is not known."""

    def __init__(self, reason: str, line: int | None) -> None:
        super().__init__(reason)
        self.line = line


def parse_yaml(text: str | bytes, *, as_python: bool = False) -> object:
    """The value of a YAML text: mappings, lists, texts, numbers, dates. Raises YamlTextError.

    `as_python`: read by PyYAML's own parser, which is slower than libyaml and differs from it in what it refuses: for a
    file that another program reads with `yaml.safe_load`.

    Besides YAMLError, PyYAML lets three kinds of error through: RecursionError for deep nesting, UnicodeDecodeError
    for bytes in another encoding, ValueError for values its constructors refuse (a 30th of February, a number of
    more than 4,300 digits). Importing yaml costs 40 ms: it is imported only by those who have such a file.
    """
    import yaml

    try:
        loader = yaml.SafeLoader if as_python else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return yaml.load(text, Loader=loader)  # noqa: S506 - both are safe
    except RecursionError:
        raise YamlTextError("nested too deep", None) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = " ".join(str(error).split())[:200]
        raise YamlTextError(reason, mark.line + 1 if mark else None) from error


def repeated_keys(text: str) -> tuple[str, ...]:
    """Keys that stand twice in one mapping, the top level's and those one level below it, in their order.

    PyYAML takes the last of them and says nothing. The text is one that `parse_yaml` could read.
    """
    import yaml

    top = yaml.compose(text, Loader=yaml.SafeLoader)
    below = [value for _, value in top.value] if isinstance(top, yaml.MappingNode) else []
    found: dict[str, None] = {}
    for node in (top, *below):
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                found[key.value] = None
            seen.add(str(key.value))
    return tuple(found)
