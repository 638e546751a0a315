"""How many small faults, made on purpose, the tests of a room let through. Read: `mutants.py --help`.

A mutant is the package with one thing changed: a comparison, an `and`, a number, a row of a table, a statement
left out. Only the room's own tests run against it, so that a survivor names a rule the room's tests do not state.

Each mutant runs in a forked process. For a change inside a function the tests are collected already, the function gets
the changed code, and only the tests that call it run. A changed value of a module is put in the place of the old one
wherever it was imported. What passes then, and a change that can be made neither way, is imported anew and meets all
tests of the room. Property tests try 25 examples, not 100: that finds less, so the share is an upper bound.

Not mutated: annotations, docstrings, and sentences (a string with a space between two words): a test that repeats a
sentence says nothing about a rule.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import importlib
import importlib.abc
import importlib.util
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT = 5.0
MEMORY = 4 << 30
"""Bytes a mutant may take: one that loops and gathers ends there."""


@dataclass(frozen=True)
class Room:
    """What is mutated, and the tests that are to notice."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self) -> list[Path]:
        """The room's modules, sorted."""
        paths = [ROOT / "wfdeps" / source for source in self.sources]
        return sorted(
            file
            for path in paths
            for file in (path.glob("*.py") if path.is_dir() else (path,))
            if file.stat().st_size
        )


ROOMS = {
    "match": Room(("match",), ("tests/match",)),
    "report": Room(("report",), ("tests/report",)),
    "planning": Room(("planning",), ("tests/planning",)),
    "lock": Room(("lock",), ("tests/lock",)),
    "http/waits": Room(("http/waits.py",), ("tests/test_waits.py",)),
}

EQUIVALENT: dict[tuple[str, str, str], str] = {
    (
        "http/waits.py",
        'text = headers.get("retry-after", "").strip()',
        "'' → 'XX'",
    ): "a header that is not there: neither text is a number or a date",
    (
        "http/waits.py",
        'now = _date(headers.get("date", "")) or datetime.now(UTC)',
        "'' → 'XX'",
    ): "a header that is not there: neither text is a date",
    (
        "http/waits.py",
        "self._changed.notify()",
        "self._changed.notify() → pass",
    ): "who waits looks again every 0.1 s; notified, it is only sooner",
    (
        "planning/layout.py",
        'return ""',
        "return '' → return None",
    ): "nothing wrong, or no place: only its truth is asked",
    (
        "planning/layout.py",
        '_ORIGIN_RANK: dict[Origin, int] = {"models": 0, "extra": 1, "pack": 2, "base": 3, "output": 4}',
        "4 → 5",
    ): "the last of the ranks stays the last",
    (
        "planning/graph.py",
        "(int(part) if part.isdecimal() and part.isascii() else 0, part)",
        "0 → 1",
    ): "texts and numbers alternate, so a text's number meets only other texts'",
    (
        "planning/fixes.py",
        'finding: Finding, folders: Iterable[Folder], separator: str, *, called: str = ""',
        "'' → 'XX'",
    ): "a name without a dot has no ending",
    (
        "planning/build.py",
        'called = _name_for(present.ref, present.origin.candidate) if present.origin else ""',
        "'' → 'XX'",
    ): "a name without a dot has no ending",
}
"""Mutants that no test can tell from the original, by file, line of source and change, with the reason."""


@dataclass(frozen=True)
class Mutant:
    """One change: the number of the changed node in the walk of the file, which of its changes, and how it reads."""

    file: str
    node: int
    change: int
    line: int
    words: str
    function: str
    """The qualified name of the outermost function it lies in; empty outside of functions."""
    source: str
    """The line it begins on, without its indent."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What `EQUIVALENT` calls it: no line number, which would be wrong tomorrow."""
        return self.file, self.source, self.words


# --- what is changed --------------------------------------------------------------------------------------------------

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


