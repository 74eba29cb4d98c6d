"""Uses of operators as values, and as the operators write them in their examples."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from nnspec.diagnostics import Mismatch
from nnspec.operators import lookup
from nnspec.operators.binding import bind_settings
from nnspec.operators.definition import Operator, Use
from nnspec.tensors import TensorType

DTYPES = ("f32", "f64", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool", "c64", "c128")


@dataclass(frozen=True)
class Case:
    """One use: the types of its tensors (None where a number stands) and its settings by name."""

    operator: Operator
    inputs: tuple[tuple[str, tuple[int, ...]] | None, ...]
    settings: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        inputs = ", ".join("_" if i is None else f"{i[0]}{list(i[1])}" for i in self.inputs)
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"({inputs}) -> {self.operator.name}({settings})"


@dataclass(frozen=True)
class Refused:
    """Why a use was refused, by nnspec (with its code) or by PyTorch."""

    why: str
    code: str = ""


def example(operator: Operator, text: str) -> Case:
    """A use written as in a spec: `([2, 3], i64[3]) -> name(1, dim=2, mask=bool[3])`."""
    left, right = text.split(" -> ", 1) if operator.tensors else ("", text)
    inputs: tuple[Any, ...] = tuple(
        (dtype or "f32", tuple(int(size) for size in sizes.split(",") if size.strip()))
        for dtype, sizes in re.findall(r"(\w*)\[([\d, ]*)\]", left)
    )
    call = right if "(" in right else right + "()"
    words = {"true": True, "false": False, "none": None}

    def collect(*positional: Any, **keyword: Any) -> dict[str, Any]:
        names = [setting.name for setting in operator.settings]
        if positional and operator.settings[0].spread and all(type(v) is int for v in positional):
            positional = (positional,)
        return dict(zip(names, positional, strict=False)) | keyword

    settings = eval(call, words, _Words({operator.name: collect}))
    slots: list[Any] = [*inputs, *(None,) * (len(operator.tensors) - len(inputs))]
    for number, tensor in enumerate(operator.tensors):
        if tensor.optional and tensor.name in settings:  # by name: those before it may be missing
            given = settings.pop(tensor.name)
            slots[number] = given if isinstance(given, tuple) else ("f32", tuple(given))
            inputs = tuple(slots[: max(number + 1, len(inputs))])
    settings = {n: tuple(v) if isinstance(v, list) else v for n, v in settings.items()}
    numbers = [slot.scalar and slot.name in settings for slot in operator.tensors]
    if len(inputs) < len(numbers) and any(numbers):
        given = iter(inputs)
        inputs = tuple(None if number else next(given) for number in numbers)
    return Case(operator, inputs, settings)


class _Words(dict[str, Any]):
    """The names in the text of an example: dtypes, and operators that are given as layers."""

    def __missing__(self, name: str) -> Any:
        if name in DTYPES:
            return _Typed(name)
        found = lookup(name)
        if found is None:
            raise KeyError(name)
        return Made(found)


class Made:
    """A layer as a setting: its arguments as they are written, as the elaborator hands them over."""

    def __init__(self, operator: Operator, *positional: Any, **keyword: Any) -> None:
        self.operator, self.positional, self.keyword = operator, positional, keyword

    def __call__(self, *positional: Any, **keyword: Any) -> Made:
        return Made(self.operator, *positional, **keyword)

    @property
    def given(self) -> dict[str, Any]:
        """The settings that are written, by name."""
        names = [s.name for s in self.operator.settings]
        return dict(zip(names, self.positional, strict=False)) | self.keyword

    @property
    def settings(self) -> dict[str, Any]:
        """All settings, unchecked."""
        return {s.name: s.default for s in self.operator.settings} | self.given

    def __repr__(self) -> str:
        keyword = (f"{name}={value!r}" for name, value in self.keyword.items())
        return f"{self.operator.name}({', '.join([*map(repr, self.positional), *keyword])})"


class _Typed:
    """A dtype in the text of an example: `bool[2, 3]`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getitem__(self, sizes: int | tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
        return (self.name, sizes if isinstance(sizes, tuple) else (sizes,))


# -- what the rules say ----------------------------------------------------------------------------


def bound_use(case: Case, types: tuple[TensorType | None, ...]) -> Use:
    scalars = {t.name for t in case.operator.tensors if t.scalar} & case.settings.keys()
    given = {name: value for name, value in case.settings.items() if name not in scalars}
    settings = bind_settings(case.operator.name, case.operator.settings, (), given)
    settings.update({name: case.settings[name] for name in scalars})
    return Use(case.operator, types, settings, frozenset(given))


def run_nnspec(case: Case) -> tuple[Use, tuple[TensorType, ...]] | Refused:
    types = tuple(i and TensorType(*i) for i in case.inputs)
    try:
        use = bound_use(case, types)
        return use, case.operator.infer(use)
    except Mismatch as refused:
        return Refused(refused.message, refused.code)
