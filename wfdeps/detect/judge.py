"""The one judge of a file: whether what reads a file of that name would load these bytes, and why not.

`check`, `verify`, `list`, `inspect`, `fix` and the step that places a file all ask it. It judges a file as its reader
would: by the ending. Sources: ComfyUI `comfy/utils.py` `load_torch_file` (`.safetensors` and `.sft` go to
`safetensors.safe_open`, every other ending to `torch.load(weights_only=True)`); ComfyUI-GGUF `loader.py`.
What nobody knows is not judged: endings of other programs (`.engine`), and a pack's own formats.
"""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.detect.trouble import (
    HEAD_BYTES,
    MAX_HEADER,
    UNKNOWN_FORMAT,
    foreign_format,
    front_trouble,
    text_trouble,
)
from wfdeps.domain.files import split_ending
from wfdeps.domain.folders import PICKLE_ENDINGS, SAFETENSORS_ENDINGS
from wfdeps.domain.judgement import SOUND, Judgement

if TYPE_CHECKING:
    from wfdeps.detect.tensors import Read


def judge(read: Read, size: int, name: str) -> Judgement:
    """Whether these bytes, read through `read(offset, length)`, can be loaded under that name.

    Reads the first 512 bytes and the file's directory, no weights. Raises what `read` raises.
    """
    head = read(0, HEAD_BYTES) if size else b""
    ending = split_ending(name)[1].lower()
    try:
        if ending in SAFETENSORS_ENDINGS:
            return _as_safetensors(read, size, name, head)
        if ending == ".gguf":
            return _as_gguf(read, size, name, head)
        if ending in PICKLE_ENDINGS:
            return _as_torch(read, size, name, head, ending)
    except (RecursionError, MemoryError):
        return Judgement("built to exhaust its reader")
    return Judgement(front_trouble(head, size, name), _hint_of(head))


# ── .safetensors, .sft ──────────────────────────────────────────────────────────────────────────────


def _as_safetensors(read: Read, size: int, name: str, head: bytes) -> Judgement:
    if trouble := front_trouble(head, size, name):
        return Judgement(trouble, _hint_of(head), _safetensors_says(head, size))
    length = int.from_bytes(head[:8], "little")
    if not _begins_json(head):
        trouble, hint = _what_else(read, size, head, "a safetensors file")
        return Judgement(trouble, hint, _safetensors_says(head, size))
    if length > MAX_HEADER:
        trouble = f"says its header is {length} bytes; the format allows {MAX_HEADER}"
        return Judgement(trouble, "", _safetensors_says(head, size))
    from wfdeps.detect.safetensors import read_safetensors
    from wfdeps.detect.tensors import BITS, Corrupt

    header = read_safetensors(read, size, head)
    if isinstance(header, Corrupt):
        return Judgement(header.reason, "", _safetensors_says(head, size, header.reason))
    unknown = next((tensor.dtype for tensor in header.tensors.values() if tensor.dtype not in BITS), "")
    if unknown:
        return Judgement(
            f"numbers of a type that safetensors does not know: `{unknown[:40]}`",
            "",
            f"{_DESERIALIZING} invalid JSON in header: unknown variant `{unknown[:40]}`",
        )
    return SOUND


def _begins_json(head: bytes) -> bool:
    """Whether an opening brace follows the header's length, which serde lets white space precede."""
    return head[8:].lstrip(b" \t\r\n")[:1] == b"{"


_DESERIALIZING = "Error while deserializing header:"


def _safetensors_says(head: bytes, size: int, reason: str = "") -> str:
    """What safetensors 0.8.0 raises (`SafeTensorError` in `tensor.rs`); older ones say `HeaderTooLarge` and so on."""
    length = int.from_bytes(head[:8], "little")
    if size < 8:
        return f"{_DESERIALIZING} header too small"
    if length > MAX_HEADER:
        return f"{_DESERIALIZING} header too large"
    if 8 + length > size:
        return f"{_DESERIALIZING} invalid header length"
    if reason.startswith(("truncated", "longer")) or "too many after" in reason:
        return f"{_DESERIALIZING} incomplete metadata, file not fully covered"
    if "overlap" in reason or "a hole of" in reason:
        return f"{_DESERIALIZING} invalid offset for tensor"
    return f"{_DESERIALIZING} invalid JSON in header"


# ── .gguf ───────────────────────────────────────────────────────────────────────────────────────────


def _as_gguf(read: Read, size: int, name: str, head: bytes) -> Judgement:
    if trouble := front_trouble(head, size, name):
        return Judgement(trouble, _hint_of(head))
    if not head.startswith(b"GGUF"):
        return Judgement(*_what_else(read, size, head, "a GGUF file"), "GGUF magic invalid")
    from wfdeps.detect.gguf import read_gguf
    from wfdeps.detect.tensors import Corrupt

    header = read_gguf(read, size, head)
    return Judgement(header.reason) if isinstance(header, Corrupt) else SOUND


# ── .ckpt, .pt, .pth, .bin … ────────────────────────────────────────────────────────────────────────