def changes_of(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of `node`, each with one fault."""
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                for other in _COMPARISONS[type(operator)]:
                    changed = copy.deepcopy(node)
                    changed.ops[at] = other()
                    yield changed
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.BinOp() if type(node.op) in _ARITHMETIC and not _is_type(node):
            yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
        case ast.Constant():
            yield from map(ast.Constant, _other_values(node.value))
        case ast.Dict():
            for at, (one, other) in enumerate(zip(node.values, node.values[1:], strict=False)):
                if node.keys[at] and node.keys[at + 1] and ast.dump(one) != ast.dump(other):
                    yield ast.Dict(node.keys, [*node.values[:at], other, one, *node.values[at + 2 :]])
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Delete():
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()


def _other_values(value: object) -> tuple[object, ...]:
    match value:
        case bool():
            return (not value,)
        case int() | float():
            return (value + 1,)
        case str() if not value:
            return ("XX",)
        case str() if len(value.split()) < 2 and value.strip():
            return (f"XX{value}",)
        case bytes():
            return (b"XX" + value,)
    return ()


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_type(node: ast.BinOp) -> bool:
    """`str | int`: a union of types, where `&` is an error that every test meets."""
    return isinstance(node.op, ast.BitOr) and any(
        (isinstance(side, ast.Name) and (side.id[0].isupper() or side.id in dir(__builtins__)))
        or _is_none(side)
        for side in (node.left, node.right)
    )


# --- where it is changed ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    node: ast.AST
    parent: ast.AST
    field: str
    at: int | None
    function: str


def _places(tree: ast.Module) -> Iterator[_Place]:
    """Every node that may be changed, in a fixed order."""
    yield from _below(tree, "", "")


def _below(node: ast.AST, prefix: str, function: str) -> Iterator[_Place]:
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    inner = f"{prefix}{node.name}" if isinstance(node, ast.ClassDef) or is_function else prefix
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_comment", "decorator_list", "format_spec"):
            continue
        for at, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(child, ast.AST) or _is_no_code(child):
                continue
            if isinstance(child, ast.Constant) and isinstance(node, ast.JoinedStr) and _is_sentence(node):
                continue
            here = function or (inner if is_function and field == "body" else "")
            yield _Place(child, node, field, at, here)
            below = prefix if inner == prefix else f"{inner}." + ("<locals>." if is_function else "")
            yield from _below(child, below, here)


def _is_no_code(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="assert_never"))):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__" | "__slots__")]):
            return True
    return isinstance(node, ast.Import | ast.ImportFrom | ast.MatchMapping)


def _is_sentence(text: ast.JoinedStr) -> bool:
    """Whether there is a space between words, one of which may be filled in: then its pieces are wording too."""
    pieces = (str(piece.value) if isinstance(piece, ast.Constant) else "_" for piece in text.values)
    return len("".join(pieces).split()) > 1


def mutants_of(path: Path) -> Iterator[Mutant]:
    """All mutants of one module."""
    name = path.relative_to(ROOT / "wfdeps").as_posix()
    lines = path.read_text().split("\n")
    for number, place in enumerate(_places(ast.parse(path.read_bytes()))):
        for change, changed in enumerate(changes_of(place.node)):
            words = f"{_words(place.node, changed)} → {_words(changed, place.node)}"
            line = getattr(place.node, "lineno", 0)
            yield Mutant(name, number, change, line, words, place.function, lines[line - 1].strip())


def _words(node: ast.AST, other: ast.AST) -> str:
    if isinstance(node, ast.Dict) and isinstance(other, ast.Dict):
        pairs = zip(node.keys, node.values, other.values, strict=True)
        differing = [
            f"{ast.unparse(key)}: {ast.unparse(value)}"
            for key, value, was in pairs
            if key and value is not was
        ]
        return f"{{{', '.join(differing)}}}"
    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).replace("\n", " ")
    return text if len(text) <= 90 else f"{text[:87]}…"


def mutated(mutant: Mutant) -> types.CodeType:
    """The module's code with the mutant in it. Raises SyntaxError where the change makes none."""
    return compile(_mutated_tree(mutant), str(ROOT / "wfdeps" / mutant.file), "exec")


def _mutated_tree(mutant: Mutant) -> ast.Module:
    tree = ast.parse((ROOT / "wfdeps" / mutant.file).read_bytes())
    place = next(place for number, place in enumerate(_places(tree)) if number == mutant.node)
    changed = next(new for change, new in enumerate(changes_of(place.node)) if change == mutant.change)
    ast.copy_location(changed, place.node)
    if place.at is None:
        setattr(place.parent, place.field, changed)
    else:
        getattr(place.parent, place.field)[place.at] = changed
    return ast.fix_missing_locations(tree)


def _module_name(mutant: Mutant) -> str:
    parts = ("wfdeps", *mutant.file.removesuffix(".py").split("/"))
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# --- running ----------------------------------------------------------------------------------------------------------


def forked(work: Callable[[], Any], seconds: float = 0) -> Any:
    """What `work` returns in a process of its own; None if that dies or takes longer than `seconds`; a third of processor time."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        if seconds:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, seconds / 3)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        try:
            answer = pickle.dumps(work())
            os.write(write, answer) if len(answer) < 60_000 else _write_all(write, answer)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    return pickle.loads(data) if data else None


def _write_all(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as pipe:
        pipe.write(data)


@dataclass(frozen=True)
class Baseline:
    """How the tests run on the package as it is."""

    failed: tuple[str, ...]
    seconds: dict[str, float]
    callers: dict[tuple[str, str], list[str]]
    """For each function, by file and name, the tests that call it."""
    at_import: frozenset[tuple[str, str]]
    """Functions that run while modules are imported."""


class _Calls:
    """Notes which functions of the package are called."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()
        self._below = str(ROOT / "wfdeps") + os.sep

    def __call__(self, frame: types.FrameType, event: str, value: object) -> None:
        code = frame.f_code
        if code.co_filename.startswith(self._below):
            self.seen.add((code.co_filename[len(self._below) :], code.co_qualname.partition(".<locals>")[0]))

    def take(self) -> set[tuple[str, str]]:
        seen, self.seen = self.seen, set()
        return seen


class _Session:
    """The plugin: does `work` with the collected tests, in the place of running them."""

    def __init__(self, work: Callable[[list[pytest.Item]], Any]) -> None:
        self._work = work
        self.answer: Any = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            return True
        self.answer = self._work(session.items)
        return True


def _with_tests(room: Room, work: Callable[[list[pytest.Item]], Any], temporary: str) -> Any:
    """What `work` answers of the room's collected tests; None if they cannot be collected."""
    hypothesis.settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=25,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutants")
    plugin = _Session(work)
    options = ("-q", "-s", "-p", "no:xdist", "-p", "no:cacheprovider", f"--basetemp={temporary}")
    pytest.main([*options, *(str(ROOT / test) for test in room.tests)], [plugin])
    return plugin.answer


def _fails(items: Sequence[pytest.Item]) -> bool:
    """Whether one of these tests fails; the others are not run then."""
    for item, after in zip(items, (*items[1:], None), strict=True):
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=after)):
            return True
    return False


