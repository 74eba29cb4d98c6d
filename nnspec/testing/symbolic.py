"""Uses with symbols in place of sizes, by the rules and as text, held against the same uses with numbers."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Any

from nnspec.diagnostics import Mismatch
from nnspec.dims import Dim, evaluate, symbol, symbols
from nnspec.operators.definition import Use
from nnspec.tensors import TensorType

from .cases import SIZES
from .differences import CAUTIOUS, MACS_AT_ONE, explained
from .examples import Case, Refused, bound_use, run_nnspec
from .harness import shown
from .written import Checked, spec


def symbolic_disagreement(case: Case, rng: random.Random) -> str | None:
    """Put symbols in place of some sizes: for the sizes that were there, and for some others, the
    conditions
    must hold exactly where the use with numbers is accepted, and the shapes must become those."""
    values: dict[str, int] = {}
    apart = rng.random() < 0.5
    rate = rng.choice((0.3, 0.7, 1.0))

    def maybe(size: int, place: str) -> Any:
        if rng.random() > rate or size < 1:
            return size
        name = f"s{place}" if apart else f"s{size}"
        values[name] = size
        return symbol(name)

    types = tuple(
        i and TensorType(i[0], tuple(maybe(s, f"{n}_{d}") for d, s in enumerate(i[1])))
        for n, i in enumerate(case.inputs)
    )
    settings = dict(case.settings)
    for setting in case.operator.settings:
        value = settings.get(setting.name)
        if "size" in setting.kind.split("|") and isinstance(value, int) and rng.random() < 0.3:
            settings[setting.name] = maybe(value, setting.name)
        if setting.name == "size" and isinstance(value, tuple):
            settings["size"] = tuple(maybe(v, f"size{at}") for at, v in enumerate(value))
    if any(setting.kind == "axes" for setting in case.operator.settings):
        for name, value in case.settings.items():
            if isinstance(value, int) and rng.random() < 0.3:
                settings[name] = maybe(value, name)
    if not values:
        return None
    with_symbols = Case(case.operator, case.inputs, settings)
    others = [{name: rng.choice(SIZES) for name in values} for _ in range(2)]
    try:
        use = bound_use(with_symbols, types)
        outputs = case.operator.infer(use)
    except Mismatch as refused:
        for numbers in (values, *others):
            if not isinstance(run_nnspec(filled(with_symbols, types, numbers)), Refused):
                if refused.code != "NN308":
                    at = placed(types, settings, numbers)
                    return f"refused for every size ({refused.message}), accepted for one {at}"
        return None
    except Exception as error:
        return f"nnspec raises {type(error).__name__}: {error} {placed(types, settings, values)}"
    for numbers in (values, *others):
        found = at_numbers(filled(with_symbols, types, numbers), use, outputs, numbers)
        if found:
            return f"{found} {placed(types, settings, numbers)}"
    return text_disagreement(with_symbols, types, use, (values, *others))


def text_disagreement(
    case: Case, types: Any, use: Use, every: tuple[dict[str, int], ...]
) -> str | None:
    """The same use as the text of a spec, whose report says which sizes it takes, and what they make."""
    there = {name for t in types if t for size in t.shape for name in symbols(size)}
    if not every[0].keys() <= there:  # a symbol of a setting alone is no name in a spec
        return None
    text = spec(case, types)
    try:
        checked = checked_once(text)
        told = "; ".join(f"{p.code} {p.message}" for p in checked.problems)
        if any(p.code == "NN308" for p in checked.problems):  # weights have sizes that are known
            return None
        for numbers in every:
            holds = all(condition.holds(numbers) for condition, _ in use.conditions)
            if holds is not (not told and checked.model.admits(numbers)):
                said = told or ", ".join(checked.model.requires)
                return f"by its rule {'taken' if holds else 'refused'} at {numbers}: {said}\n{text}"
            if holds:
                found = tuple(value.shape for value in checked.model.at(numbers).outputs.values())
                wanted = run_nnspec(filled(case, types, numbers))
                if isinstance(wanted, Refused) or found != tuple(o.shape for o in wanted[1]):
                    return f"the report says {found} at {numbers}\n{text}"
    except Exception as error:
        return f"{type(error).__name__}: {error}\n{text}"
    return None


@lru_cache(maxsize=1000)
def checked_once(text: str) -> Checked:
    """What nnspec says of a text: with symbols, uses that differ in their numbers often have the same."""
    return Checked(text)


def placed(types: Any, settings: dict[str, Any], values: dict[str, int]) -> str:
    return f"with {', '.join(map(str, types))}, {settings} at {values}"


def number(value: Any, values: dict[str, int]) -> Any:
    if isinstance(value, tuple):
        return tuple(number(item, values) for item in value)
    return evaluate(value, values) if isinstance(value, Dim) else value


def filled(case: Case, types: Any, values: dict[str, int]) -> Case:
    """The case with numbers in place of its symbols."""
    return Case(
        case.operator,
        tuple(t and (t.dtype, tuple(evaluate(size, values) for size in t.shape)) for t in types),
        {name: number(value, values) for name, value in case.settings.items()},
    )


def at_numbers(
    case: Case, use: Use, outputs: tuple[TensorType, ...], values: dict[str, int]
) -> str | None:
    """What a use with symbols says wrongly of these sizes."""
    concrete = run_nnspec(case)
    broken = [
        why() if callable(why) else why
        for condition, why in use.conditions
        if not condition.holds(values)
    ]
    if isinstance(concrete, Refused):
        return None if broken else f"conditions hold, and the sizes are refused: {concrete.why}"
    if broken:
        if explained(CAUTIOUS, case, Refused(broken[0])):
            return None
        return f"accepted, though this condition does not hold: {broken[0]}"
    found = tuple(TensorType(o.dtype, tuple(evaluate(s, values) for s in o.shape)) for o in outputs)
    if found != concrete[1]:
        return f"shapes {shown(outputs)} become {shown(found)}, not {shown(concrete[1])}"
    macs = evaluate(case.operator.macs(use, outputs), values)
    at_one = 1 in values.values() and case.operator.name in MACS_AT_ONE
    if macs != case.operator.macs(*concrete) and not at_one:
        return f"MACs become {macs}, not {case.operator.macs(*concrete)}"
    for name, param in case.operator.params(use).items():
        shape = tuple(evaluate(size, values) for size in param.shape)
        if shape != case.operator.params(concrete[0])[name].shape:
            return f"{name} becomes {shape}"
    return None
