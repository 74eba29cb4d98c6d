"""Which tensors of a use the backward pass needs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.operators.definition import Use


def tensors(use: Use, trained: Sequence[bool], weighted: bool) -> tuple[set[int], set[int]]:
    """The numbers of the inputs, and of the results, that are kept. `trained` says of each input whether it
    has a gradient, `weighted` whether the use has weights that have."""
    inputs: set[int] = set()
    results: set[int] = set()
    if not (weighted or any(trained)):
        return inputs, results
    given = [number for number, type in enumerate(use.inputs) if type is not None]
    names = [tensor.name for tensor in use.operator.tensors]
    for what in use.operator.saved(use):
        if isinstance(what, int):
            results.add(what)
        elif what == "inputs":
            inputs.update(given)
        elif what == "others":
            inputs.update(n for n in given if any(trained[m] for m in given if m != n))
        elif names.index(what) in given:
            inputs.add(names.index(what))
    return inputs, results