def _baseline(items: list[pytest.Item], calls: _Calls) -> Baseline:
    at_import = frozenset(calls.take())
    failed, seconds, callers = [], {}, {}
    for item, after in zip(items, (*items[1:], None), strict=True):
        started = time.perf_counter()
        sys.setprofile(calls)
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=after)):
            failed.append(item.nodeid)
        sys.setprofile(None)
        seconds[item.nodeid] = time.perf_counter() - started
        for function in calls.take():
            callers.setdefault(function, []).append(item.nodeid)
    return Baseline(tuple(failed), seconds, callers, at_import)


def baseline_of(room: Room, temporary: str) -> tuple[Baseline, list[str]]:
    """How the tests run unchanged, and the modules they load that are neither ours nor tests."""

    def measure() -> tuple[Baseline, list[str]]:
        calls = _Calls()
        sys.setprofile(calls)
        baseline = _with_tests(room, lambda items: _baseline(items, calls), temporary)
        own = ("wfdeps", "tests", "conftest", "test_", "__main__")
        return baseline, [name for name in sys.modules if not name.startswith(own)]

    answer = forked(measure)
    if answer is None or answer[0] is None:
        sys.exit(f"the tests cannot be run: {' '.join(room.tests)}")
    baseline, modules = answer
    if baseline.failed:
        sys.exit("these fail without a mutant: " + ", ".join(baseline.failed))
    return baseline, modules


