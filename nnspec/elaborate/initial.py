"""Initialisers: those of torch.nn.init, as values, for `param`, `buffer` and `init=[weight: …]`."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch, nearest
from nnspec.dims import render
from nnspec.elaborate.computed import computed
from nnspec.elaborate.packages import of_package
from nnspec.elaborate.session import fail, placed
from nnspec.elaborate.values import Builtin, Initial, Initialiser, OperatorName, describe
from nnspec.graph import Value
from nnspec.operators import lookup
from nnspec.operators.binding import bind_settings
from nnspec.operators.definition import Setting
from nnspec.syntax.tree import Call, Name
from nnspec.tensors import is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.graph import Computed
    from nnspec.operators.definition import Param
    from nnspec.source import Span
    from nnspec.syntax.tree import Expr, TensorDecl

_GAIN = (Setting("gain", "float", 1.0),)
_KAIMING = (
    Setting("a", "float", 0),
    Setting("mode", "str", "fan_in", choices=("fan_in", "fan_out")),
    Setting(
        "nonlinearity",
        "str",
        "leaky_relu",
        choices=(
            "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
            "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu",
        ),
    ),
)  # fmt: skip

#: torch.nn.init's functions, with their settings and defaults
INITIALISERS: dict[str, tuple[Setting, ...]] = {
    "zeros": (),
    "ones": (),
    "eye": (),
    "dirac": (Setting("groups", "int", 1),),
    "constant": (Setting("val", "float"),),
    "normal": (Setting("mean", "float", 0.0), Setting("std", "float", 1.0)),
    "uniform": (Setting("a", "float", 0.0), Setting("b", "float", 1.0)),
    "trunc_normal": (
        Setting("mean", "float", 0.0),
        Setting("std", "float", 1.0),
        Setting("a", "float", -2.0),
        Setting("b", "float", 2.0),
    ),
    "xavier_uniform": _GAIN,
    "xavier_normal": _GAIN,
    "kaiming_uniform": _KAIMING,
    "kaiming_normal": _KAIMING,
    "orthogonal": _GAIN,
    "sparse": (Setting("sparsity", "float"), Setting("std", "float", 0.01)),
}

#: how many dimensions a tensor may have; the others take any number
_RANKS = {"eye": (2,), "sparse": (2,), "dirac": (3, 4, 5)}
#: those that ask how many values flow in and out, and so need a matrix or more
_OF_MATRICES = (
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "orthogonal",
)
#: those that also work on integers
_PLAIN = ("zeros", "ones", "constant")


def initial_value(body: Body, statement: TensorDecl, param: Param) -> Initial | Computed:
    """The initialiser of a `param` or `buffer`; zeros where none is written."""
    if statement.init is None:
        return Initial("zeros", {})
    value = read(body, statement.init)
    if isinstance(value, Value):
        return computed(body, value, param, f"`{statement.name}`", statement.init.span)
    initial = as_initial(value, statement.init.span)
    hold(body, initial, param, f"`{statement.name}`", statement.init.span)
    return initial


def read(body: Body, expr: Expr) -> Any:
    """An expression where an initialiser is meant: there `zeros` is that of torch.nn.init."""
    name = expr.function if isinstance(expr, Call) else expr
    if not isinstance(name, Name) or body.scope.find(name.id) is not None:
        return body.evaluate(expr)
    if name.id not in INITIALISERS and isinstance(expr, Call):
        if lookup(name.id) is not None or of_package(name.id, name.span) is not None:
            return body.evaluate(expr)
    if name.id not in INITIALISERS:
        close = nearest(name.id, [*INITIALISERS, "arange", "tensor", "full"])
        fail(
            "NN200",
            f"`{name.span.text}` is no initialiser",
            name.span,
            help=f"did you mean `{close}`?" if close else f"one of {', '.join(INITIALISERS)}",
        )
    arguments = expr.arguments if isinstance(expr, Call) else ()
    positional = [body.evaluate(a.value) for a in arguments if a.name is None]
    keyword = {a.name.id: body.evaluate(a.value) for a in arguments if a.name is not None}
    return of(body, name.id, positional, keyword, expr.span)


def of(
    body: Body, name: str, positional: Sequence[Any], keyword: Mapping[str, Any], span: Span
) -> Initial:
    """`trunc_normal(std=0.02)` as a value."""
    return with_settings(
        name, *body.session.pin_floats(INITIALISERS[name], positional, keyword), span
    )


def with_settings(
    name: str, positional: Sequence[Any], keyword: Mapping[str, Any], span: Span
) -> Initial:
    """The same, where all numbers are known."""
    try:
        settings = bind_settings(name, INITIALISERS[name], positional, keyword)
        _check_settings(name, settings)
    except Mismatch as mismatch:
        raise placed(mismatch, span) from None
    return Initial(name, settings)


def as_initial(value: Any, span: Span) -> Initial:
    """A value where an initialiser is meant."""
    if isinstance(value, Initial):
        return value
    name = ""
    if isinstance(value, (Initialiser, Builtin)):
        name = value.name
    elif isinstance(value, OperatorName):
        name = value.operator.name
    if name not in INITIALISERS:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        helped = f"write `constant({value})`" if number else ""
        fail(
            "NN202",
            f"this is {describe(value)}, no initialiser",
            span,
            help=helped or f"one of {', '.join(INITIALISERS)}",
        )
    return with_settings(name, (), {}, span)


def hold(body: Body, initial: Initial, param: Param, what: str, span: Span) -> None:
    """Refuse an initialiser that PyTorch would not run on a tensor of this shape."""
    if body.session.formal:  # checked with the numbers
        return
    try:
        _check_tensor(initial, param, what)
    except Mismatch as mismatch:
        raise placed(mismatch, span) from None


def _check_settings(name: str, settings: Mapping[str, Any]) -> None:
    """Values that PyTorch refuses whatever the tensor is."""

    def refuse(argument: str, wanted: str) -> None:
        raise Mismatch(
            "NN206",
            f"`{argument}` of `{name}` is {wanted}, not {settings[argument]}",
            argument=argument,
        )

    if settings.get("std", 1) < 0 and name != "trunc_normal":
        refuse("std", "at least 0")
    if name == "trunc_normal" and settings["std"] <= 0:
        refuse("std", "more than 0")
    if name in ("uniform", "trunc_normal") and settings["a"] > settings["b"]:
        refuse("a", f"at most b = {settings['b']}")
    if settings.get("gain", 1) < 0 and name != "orthogonal":
        refuse("gain", "at least 0")
    if not 0 <= settings.get("sparsity", 0) <= 1:
        refuse("sparsity", "a share from 0 to 1")
    if settings.get("groups", 1) < 1:
        refuse("groups", "at least 1")


def _check_tensor(initial: Initial, param: Param, what: str) -> None:
    name, rank = initial.name, len(param.shape)
    shown = f"{what} is [{', '.join(render(size) for size in param.shape)}]"
    if not is_float(param.dtype) and name not in _PLAIN:
        raise Mismatch(
            "NN206",
            f"`{name}` makes floating-point numbers; {what} is {param.dtype}",
            help=f"for {param.dtype} there is {', '.join(_PLAIN)}",
        )
    if name in _OF_MATRICES and rank < 2:
        raise Mismatch(
            "NN206",
            f"`{name}` needs a tensor of 2 or more dimensions; {shown}",
            help="a vector begins with `zeros`, `ones`, `constant`, `normal`, `uniform`",
        )
    if name in _RANKS and rank not in _RANKS[name]:
        wanted = " or ".join(map(str, _RANKS[name]))
        raise Mismatch("NN206", f"`{name}` needs a tensor of {wanted} dimensions; {shown}")
    if name == "dirac" and param.shape[0] % initial.settings["groups"] != 0:
        raise Mismatch(
            "NN206", f"groups={initial.settings['groups']} must divide the first dimension; {shown}"
        )
