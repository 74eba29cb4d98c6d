"""A PyTorch module whose parts remember what came of each shape, so that thousands of sizes are judged
in seconds.

The judge stays PyTorch on real tensors: a part runs the first time it meets a shape, and afterwards its
result, or its refusal, is known. Parts that are alike in class, settings and parameter shapes share what
they know, also those of different models: a ResNet's third stage has one block, thirty-six times.

That rests on one thing: what a part does with a shape does not depend on the values of floating-point
tensors. Where other values go in or come out, the part is run each time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

#: what PyTorch, or a module of torchvision, refuses a shape with
REFUSALS = (RuntimeError, ValueError, AssertionError)


#: parts that are alike, and the device
Kind = tuple[int, str]


class Unknown(Exception):
    """Something whose verdict is not remembered."""


class Memory:
    """What came of each part for each shape: the result's shapes, or the refusal."""

    def __init__(self) -> None:
        self.known: dict[Any, Any] = {}
        self.classes: dict[Any, int] = {}

    def give(self, module: nn.Module, device: str = "cpu") -> nn.Module:
        """The module, on this device, whose parts ask the memory from now on."""
        kinds = [(part, self._kind(part)) for part in module.modules() if part is not module]
        module.to(device)  # on "meta" no values can be told any more
        for part, kind in kinds:
            part.forward = _Remembering(self.known, part, part.forward, (kind, device))
        return module

    def _kind(self, part: nn.Module) -> int:
        return self.classes.setdefault(_settings(part), len(self.classes))


class _Remembering:
    """Stands for the `forward` of a part."""

    def __init__(self, known: dict[Any, Any], part: nn.Module, forward: Any, kind: Kind) -> None:
        self.known, self.part, self.forward, self.kind = known, part, forward, kind

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        try:
            seen: list[Tensor] = []
            key = self.kind, self.part.training, _shapes((inputs, named), seen)
        except Unknown:
            return self.forward(*inputs, **named)
        found = self.known.get(key)
        if found is None:
            try:
                result = self.forward(*inputs, **named)
            except REFUSALS as error:
                self.known[key] = type(error), str(error)
                raise
            with suppress(Unknown):
                self.known[key] = (None, _shapes(result, []))
            return result
        refusal, result = found
        if refusal is not None:
            raise refusal(result)
        return _tensors(result, [], self.kind[1])


def _settings(value: Any) -> Any:
    """What makes a part do what it does, but for the values of its parameters: equal for parts that
    are alike."""
    if isinstance(value, nn.Module):
        own = {name: v for name, v in vars(value).items() if name != "training"}
        return type(value), _settings(own)
    if isinstance(value, Tensor):
        shape = tuple(value.shape), value.stride(), value.dtype
        return shape if value.is_floating_point() else (*shape, str(value.tolist()))
    if isinstance(value, dict):
        return tuple((name, _settings(v)) for name, v in value.items())
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(_settings, value))
    if isinstance(value, set):
        return type(value), frozenset(value)
    try:
        hash(value)
    except TypeError:
        return _Same(value)
    return type(value), value


class _Same:
    """A thing that equals itself alone."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _shapes(value: Any, seen: list[Tensor]) -> Any:
    """The shapes of the tensors in a value, and which of them are the same tensor."""
    if isinstance(value, Tensor):
        if not value.is_floating_point():
            raise Unknown
        for at, other in enumerate(seen):
            if other is value:
                return at
        seen.append(value)
        return _Shape((tuple(value.shape), value.stride(), value.dtype))
    if type(value) in (list, tuple):
        return type(value), tuple([_shapes(part, seen) for part in value])
    if type(value) in (dict, OrderedDict):
        return type(value), tuple([(key, _shapes(part, seen)) for key, part in value.items()])
    if value is None or isinstance(value, (bool, int, float, str)):
        return "value", (type(value), value)
    raise Unknown


class _Shape(tuple[Any, ...]):
    """Size, stride and dtype."""


def _tensors(shapes: Any, seen: list[Tensor], device: str) -> Any:
    """A value of these shapes; its tensors hold zeros."""
    if isinstance(shapes, int):
        return seen[shapes]
    if isinstance(shapes, _Shape):
        size, stride, dtype = shapes
        seen.append(torch.empty_strided(size, stride, dtype=dtype, device=device).zero_())
        return seen[-1]
    kind, parts = shapes
    if kind == "value":
        return parts[1]
    if issubclass(kind, dict):
        return kind((key, _tensors(part, seen, device)) for key, part in parts)
    return kind([_tensors(part, seen, device) for part in parts])


@contextmanager
def nothing_drawn() -> Iterator[None]:
    """Modules that are made here have parameters of any values, and are made at once."""
    names = [name for name in dir(nn.init) if name.endswith("_") and not name.startswith("_")]
    with mock.patch.multiple(
        nn.init, **dict.fromkeys(names, lambda tensor, *settings, **named: tensor)
    ):
        yield
