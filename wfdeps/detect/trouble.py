"""What a file's first bytes alone say against it: no model begins like this, whatever reads it."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.domain.files import split_ending
from wfdeps.domain.folders import WEIGHTS_ENDINGS

if TYPE_CHECKING:
    from typing import Final

HEAD_BYTES: Final = 512
"""How much of a file's front `quick_trouble` likes to see; eight bytes already help."""

UNKNOWN_FORMAT: Final = "no model format begins like this"
"""What is said of bytes that begin like nothing that is known."""

MAX_HEADER: Final = 100_000_000
"""The safetensors format's own cap on a header, in bytes."""

_LFS: Final = b"version https://git-lfs"
_XET: Final = b"# xet version"
_PAGE_STARTS: Final = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<!--", b"<script")
_ANSWERS: Final = (
    b"entry not found", b"invalid username or password", b"repository not found", b"invalid credentials",
    b"access to model", b"access denied", b"internal server error", b"404 page not found", b"404: not found",
)  # fmt: skip
"""How Hugging Face, Civitai and the servers before them begin an answer in plain text: one line, no more."""

_LONGEST_ANSWER: Final = 400
_FOREIGN: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89HDF", "an HDF5 file (Keras): ComfyUI does not load it"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"RIFF", "a RIFF file (WebP, WAV)"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"\x1f\x8b\x08", "a gzip archive: unpack it first"),
    (b"\xfd7zXZ", "an xz archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive: unpack it first"),
    (b"%PDF", "a PDF"),
    (b"MZ\x90\x00", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
)


def quick_trouble(head: bytes, size: int) -> str:
    """Why a file that begins so and is that long cannot be a model; empty where nothing speaks against it.

    `empty`, `lfs pointer`, `xet pointer`, `html page`, `error message`, `zero bytes` or `truncated: …`. Safetensors
    are told by their shape, whatever the file is called.
    """
    if size == 0 or not head:
        return "empty"
    if head.startswith(_LFS):
        return "lfs pointer"
    if head.startswith(_XET):
        return "xet pointer"
    text = head[:HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(_PAGE_STARTS):
        return "html page"
    if is_error_message(head, size):
        return "error message"
    if not any(head[:HEAD_BYTES]):
        return "zero bytes"
    return _safetensors_trouble(head, size)


def front_trouble(head: bytes, size: int, name: str) -> str:
    """The trouble of a file, and what speaks against a file of that name: a text, an image or an archive where weights should be.

    A pack's `.bin` and `.pkl` may hold anything else, a list of words or a pickle of protocol 0 too.
    """
    if trouble := quick_trouble(head, size):
        return trouble
    ending = split_ending(name)[1].lower()
    if ending not in WEIGHTS_ENDINGS:
        return ""
    if what := foreign_format(head):
        return what
    may_be_own = ending in (".bin", ".pkl") and head.lstrip()[:1] not in (b"{", b"[", b"<")
    return "" if may_be_own else text_trouble(head, size)


def is_error_message(head: bytes, size: int) -> bool:
    """Whether this is a server's answer saved under a model's name: small JSON (`{"error": …}`) or its known words."""
    start = head[:HEAD_BYTES].lstrip()
    if size < 65_536 and start.startswith(b"{") and (b'"error"' in start or b'"message"' in start):
        return True
    return size <= _LONGEST_ANSWER and b"\n" not in start.rstrip() and start.lower().startswith(_ANSWERS)


def foreign_format(head: bytes) -> str:
    """What a file is that holds no model, by its first bytes; empty for one that may."""
    return next((what for magic, what in _FOREIGN if head.startswith(magic)), "") or _tar(head)


def text_trouble(head: bytes, size: int) -> str:
    """`plain text` with its beginning, for a file that begins as a text does; empty for any other.

    No format of weights begins with 512 printable characters: safetensors and zip have zeros among the first bytes.
    """
    text = _decoded(head[:HEAD_BYTES], cut=size > HEAD_BYTES)
    if not text or not all(letter.isprintable() or letter in "\t\r\n\ufeff" for letter in text):
        return ""
    words = " ".join(text.split())
    shown = words if len(words) <= 40 else f"{words[:40]}…"
    return f"plain text, no model: {shown}"


def _tar(head: bytes) -> str:
    if head[257:262] != b"ustar":
        return ""
    # torch 2.6: "Cannot use ``weights_only=True`` with files saved in the legacy .tar format"
    return "a tar archive, or torch's format of before 2017: unpack it first, ComfyUI does not load it"


def _decoded(head: bytes, *, cut: bool) -> str:
    """The bytes as UTF-8, without a last letter that was cut; empty where they are none."""
    for missing in range(4 if cut else 1):
        try:
            return head[: len(head) - missing].decode()
        except UnicodeDecodeError:
            continue
    return ""


def _safetensors_trouble(head: bytes, size: int) -> str:
    if len(head) < 9 or head[8:9] != b"{":
        return ""
    length = int.from_bytes(head[:8], "little")
    if length > MAX_HEADER:
        return ""  # nine bytes that look alike prove nothing; the reader says what it is
    if 8 + length > size:
        return f"truncated: its header alone is {length} bytes, the file {size}"
    return ""
