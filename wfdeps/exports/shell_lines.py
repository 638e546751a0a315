"""Dockerfiles and shell scripts → the models they download. They are text: nothing in them is run.

Read are `comfy model download`, `wget`, `curl`, `aria2c`, `hf download` and `ADD` of URLs; `echo HASH PATH | sha256sum -c`
and `mv` after them; `cd`, `WORKDIR` and variables that were given a plain value. Loops, functions and conditions are not
followed: each line is taken as if it ran once. What cannot be told (a name that only the server knows, a variable without
a value) is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import quote

from wfdeps.domain.files import base_name
from wfdeps.domain.folders import WEIGHTS_ENDINGS
from wfdeps.errors import UsageError
from wfdeps.exports.shell_text import UNKNOWN, UnfinishedError, Variables, commands_of, logical_lines
from wfdeps.exports.values import ForeignFile, LeftOut, Reader
from wfdeps.match.links import file_name_of, plain_url
from wfdeps.values import replace

_LARGEST = 4 << 20
_SUM = re.compile(r"([0-9A-Fa-f]{64}) [ *](.+)")
_INSTRUCTIONS = frozenset({"RUN", "CMD", "ENTRYPOINT"})
_BEFORE_A_COMMAND = frozenset(
    {"sudo", "then", "do", "else", "!", "time", "exec", "nohup", "eval", "command", "{", "if"}
)
_OURS = "of a wfdeps lock"
"""Stands in the first lines of our own scripts, whose `fetch` lines are understood too."""

# The options of each program that take a value as the next word, by what they mean to us ("" for nothing).
_WGET = {
    "-O": "file", "--output-document": "file", "-P": "folder", "--directory-prefix": "folder",
    "-o": "", "--output-file": "", "-a": "", "-t": "", "--tries": "", "--header": "", "-U": "", "--user-agent": "", "-e": "",
    "-T": "", "--timeout": "", "-i": "", "--input-file": "", "-w": "", "--user": "", "--password": "",
}  # fmt: skip
_CURL = {
    "-o": "file", "--output": "file", "--output-dir": "folder", "--url": "url",
    "-H": "", "--header": "", "--retry": "", "--retry-delay": "", "--connect-timeout": "", "-m": "", "--max-time": "", "-A": "",
    "--user-agent": "", "-u": "", "--user": "", "-e": "", "--referer": "", "-b": "", "--cookie": "", "-C": "",
    "--continue-at": "", "-d": "", "--data": "", "-X": "", "--request": "", "-x": "", "--proxy": "", "-w": "", "--write-out": "",
    "-K": "", "--config": "", "--retry-max-time": "", "-r": "", "--range": "", "--limit-rate": "",
}  # fmt: skip
_ARIA2 = {
    "-d": "folder", "--dir": "folder", "-o": "file", "--out": "file", "--checksum": "checksum",
    "-x": "", "--max-connection-per-server": "", "-s": "", "--split": "", "-k": "", "--min-split-size": "", "-j": "",
    "--max-concurrent-downloads": "", "--header": "", "-i": "", "--input-file": "", "-l": "", "--log": "", "-U": "", "-t": "",
    "--timeout": "", "-m": "", "--max-tries": "",
}  # fmt: skip
_HF = {
    "--revision": "revision", "--local-dir": "folder", "--repo-type": "", "--include": "pattern", "--exclude": "",
    "--cache-dir": "", "--token": "", "--max-workers": "", "--local-dir-use-symlinks": "",
}  # fmt: skip
_COMFY = {
    "--url": "url", "--relative-path": "folder", "--filename": "file", "--workspace": "", "--downloader": "",
    "--set-civitai-api-token": "", "--set-hf-api-token": "",
}  # fmt: skip


class _Script:
    """What has been read so far: the folder, the variables, and the files in the order they are fetched."""

    def __init__(self, text: str) -> None:
        self.ours = _OURS in text[:4000]
        self.variables = Variables()
        self.folder = ""
        self.workdir = ""
        self.files: list[ForeignFile] = []
        self.left_out: list[LeftOut] = []
        self.sum: tuple[str, str] | None = None

    def read(self, words: Sequence[str], target: str) -> None:
        """One command: its words, and where its output is sent."""
        words = self._without_front(words)
        if not words:
            return
        program = words[0].rpartition("/")[2]
        reader = _COMMANDS.get(program)
        if reader:
            reader(self, words[1:], target)

    def _without_front(self, words: Sequence[str]) -> list[str]:
        rest = list(words)
        if rest and rest[0] in _INSTRUCTIONS:
            self.folder = self.workdir
            rest.pop(0)
            while rest and rest[0].startswith("--"):
                rest.pop(0)
        while rest and (rest[0] in _BEFORE_A_COMMAND or self.variables.takes(rest[0])):
            rest.pop(0)
        return rest

    def place(self, folder: str, name: str) -> str:
        """The path of a file, as far as the script says it."""
        path = name if name.startswith("/") else f"{folder.rstrip('/')}/{name}" if folder else name
        return (
            path
            if path.startswith(("/", UNKNOWN))
            else f"{self.folder.rstrip('/')}/{path}"
            if self.folder
            else path
        )

    def add(self, url: str, path: str, sha256: str | None = None) -> None:
        """A download. A path that ends with `/` is a folder: the file is called as in its URL."""
        url = plain_url(url)
        if not url.startswith(("https://", "http://")):
            return
        if not path or path.endswith("/"):
            name = file_name_of(url)
            if not _is_model(name):
                if "/api/download/models/" in url:
                    self.left_out.append(LeftOut(_shown(url), "only the server knows its file name"))
                return
            path += name
        if "models" not in path.split("/") and not _is_model(path):
            return
        if UNKNOWN in url or UNKNOWN in path.partition("models/")[2]:
            self.left_out.append(
                LeftOut(_shown(path), "it holds a variable whose value the script does not say")
            )
        else:
            self.files.append(ForeignFile(path.replace(UNKNOWN, "$"), (url,), sha256))

    def check(self, sha256: str, path: str) -> None:
        """The hash of a file that was fetched before under that path."""
        place = self.place("", path)
        for number in reversed(range(len(self.files))):
            if self.files[number].path == place:
                self.files[number] = replace(self.files[number], sha256=sha256)
                return

    def rename(self, old: str, new: str) -> None:
        place = self.place("", old)
        for number in reversed(range(len(self.files))):
            if self.files[number].path == place:
                self.files[number] = replace(self.files[number], path=self.place("", new))
                return


def _read(text: str) -> tuple[ForeignFile | LeftOut, ...]:
    if len(text) > _LARGEST:
        raise UsageError(f"the script is larger than {_LARGEST >> 20} MiB")
    script = _Script(text)
    for line in logical_lines(text):
        try:
            commands = _json_form(line) or commands_of(line, script.variables)
        except UnfinishedError:
            if "http" in line and any(program in line for program in _COMMANDS):
                script.left_out.append(
                    LeftOut(" ".join(line.split())[:100], "a quotation mark is never closed")
                )
            continue
        for words, target in commands:
            script.read(words, target)
    return (*script.files, *script.left_out)


def _json_form(line: str) -> list[tuple[list[str], str]]:
    """`RUN ["wget", …]` and `ADD ["URL", "PATH"]`; empty for another line."""
    instruction, _, rest = line.strip().partition(" ")
    if instruction.upper() not in {*_INSTRUCTIONS, "ADD"}:
        return []
    flags = [word for word in rest.split(" ") if word.startswith("--")]
    body = rest[rest.find("[") :] if "[" in rest else ""
    if rest.replace(" ", "").startswith("".join(flags) + "["):
        try:
            words = json.loads(body)
        except (ValueError, RecursionError):
            return []
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return [([instruction.upper(), *flags, *words], "")]
    return []


def _options(words: Sequence[str], known: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The options that mean something to us, and the words that are none."""
    given: dict[str, str] = {}
    others: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            others += rest
        elif word.startswith("--"):
            name, sign, value = word.partition("=")
            if name in known:
                given[known[name]] = value if sign else next(rest, "")
        elif word.startswith("-") and len(word) > 1:
            _short(word, known, rest, given)
        else:
            others.append(word)
    return given, others


