"""What stands in the integer tensors of a use: places in a table, class numbers, lengths, or any numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .examples import Case


def _setting(name: str) -> Callable[[Case], Any]:
    return lambda case: case.settings.get(name, 1)


def _size(dim: int) -> Callable[[Case], Any]:
    def size(case: Case) -> int:
        shape = case.inputs[0][1] if case.inputs[0] else ()
        return shape[dim] if -len(shape) <= dim < len(shape) else 1

    return size


def _dim(case: Case) -> Any:
    dim = case.settings.get("dim", 0)
    return _size(dim)(case) if isinstance(dim, int) else 1


#: operators whose integers are places -> how many places there are
PLACES: dict[str, Callable[[Case], Any]] = {
    "embedding": _setting("num_embeddings"),
    "index_at": _dim,
    "cross_entropy": _size(1),
    "nll_loss": _size(1),
    "multi_margin_loss": _size(-1),
    "multilabel_margin_loss": _size(-1),
    # offsets begin with 0 and grow; unpooling wants places that are there; lengths must fit the targets
    "embedding_bag": lambda case: 1,
    "max_unpool1d": lambda case: 1,
    "max_unpool2d": lambda case: 1,
    "max_unpool3d": lambda case: 1,
    "ctc_loss": lambda case: 1,
}


def most(case: Case) -> int:
    """How many places there are in the table of this use; 1 where its settings do not say."""
    count = PLACES[case.operator.name](case)
    return count if type(count) is int and count > 0 else 1