_BEYOND_US = ("a pickle of ", "a compressed pickle", "a zip archive of ", "truncated or more than")
"""Reasons of ours to read a torch file no further, which are none for torch: such a file is not judged."""
_WEIGHTS_ONLY = "Weights only load failed."
_NO_MAGIC = "Invalid magic number; corrupt file?"
_CENTRAL = "PytorchStreamReader failed reading zip archive: failed finding central directory"


def _as_torch(read: Read, size: int, name: str, head: bytes, ending: str) -> Judgement:
    if trouble := front_trouble(head, size, name):
        return Judgement(trouble, _hint_of(head), _torch_says(head, size))
    from wfdeps.detect.pickles import MAX_BYTES
    from wfdeps.detect.tensors import Corrupt
    from wfdeps.detect.torch_files import (
        ZIP_MAGIC,
        begins_as_torch_wrote,
        looks_like_pickle,
        read_legacy,
        read_zip,
    )

    if head.startswith(ZIP_MAGIC):
        header = read_zip(read, size, head)
        if not isinstance(header, Corrupt):
            return SOUND
        if header.reason.startswith(_BEYOND_US):
            return SOUND
        trouble, hint = _archive(read, size, header.reason)
        says = _CENTRAL if header.reason.startswith("truncated") else _WEIGHTS_ONLY
        return Judgement(trouble, hint, says, core_only=ending == ".pt2")  # torch.export's own archive
    if looks_like_pickle(head):
        header = read_legacy(read, size, head)
        if size > MAX_BYTES:  # a longer one is read no further than that
            return SOUND
        if not isinstance(header, Corrupt):
            if begins_as_torch_wrote(read, size, head):
                return SOUND
            return Judgement("a pickle that torch did not write", "", _NO_MAGIC, core_only=True)
        return Judgement(header.reason, "", _WEIGHTS_ONLY)
    trouble, hint = _what_else(read, size, head, "a torch file")
    return Judgement(trouble, hint, _torch_says(head, size), core_only=True)


def _torch_says(head: bytes, size: int) -> str:
    """What `torch.load(weights_only=True)` raises on bytes that are no pickle."""
    return "Ran out of input" if size == 0 else f"{_WEIGHTS_ONLY} Unsupported operand {head[0]}"


# ── what it is instead ──────────────────────────────────────────────────────────────────────────────


def _what_else(read: Read, size: int, head: bytes, wanted: str) -> tuple[str, str]:
    """What a file is that is not `wanted`, and what to do."""
    from wfdeps.detect.torch_files import ZIP_MAGIC, looks_like_pickle

    if head.startswith(b"GGUF"):
        return (
            f"a GGUF file, not {wanted}",
            "end its name with `.gguf` and load it with the GGUF pack's nodes",
        )
    if head.startswith(ZIP_MAGIC):
        trouble, hint = _archive(read, size, "")
        return (trouble, hint) if trouble else (f"a pickle in torch's zip, not {wanted}", _NAME_IT_PICKLE)
    if looks_like_pickle(head):
        return f"a pickle, not {wanted}", _NAME_IT_PICKLE
    if _begins_json(head) and 8 + int.from_bytes(head[:8], "little") <= size:
        return (
            f"a safetensors file, not {wanted}",
            "end its name with `.safetensors`, here and in the workflow",
        )
    if what := foreign_format(head) or text_trouble(head, size):
        return what, ""
    if size < 16:
        return f"truncated: {size} bytes", ""
    return UNKNOWN_FORMAT, ""


_NAME_IT_PICKLE = "get the safetensors file; a pickle must end in `.ckpt` or `.pt`, and can run code"


def _archive(read: Read, size: int, reason: str) -> tuple[str, str]:
    """What a zip is that torch did not write, with the models in it; the reason as it is where it can be read no further."""
    from wfdeps.detect.torch_files import names_in_zip

    names = names_in_zip(read, size)
    if any(name.endswith("data.pkl") for name in names):
        return reason, ""
    endings = SAFETENSORS_ENDINGS | PICKLE_ENDINGS | {".gguf"}
    models = [name for name in names if split_ending(name)[1].lower() in endings]
    if not names:
        return reason or "truncated: its zip has no directory", ""
    if not models:
        return "a zip archive without torch's `data.pkl`: not a model", ""
    more = f" and {len(models) - 1} more" if len(models) > 1 else ""
    return f"a zip archive that holds `{models[0][:80]}`{more}", "unpack it, and put the file in its place"


def _hint_of(head: bytes) -> str:
    """What helps where a fetch went wrong."""
    start = head[:HEAD_BYTES].lstrip().lower()
    if start.startswith((b"version https://git-lfs", b"# xet version")):
        return "it only points to the file: fetch the file itself, or run `git lfs pull`"
    if start.startswith(
        (b"invalid username or password", b"invalid credentials", b"access to model", b"access denied")
    ):
        return "the server wanted a token: `wfdeps auth check`, then fetch it again"
    return ""
