"""What an operator is: one definition that holds everything nnspec knows of it.

Subclass `Operator`, give it a `name`, its `tensors` and `settings`, and write its rules. A rule
gets a `Use`: the types of the tensors, the settings with their defaults filled in, and the means to
demand something of sizes. A rule raises `Mismatch` (through `use.fail` and the demands) and never
knows a place; the elaborator adds it.
"""

from __future__ import annotations

from nnspec.conditions import Condition, at_least, divisible, equal
from nnspec.diagnostics import Mismatch
from nnspec.dims import compare, render
from nnspec.records import Record
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any, ClassVar, NoReturn

    from nnspec.diagnostics import Text
    from nnspec.dims import Size


class Required:
    """The default of a setting that must be given."""

    def __repr__(self) -> str:
        return "(required)"


REQUIRED = Required()


class Tensor(Record):
    """A tensor argument. `many` takes any number (`concat(a, b)`); `optional` may be left out;
    `scalar` may be a number (`0.5 * x`): its place in `use.inputs` is None then, the number is
    `use[name]`. Integers that are places in a table are `below` a setting."""

    name: str
    optional: bool = False
    many: bool = False
    scalar: bool = False
    doc: str = ""
    below: str = ""


class Setting(Record):
    """An argument that is known while checking.

    `kind` is one of the words below, or several joined by `|`:
    `int` (a number), `size` (an integer or an expression over symbols), `float` (a number),
    `bool`, `str`,
    `none`, `dtype`, `layer`, `list` (of sizes), `any`, or `axes`: a dict of all named arguments
    that are no other setting, each a size; or `recipes`: a list of names of data and train parts of the same
    kind as the owner's, bound;
    with `length=n`, an `int` or `size` may also be a list of n of them; a single value is NOT
    spread by the binder (the rule asks `use.pair(name)`). `choices`
    limits a `str`, and says which operators a `layer` may be. What is `fixed` decides which
    parameters there are: it is a number in the generated code.
    """

    name: str
    kind: str
    default: Any = REQUIRED
    length: int = 0
    choices: tuple[str, ...] = ()
    doc: str = ""
    spread: bool = False
    fixed: bool = False


class Inner(Record):
    """The value of a `layer` setting: an operator with its settings, bound."""

    operator: Operator
    settings: dict[str, Any]
    given: frozenset[str] = frozenset()

    def __hash__(self) -> int:
        return hash(self.operator.name)

    def on(self, outer: Use, *inputs: TensorType | None) -> Use:
        """Its use on tensors inside another operator, which takes over its conditions."""
        use = Use(self.operator, inputs, self.settings, self.given)
        use.pin, use.conditions = outer.pin, outer.conditions
        return use


class Param(Record):
    """A parameter or buffer of an operator: `weight: [out, in // groups, kh, kw]`."""

    shape: tuple[Size, ...]
    dtype: str = "f32"
    trainable: bool = True  # False: a buffer
    formula: str = ""  # as a person writes the shape: "out_channels, in_channels // groups, kh, kw"

    @property
    def type(self) -> TensorType:
        return TensorType(self.dtype, self.shape)


class Ref(Record):
    """In generated code: the tensor argument number `index` of the node."""

    index: int


class InTraining(Record):
    """In generated code: a value in training, another in evaluation."""

    value: Any
    otherwise: Any


class SameDevice(Record):
    """In generated code: the device of the module's inputs, for tensors made on the spot."""


class ModuleCode(Record):
    """`nn.Conv2d(3, 64, 7, stride=2)`: the node becomes a submodule, called with its tensors.

    `constructor` is written as in the source (`nn.Conv2d`); args and kwargs are numbers, sizes,
    strings, booleans, None, tuples of them, or further ModuleCodes. kwargs that equal PyTorch's
    default are left out by the rule.

    A class that is not simply called with its tensors says how: `call` and `call_kwargs` hold
    `Ref(i)` for the tensors and tuples of them (`self.lstm(x, (h, c))`). One that does not simply
    return its results says how PyTorch nests them: `(0, (1, 2))` is `out, (h, c)`, and in
    `(0, None)` the second is nothing.
    """

    constructor: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}  # noqa: RUF012  (records are frozen)
    call: tuple[Any, ...] | None = None
    call_kwargs: dict[str, Any] = {}  # noqa: RUF012
    results: tuple[Any, ...] | None = None

    @property
    def plain(self) -> bool:
        """Whether it takes its tensors in order and returns its results as they are."""
        return self.call is None and not self.call_kwargs and self.results is None


