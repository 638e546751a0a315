"""Outside: the person's model folders. The only room that looks into them, and the only one that writes there.

It knows which ComfyUI is meant (`install`), which directories it searches (`search`, `table`), what lies in them (`scan`, `index`, `inventory`), what a file's
digests are (`hashing`), and how a file gets its place (`place`). It decides nothing about what a workflow needs.

    >>> from wfdeps.library import Roots, open_library
    >>> library = open_library(Roots(models="models"), index_path=None)
    >>> library.separator in ("/", "\\\\")
    True
"""

from __future__ import annotations

from wfdeps.library.install import Roots
from wfdeps.library.local import LocalLibrary, as_local, open_library

__all__ = ["LocalLibrary", "Roots", "as_local", "open_library"]
