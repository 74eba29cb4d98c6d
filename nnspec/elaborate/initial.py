"""Initialisers of `param` and `buffer`: those of torch.nn.init, as values."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.elaborate.session import fail, placed
from nnspec.elaborate.values import Initial
from nnspec.operators.binding import bind_settings
from nnspec.operators.definition import Setting
from nnspec.syntax.tree import Call, Name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.elaborate.body import Body
    from nnspec.syntax.tree import Expr, TensorDecl


_GAIN = (Setting("gain", "float", 1.0),)
_KAIMING = (
    Setting("a", "float", 0),
    Setting("mode", "str", "fan_in", choices=("fan_in", "fan_out")),
    Setting("nonlinearity", "str", "leaky_relu"),
)

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


def initial_value(body: Body, statement: TensorDecl) -> Initial:
    """The initialiser of a `param` or `buffer`; zeros where none is written."""
    return Initial("zeros", {}) if statement.init is None else initialiser(body, statement.init)


def initialiser(body: Body, expr: Expr) -> Initial:
    """`zeros`, `trunc_normal(std=0.02)`."""
    name = expr.function if isinstance(expr, Call) else expr
    if not isinstance(name, Name) or name.id not in INITIALISERS:
        from nnspec.diagnostics import nearest

        close = nearest(name.id, INITIALISERS) if isinstance(name, Name) else None
        fail(
            "NN200",
            f"`{name.span.text}` is no initialiser",
            name.span,
            help=f"did you mean `{close}`?" if close else f"one of {', '.join(INITIALISERS)}",
        )
    arguments = expr.arguments if isinstance(expr, Call) else ()
    positional = [body.evaluate(a.value) for a in arguments if a.name is None]
    keyword = {a.name.id: body.evaluate(a.value) for a in arguments if a.name is not None}
    try:
        return Initial(name.id, bind_settings(name.id, INITIALISERS[name.id], positional, keyword))
    except Mismatch as mismatch:
        raise placed(mismatch, expr.span) from None
