"""`dataclass`, `field` and `replace` for frozen values, a tenth as costly to import as the standard ones.

A process that checks one workflow imports a hundred value types and makes instances of thirty. The standard decorator
compiles six functions for each of them at once (about 1 ms a class, and 10 ms for importing `dataclasses` itself),
which is more than reading the workflow takes. This one makes the slotted class, and compiles its methods in one go
when its first instance is made. Type checkers are told it is the standard one, whose rules it keeps: positional and
keyword arguments, defaults, `__post_init__`, `__match_args__`, equality and hash by value, a repr, and
`FrozenInstanceError` (an AttributeError) for whoever assigns. What wfdeps does not use, it does not have: mutable or
ordered classes, inheritance of fields, `InitVar`, `KW_ONLY`, `fields()`, `asdict()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    _MISSING = object()

    class FrozenInstanceError(AttributeError):
        """Somebody assigned to a value."""

    class _Field:
        __slots__ = ("compare", "default", "factory", "repr")

        def __init__(self, default, factory, compare, repr):
            self.default = default
            self.factory = factory
            self.compare = compare
            self.repr = repr

    def field(*, default=_MISSING, default_factory=_MISSING, compare=True, repr=True):
        """A default that is made anew for each instance, or a field that equality or the repr leaves out."""
        return _Field(default, default_factory, compare, repr)

    def dataclass(*, frozen, slots):
        """A frozen, slotted value type."""
        if not (frozen and slots):
            raise TypeError("values are frozen and slotted")
        return _value

    def replace(value, /, **changes):
        """The same value with some fields changed."""
        cls = type(value)
        kept = {name: getattr(value, name) for name in cls.__match_args__ if name not in changes}
        return cls(**kept, **changes)

    def _value(cls):
        own = cls.__dict__
        names = tuple(name for name, kind in own.get("__annotations__", {}).items() if "ClassVar" not in kind)
        fields = {}
        for name in names:
            default = own.get(name, _MISSING)
            fields[name] = default if isinstance(default, _Field) else _Field(default, _MISSING, True, True)
        namespace = {
            name: member for name, member in own.items() if name not in ("__dict__", "__weakref__", *names)
        }
        namespace["__slots__"] = names
        namespace["__match_args__"] = names
        namespace["__setattr__"] = _refuse
        namespace["__delattr__"] = _refuse
        namespace["__getstate__"] = _state
        namespace["__setstate__"] = _restore
        value = type(cls)(cls.__name__, cls.__bases__, namespace)
        value.__qualname__ = cls.__qualname__

        def compiled(name):
            def first(self, *args, **kwargs):
                _compile(value, fields, own)
                return getattr(value, name)(self, *args, **kwargs)

            return first

        for name in ("__init__", "__eq__", "__hash__", "__repr__"):
            if name not in own:
                setattr(value, name, compiled(name))
        return value

    def _compile(cls, fields, own):
        """Give the class its real methods."""
        scope = {"_MISSING": _MISSING, "_set": object.__setattr__, "_cls": cls}
        parameters, body = [], []
        for name, one in fields.items():
            if one.factory is not _MISSING:
                scope[f"_new_{name}"] = one.factory
                parameters.append(f"{name}=_MISSING")
                body.append(f"_set(self,{name!r},_new_{name}() if {name} is _MISSING else {name})")
                continue
            if one.default is _MISSING:
                parameters.append(name)
            else:
                scope[f"_default_{name}"] = one.default
                parameters.append(f"{name}=_default_{name}")
            body.append(f"_set(self,{name!r},{name})")
        if "__post_init__" in own:
            body.append("self.__post_init__()")
        compared = [name for name, one in fields.items() if one.compare]
        mine, theirs = (_tuple_of(side, compared) for side in ("self", "other"))
        shown = ", ".join(f"{name}={{self.{name}!r}}" for name, one in fields.items() if one.repr)
        source = "\n".join(
            (
                f"def __init__({', '.join(('self', *parameters))}):\n  {'; '.join(body) or 'pass'}",
                f"def __eq__(self, other):\n  return {mine} == {theirs} if other.__class__ is _cls else NotImplemented",
                f"def __hash__(self):\n  return hash({mine})",
                f"def __repr__(self):\n  return f'{cls.__qualname__}({shown})'",
            )
        )
        exec(source, scope)  # noqa: S102  the names are those of our own classes
        for name in ("__init__", "__eq__", "__hash__", "__repr__"):
            if name not in own:
                method = scope[name]
                method.__qualname__ = f"{cls.__qualname__}.{name}"
                setattr(cls, name, method)

    def _tuple_of(side, names):
        return f"({''.join(f'{side}.{name},' for name in names)})"

    def _refuse(self, name, value=None):
        raise FrozenInstanceError(f"cannot change field `{name}` of a value")

    def _state(self):
        return tuple(getattr(self, name) for name in type(self).__match_args__)

    def _restore(self, state):
        for name, value in zip(type(self).__match_args__, state, strict=True):
            object.__setattr__(self, name, value)


__all__ = ["dataclass", "field", "replace"]