def _code_of(code: types.CodeType, qualified: str) -> types.CodeType | None:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            if constant.co_qualname == qualified:
                return constant
            if inner := _code_of(constant, qualified):
                return inner
    return None


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the one mutated module; the others as ever."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = _module_name(mutant)

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self._name:
            return None
        file = str(ROOT / "wfdeps" / self._mutant.file)
        search = [os.path.dirname(file)] if file.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(
            name, file, loader=self, submodule_search_locations=search
        )

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        exec(mutated(self._mutant), module.__dict__)


def _survives_import(mutant: Mutant, room: Room, seconds: dict[str, float], temporary: str) -> bool:
    sys.meta_path.insert(0, _Finder(mutant))

    def work(items: list[pytest.Item]) -> bool:
        return not _fails(sorted(items, key=lambda item: seconds.get(item.nodeid, 0.0)))

    return bool(_with_tests(room, work, temporary))


def survivors_of(room: Room, mutants: Sequence[Mutant], temporary: str) -> list[Mutant]:
    """The mutants that pass all of the room's tests."""
    baseline, modules = baseline_of(room, temporary)
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:
            continue
    order = baseline.seconds.__getitem__

    def collected(items: list[pytest.Item]) -> list[tuple[Mutant, bool]]:
        """Each mutant that can be made without a new import, and whether it survives."""
        by_name = {item.nodeid: item for item in items}
        functions = _functions_by_name()
        gc.freeze()
        answers = []
        for mutant in mutants:
            module = [
                name for (file, _), names in baseline.callers.items() if file == mutant.file for name in names
            ]
            if mutant.function and (mutant.file, mutant.function) not in baseline.at_import:
                names = sorted(baseline.callers.get((mutant.file, mutant.function), ()), key=order)
                changed = functions.get((str(ROOT / "wfdeps" / mutant.file), mutant.function), [])
                apply = _with_code(mutant, changed)
            elif value := _value_of(mutant):
                first = set(module)
                names = sorted(by_name, key=lambda name: (name not in first, order(name)))
                apply = _with_value(mutant, value)
            else:
                continue
            tests = [by_name[name] for name in names]
            limit = 15 + 10 * sum(map(order, names))
            answers.append((mutant, not tests or bool(forked(partial(_survives, apply, tests), limit))))
        return answers

    made: list[tuple[Mutant, bool]] = forked(lambda: _with_tests(room, collected, temporary))
    if made is None:
        sys.exit("the tests cannot be collected twice")
    killed = {mutant for mutant, survives in made if not survives}
    survivors = [mutant for mutant, survives in made if survives and mutant.function]
    limit = 30 + 10 * sum(baseline.seconds.values())
    for mutant in mutants:
        if mutant in killed or mutant in survivors:
            continue
        if forked(partial(_survives_import, mutant, room, baseline.seconds, temporary), limit):
            survivors.append(mutant)
    return survivors


def _functions_by_name() -> dict[tuple[str, str], list[types.FunctionType]]:
    """All functions there are, by file and qualified name."""
    functions: dict[tuple[str, str], list[types.FunctionType]] = {}
    for held in gc.get_objects():
        if isinstance(held, types.FunctionType):
            functions.setdefault((held.__code__.co_filename, held.__code__.co_qualname), []).append(held)
    return functions


def _with_code(mutant: Mutant, functions: list[types.FunctionType]) -> Callable[[], None]:
    def apply() -> None:
        new = _code_of(mutated(mutant), mutant.function)
        assert new is not None
        for function in functions:
            function.__code__ = new

    return apply


def _value_of(mutant: Mutant) -> ast.stmt | None:
    """The assignment to a name of the module that a mutant changes; None where it changes something else."""
    for statement in _mutated_tree(mutant).body:
        if statement.lineno <= mutant.line <= (statement.end_lineno or 0):
            is_value = isinstance(statement, ast.Assign) and len(statement.targets) == 1
            name = statement.targets[0] if is_value else getattr(statement, "target", None)  # type: ignore[attr-defined]
            return statement if isinstance(name, ast.Name) and not mutant.function else None
    return None


