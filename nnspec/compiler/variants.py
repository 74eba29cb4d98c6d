"""Classes that may be called with parameters which shape the code: others compile another class.

The written file has none of this: there such a parameter holds for one value. A loaded class gets a
metaclass whose call looks at the arguments first; the instances are ordinary modules.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import torch

from nnspec.compiler.names import usable
from nnspec.diagnostics import nearest
from nnspec.elaborate.program import Model
from nnspec.graph import Graph

#: module -> the values that it was called with; a copy of it is one of the defaults
_GIVEN: WeakKeyDictionary[Any, Mapping[str, Any]] = WeakKeyDictionary()


class Maker(Protocol):
    """What a class needs of its spec."""

    def compile(self, settings: Mapping[str, Any]) -> type: ...

    def graph(self, settings: Mapping[str, Any]) -> Graph: ...


class ModelType(type):
    """The type of loaded model classes."""

    _variant: tuple[Model, Mapping[str, Any], Maker]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """`device=` and `dtype=` say where the parameters are made, and of which floating type."""
        found = cls.__dict__.get("_variant")
        if found is None:  # a subclass that a user derived
            return super().__call__(*args, **kwargs)
        model, compiled, maker = found
        place = _place(model, kwargs)
        given = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in _by_name(cls.__name__, model, args, kwargs).items()
        }
        made: type = cls
        if any(n in compiled and not _same(v, compiled[n]) for n, v in given.items()):
            made = maker.compile({name: v for name, v in given.items() if name in compiled})
            compiled = made.__dict__["_variant"][1]
        if given:  # what the spec would refuse is not built
            maker.graph(given)
        free = {usable(name): value for name, value in given.items() if name not in compiled}
        with made_on(**place):
            module = type.__call__(made, **free)
        _GIVEN[module] = given
        return module


def _place(model: Model, kwargs: dict[str, Any]) -> dict[str, Any]:
    """`device` and `dtype` taken out of the arguments, unless they are the model's own parameters."""
    own = {parameter.name for parameter in model.parameters}
    return {name: kwargs.pop(name) for name in ("device", "dtype") if name in {*kwargs} - own}


@contextmanager
def made_on(device: Any = None, dtype: torch.dtype | None = None) -> Iterator[None]:
    """Tensors are made on this device, those of floating type in this one."""
    before = torch.get_default_dtype()
    with torch.device(device) if device is not None else nullcontext():
        try:
            torch.set_default_dtype(dtype or before)
            yield
        finally:
            torch.set_default_dtype(before)


def graph_of(model: Any) -> Graph:
    """The graph of a loaded class, or of a module of one. TypeError where it is neither."""
    cls = model if isinstance(model, type) else type(model)
    found = next((c.__dict__["_variant"] for c in cls.__mro__ if "_variant" in c.__dict__), None)
    if found is None:
        raise TypeError(f"a model that nnspec compiled is needed, not {model!r:.60}")
    _, compiled, maker = found
    given = {} if model is cls else _GIVEN.get(model, {})
    graph: Graph = maker.graph({**compiled, **given})
    return graph


def _by_name(
    owner: str, model: Model, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by parameter; TypeError as a function gives it."""
    names = [parameter.name for parameter in model.parameters]
    if len(args) > len(names):
        raise TypeError(f"{owner} takes {len(names)} arguments, not {len(args)}")
    given = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names:
            raise TypeError(_unknown(owner, name, names))
        if name in given:
            raise TypeError(f"{owner} got two values for {name!r}")
        given[name] = value
    return given


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)


def _unknown(owner: str, name: str, names: list[str]) -> str:
    close = nearest(name, names)
    more = f"; did you mean {close!r}?" if close else f"; it takes {', '.join(names) or 'none'}"
    return f"{owner} has no parameter {name!r}{more}"


def variable(cls: type, model: Model, compiled: Mapping[str, Any], maker: Maker) -> type:
    """The class again, able to be called with other values of `compiled`, those it was made for."""
    namespace = {
        name: value
        for name, value in cls.__dict__.items()
        if name not in ("__dict__", "__weakref__")
    }
    made = ModelType(cls.__name__, cls.__bases__, namespace)
    for value in namespace.values():  # `super()` in its methods means the class made just now
        for cell in getattr(value, "__closure__", None) or ():
            if cell.cell_contents is cls:
                cell.cell_contents = made
    made._repr_html_ = _html  # type: ignore[attr-defined]
    made._variant = (model, dict(compiled), maker)
    made.__signature__ = inspect.signature(cls)  # type: ignore[attr-defined]
    return made


def _html(module: Any) -> str:
    """The table of a module, for notebooks."""
    from nnspec.report.html import model_html
    from nnspec.report.model import ModelReport

    return model_html(ModelReport(graph_of(module)))


class Open:
    """A model with parameters that have no default: calling it with them gives a module."""

    def __init__(self, model: Model, maker: Maker) -> None:
        self.__name__ = model.name
        self.__doc__ = model.definition.doc or None
        self._model, self._maker = model, maker

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        place = _place(self._model, kwargs)
        given = _by_name(self.__name__, self._model, args, kwargs)
        missing = [name for name in self._model.missing if name not in given]
        if missing:
            raise TypeError(f"{self.__name__} needs {', '.join(missing)}")
        return self._maker.compile(given)(**given, **place)

    def __repr__(self) -> str:
        return f"<model {self.__name__}, needs {', '.join(self._model.missing)}>"
