"""What a pickle may import and still be called safe: an allow-list, that of `torch.load(weights_only=True)`.

Everything else is `unsafe or unknown`, however harmless its name sounds: blocklists stay bypassable (picklescan
issue 66).
"""

from __future__ import annotations

import re
from typing import Final

SAFE: Final = "safe"
UNSAFE: Final = "unsafe or unknown"

_ALLOWED: Final = re.compile(
    r"(?:collections\.(?:OrderedDict|defaultdict|Counter)"
    r"|(?:builtins|__builtin__)\.(?:set|frozenset|bytearray|complex)"
    r"|torch\.(?:Size|device|Tensor|(?:b?float|complex|q?u?int)\d+|float8_\w+|float|half|double|long|short|int|bool"
    r"|strided|sparse_coo|per_tensor_affine|per_channel_affine)"
    r"|torch\.(?:cuda\.)?[A-Z]\w*(?:Storage|Tensor)"
    r"|torch\.storage\.(?:Untyped|Typed|_Untyped|_Typed)Storage"
    r"|torch\.nn\.parameter\.(?:Parameter|Buffer|UninitializedParameter)"
    r"|torch\._utils\._rebuild_(?:tensor|tensor_v[23]|parameter|parameter_with_state|qtensor|sparse_tensor"
    r"|meta_tensor_no_storage|nested_tensor|device_tensor_from_numpy)"
    r"|torch\._tensor\._rebuild_from_type_v2|torch\.serialization\._get_layout"
    r"|numpy\.(?:core|_core)\.multiarray\.(?:_reconstruct|scalar)|numpy\.(?:ndarray|dtype)"
    r"|numpy\.(?:bool_?|u?int\d*|float\d+|complex\d+)|numpy\.dtypes\.\w+DType"
    r"|_codecs\.encode)"
)


def verdict(names: frozenset[str] | tuple[str, ...]) -> str:
    """`safe` where every name is on the allow-list, else `unsafe or unknown: …` with the first that are not."""
    others = sorted(name for name in names if not _ALLOWED.fullmatch(name))
    if not others:
        return SAFE
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f"{UNSAFE}: it imports {', '.join(f'`{name[:80]}`' for name in others[:3])}{more}"
