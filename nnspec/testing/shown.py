"""What a definition says of itself, worked out: its examples with what comes of them, and its formulas.

For `nnspec ops NAME` and the reference pages. Needs no PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nnspec.diagnostics import Mismatch
from nnspec.dims import Dim, render, symbol
from nnspec.operators.definition import Operator
from nnspec.sizes import solve
from nnspec.tensors import TensorType

from .examples import Case, Refused, bound_use, example, run_nnspec

#: what the sizes of a tensor are called, by its number of dimensions
LETTERS = {1: "N", 2: "NC", 3: "NCL", 4: "NCHW", 5: "NCDHW"}


def outcomes(operator: Operator) -> Iterator[tuple[str, bool, str]]:
    """Each example: its text, whether it is accepted, and the results or the message."""
    for text in (*operator.accepts, *operator.rejects):
        found = run_nnspec(example(operator, text))
        if isinstance(found, Refused):
            yield text, False, found.why
        else:
            yield text, True, ", ".join(map(str, found[1]))


def formulas(operator: Operator) -> list[tuple[str, str]]:
    """How shape, parameters and MACs of the first example come about: names and texts."""
    if not operator.accepts:
        return []
    case = example(operator, operator.accepts[0])
    found = run_nnspec(case)
    if isinstance(found, Refused):
        return []
    use, results = found
    lines = [("shape", line) for line in operator.explain(use, results)]
    general = with_symbols(case)
    if general is not None:
        lines.append(("for all sizes", general))
    for name, param in operator.params(use).items():
        shape = ", ".join(map(render, param.shape))
        formula = f"[{param.formula}] = " if param.formula else ""
        lines.append((name if param.trainable else f"{name} (buffer)", f"{formula}[{shape}]"))
    how = operator.macs_formula(use, results)
    if how:
        lines.append(("MACs", f"{how}: {render(operator.macs(use, results))}"))
    return lines


def with_symbols(case: Case) -> str | None:
    """The types of an example with letters for its sizes, and what they must satisfy. Where weights or
    settings hold a size to its number, it stays one; None where all do."""
    types: list[TensorType | None] = [i and TensorType(*i) for i in case.inputs]
    letters: dict[tuple[int, int], Any] = {}
    if not types or types[0] is None or types[0].rank not in LETTERS or len(types) > 1:
        return None
    shape: list[Any] = list(types[0].shape)
    for dim, letter in enumerate(LETTERS[types[0].rank]):
        before = shape[dim]
        shape[dim] = symbol(letter)
        if _result(case, types[0].with_shape(shape)) is None:
            shape[dim] = before
        else:
            letters[0, dim] = letter
    if not letters:
        return None
    found = _result(case, types[0].with_shape(shape))
    return f"{types[0].with_shape(shape)} -> {found}"


def _result(case: Case, kind: TensorType) -> str | None:
    try:
        use = bound_use(case, (kind,))
        results = case.operator.infer(use)
        free = any(isinstance(s, Dim) for p in case.operator.params(use).values() for s in p.shape)
    except (Mismatch, TypeError, ValueError, ArithmeticError):
        return None
    needs = solve(condition for condition, _ in use.conditions).requires
    told = f" where {' and '.join(needs)}" if needs else ""
    return None if free else ", ".join(map(str, results)) + told
