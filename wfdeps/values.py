"""`dataclass`, `field`, `replace`, `asdict` and `NamedTuple`: the standard ones' interface, quicker to import.

**What it is.** A process that checks one workflow imports a hundred value types and makes instances of thirty. The
standard decorator compiles six functions for each of them at import (about 1 ms a class, and 10 ms for `dataclasses`
itself; `typing` costs another 3), which is more than reading the workflow takes: 24 of a check's 57 ms. Here a class is
made slotted at once, and its `__init__` is compiled only when 32 instances have been made. Type checkers see the standard
`dataclasses` and `typing.NamedTuple`.

**What it has.** Slotted classes only (`slots=True` is required), `frozen`, `eq`; positional and keyword arguments,
defaults and `default_factory`, `field(init=, compare=, repr=)`, `__post_init__`, `__match_args__`, equality by value, a
hash where frozen, a repr, an AttributeError (`FrozenInstanceError`) on assignment to a frozen field, copying and pickling.
`dataclasses.fields()`, `replace()` and `asdict()` work on these classes too.

**What it lacks.** `order`, `unsafe_hash`, `kw_only` and `KW_ONLY`, `InitVar`, `__set_name__` of defaults, fields
inherited from another value class, weak references. A NamedTuple has no `_make` and no methods from a base.

**What a module needs.** `from __future__ import annotations`: field types are read as text and never evaluated, so that
they may name what is imported for type checkers only. ruff asks it of every module (`required-imports`).

`tests/test_values.py` holds each of these against the standard library's own, side by side. Decision 0003.
"""

from __future__ import annotations

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import asdict, dataclass, field, replace
    from typing import NamedTuple
