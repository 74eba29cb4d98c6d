"""Classes that may be called with parameters which shape the code: other values compile another class.

The written file has none of this: there such a parameter holds for one value. A loaded class gets a
metaclass whose call looks at the arguments first; the instances are ordinary modules.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Protocol

from nnspec.elaborate.program import Model


class Maker(Protocol):
    """What a class needs of its spec."""

    def compile(self, settings: Mapping[str, Any]) -> type: ...

    def check(self, settings: Mapping[str, Any]) -> None: ...


class ModelType(type):
    """The type of loaded model classes."""

    _variant: tuple[Model, Mapping[str, Any], Maker]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        found = cls.__dict__.get("_variant")
        if found is None:  # a subclass that a user derived
            return super().__call__(*args, **kwargs)
        model, compiled, maker = found
        names = [parameter.name for parameter in model.parameters]
        if len(args) > len(names):
            raise TypeError(f"{cls.__name__} takes {len(names)} arguments, not {len(args)}")
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name not in names:
                raise TypeError(_unknown(cls.__name__, name, names))
            if name in given:
                raise TypeError(f"{cls.__name__} got two values for {name!r}")
            given[name] = value
        accepted = inspect.signature(cls.__init__).parameters
        other = {
            name: value
            for name, value in given.items()
            if name in compiled and not _same(value, compiled[name])
        }
        if other:
            settings = {name: value for name, value in given.items() if name in compiled}
            return maker.compile(settings)(**given)
        if given:  # what the spec would refuse is not built
            maker.check(given)
        return super().__call__(**{n: v for n, v in given.items() if n in accepted})


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)


def _unknown(owner: str, name: str, names: list[str]) -> str:
    from nnspec.diagnostics import nearest

    close = nearest(name, names)
    more = f"; did you mean {close!r}?" if close else f"; it takes {', '.join(names) or 'none'}"
    return f"{owner} has no parameter {name!r}{more}"


def variable(cls: type, model: Model, compiled: Mapping[str, Any], maker: Maker) -> type:
    """The class again, able to be called with other structural values. `compiled` are those it has."""
    namespace = {
        name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")
    }
    made = ModelType(cls.__name__, cls.__bases__, namespace)
    for value in namespace.values():  # `super()` in its methods means the class made just now
        for cell in getattr(value, "__closure__", None) or ():
            if cell.cell_contents is cls:
                cell.cell_contents = made
    made._variant = (model, dict(compiled), maker)
    made.__signature__ = inspect.signature(cls)  # type: ignore[attr-defined]
    return made
