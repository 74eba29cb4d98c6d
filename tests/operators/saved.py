"""What an operator says it keeps for the backward pass, against what PyTorch's autograd packs away."""

from __future__ import annotations

import torch

from nnspec.operators.definition import Operator, Use
from nnspec.tensors import TensorType
from nnspec.testing.examples import Case, Refused, run_nnspec
from nnspec.testing.harness import codes
from nnspec.testing.render import names, space
from nnspec.testing.running import flat, inputs_of


def constant(operator: Operator, number: int) -> bool:
    """Whether PyTorch has no gradient of a tensor: of what classes or values of a loss count."""
    slots = operator.tensors
    return operator.family == "loss" and slots[min(number, len(slots) - 1)].name.endswith("weight")


def foretold(case: Case) -> tuple[set[str], int] | None:
    """The tensors kept, and the bytes of all that is kept; None where the use is refused."""
    found = run_nnspec(case)
    if isinstance(found, Refused):
        return None
    use, outputs = found
    kept = tensors_of(use, outputs)
    sizes = {f"in{i}": t.bytes for i, t in enumerate(use.inputs) if t is not None}
    sizes |= {f"out{i}": t.bytes for i, t in enumerate(outputs)}
    extra = case.operator.workspace(use, outputs)
    if not any(t is not None and t.dtype[0] in "fb" and t.dtype != "bool" for t in use.inputs):
        if not case.operator.params(use):
            return set(), 0
    return kept, sum(sizes[name] for name in kept) + extra


def tensors_of(use: Use, outputs: tuple[TensorType, ...]) -> set[str]:
    from nnspec.analysis.saved import tensors

    trained = [
        t is not None and t.dtype in ("f32", "f64", "f16", "bf16") and not constant(use.operator, n)
        for n, t in enumerate(use.inputs)
    ]
    inputs, results = tensors(use, trained, bool(use.operator.params(use)))
    return {f"in{i}" for i in inputs} | {f"out{i}" for i in results}


def measured(case: Case, use: Use) -> tuple[set[str], int]:
    """The same, of a real step forward whose inputs all have gradients."""
    inputs = inputs_of(case)
    for number, given in enumerate(inputs):
        if given is None or constant(case.operator, number):
            continue
        if given.is_floating_point():
            given.requires_grad_(True)
    # results of something, as in a model: PyTorch knows leaves that it need not keep
    made = [i if i is None or not i.is_floating_point() else i * 1 for i in inputs]
    kept: dict[int, int] = {}

    def pack(t: torch.Tensor) -> torch.Tensor:
        kept[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
        return t

    source = codes(use)[0]
    constructor, _, call = source.partition("\n")
    scope = space(source) | names(made)
    module = eval(constructor, scope) if call else None
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        results = list(flat(eval(call or source, scope | {"module": module})))
    if module is not None:  # weights are there anyway
        for weight in [*module.parameters(), *module.buffers()]:
            kept.pop(weight.untyped_storage().data_ptr(), None)
    names_of = {
        t.untyped_storage().data_ptr(): f"{what}{number}"
        for what, group in (("out", results), ("in", made))
        for number, t in enumerate(group)
        if t is not None
    }
    return {names_of[at] for at in kept if at in names_of}, sum(kept.values())