else:
    from operator import attrgetter, itemgetter

    _MISSING = object()
    _FEW = 32
    """Instances of a class before its `__init__` is compiled: 32 made without cost about what compiling does."""

    class FrozenInstanceError(AttributeError):
        """A field of a frozen value was assigned to or deleted."""

    class _Field:
        __slots__ = ("compare", "default", "factory", "init", "repr")

        def __init__(self, default=_MISSING, factory=_MISSING, init=True, compare=True, repr=True):
            self.default = default
            self.factory = factory
            self.init = init
            self.compare = compare
            self.repr = repr

    def field(*, default=_MISSING, default_factory=_MISSING, init=True, compare=True, repr=True):
        """A default made anew for each instance, or a field that the call, equality or the repr leaves out."""
        return _Field(default, default_factory, init, compare, repr)

    def dataclass(*, slots, frozen=False, eq=True):
        """A slotted class of these fields; a value, where frozen."""
        if not slots:
            raise TypeError("our classes are slotted")
        return lambda cls: _slotted(cls, frozen, eq)

    def replace(value, /, **changes):
        """A copy of the value with some fields changed."""
        cls = type(value)
        kept = {name: getattr(value, name) for name in cls.__match_args__ if name not in changes}
        return cls(**kept, **changes)

    def asdict(value, /):
        """The value as dicts, and what is in its tuples and lists too."""
        if isinstance(value, (tuple, list)):
            return type(value)(map(asdict, value))
        if not isinstance(value, type) and hasattr(type(value), "__match_args__"):
            return {name: asdict(getattr(value, name)) for name in type(value).__match_args__}
        return value

    def _slotted(cls, frozen, eq):
        own = cls.__dict__
        kinds = own.get("__annotations__", {})
        names = tuple(name for name, kind in kinds.items() if "ClassVar" not in kind)
        fields = {name: _field_of(own.get(name, _MISSING)) for name in names}
        left_out = ("__dict__", "__weakref__", *names)
        namespace = {name: member for name, member in own.items() if name not in left_out}
        given = tuple(name for name, one in fields.items() if one.init)
        namespace.update(__slots__=names, __match_args__=given, __getstate__=_state, __setstate__=_restore)
        namespace["__dataclass_fields__"] = _StandardFields(kinds, fields)
        if frozen:
            namespace.update(__setattr__=_refuse, __delattr__=_refuse)
        made = [name for name in _MAKERS if name not in own and (eq or name not in ("__eq__", "__hash__"))]
        if eq and not frozen and "__hash__" in made:
            made.remove("__hash__")
            namespace["__hash__"] = None
        new = type(cls)(cls.__name__, cls.__bases__, namespace)
        new.__qualname__ = cls.__qualname__
        for name in made:
            method = _MAKERS[name](new, fields)
            method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"
            setattr(new, name, method)
        return new

    class _StandardFields:
        """`__dataclass_fields__`, made when the standard library asks: `fields()`, its own `replace()`."""

        def __init__(self, kinds, fields):
            self._kinds = kinds
            self._fields = fields

        def __get__(self, instance, owner):
            import dataclasses

            rows = []
            for name, one in self._fields.items():
                default = {} if one.default is _MISSING else {"default": one.default}
                default |= {} if one.factory is _MISSING else {"default_factory": one.factory}
                how = dataclasses.field(init=one.init, compare=one.compare, repr=one.repr, **default)
                rows.append((name, self._kinds[name], how))
            owner.__dataclass_fields__ = dataclasses.make_dataclass(owner.__name__, rows).__dataclass_fields__
            return owner.__dataclass_fields__

    def _field_of(default):
        return default if isinstance(default, _Field) else _Field(default)

    def _initialiser(cls, fields):
        few = iter(range(_FEW))

        def init(self, *args, **kwargs):
            values = _arguments(fields, args, kwargs)
            if values is None or next(few, None) is None:
                cls.__init__ = compiled = _compiled(cls, "__init__", *_init_source(cls, fields))
                compiled(self, *args, **kwargs)
                return
            for name, value in values.items():
                object.__setattr__(self, name, value)
            if hasattr(cls, "__post_init__"):
                self.__post_init__()

        return init

    def _arguments(fields, args, kwargs):
        """The value of every field by the arguments of a call; None where Python would not take the call."""
        names = [name for name, one in fields.items() if one.init]
        given = dict(zip(names, args, strict=False))
        if len(given) < len(args) or not kwargs.keys() <= set(names) - given.keys():
            return None
        given.update(kwargs)
        for name, one in fields.items():
            if name not in given:
                if one.factory is _MISSING and one.default is _MISSING:
                    return None
                given[name] = one.default if one.factory is _MISSING else one.factory()
        return given

    def _init_source(cls, fields):
        scope = {"_MISSING": _MISSING, "_set": object.__setattr__}
        parameters, body = [], []
        for name, one in fields.items():
            if one.factory is not _MISSING:
                scope[f"_new_{name}"] = one.factory
            if not one.init:
                body.append(f"_set(self,{name!r},_new_{name}())")
            elif one.factory is not _MISSING:
                parameters.append(f"{name}=_MISSING")
                body.append(f"_set(self,{name!r},_new_{name}() if {name} is _MISSING else {name})")
            elif one.default is not _MISSING:
                scope[f"_default_{name}"] = one.default
                parameters.append(f"{name}=_default_{name}")
                body.append(f"_set(self,{name!r},{name})")
            else:
                parameters.append(name)
                body.append(f"_set(self,{name!r},{name})")
        if hasattr(cls, "__post_init__"):
            body.append("self.__post_init__()")
        return f"def __init__({', '.join(('self', *parameters))}): {'; '.join(body) or 'pass'}", scope

    def _compiled(cls, name, source, scope):
        exec(source, scope)  # noqa: S102  the names are those of our own classes
        method = scope[name]
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        return method

    def _equality(cls, fields):
        compared = _compared(fields)

        def equal(self, other):
            return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

        return equal

    def _hashing(cls, fields):
        compared = _compared(fields)
        return lambda self: hash(compared(self))

    def _compared(fields):
        """What gives the tuple of an instance's fields that count."""
        names = [name for name, one in fields.items() if one.compare]
        if len(names) < 2:  # `attrgetter` of one gives no tuple
            return lambda self: tuple(getattr(self, name) for name in names)
        return attrgetter(*names)

    def _showing(cls, fields):
        names = [name for name, one in fields.items() if one.repr]

        def show(self):
            return f"{cls.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

        return show

    _MAKERS = {"__init__": _initialiser, "__eq__": _equality, "__hash__": _hashing, "__repr__": _showing}

    def _refuse(self, name, value=None):
        raise FrozenInstanceError(f"cannot change field `{name}` of a value")

    def _state(self):
        return tuple(getattr(self, name) for name in type(self).__slots__)

    def _restore(self, state):
        for name, value in zip(type(self).__slots__, state, strict=True):
            object.__setattr__(self, name, value)

    class _NamedTuple:
        """What a class names as its base; the class itself is a tuple with names."""

        def __mro_entries__(self, bases):
            return (_Named,)

    class _Named(tuple):
        __slots__ = ()

        def __init_subclass__(cls):
            own = vars(cls)
            names = tuple(own.get("__annotations__", ()))
            fields = {name: _field_of(own.get(name, _MISSING)) for name in names}
            cls._fields = cls.__match_args__ = names
            cls._field_defaults = {name: own[name] for name in names if name in own}
            cls.__new__ = _constructor(cls, fields)
            for place, name in enumerate(names):
                setattr(cls, name, property(itemgetter(place)))

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(map('{}={!r}'.format, self._fields, self))})"

        def _asdict(self):
            """The names with their values."""
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, /, **changes):
            """A copy with some values changed."""
            return type(self)(**(self._asdict() | changes))

    def _constructor(cls, fields):
        few = iter(range(_FEW))

        def new(_cls, /, *args, **kwargs):
            values = _arguments(fields, args, kwargs)
            if values is None or next(few, None) is None:
                cls.__new__ = _compiled(cls, "__new__", *_new_source(cls))
                return cls.__new__(_cls, *args, **kwargs)
            return tuple.__new__(_cls, map(values.__getitem__, fields))

        return new

    def _new_source(cls):
        scope = {"_new": tuple.__new__} | {f"_{name}": value for name, value in cls._field_defaults.items()}
        parameters = (f"{name}=_{name}" if name in cls._field_defaults else name for name in cls._fields)
        names = "".join(f"{name}," for name in cls._fields)
        return f"def __new__(_cls, {', '.join(parameters)}): return _new(_cls, ({names}))", scope

    NamedTuple = _NamedTuple()


__all__ = ["NamedTuple", "asdict", "dataclass", "field", "replace"]