class Factory(Record):
    """In generated code: what makes a module when it is called, `nn.SiLU` or `lambda: nn.ELU(0.5)`."""

    made: ModuleCode


class CallCode(Record):
    """`torch.flatten(x, 1)`: a function of the tensors; a name with a leading dot is a method of
    the first.

    args may hold `Ref(i)`, lists of them, and the values that ModuleCode takes.
    """

    function: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = {}  # noqa: RUF012


class InfixCode(Record):
    """`x + y`; `left` and `right` are Refs or numbers."""

    op: str
    left: Any
    right: Any


class IndexCode(Record):
    """`x[:, 0]`; items are sizes, None, Ellipsis, Refs or `slice` objects."""

    items: tuple[Any, ...]


def _itself(size: Size) -> Size:
    return size


class Use:
    """One use of an operator: its tensors' types, its settings, and what it demands of sizes."""

    __slots__ = (
        "_params", "conditions", "given", "in_place", "inputs", "operator", "pin", "settings",
    )  # fmt: skip

    def __init__(
        self,
        operator: Operator,
        inputs: tuple[TensorType | None, ...],
        settings: dict[str, Any],
        given: frozenset[str] = frozenset(),
    ) -> None:
        self.operator = operator
        self.inputs = inputs
        self.settings = settings
        self.given = given  # the names of the settings that the spec wrote
        self.conditions: list[tuple[Condition, Text]] = []
        self.in_place = False  # the compiler's choice: write over the input
        # what a size stands for where the compiler has put names for numbers
        self.pin: Callable[[Size], Size] = _itself
        self._params: Mapping[str, Param] | None = None

    def __getitem__(self, setting: str) -> Any:
        return self.settings[setting]

    @property
    def params(self) -> Mapping[str, Param]:
        """The parameters and buffers of this use, by name."""
        if self._params is None:
            self._params = self.operator.params(self)
        return self._params

    def tensor(self, index: int) -> TensorType | None:
        """The tensor in a place, or None where an optional one is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    @property
    def x(self) -> TensorType:
        """The first tensor."""
        first = self.inputs[0]
        assert first is not None
        return first

    @property
    def taken(self) -> str:
        """The types of all tensors, for a message."""
        return " and ".join(str(tensor) for tensor in self.inputs if tensor is not None)

    @property
    def formal(self) -> bool:
        """Whether symbols stand for numbers here (the compiler's elaboration)."""
        return self.pin is not _itself

    def again(self) -> Use:
        """The same use to be looked at once more: what it demands is recorded already."""
        copy = Use(self.operator, self.inputs, self.settings, self.given)
        copy.pin = self.pin
        return copy

    def tuple(self, setting: str, length: int) -> tuple[Any, ...]:
        """A setting as a tuple: one number stands for all, as in PyTorch."""
        value = self.settings[setting]
        if isinstance(value, (list, tuple)):
            return tuple(value)
        return (value,) * length

    def changed(self, first: int = 0, only: Collection[str] | None = None) -> dict[str, Any]:
        """The settings, from that one on or `only` those, that are not PyTorch's defaults."""
        return {
            setting.name: self.settings[setting.name]
            for setting in self.operator.settings[first:]
            if self.settings[setting.name] != setting.default
            and (only is None or setting.name in only)
        }

    def shown(self, setting: str) -> str:
        """A setting as the language writes it, for a message."""
        from nnspec.operators.binding import show

        return show(self.settings[setting])

    # -- demands: hold for certain, fail for certain (Mismatch), or are recorded as a condition ----
    # a text may be given as the function that makes it: most are never read

    def equal(self, a: Size, b: Size, message: Text, **more: Any) -> None:
        """`a == b` must hold."""
        self._demand(compare("==", a, b), lambda: equal(a, b), message, {"sizes": (a, b), **more})

    def at_least(self, a: Size, b: Size, message: Text, **more: Any) -> None:
        """`a >= b` must hold."""
        self._demand(compare(">=", a, b), lambda: at_least(a, b), message, {"sizes": (a,), **more})

    def divisible(self, a: Size, by: Size, message: Text, **more: Any) -> None:
        """`a % by == 0` must hold."""
        self._demand(
            compare("==", a % by, 0), lambda: divisible(a, by), message, {"sizes": (a,), **more}
        )

    def _demand(self, known: bool | None, condition: Any, message: Text, more: Any) -> None:
        if known is None:
            self.conditions.append((condition(), message))
        elif not known:
            made = {name: value() if callable(value) else value for name, value in more.items()}
            self.fail(message() if callable(message) else message, **made)

    def fail(self, message: str, *, code: str = "NN302", **more: Any) -> NoReturn:
        """Refuse this use. Codes: NN301 two sizes that must agree, NN302 a size an operator cannot
        take, NN303 wrong number of dimensions, NN304 dtype, NN206 a setting with a value that
        cannot be."""
        raise Mismatch(code, message, **more)

    def rank(self, *ranks: int, meaning: str = "") -> None:
        """The first tensor must have one of these numbers of dimensions."""
        if self.x.rank not in ranks:
            *first, last = map(str, ranks)
            wanted = f"{', '.join(first)} or {last}" if first else last
            self.fail(
                f"`{self.operator.name}` takes a tensor of {wanted} dimension{'s' * (last != '1')}"
                f"{f' {meaning}' if meaning else ''}, not {self.x}",
                code="NN303",
            )

    def weighted(self, *also: str) -> None:
        """The first tensor meets weights, which are f32: PyTorch wants one dtype for both,
        but for those in `also`."""
        if self.x.dtype not in ("f32", *also):
            self.fail(
                f"`{self.operator.name}` has weights of f32 and computes on tensors of f32, not {self.x}",
                code="NN304",
            )

    def dim(self, setting: str, rank: int) -> int:
        """A dimension given as a setting, counted from the front; negative ones count from the
        end."""
        value = self.settings[setting]
        if not -rank <= value < rank:
            first = self.tensor(0)
            whole = str(first) if first is not None and first.rank == rank else "the result"
            there = f"they are {-rank} to {rank - 1}" if rank else "there are none"
            self.fail(f"{whole} has no dimension {value}: {there}", code="NN303", argument=setting)
        return int(value) % rank

    def positive_output(self, size: Size, dim_name: str, **more: Any) -> Size:
        """An output size must be at least 1."""
        name = self.operator.name
        self.at_least(
            size,
            1,
            lambda: (
                f"{dim_name} of the output of `{name}` would be {render(size)}; a size is at least 1"
            ),
            **more,
        )
        return size


class Operator:
    """Base of all operators; see the module's docstring, and `conv.py` for an example."""

    name: ClassVar[str] = ""
    family: ClassVar[str] = ""
    tensors: ClassVar[tuple[Tensor, ...]] = (Tensor("input"),)
    settings: ClassVar[tuple[Setting, ...]] = ()
    #: uses that PyTorch accepts and refuses, as text: `"[2, 3, 8, 8] -> conv2d(4, 3)"`.
    accepts: ClassVar[tuple[str, ...]] = ()
    rejects: ClassVar[tuple[str, ...]] = ()
    #: what is refused on purpose though PyTorch takes it: a part of the message, and why
    stricter: ClassVar[tuple[tuple[str, str], ...]] = ()
    #: the modules that the generated code names: `("mylab.layers",)`
    imports: ClassVar[tuple[str, ...]] = ()
    #: the output shares its input's memory (or is computed in its place): no activation is kept
    #: for it.
    is_view: ClassVar[bool] = False
    #: an activation or a copy: one tensor in, the same type out. `explain` says so.
    keeps_shape: ClassVar[bool] = False

    #: the same with its parameters as tensors: `F.linear` for `nn.Linear`
    functional: ClassVar[Operator | None] = None

    #: the results are parts of one tensor: a list, even where there is only one.
    makes_parts: ClassVar[bool] = False

    #: it is around a layer, its first setting, which gets the tensors
    wraps: ClassVar[bool] = False

    #: it computes parameters of a layer, its first setting, which may say how they begin
    remakes: ClassVar[bool] = False
    #: how many steps it takes to follow such a parameter that was set anew; each time it is asked for is one
    steps_after: ClassVar[int] = 0

    #: what several results are called: `out, h, c`.
    result_names: ClassVar[tuple[str, ...]] = ()
    #: how to get the first result only, where a setting does it.
    one_result: ClassVar[str] = ""

    #: the result is a tensor of its own, and not needed by this operator's backward.
    fresh: ClassVar[bool] = False
    #: PyTorch can write the result over the input: the backward needs nothing but the result.
    over_input: ClassVar[bool] = False

    #: what PyTorch keeps of a use for its backward pass: the names of tensors, all "inputs", each input where
    #: "others" are trained, the number of a result.
    saves: ClassVar[tuple[str | int, ...]] = ()

    #: what autocast does: "low" computes in the lower precision, "full" in float32, "" as its inputs are.
    autocast: ClassVar[str] = ""

    registry: ClassVar[dict[str, Operator]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__module__.startswith("nnspec.operators.")  # others come through `packages.py`
        if own and "name" in cls.__dict__ and not issubclass(cls, Functional):
            Operator.registry[cls.name] = cls()

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        """The types of the results."""
        raise NotImplementedError

    def params(self, use: Use) -> Mapping[str, Param]:
        """Parameters and buffers by name, in PyTorch's order."""
        return {}

    def composed(self, use: Use) -> Mapping[str, Param]:
        """What is computed of the parameters, and may begin as the spec says all the same."""
        return {}

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        """Multiply-accumulates, counted as torch.utils.flop_counter counts FLOPs, halved."""
        return 0

    def module(self, use: Use) -> ModuleCode | None:
        """The code as a submodule: for what has parameters, behaves differently in training, or
        has a class in torch.nn (needed inside nn.Sequential). None where there is no such class."""
        return None

    def function(self, use: Use) -> CallCode | InfixCode | IndexCode | None:
        """The code as an expression. None where only a module will do."""
        return None

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        """Formula and numbers of the output's shape, for `nnspec explain`; the parameters' and
        MACs' part is made from `params` and `macs_formula`."""
        return []

    def shares(self, use: Use) -> bool:
        """`is_view`, where it depends on the settings: a dropout of none gives back its input."""
        return self.is_view

    def saved(self, use: Use) -> tuple[str | int, ...]:
        """`saves`, where it depends on the settings."""
        return self.saves

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        """Bytes that are kept for the backward pass besides: masks, statistics, what was between."""
        return 0

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        """How `macs` comes about, in words and numbers; empty where it counts none."""
        return ""


class Functional(Operator):
    """An operator whose parameters are tensors, which come after its own: `F.linear` for `nn.Linear`.

    It has the name, the settings and the rules of its `base`; `lookup` finds that one.
    """

    base: ClassVar[Operator]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        found = self.base.infer(use)
        for name, param in self.base.params(use).items():
            given = self.given(use, name)
            if given is None or given.dtype != param.dtype or given.rank != len(param.shape):
                wanted = TensorType(param.dtype, param.shape)
                why = f"`{name}` is {wanted} here, not {given}"
                use.fail(why, code="NN215", argument=name)
            for needed, size in zip(param.shape, given.shape, strict=True):
                why = f"`{name}` has a size of {render(needed)} here, not {render(size)}"
                use.equal(size, needed, why, code="NN301", argument=name)
        return found

    def given(self, use: Use, name: str) -> TensorType | None:
        """The type of the tensor that is given for a parameter."""
        at = [tensor.name for tensor in self.tensors].index(name)
        return use.inputs[at] if at < len(use.inputs) else None

    def ref(self, use: Use, name: str) -> Ref | None:
        """The tensor of a parameter in generated code."""
        at = [tensor.name for tensor in self.tensors].index(name)
        return Ref(at) if self.given(use, name) is not None else None

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return self.base.macs(use, outputs)

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return self.base.saved(use)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return self.base.workspace(use, outputs)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return self.base.explain(use, outputs)

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return self.base.macs_formula(use, outputs)
