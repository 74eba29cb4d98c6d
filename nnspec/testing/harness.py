"""One use of an operator, held against PyTorch on real tensors.

`disagreement(case)` is None where nnspec and PyTorch agree: on whether the use is possible, on the shapes
and dtypes of the results, on names, order, shapes and dtypes of parameters and buffers, on the
multiply-accumulates (torch.utils.flop_counter on the real call, halved), and on the values. PyTorch's own
call (`references.py`) is compared with the operator's rules, with the code that it makes, and with the use as
the text of a spec, checked and compiled (`written.py`). `differences.py` lists where they differ on purpose,
`symbolic.py` does the same with symbols in place of sizes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

import torch
from torch import nn

from nnspec.operators.definition import REQUIRED, Inner, Use
from nnspec.tensors import TensorType

from .differences import LOOSER, STRICTER, UNCOUNTED, explained
from .examples import Case, Made, Refused, run_nnspec
from .references import reference
from .render import text
from .running import Ran, Tensors, inputs_of, other_values, run_module, run_torch
from .written import Checked, spec

# -- the code that the operator makes ------------------------------------------------------------


def raw_use(case: Case, taller: int = 0) -> Use:
    """The use with settings as they were written, unchecked.

    `taller` appends dimensions of size 1, so that a rule that looks at a dimension that is not there
    can still write its code."""
    settings = {s.name: s.default for s in case.operator.settings if s.default is not REQUIRED}
    types = tuple(i and TensorType(i[0], (*i[1], *(1,) * taller)) for i in case.inputs)
    written = {
        name: Inner(value.operator, value.settings) if isinstance(value, Made) else value
        for name, value in case.settings.items()
    }
    return Use(case.operator, types, settings | written, frozenset(case.settings))


def codes(use: Use) -> list[str]:
    """The texts of the code that the operator makes for a use: as a layer, as a function."""
    module, function = use.operator.module(use), use.operator.function(use)
    made = [] if function is None else [text(function)]
    if module is None:
        return made
    constructor, _, call = text(module).partition("\n")
    given = ", ".join("None" if t is None else f"x{n}" for n, t in enumerate(use.inputs))
    return [f"{constructor}\n{call or f'module({given})'}", *made]


def sources(case: Case, accepted: Use | None) -> list[str]:
    """The codes whose results are compared: PyTorch's own call first, where the names tell it.

    Of a refused use only that one; of an operator without, the code of its settings as they were written."""
    first = reference(case)
    told = [] if first is None else [first]
    if accepted is not None:
        return list(dict.fromkeys(told + codes(accepted)))
    for taller in () if told else (0, 5):
        try:
            return codes(raw_use(case, taller))
        except (AttributeError, IndexError, ZeroDivisionError, KeyError, TypeError):
            continue
    return told


# -- the comparison --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the rules and the code of a use are worth: what became of it, and on what nnspec and PyTorch
    disagree, if they do. Its text is judged afterwards, alone (`text_of`) or with others (`together.py`)."""

    case: Case
    how: str
    why: str | None = None
    refusal: Refused | None = None
    outputs: tuple[TensorType, ...] = ()
    inputs: Tensors = field(default_factory=list)
    ran: Ran | None = None


def disagreement(case: Case, tally: dict[str, int] | None = None) -> str | None:
    """What nnspec and PyTorch do not agree on, or None. `tally` counts how the uses went."""
    verdict = judged(case)
    if tally is not None:
        tally[verdict.how] = tally.get(verdict.how, 0) + 1
    return verdict.why or text_of(verdict)


def judged(case: Case) -> Verdict:
    """The rules and the code of a use."""
    try:
        found = run_nnspec(case)
    except Exception as error:  # a rule must refuse in its own words
        return Verdict(case, "wrong", f"nnspec raises {type(error).__name__}: {error}")
    if isinstance(found, Refused) and found.code == "NN220":  # what a package's rule raised
        return Verdict(case, "wrong", found.why)
    return refused(case, found) if isinstance(found, Refused) else accepted(case, *found)


def refused(case: Case, ours: Refused) -> Verdict:
    """What became of a use that nnspec refuses: PyTorch must refuse it too."""
    written = sources(case, None)
    inputs = inputs_of(case)
    how = "both refuse" if written else "no code"
    for source in written:
        theirs = run_torch(case, source, inputs)
        if isinstance(theirs, Ran):
            if not explained(STRICTER, case, ours, theirs):
                why = f"nnspec refuses ({ours.code} {ours.why}), PyTorch accepts {source}"
                return Verdict(case, "wrong", why)
            how = "stricter"
    return Verdict(case, how, refusal=ours)


