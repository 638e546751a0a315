"""The modules of a pack, and what their names mean as far as the text tells.

A small reading of Python, not a run of it: branches are all taken and joined, loops run over what is written out,
conditions are not decided, and calls of the pack's own functions are followed to a limit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from wfdeps.packs.meanings import (
    MAX_ITEMS,
    MAX_TEXT,
    UNKNOWN,
    AnyModule,
    Called,
    Class,
    Files,
    Function,
    Later,
    ListOf,
    MapOf,
    Module,
    Outside,
    StubFunction,
    Value,
    call_on_list,
    call_on_map,
    call_on_text,
    files_with,
    formatted,
    is_constant,
    items_of,
    joined,
)
from wfdeps.packs.source import Stub, outline

MAX_STEPS = 300_000
"""Expressions read in one pack; the largest have 20,000."""
MAX_DEPTH = 150
MAX_CALLS = 6
REGISTRY = "NODE_CLASS_MAPPINGS"
_NAME = "the_pack"
"""What `__name__` is, and so the beginning of its modules' full names."""
_BUILTINS = frozenset(
    [
        "dict",
        "list",
        "tuple",
        "set",
        "sorted",
        "reversed",
        "iter",
        "frozenset",
        "getattr",
        "setattr",
        "str",
        "zip",
        "enumerate",
        "range",
        "__import__",
    ]
)