def _short(word: str, known: dict[str, str], rest: Iterable[str], given: dict[str, str]) -> None:
    """Bundled letters (`-qO FILE`, `-x16`): the first that takes a value takes what is left, or the next word."""
    for place, letter in enumerate(word[1:], 1):
        meaning = known.get(f"-{letter}")
        if meaning is not None:
            given[meaning] = word[place + 1 :] or next(iter(rest), "")
            return


def _wget(script: _Script, words: Sequence[str], target: str) -> None:
    given, urls = _options(words, _WGET)
    for url in urls:
        file = given.get("file", "")
        if file == "-" or (not file and target):
            file = target
        # With -O, wget takes no account of -P.
        script.add(
            url,
            script.place("", file)
            if file
            else script.place(given.get("folder", ""), "./").removesuffix("./"),
        )


def _curl(script: _Script, words: Sequence[str], target: str) -> None:
    given, others = _options(words, _CURL)
    urls = [*([given["url"]] if "url" in given else []), *others]
    for url in urls:
        file = given.get("file") or target
        keeps_name = any(re.fullmatch(r"-[A-Za-z]*O[A-Za-z]*|--remote-name", word) for word in words)
        if file:
            script.add(url, script.place(given.get("folder", ""), file))
        elif keeps_name:
            script.add(url, script.place(given.get("folder", ""), "./").removesuffix("./"))


