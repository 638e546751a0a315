"""Values → YAML text: keys in the order given, no aliases, long texts on one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml


def yaml_block(value: Mapping[str, Any]) -> str:
    """The mapping as a YAML block, ended with a newline. Texts of several lines become literal blocks."""
    import yaml  # 40 ms, and most formats are not YAML

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    Dumper.add_representer(str, _text)
    return yaml.dump(
        value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1 << 20, default_flow_style=False
    )


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
