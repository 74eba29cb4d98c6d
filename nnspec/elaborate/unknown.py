"""What is said of a name that is not known, of a foreign module's, and of a tensor's method."""

from __future__ import annotations

from nnspec.diagnostics import Failure, Label
from nnspec.elaborate import habits, run_time
from nnspec.elaborate.builtins import BUILTINS
from nnspec.elaborate.rewriting import (
    MODULES,
    arguments,
    is_chain,
    is_flatten,
    meant,
    methods,
    named,
    operator_call,
    takes_several,
    whole,
)
from nnspec.elaborate.session import MOST_HINTS, fail
from nnspec.operators import index as operator_index
from nnspec.operators import packages
from nnspec.records import replace
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from nnspec.elaborate.body import Body
    from nnspec.graph import Value
    from nnspec.source import Span


def unknown(body: Body, name: str, span: Span) -> NoReturn:
    """NN200, with the nearest name there is."""
    known = {*body.scope.every_name(), *BUILTINS, *operator_index(), *packages.declared()}
    seek = len(body.session.problems) < MOST_HINTS
    helped, close = habits.said_here(name, known) if seek else ("", None)
    if name == run_time.NAME:
        run_time.alone(span)
    labelled = body.paths.taken.get((name,))
    if labelled is not None:
        fail(
            "NN200",
            f"`{name}` labels a layer, and is no name of it",
            span,
            labels=(Label(labelled, "the label"),),
            help=f"to name the layer, or a tensor of it, declare it: `layer {name} = …`",
        )
    place = body.scope.find(close) if close else None
    labels: tuple[Label, ...] = ()
    if place is not None and close in place.places:
        labels = (Label(place.places[close], f"`{close}` is bound here"),)
    fail("NN200", f"`{name}` is not known here", span, help=helped, labels=labels)


def is_brought_along(name: str) -> bool:
    """Is this name PyTorch's, Keras' or Python's, and no slip of the pen?"""
    folded = name.lower().replace("_", "")
    return name in habits.HABITS or any(
        folded == known.replace("_", "") for known in operator_index()
    )


def of_module(body: Body, expr: tree.Attribute, module: tree.Name) -> None:
    """NN200 for `torch.cat`, `nn.functional.relu`, `self.conv1`, where they are that."""
    if module.id == "self":
        while isinstance(expr.base, tree.Attribute):
            expr = expr.base
        label = f"a layer is used where it is written: `x -> {expr.name}: conv2d(64, 3)`"
        if expr.name == run_time.NAME:
            label = "write `if training:`, without `self`"
        fail("NN200", "`self` is not known here", module.span, help=label)
    if module.id in MODULES:
        helped = habits.of_module(expr.name, {*BUILTINS, *operator_index()})
        if ".optim." in expr.span.text:
            helped = "an optimizer stands in a train part: `train Net on Data:`, `optimizer = adamw(lr=3e-4)`"
        message = f"`{expr.span.text}` is {MODULES[module.id]}'s way to say it"
        fail("NN200", message, expr.span, help=helped)


def method(expr: tree.Attribute, value: Value | None) -> NoReturn:
    """NN209 for `x.view`; `value` is the tensor where it is known."""
    message, helped = habits.of_tensor(expr.name, _base(expr), "…", operator_index())
    attribute = expr.name in habits.ATTRIBUTES
    if expr.name in ("shape", "size") and value is not None and isinstance(expr.base, tree.Name):
        name, shape = expr.base.id, ", ".join(_SIZES[: value.type.rank])
        helped = f"`{name}` is {value.type}; `{name}: [{shape}] = {name}` names its sizes"
    fail("NN209", message, expr.span if attribute else expr.name_span, help=helped)


#: names for the sizes of a tensor
_SIZES = ("N", "C", "H", "W", "D", "E", "F")


def _base(expr: tree.Attribute) -> str:
    return expr.base.id if isinstance(expr.base, tree.Name) else "…"


def called(call: tree.Call, failure: Failure) -> Failure:
    """The failure of the name that is called, with the call as it is written here."""
    problem, function = failure.problem, call.function
    helped = ""
    if isinstance(function, tree.Call):  # `nn.ReLU()(x)`
        if problem.code == "NN200" and problem.span == function.function.span and problem.help:
            alone = problem.help.removesuffix(f"write `{whole(function)}`").rstrip("; ")
            helped = _with_whole(alone, call)
    elif isinstance(function, tree.Attribute) and problem.code == "NN209":
        chain = methods(call)
        if problem.span == function.name_span and is_flatten(call):
            helped = f"write `{_base(function)} -> flatten`, which keeps the first size"
        elif problem.span == function.name_span:
            base = chain[0] if chain else _base(function)
            names = operator_index()
            helped = habits.of_tensor(function.name, base, arguments(call), names)[1]
        elif len(chain) > 2 and problem.span is not None and problem.span.start >= call.span.start:
            helped = f"write `{' -> '.join(chain)}`, in parentheses within an expression"
    elif problem.code == "NN200" and problem.span == function.span and problem.help:
        helped, written = problem.help, in_its_place(call)
        if written and isinstance(function, tree.Attribute):
            helped = f"here it is {written}"
        elif written:
            helped = f"{helped} write {written}"
        if is_chain(call):
            helped = _with_whole("layers are joined with the arrow", call)
        elif named(function)[0].isupper() and takes_several(call):
            helped = _with_whole(helped, call)
    return Failure(replace(problem, help=helped)) if helped else failure


def _with_whole(told: str, call: tree.Call) -> str:
    """What is told of a name, and the whole call as it is written here, where that says more."""
    written = whole(call)
    if not written or f"`{written}`" in told:
        return told
    return f"{told}{'' if told.endswith('?') else ';'} write `{written}`"


def in_its_place(call: tree.Call) -> str:
    """What the call of an unknown name is here, where the operator that is meant has other arguments."""
    operator = meant(named(call.function))
    return operator_call(operator, call) if operator is not None else ""
