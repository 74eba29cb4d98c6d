"""What stands in the integer tensors of a use: places in a table, class numbers, lengths, or any numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .examples import Case


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
    # only the head runs for its classes: what else does depends on the targets
    "adaptive_log_softmax_with_loss": lambda case: 1,
    # class numbers, and places along a dimension: 0 is always one
    **{
        name: lambda case: 1
        for name in ("one_hot", "gather", "index_select", "scatter", "scatter_add")
    },
    **{
        name: lambda case: 1
        for name in ("take_along_dim", "index_add", "scatter_reduce", "index_copy", "index_fill")
    },
}


#: operators whose matrices must be symmetric and positive definite
DEFINITE = {"cholesky"}

#: operators that divide by their second tensor, in which no truth value is false
DIVIDE = {"fmod", "remainder", "floor_divide"}


def true_share(case: Case, number: int) -> float:
    """How many truth values of a tensor are true."""
    return 1.0 if number == 1 and case.operator.name in DIVIDE else 0.5


def integers(case: Case, number: int) -> tuple[int, int]:
    """From where to where (not included) the integers of a tensor are drawn."""
    slots = case.operator.tensors
    below = slots[min(number, len(slots) - 1)].below
    if not below and case.operator.name not in PLACES:
        return 1, 4
    most = case.settings.get(below, 1) if below else PLACES[case.operator.name](case)
    return 0, most if type(most) is int and most > 0 else 1