def _aria2(script: _Script, words: Sequence[str], target: str) -> None:
    given, urls = _options(words, _ARIA2)
    checksum = given.get("checksum", "")
    sha256 = checksum.partition("=")[2] if checksum.startswith("sha-256=") else None
    for url in urls:
        file = given.get("file", "./")
        path = script.place(given.get("folder", ""), file)
        script.add(url, path.removesuffix("./") if file == "./" else path, sha256)


def _comfy(script: _Script, words: Sequence[str], target: str) -> None:
    given, others = _options(words, _COMFY)
    if others[:2] != ["model", "download"] or "url" not in given:
        return
    if "folder" not in given:
        script.left_out.append(
            LeftOut(_shown(plain_url(given["url"])), "comfy-cli decides its folder only when it runs")
        )
        return
    folder = given["folder"]
    path = f"{folder.rstrip('/')}/{given.get('file', '')}"
    script.add(given["url"], path if "models" in path.split("/") else f"models/{path}")


def _hf(script: _Script, words: Sequence[str], target: str) -> None:
    given, others = _options(words, _HF)
    if others[:1] != ["download"] or len(others) < 2:
        return
    repository, *files = others[1:]
    if not files:
        script.left_out.append(
            LeftOut(_shown(repository), "it fetches a whole repository, or files by a pattern")
        )
    for file in files:
        revision = quote(given.get("revision", "main"), safe=UNKNOWN)
        url = f"https://huggingface.co/{repository}/resolve/{revision}/{quote(file, safe='/' + UNKNOWN)}"
        if "folder" in given:
            script.add(url, script.place(given["folder"], file))
        else:
            script.left_out.append(
                LeftOut(_shown(f"{repository}/{file}"), "it goes into the cache, into no model folder")
            )


def _add(script: _Script, words: Sequence[str], target: str) -> None:
    flags = [word for word in words if word.startswith("--")]
    *urls, place = [word for word in words if not word.startswith("--")] or [""]
    sums = [
        flag.removeprefix("--checksum=sha256:") for flag in flags if flag.startswith("--checksum=sha256:")
    ]
    for url in urls:
        script.add(
            url, script.place("", place) + ("/" if place.endswith("/") else ""), next(iter(sums), None)
        )


def _cd(script: _Script, words: Sequence[str], target: str) -> None:
    folders = [word for word in words if word not in ("--", "-P", "-L")]
    if not folders or folders[0] == "-":
        script.folder = UNKNOWN
    else:
        script.folder = script.place("", folders[0])


def _workdir(script: _Script, words: Sequence[str], target: str) -> None:
    script.folder = script.workdir
    _cd(script, words, target)
    script.workdir = script.folder


def _env(script: _Script, words: Sequence[str], target: str) -> None:
    if len(words) == 2 and "=" not in words[0]:
        words = [f"{words[0]}={words[1]}"]
    for word in words:
        script.variables.takes(word)


def _echo(script: _Script, words: Sequence[str], target: str) -> None:
    found = _SUM.fullmatch(" ".join(words).replace("\\n", "").strip())
    script.sum = (found[1], found[2]) if found else None


def _sha256sum(script: _Script, words: Sequence[str], target: str) -> None:
    if script.sum and any(word in ("-c", "--check") for word in words):
        script.check(*script.sum)
    script.sum = None


def _mv(script: _Script, words: Sequence[str], target: str) -> None:
    paths = [word for word in words if not word.startswith("-")]
    if len(paths) == 2:
        script.rename(*paths)


def _fetch(script: _Script, words: Sequence[str], target: str) -> None:
    """A line of our own shell export: `fetch PATH BYTES SHA256 URL…`."""
    if script.ours and len(words) > 3:
        path, size, sha256, *urls = words
        script.files.append(
            ForeignFile(
                path, tuple(urls), None if sha256 == "-" else sha256, int(size) if size.isdecimal() else None
            )
        )


_COMMANDS: dict[str, Callable[[_Script, Sequence[str], str], None]] = {
    "wget": _wget, "curl": _curl, "aria2c": _aria2, "comfy": _comfy, "hf": _hf, "huggingface-cli": _hf, "ADD": _add,
    "cd": _cd, "pushd": _cd, "WORKDIR": _workdir, "ENV": _env, "ARG": _env, "export": _env, "echo": _echo, "printf": _echo,
    "sha256sum": _sha256sum, "mv": _mv, "fetch": _fetch,
}  # fmt: skip


def _is_model(name: str) -> bool:
    return name.lower().endswith(tuple(WEIGHTS_ENDINGS))


def _shown(text: str) -> str:
    return text.replace(UNKNOWN, "$")


def _recognises(name: str, text: str) -> bool:
    base = base_name(name).lower()
    return (
        base.startswith("dockerfile")
        or base.endswith((".dockerfile", ".sh", ".bash"))
        or text.startswith("#!")
    )


READER = Reader("a Dockerfile or a shell script of download lines", _recognises, _read)