def accepted(case: Case, use: Use, outputs: tuple[TensorType, ...]) -> Verdict:
    """What became of a use that nnspec accepts."""
    written = sources(case, use)
    if not written:
        return Verdict(case, "wrong", "nnspec accepts, and makes no code")
    inputs = inputs_of(case)
    first: Ran | None = None
    for source in written:
        ran = run_torch(case, source, inputs, None if first is None else first.state)
        if isinstance(ran, Refused):
            if explained(LOOSER, case, ran):
                return Verdict(case, "looser")
            why = f"nnspec accepts {shown(outputs)}, PyTorch refuses {source}: {ran.why}"
            return Verdict(case, "wrong", why)
        told = other_facts(case, use, outputs, ran, source)
        if first is not None and not told:
            told = other_values(ran.values, first.values)
            told = told and f"other values: {source}, not {written[0]}: {told}"
        if told:
            return Verdict(case, "wrong", told)
        first = first or ran
    return Verdict(case, "both accept", outputs=outputs, inputs=inputs, ran=first)


def other_facts(
    case: Case, use: Use, outputs: tuple[TensorType, ...], ran: Ran, source: str
) -> str | None:
    """Where the rules' facts are not those of the call that ran."""
    if ran.outputs != outputs:
        return f"results: nnspec {shown(outputs)}, PyTorch {shown(ran.outputs)} for {source}"
    macs = case.operator.macs(use, outputs)
    if macs != ran.macs and counted(case):
        return f"MACs: nnspec {macs}, PyTorch {ran.macs} for {source}"
    named = case.operator.params(use).items()
    params = tuple((n, p.shape, p.dtype, p.trainable) for n, p in named)
    if ran.state is not None and params != ran.params:
        return f"parameters: nnspec {params}, PyTorch {ran.params} for {source}"
    if ran.state is None and params:
        return f"parameters in a function: {params} for {source}"
    return None


def counted(case: Case) -> bool:
    """Whether PyTorch's counter sees the products of a use."""
    return not case.settings.get(UNCOUNTED.get(case.operator.name, ""), False)


def text_of(verdict: Verdict) -> str | None:
    """Where the use as the text of a spec is not what its rules and PyTorch made of it."""
    if verdict.refusal is not None:
        return refused_text(verdict.case, verdict.refusal)
    if verdict.ran is not None:
        return other_text(verdict.case, verdict.outputs, verdict.inputs, verdict.ran)
    return None


def refused_text(case: Case, ours: Refused) -> str | None:
    """Where the text of a refused use is accepted."""
    text = spec(case)
    try:
        if Checked(text).problems:
            return None
    except Exception as error:
        return f"nnspec raises {type(error).__name__}: {error} for\n{text}"
    return f"the rule refuses ({ours.code} {ours.why}), the text is accepted:\n{text}"


def other_text(
    case: Case, outputs: tuple[TensorType, ...], inputs: Tensors, ran: Ran
) -> str | None:
    """Where the use as text, checked and compiled, is not what PyTorch made of it."""
    text = spec(case)
    try:
        checked = Checked(text)
        if checked.problems:
            told = "; ".join(f"{p.code} {p.message}" for p in checked.problems)
            return f"the rule accepts, the text is refused: {told}\n{text}"
        found = checked.outputs, checked.model.macs, checked.model.params.total
        total = weights(ran)
        macs = ran.macs if counted(case) else found[1]
        if found != (outputs, macs, total):
            return f"the report says {found}, not {(outputs, macs, total)}:\n{text}"
        module = checked.compiled()
        fill(module, ran.state or {})
        values = run_module(case, module, inputs)
    except Exception as error:
        return f"{type(error).__name__}: {error}\n{text}"
    why = other_values(values, ran.values)
    return why and f"the compiled module gives other values: {why}\n{text}"


def weights(ran: Ran) -> int:
    """How many numbers learn: only those are parameters, buffers are none."""
    return sum(prod(shape) for _, shape, _, learns in ran.params if learns)


def fill(module: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Put weights into a compiled model of one layer: their names there are the layer's path and theirs."""
    own = module.state_dict()
    prefix = next((n.removesuffix(name) for name in state for n in own if n.endswith(name)), "")
    module.load_state_dict({prefix + name: tensor for name, tensor in state.items()})


def shown(types: tuple[TensorType, ...]) -> str:
    return ", ".join(map(str, types))