def _with_value(mutant: Mutant, statement: ast.stmt) -> Callable[[], None]:
    """Puts the new value in the place of the old one, under its name, in every module that has it."""

    def apply() -> None:
        module = sys.modules[_module_name(mutant)]
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target  # type: ignore[attr-defined]
        old = getattr(module, target.id)
        names = dict(vars(module))
        exec(compile(ast.Module([statement], []), module.__file__ or "", "exec"), names)
        new = names[target.id]
        if isinstance(old, dict | list | set):
            kept = copy.copy(new)
            old.clear()
            old.extend(kept) if isinstance(old, list) else old.update(kept)
            return
        for other in list(sys.modules.values()):
            if getattr(other, "__dict__", {}).get(target.id) is old:
                setattr(other, target.id, new)

    return apply


def _survives(apply: Callable[[], None], tests: list[pytest.Item]) -> bool:
    apply()
    return not _fails(tests)


# --- the command ------------------------------------------------------------------------------------------------------


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Mutates the deciding rooms and says which faults their tests let by."
    )
    parser.add_argument("rooms", nargs="*", metavar="room", help=f"of {', '.join(ROOMS)} (default: all)")
    parser.add_argument(
        "--sample", type=int, default=200, metavar="N", help="mutants of each room (default: 200)"
    )
    parser.add_argument("--all", action="store_true", help="every mutant; takes an hour")
    parser.add_argument("--seed", type=int, default=1, help="which mutants are drawn (default: 1)")
    parser.add_argument("--file", default="", help="only mutants of files whose path contains this")
    return parser.parse_args()


def main() -> int:
    """0 if at most 5 % of the mutants of each room survive."""
    arguments = _arguments()
    sys.dont_write_bytecode = False
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    rows = []
    for name in arguments.rooms or ROOMS:
        room, started = ROOMS[name], time.monotonic()
        every = [
            mutant for file in room.files() for mutant in mutants_of(file) if arguments.file in mutant.file
        ]
        every = [mutant for mutant in every if mutant.key not in EQUIVALENT]
        count = len(every) if arguments.all else min(arguments.sample, len(every))
        drawn = random.Random(arguments.seed).sample(every, count)
        with tempfile.TemporaryDirectory() as folder:
            survivors = forked_loud(
                lambda r=room, d=drawn, f=folder: survivors_of(r, d, os.path.join(f, "t"))
            )  # type: ignore[misc]
        share = 100 * len(survivors) / max(1, count)
        rows.append((name, len(every), count, len(survivors), share, time.monotonic() - started))
        for mutant in sorted(survivors, key=lambda mutant: (mutant.file, mutant.line)):
            print(f"wfdeps/{mutant.file}:{mutant.line}: {mutant.words}", flush=True)
    print(f"\n{'room':<12}{'mutants':>9}{'run':>7}{'survived':>10}{'percent':>9}{'seconds':>9}")
    for name, total, count, survived, share, seconds in rows:
        print(f"{name:<12}{total:>9}{count:>7}{survived:>10}{share:>9.1f}{seconds:>9.0f}")
    return int(any(row[4] > LIMIT for row in rows))


def forked_loud(work: Callable[[], list[Mutant]]) -> list[Mutant]:
    """What `work` returns, in a process of its own that loads the room's modules and may speak."""
    read, write = os.pipe()
    if not (pid := os.fork()):
        os.close(read)
        code = 1
        try:
            _write_all(write, pickle.dumps(work()))
            code = 0
        except SystemExit as stop:
            print(stop, file=sys.stderr)
        except BaseException:
            import traceback

            traceback.print_exc()
        os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    if os.waitpid(pid, 0)[1] or not data:
        sys.exit(1)
    answer: list[Mutant] = pickle.loads(data)
    return answer


if __name__ == "__main__":
    sys.exit(main())
