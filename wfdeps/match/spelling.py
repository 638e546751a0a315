"""How a file name may be written, and which writings mean the same.

People rename: a browser adds ` (1)`, a converter changes the ending, a folder goes in front, spaces become
underscores, `_fp16` or `-pruned` is added. Each writing has a *key*; equal keys mean the same name. Sites and tools add
more (a hash in front, a second ending, a number behind): what is left without it may be the name.
"""

from __future__ import annotations

import re
import unicodedata

from wfdeps.domain.files import base_name
from wfdeps.domain.folders import PICKLE_ENDINGS
from wfdeps.values import dataclass

ENDINGS = frozenset(
    {
        ".safetensors",
        ".sft",
        ".ckpt",
        ".pt",
        ".pt2",
        ".pth",
        ".bin",
        ".pkl",
        ".gguf",
        ".onnx",
        ".zip",
        ".yaml",
        ".yml",
        ".json",
        ".safetensor",
        ".patch",
        ".engine",
    }
)
"""Only these are taken off a name: `lora_v1.5` has no ending."""

NOT_MODELS = frozenset({".yaml", ".yml", ".json", ".zip"})

PRECISIONS = re.compile(
    r"(?<![^\W_])(?:fp(?:4|8|16|32|64)(?:[_-]?(?:e4m3fn?|e5m2)(?:fn)?)?(?:[_-]?(?:fast|scaled|mixed))*|f16|f32|bf16|"
    r"nf4|nvfp4|mxfp8|int4|int8|i?q[2-8][_-](?:0|1|k|xs|xxs|nl)(?:[_-](?:s|m|l|xl))?)(?![^\W_])",
    re.I,
)
"""Words for how numbers are stored, standing for themselves; `_` does not join them to their neighbours."""
_VARIANTS = ("pruned", "full", "emaonly", "noema", "nonema", "half", "scaled", "ema", "no", "only")
_HIDDEN_BORDER = re.compile(
    r"(?<=[a-z0-9])(?=(?:FP|Fp|BF|bf|Bf)(?:8|16|32))|(?<=(?:[Ff][Pp]|[BF]F|[Bb]f)(?:16|32))(?=[A-Z][a-z])"
)
# Each run of blanks is entered at its front and never given back: a name of a thousand of them is told in one pass.
_COPY = re.compile(r"(?:(?<!\s)\s*+\(\d{1,3}\)|(?<![\s_-])[\s_-]++(?:copy(?:[\s_-]*+\d++)?|kopie))+$", re.I)
_ADDED = (
    # a hash in front, as model managers write it
    re.compile(r"^(?=[a-f]*\d)[\da-f]{8,64}[-_. ]+(?=.)", re.I),
    # the number of a version, of an epoch or of a step
    re.compile(r"(?<=[^-_. ])[-_. ]++\d{5,7}$"),
    # the key of Civitai's storage: `4xUltrasharp.D8rD.pt`
    re.compile(r"(?<=.)\.(?=\w*[A-Z\d])\w{4}$"),
)
_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """One name taken apart. `ending` is lower-case with its dot, empty where the name has none we know."""

    base: str
    stem: str
    ending: str

    @property
    def is_pickle(self) -> bool:
        return self.ending in PICKLE_ENDINGS


def spell(name: str) -> Spelling:
    """Take a workflow's or a source's name apart; folders before it are dropped, whichever way they lean."""
    base = base_name(unicodedata.normalize("NFC", name)).strip()
    stem, dot, ending = base.rpartition(".")
    if dot and stem and f".{ending.lower()}" in ENDINGS:
        return Spelling(base, stem, f".{ending.lower()}")
    return Spelling(base, base, "")


def key_of(stem: str) -> str:
    """What stays of a stem when case, separators, accents' spelling and a copy's number do not count."""
    stem = _COPY.sub("", unicodedata.normalize("NFKC", stem).strip())
    return "".join(_TOKEN.findall(stem)).casefold()


def bare_key_of(stem: str) -> str:
    """The key without precision, quantisation and `pruned`-like words; the key itself where nothing would stay."""
    stem = _COPY.sub("", unicodedata.normalize("NFKC", stem).strip())
    without = PRECISIONS.sub(" ", _spaced(stem))
    words = [word.casefold() for word in _TOKEN.findall(without)]
    kept = "".join(word for word in words if word not in _VARIANTS)
    return kept or key_of(stem)


def core_of(stem: str) -> str:
    """What stays without what sites, browsers and tools put round a name; the stem itself where nothing was put.

    core_of("1a2b3c4d5e_add_detail_87153.safetensors (1)") → "add_detail"
    """
    core = _COPY.sub("", spell(_COPY.sub("", stem)).stem)
    for added in _ADDED:
        core = added.sub("", core)
    return stem if core in ("", stem) else core_of(core)


def keys_of(stem: str) -> tuple[str, ...]:
    """The keys that a file meant by this stem may have, the surest first."""
    core = core_of(stem)
    return tuple(
        dict.fromkeys(filter(None, (key_of(stem), bare_key_of(stem), key_of(core), bare_key_of(core))))
    )


def precision_of(stem: str) -> str:
    """The precision or quantisation a name claims, folded (`fp8e4m3fn`, `q4km`); empty where it claims none."""
    precisions = [match.group(0) for match in PRECISIONS.finditer(_spaced(stem))]
    return re.sub(r"[^a-z0-9]", "", precisions[-1].lower()) if precisions else ""


def _spaced(stem: str) -> str:
    """Word borders where camel case hides them round a precision: `modelFp16Pruned` → `model Fp16 Pruned`."""
    return _HIDDEN_BORDER.sub(" ", stem)
