"""Text → the words a search engine sees: split at everything that is no letter or digit, folded.

As Civitai's engine does, and no kinder: `realisticVisionV60B1` stays one word, which is why a pasted file name
finds nothing there. Writing without blanks is cut into single characters.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)


def words_of(text: str) -> list[str]:
    """The words, lower-case, without accents."""
    if text.isascii():
        return _WORD.findall(text.lower())
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(letter)
    )
    return [
        part
        for word in _WORD.findall(unicodedata.normalize("NFC", plain))
        for part in _UNSPACED.findall(word)
    ]