class Pack:
    """The modules of one pack by path, evaluated when asked for."""

    def __init__(self, files: Mapping[str, bytes], name: str = "") -> None:
        self.files = files
        """The bytes of its modules, by path below its folder, with `/`."""
        self._package_names = (_NAME, *((f"custom_nodes.{name}",) if name else ()))
        """How an absolute import may call the pack."""
        self._modules: dict[str, Module] = {}
        self._steps = 0
        self._depth = 0
        self._calls = 0
        self.folder_keys: dict[str, None] = {}
        self._of_all: dict[str, Value] = {}
        self.is_exhausted = False
        """Whether there was more to read than is read of one pack."""

    def module(self, path: str) -> Module | None:
        """The module at this path, read; None where the pack has none. One that is being read is as far as it got."""
        if path not in self.files:
            return None
        module = self._modules.get(path)
        if module is None:
            module = self._modules[path] = Module(path)
        if not module.is_read:
            module.is_read = True
            found = outline(self.files[path].decode("utf-8", "replace").removeprefix("\ufeff"))
            if found is None:
                module.is_broken = True
            else:
                package, _, last = path.removesuffix(".py").rpartition("/")
                inner = [part for part in (*package.split("/"), last) if part and part != "__init__"]
                module.names["__name__"] = ".".join((_NAME, *inner))
                module.names["__package__"] = ".".join(filter(None, (_NAME, package.replace("/", "."))))
                self._run(found, module.names, module)
        return module

    def modules(self) -> Sequence[Module]:
        """Those read until now."""
        return list(self._modules.values())

    def value(self, module: Module, name: str) -> Value:
        """What a module's name means; UNKNOWN where it has none such."""
        return self._settled(module.names.get(name, UNKNOWN))

    def attribute(self, value: Value, name: str) -> Value:
        """What `value.name` means."""
        value = self._settled(value)
        if isinstance(value, Module):
            read = self.module(value.path) or value
            if name in read.names:
                return self._settled(read.names[name])
            inner = self._submodule(value.path, name)
            return inner if inner is not None else UNKNOWN
        if isinstance(value, Outside):
            return Outside(f"{value.name}.{name}")
        if isinstance(value, AnyModule):
            return self._of_any_module(name)
        if isinstance(value, Class):
            return self._of_class(value, name, value, 0)
        if isinstance(value, Called):
            return Outside(f"{value.name}().{name}")
        return UNKNOWN

    def call(self, value: Value, args: Sequence[Value], named: Mapping[str, Value] | None = None) -> Value:
        """What a call answers: the pack's own functions are followed, anything else is named."""
        return self._call(value, args, named or {})

    def paths_with(self, word: str) -> Sequence[str]:
        """The modules in whose text this word stands, in order."""
        return [path for path, data in sorted(self.files.items()) if word.encode() in data]

    # ── statements

    def _run(self, body: Iterable[ast.stmt | Stub], names: dict[str, Value], module: Module) -> list[Value]:
        """Runs the statements over `names`; what they return, each."""
        returned: list[Value] = []
        for statement in body:
            self._steps += 1
            if self._steps > MAX_STEPS or self._depth > MAX_DEPTH:
                self.is_exhausted = True
                break
            self._depth += 1
            try:
                returned += self._statement(statement, names, module)
            finally:
                self._depth -= 1
        return returned

    def _statement(
        self, statement: ast.stmt | Stub, names: dict[str, Value], module: Module
    ) -> Sequence[Value]:
        match statement:
            case Stub(name=name, is_class=is_class):
                names[name] = Class(name, module, statement) if is_class else StubFunction(module, statement)
            case ast.Assign(targets=targets, value=given):
                value = self._value(given, names, module)
                for target in targets:
                    self._assign(target, value, names, module)
            case ast.AnnAssign(target=target, value=given) if given is not None:
                self._assign(target, self._value(given, names, module), names, module)
            case ast.AugAssign(target=target, op=op, value=given):
                self._add_to(target, op, self._value(given, names, module), names, module)
            case ast.Expr(value=given):
                self._value(given, names, module)
            case ast.Return(value=given):
                return [self._value(given, names, module) if given is not None else None]
            case ast.ClassDef(name=name, decorator_list=decorators):
                self._decorated(name, Class(name, module, statement), decorators, names, module)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names[name] = Function(module, statement)
            case ast.Import(names=aliases):
                self._import(aliases, names, module)
            case ast.ImportFrom():
                self._import_from(statement, names, module)
            case ast.If(body=body, orelse=orelse):
                return self._branches((body, orelse), names, module)
            case (
                ast.For(target=target, iter=given, body=body)
                | ast.AsyncFor(target=target, iter=given, body=body)
            ):
                return self._loop(target, self._value(given, names, module), body, names, module)
            case ast.While(body=body) | ast.With(body=body) | ast.AsyncWith(body=body):
                return self._run(body, names, module)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                returned = self._run(body, names, module)
                returned += self._run(orelse, names, module)
                returned += self._branches([handler.body for handler in handlers], names, module)
                return returned + self._run(final, names, module)
        return ()

    def _branches(
        self, bodies: Sequence[Sequence[ast.stmt]], names: dict[str, Value], module: Module
    ) -> list[Value]:
        """Each body from where things stood, and all that they say joined."""
        self._steps += len(names) * len(bodies) // 16
        before = dict(names)
        after = [before]
        returned: list[Value] = []
        for body in bodies:
            if body:
                mine = dict(before)
                names.clear()
                names.update(mine)
                returned += self._run(body, names, module)
                after.append(dict(names))
        names.clear()
        for one in after:
            for name, value in one.items():
                names[name] = joined(names[name], value) if name in names else value
        return returned

    def _loop(
        self, target: ast.expr, over: Value, body: Sequence[ast.stmt], names: dict[str, Value], module: Module
    ) -> list[Value]:
        returned: list[Value] = []
        items, is_open = items_of(over)
        for item in items:
            self._assign(target, item, names, module)
            returned += self._run(body, names, module)
        if is_open:
            self._assign(target, UNKNOWN, names, module)
            returned += self._run(body, names, module)
        return returned

    def _decorated(
        self,
        name: str,
        value: Value,
        decorators: Sequence[ast.expr],
        names: dict[str, Value],
        module: Module,
    ) -> None:
        names[name] = value
        for decorator in reversed(decorators):
            answer = self._call(self._value(decorator, names, module), [value], {})
            if isinstance(answer, Class):
                names[name] = answer

    def _assign(self, target: ast.expr, value: Value, names: dict[str, Value], module: Module) -> None:
        match target:
            case ast.Name(id=name):
                names[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                items = value.items if isinstance(value, ListOf) and not value.is_open else []
                for place, one in enumerate(targets):
                    self._assign(one, items[place] if place < len(items) else UNKNOWN, names, module)
            case ast.Subscript(value=given, slice=index):
                key = self._value(index, names, module)
                self._put(self._value(given, names, module), key, value)
            case ast.Attribute(value=given, attr=name):
                owner = self._settled(self._value(given, names, module))
                if isinstance(owner, Module):
                    owner.names[name] = value
                elif isinstance(owner, Class):
                    self._names_of(owner)[name] = value

    def _put(self, owner: Value, key: Value, value: Value) -> None:
        if isinstance(owner, MapOf):
            if is_constant(key):
                owner.items[key] = value
            else:
                owner.is_open = True
        elif isinstance(owner, Outside) and owner.name.endswith("folder_names_and_paths"):
            self._add_folder_key(key)

    def _add_to(
        self, target: ast.expr, op: ast.operator, value: Value, names: dict[str, Value], module: Module
    ) -> None:
        if not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            return
        before = self._value(target, names, module)
        if isinstance(before, MapOf) and isinstance(op, ast.BitOr):
            before.add(value)
        elif isinstance(before, ListOf) and isinstance(op, ast.Add):
            items, is_open = items_of(value)
            before.items.extend(items[: max(0, MAX_ITEMS - len(before.items))])
            before.is_open = before.is_open or is_open
        else:
            self._assign(target, self._binary(before, op, value), names, module)

    # ── imports

    def _import(self, aliases: Sequence[ast.alias], names: dict[str, Value], module: Module) -> None:
        for alias in aliases:
            found = self._absolute(alias.name, module)
            if alias.asname:
                names[alias.asname] = found if found is not None else Outside(alias.name)
            else:
                first = alias.name.partition(".")[0]
                names[first] = found if found is not None and first == alias.name else Outside(first)

    def _import_from(self, statement: ast.ImportFrom, names: dict[str, Value], module: Module) -> None:
        source: Module | None
        if statement.level:
            source = self._relative(module.path, statement.level, statement.module or "")
        else:
            source = self._absolute(statement.module or "", module)
        folder = self._folder_of(module.path, statement.level, statement.module or "")
        for alias in statement.names:
            if alias.name == "*":
                self._import_all(source, statement, names, module)
                continue
            name = alias.asname or alias.name
            inner = self._at(f"{folder}/{alias.name}" if folder else alias.name) if statement.level else None
            if source is not None:
                names[name] = Later(source, alias.name)
            elif inner is not None:
                names[name] = inner
            elif statement.level:
                names[name] = UNKNOWN  # a module that is compiled, or not there
            else:
                names[name] = Outside(f"{statement.module}.{alias.name}")

    def _import_all(
        self, source: Module | None, statement: ast.ImportFrom, names: dict[str, Value], module: Module
    ) -> None:
        read = self.module(source.path) if source is not None else None
        if read is None:
            module.is_open = module.is_open or bool(statement.level)
            return
        module.is_open = module.is_open or read.is_open or read.is_broken
        listed = read.names.get("__all__")
        only = set(listed.items) if isinstance(listed, ListOf) and not listed.is_open else None
        for name, value in list(read.names.items()):
            if (name in only) if only is not None else not name.startswith("_"):
                names[name] = value

    def _relative(self, path: str, level: int, dotted: str) -> Module | None:
        folder = self._folder_of(path, level, dotted)
        return self._at(folder) if folder else self._existing("__init__.py")

    def _folder_of(self, path: str, level: int, dotted: str) -> str:
        parts = path.split("/")[:-1]
        if level > 1:
            parts = parts[: -(level - 1)] if level - 1 <= len(parts) else []
        return "/".join([*parts, *filter(None, dotted.split("."))])

    def _absolute(self, dotted: str, module: Module) -> Module | None:
        """A module of the pack by its full name: `custom_nodes.NAME.x`, or found beside itself over `sys.path`."""
        for prefix in self._package_names:
            if dotted == prefix:
                return self._existing("__init__.py")
            if dotted.startswith(prefix + "."):
                return self._at(dotted[len(prefix) + 1 :].replace(".", "/"))
        inner = dotted.replace(".", "/")
        beside = module.path.rpartition("/")[0]
        return (self._at(f"{beside}/{inner}") if beside else None) or self._at(inner)

    def _at(self, stem: str) -> Module | None:
        return self._existing(f"{stem}.py") or self._existing(f"{stem}/__init__.py")

    def _existing(self, path: str) -> Module | None:
        if path not in self.files:
            return None
        return self._modules.setdefault(path, Module(path))

    def _submodule(self, path: str, name: str) -> Module | None:
        folder, _, last = path.rpartition("/")
        return self._at(f"{folder}/{name}" if folder else name) if last == "__init__.py" else None

    # ── expressions

    def _settled(self, value: Value) -> Value:
        """The value behind an import."""
        for _ in range(20):
            if not isinstance(value, Later):
                return value
            module = self.module(value.module.path)
            if module is None:
                return UNKNOWN
            following = module.names.get(value.name, value)
            if following is not value:
                value = following
            else:
                inner = self._submodule(module.path, value.name)
                return inner if inner is not None else UNKNOWN
        return UNKNOWN

    def _value(self, node: ast.expr | None, names: dict[str, Value], module: Module) -> Value:
        self._steps += 1
        if node is None or self._steps > MAX_STEPS or self._depth > MAX_DEPTH:
            return UNKNOWN
        self._depth += 1
        try:
            value = self._settled(self._expression(node, names, module))
            if isinstance(value, ListOf | MapOf):
                self._steps += len(value.items) // 16  # somebody may go through all of it
            return value
        finally:
            self._depth -= 1

    def _expression(self, node: ast.expr, names: dict[str, Value], module: Module) -> Value:
        match node:
            case ast.Constant(value=value):
                return value if is_constant(value) else UNKNOWN
            case ast.Name(id=name):
                return self._named(name, names, module)
            case ast.Attribute(value=given, attr=name):
                return self.attribute(self._value(given, names, module), name)
            case ast.Dict(keys=keys, values=values):
                return self._dict(keys, values, names, module)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return self._list(elements, names, module)
            case ast.JoinedStr(values=parts):
                return self._joined_text(parts, names, module)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(self._value(left, names, module), op, self._value(right, names, module))
            case ast.Call():
                return self._call_node(node, names, module)
            case ast.Subscript(value=given, slice=index):
                return self._item(self._value(given, names, module), self._value(index, names, module))
            case ast.IfExp(body=body, orelse=orelse):
                return joined(self._value(body, names, module), self._value(orelse, names, module))
            case ast.BoolOp(values=values):
                return reduce(joined, [self._value(one, names, module) for one in values])
            case ast.DictComp(key=key, value=value, generators=generators):
                made = MapOf()
                for scope in self._scopes(generators, names, module):
                    if scope is None:
                        made.is_open = True
                    else:
                        self._put(made, self._value(key, scope, module), self._value(value, scope, module))
                return made
            case (
                ast.ListComp(elt=element, generators=generators)
                | ast.SetComp(elt=element, generators=generators)
                | ast.GeneratorExp(elt=element, generators=generators)
            ):
                return self._list_comprehension(element, generators, names, module)
            case ast.Lambda():
                return Function(module, node)
            case ast.Await(value=given) | ast.NamedExpr(value=given):
                return self._value(given, names, module)
        return UNKNOWN

    def _named(self, name: str, names: dict[str, Value], module: Module) -> Value:
        if name in names:
            return names[name]
        if name in module.names:
            return module.names[name]
        return Outside(f"builtins.{name}") if name in _BUILTINS else UNKNOWN

    def _dict(
        self,
        keys: Sequence[ast.expr | None],
        values: Sequence[ast.expr],
        names: dict[str, Value],
        module: Module,
    ) -> MapOf:
        made = MapOf()
        for key, given in zip(keys, values, strict=True):
            value = self._value(given, names, module)
            if key is None:
                made.add(value)
            else:
                self._put(made, self._value(key, names, module), value)
        return made

    def _of_any_module(self, name: str) -> Value:
        """What the modules that have the name mean by it, together, where a module is named only at run time."""
        if name not in self._of_all:
            self._of_all[name] = UNKNOWN  # a module may ask for all of them while it is read
            together: Value = UNKNOWN
            for path in self.paths_with(name):
                module = self.module(path)
                found = self.value(module, name) if module and name in module.names else UNKNOWN
                if isinstance(found, MapOf | ListOf):
                    together = joined(together, found)
            self._of_all[name] = together
        return self._of_all[name]

    def _list(self, elements: Sequence[ast.expr], names: dict[str, Value], module: Module) -> Value:
        made = ListOf()
        for element in elements:
            if isinstance(element, ast.Starred):
                value = self._value(element.value, names, module)
                if isinstance(value, Files):
                    beside = tuple(item for item in made.items if isinstance(item, str))
                    rest = elements[elements.index(element) + 1 :]
                    after = self._list(rest, names, module)
                    return files_with(Files(value.keys, (*beside, *value.beside), value.is_open), after)
                items, is_open = items_of(value)
                made.items.extend(items)
                made.is_open = made.is_open or is_open
            else:
                made.items.append(self._value(element, names, module))
        return made

    def _joined_text(self, parts: Sequence[ast.expr], names: dict[str, Value], module: Module) -> Value:
        texts = []
        for part in parts:
            if isinstance(part, ast.FormattedValue):
                if part.format_spec is not None or part.conversion != -1:
                    return UNKNOWN
                part = part.value
            value = self._value(part, names, module)
            if not is_constant(value):
                return UNKNOWN
            texts.append(str(value)[:MAX_TEXT])
        return "".join(texts)[:MAX_TEXT]

    def _binary(self, left: Value, op: ast.operator, right: Value) -> Value:
        if isinstance(op, ast.Add):
            if isinstance(left, str) and isinstance(right, str):
                return left + right if len(left) + len(right) <= MAX_TEXT else UNKNOWN
            if isinstance(left, Files):
                return files_with(left, right)
            if isinstance(right, Files):
                return files_with(right, left)
            if isinstance(left, ListOf) or isinstance(right, ListOf):
                (first, open_1), (second, open_2) = items_of(left), items_of(right)
                return ListOf([*first, *second][:MAX_ITEMS], open_1 or open_2)
        if isinstance(op, ast.BitOr) and (isinstance(left, MapOf) or isinstance(right, MapOf)):
            made = MapOf()
            made.add(left)
            made.add(right)
            return made
        if isinstance(op, ast.Mod) and isinstance(left, str):
            return formatted(left.replace("%s", "{}"), [right]) if left.count("%") == 1 else UNKNOWN
        return UNKNOWN

    def _item(self, owner: Value, key: Value) -> Value:
        if isinstance(owner, MapOf) and is_constant(key):
            return owner.items.get(key, UNKNOWN)
        if isinstance(owner, ListOf) and isinstance(key, int) and not owner.is_open:
            return owner.items[key] if -len(owner.items) <= key < len(owner.items) else UNKNOWN
        if isinstance(owner, Files):
            return owner
        return UNKNOWN

    def _scopes(
        self, generators: Sequence[ast.comprehension], names: dict[str, Value], module: Module
    ) -> Iterable[dict[str, Value] | None]:
        """The names for each round of a comprehension; None where there are rounds that nobody can tell."""
        if not generators:
            yield names
            return
        first, *rest = generators
        items, is_open = items_of(self._value(first.iter, names, module))
        for item in items:
            if self._steps > MAX_STEPS:
                break
            self._steps += len(names) // 16
            inner = dict(names)
            self._assign(first.target, item, inner, module)
            yield from self._scopes(rest, inner, module)
        if is_open:
            yield None

    def _list_comprehension(
        self,
        element: ast.expr,
        generators: Sequence[ast.comprehension],
        names: dict[str, Value],
        module: Module,
    ) -> Value:
        if len(generators) == 1:
            over = self._value(generators[0].iter, names, module)
            if isinstance(over, Files):
                target = generators[0].target
                is_same = (
                    isinstance(element, ast.Name) and isinstance(target, ast.Name) and element.id == target.id
                )
                return over if is_same else UNKNOWN
        made = ListOf()
        for scope in self._scopes(generators, names, module):
            if scope is None:
                made.is_open = True
            else:
                made.items.append(self._value(element, scope, module))
        return made

    # ── calls

    def _call_node(self, node: ast.Call, names: dict[str, Value], module: Module) -> Value:
        args: list[Value] = []
        for given in node.args:
            if isinstance(given, ast.Starred):
                items, _ = items_of(self._value(given.value, names, module))
                args += items
            else:
                args.append(self._value(given, names, module))
        named: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self._value(keyword.value, names, module)
            if keyword.arg:
                named[keyword.arg] = value
            elif isinstance(value, MapOf):
                named.update({str(key): one for key, one in value.items.items()})
        if isinstance(node.func, ast.Attribute):
            owner = self._value(node.func.value, names, module)
            answer = self._method(owner, node.func.attr, args, named)
            if answer is not NotImplemented:
                return answer
        if isinstance(node.func, ast.Name) and node.func.id in ("globals", "locals", "vars") and not args:
            return MapOf(dict((names if node.func.id != "globals" else module.names).items()))
        return self._call(self._value(node.func, names, module), args, named)

    def _method(self, owner: Value, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
        """Methods of dicts, lists and texts; NotImplemented for any other."""
        if isinstance(owner, MapOf):
            return call_on_map(owner, name, args, named)
        if isinstance(owner, ListOf):
            return call_on_list(owner, name, args)
        if isinstance(owner, Files):
            if name in ("insert", "append") and args and isinstance(args[-1], str):
                owner.beside = (*owner.beside, args[-1])
            elif name == "copy":
                return owner
            return UNKNOWN
        if isinstance(owner, str):
            return call_on_text(owner, name, args, named)
        return NotImplemented

    def _call(self, value: Value, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
        value = self._settled(value)
        if isinstance(value, StubFunction):
            whole = value.stub.whole()
            if not isinstance(whole, ast.FunctionDef | ast.AsyncFunctionDef):
                return UNKNOWN
            value = Function(value.module, whole)
        if isinstance(value, Function):
            return self._follow(value, args, named)
        if isinstance(value, Class):
            return value  # an instance is as good as its class: both have the methods
        if isinstance(value, Outside):
            return self._outside(value.name, args, named)
        return UNKNOWN

    def _follow(self, function: Function, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
        if self._calls >= MAX_CALLS:
            return UNKNOWN
        node = function.node
        given = [function.bound, *args] if function.bound is not None else list(args)
        parameters = [*node.args.posonlyargs, *node.args.args]
        names: dict[str, Value] = {
            parameter.arg: UNKNOWN for parameter in (*parameters, *node.args.kwonlyargs)
        }
        defaults = node.args.defaults
        for parameter, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
            names[parameter.arg] = self._value(default, function.module.names, function.module)
        for parameter, value in zip(parameters, given, strict=False):
            names[parameter.arg] = value
        names.update({name: value for name, value in named.items() if name in names})
        self._calls += 1
        try:
            if isinstance(node, ast.Lambda):
                return self._value(node.body, names, function.module)
            # A function's own names end with it, those it declares global do not.
            shared = {name for one in node.body if isinstance(one, ast.Global) for name in one.names}
            names.update({name: function.module.names.get(name, UNKNOWN) for name in shared})
            returned = self._run(node.body, names, function.module)
            function.module.names.update({name: names[name] for name in shared if name in names})
        finally:
            self._calls -= 1
        if not returned:
            return None
        return reduce(joined, returned)

    def _outside(self, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
        short = name.rpartition(".")[2]
        first = args[0] if args else UNKNOWN
        if short == "get_filename_list":
            return Files((first,)) if isinstance(first, str) else UNKNOWN
        if short == "add_model_folder_path":
            self._add_folder_key(args[0] if args else named.get("folder_name", UNKNOWN))
            return None
        if short in ("import_module", "__import__"):
            return self._imported(first)
        if short in ("module_from_spec", "load_module", "load_source"):
            return AnyModule()
        if name.startswith("builtins."):
            return self._builtin(short, args, named)
        return Called(name, args, named)

    def _imported(self, name: Value) -> Value:
        if not isinstance(name, str):
            return AnyModule()
        dotted = name.lstrip(".")
        level = len(name) - len(dotted)
        if level:
            found = self._relative("__init__.py", 1, dotted)
        else:
            found = self._absolute(dotted, Module("__init__.py"))
        return found if found is not None else AnyModule()

    def _builtin(self, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
        first = args[0] if args else UNKNOWN
        if name == "dict":
            made = MapOf()
            for one in args:
                made.add(one)
            made.items.update(named)
            return made
        if name in ("list", "tuple", "set", "sorted", "reversed", "iter", "frozenset"):
            if not args:
                return ListOf()
            items, is_open = items_of(first)
            return first if isinstance(first, Files) else ListOf(list(items), is_open)
        if name == "getattr" and len(args) > 1 and isinstance(args[1], str):
            found = self.attribute(first, args[1])
            return args[2] if found is UNKNOWN and len(args) > 2 else found
        if name == "setattr" and len(args) == 3 and isinstance(first, Module) and isinstance(args[1], str):
            first.names[args[1]] = args[2]
        if name == "str":
            return str(first)[:MAX_TEXT] if is_constant(first) else UNKNOWN
        if name in ("zip", "enumerate"):
            if name == "enumerate":
                items, is_open = items_of(first)
                return ListOf([ListOf([place, item]) for place, item in enumerate(items)], is_open)
            columns = [items_of(arg) for arg in args]
            rows = zip(*(items for items, _ in columns), strict=False)
            return ListOf([ListOf(list(row)) for row in rows], any(is_open for _, is_open in columns))
        if name == "range" and len(args) == 1 and isinstance(first, int) and first <= 200:
            return ListOf(list(range(first)))
        return UNKNOWN

    def _add_folder_key(self, key: Value) -> None:
        if isinstance(key, str) and key and len(key) < 200:
            self.folder_keys[key] = None

    # ── classes

    def _names_of(self, owner: Class) -> dict[str, Value]:
        if owner.names is None:
            owner.names = {}
            node = owner.stub.whole() if isinstance(owner.stub, Stub) else owner.stub
            if isinstance(node, ast.ClassDef):
                owner.bases = [self._value(base, owner.module.names, owner.module) for base in node.bases]
                self._run(node.body, owner.names, owner.module)
        return owner.names

    def _of_class(self, owner: Class, name: str, asked: Class, depth: int) -> Value:
        if name in ("__name__", "__qualname__"):
            return owner.name
        if name == "__class__":
            return owner
        if depth > 8:
            return UNKNOWN
        names = self._names_of(owner)
        if name in names:
            value = self._settled(names[name])
            if isinstance(value, Function) and not _is_static(value.node):
                return Function(value.module, value.node, asked)
            return value
        for base in owner.bases:
            if isinstance(base, Class):
                value = self._of_class(base, name, asked, depth + 1)
                if value is not UNKNOWN:
                    return value
        return UNKNOWN


def _is_static(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> bool:
    return not isinstance(node, ast.Lambda) and any(
        isinstance(decorator, ast.Name) and decorator.id == "staticmethod"
        for decorator in node.decorator_list
    )
