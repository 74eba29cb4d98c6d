"""Parameters of blocks, models and functions: arguments bound, defaults filled in, types checked."""

from __future__ import annotations

from nnspec.diagnostics import Label, nearest
from nnspec.dims import Dim
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import Block, describe, is_layer
from nnspec.syntax.tree import Input

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from nnspec.elaborate.session import Session
    from nnspec.elaborate.values import Function
    from nnspec.source import Span
    from nnspec.syntax.tree import BlockDef, FnDef, Parameter

TYPES = ("int", "float", "bool", "str", "list", "layer", "size")


def bind_parameters(
    session: Session,
    owner: Block | Function,
    positional: Sequence[Any],
    keyword: Mapping[str, Any],
    places: Mapping[str, Span],
    span: Span,
    skipped: int = 0,
) -> dict[str, Any]:
    """The value of every parameter of a block or function.

    `places` are those of the arguments; `skipped` is how many tensors stood before the positional ones.
    """
    definition = owner.definition
    name, parameters = definition.name, definition.parameters
    declared = Label(definition.name_span, f"`{name}` is defined here")
    given: dict[str, Any] = {}
    if len(positional) > len(parameters):
        fail(
            "NN207",
            f"`{name}` takes {len(parameters)} argument{'s' * (len(parameters) != 1)}, "
            f"not {len(positional)}",
            places.get(str(skipped + len(parameters)), span),
            labels=(declared,),
        )
    where: dict[str, Span] = {}
    for number, (parameter, value) in enumerate(zip(parameters, positional, strict=False)):
        given[parameter.name] = value
        where[parameter.name] = places.get(str(skipped + number), span)
    known = {parameter.name for parameter in parameters}
    for key, value in keyword.items():
        if key not in known:
            no_parameter(definition, key, places.get(key, span))
        if key in given:
            fail("NN207", f"`{key}` is given twice to `{name}`", places.get(key, span))
        given[key] = value
        where[key] = places.get(key, span)
    missing = [p.name for p in parameters if p.default is None and p.name not in given]
    if missing:
        fail(
            "NN204",
            f"`{name}` needs {' and '.join(f'`{m}`' for m in missing)}",
            span,
            labels=(declared,),
        )
    from nnspec.elaborate.body import Body

    bound: dict[str, Any] = {}
    defaults = Body.for_defaults(session, owner.scope)
    for parameter in parameters:
        if parameter.name in given:
            value = given[parameter.name]
            place = where[parameter.name]
        else:
            assert parameter.default is not None
            value = defaults.evaluate(parameter.default)
            place = parameter.default.span
        value = check_type(parameter, value, place, name)
        defaults.scope.bind(parameter.name, value, parameter.span)
        bound[parameter.name] = value
    return bound


def inputs_of(definition: BlockDef | FnDef) -> list[str]:
    """The names of a block's inputs."""
    return [statement.name for statement in definition.body if isinstance(statement, Input)]


def no_parameter(definition: BlockDef | FnDef, key: str, place: Span) -> NoReturn:
    """NN203, with what the parameter is called."""
    names = [parameter.name for parameter in definition.parameters]
    close = nearest(key, [*names, *inputs_of(definition)])
    fail(
        "NN203",
        f"`{definition.name}` has no parameter `{key}`",
        place,
        labels=(Label(definition.name_span, f"`{definition.name}` is defined here"),),
        help=f"did you mean `{close}`?"
        if close
        else f"it takes {', '.join(names)}"
        if names
        else "it takes none",
    )


def check_type(parameter: Parameter, value: Any, place: Span, owner: str) -> Any:
    """The value if it is of the parameter's declared type (NN205)."""
    declared = parameter.type
    if declared is None:
        return value
    if declared not in TYPES:
        close = nearest(declared, TYPES)
        fail(
            "NN200",
            f"`{declared}` is no type of a parameter",
            parameter.span,
            help=f"did you mean `{close}`?" if close else f"one of {', '.join(TYPES)}",
        )
    none_default = parameter.default is not None and parameter.default.span.text == "none"
    if value is None and none_default:
        return value
    fits = {
        "int": isinstance(value, (int, Dim)) and not isinstance(value, bool),
        "size": isinstance(value, (int, Dim)) and not isinstance(value, bool),
        "float": isinstance(value, (int, float, Dim)) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
        "str": isinstance(value, str),
        "list": isinstance(value, (list, dict)),
        "layer": is_layer(value),
    }[declared]
    if isinstance(value, float) and value.is_integer() and declared in ("int", "size"):
        return int(value)
    if not fits:
        fail(
            "NN205",
            f"`{parameter.name}` of `{owner}` is declared {declared}, not {describe(value)}",
            place,
            labels=(Label(parameter.span, "declared here"),) if place != parameter.span else (),
        )
    return value
