"""What is saved of a run besides the weights: a small JSON tree, and the tensors that it names.

PyTorch's own state dicts hold tensors among numbers, lists and dicts. `pack` puts each tensor into a dict of
its own and its name into the tree; `unpack` is the way back. Neither can run code, whatever a file holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor


@dataclass(kw_only=True)
class State:
    """state.json: where training stands. `parts` are packed state dicts, by name."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    format: int = 2
    epoch: int
    step: int
    best: float | None
    best_epoch: int | None
    loss_sum: float
    samples: int
    parts: dict[str, Any]


#: how the tree writes what JSON has no word for
_TENSOR, _TUPLE, _ITEMS = "$tensor", "$tuple", "$items"


def pack(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """The value as JSON takes it; its tensors go to `tensors`, under names that begin with `name`."""
    if isinstance(value, Tensor):
        tensors[name] = value
        return {_TENSOR: name}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: pack(item, f"{name}.{key}", tensors) for key, item in value.items()}
        return {
            _ITEMS: [[key, pack(item, f"{name}.{key}", tensors)] for key, item in value.items()]
        }
    if isinstance(value, (list, tuple)):
        items = [pack(item, f"{name}.{number}", tensors) for number, item in enumerate(value)]
        return {_TUPLE: items} if isinstance(value, tuple) else items
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{name}: a {type(value).__name__} cannot be saved")


def unpack(value: Any, tensors: dict[str, Tensor]) -> Any:
    """What `pack` was given. KeyError where a tensor is not there."""
    if isinstance(value, list):
        return [unpack(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if _TENSOR in value:
        return tensors[value[_TENSOR]]
    if _TUPLE in value:
        return tuple(unpack(item, tensors) for item in value[_TUPLE])
    if _ITEMS in value:
        return {key: unpack(item, tensors) for key, item in value[_ITEMS]}
    return {key: unpack(item, tensors) for key, item in value.items()}
