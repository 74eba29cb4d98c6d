"""What sizes and parameters are called in `forward`."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from nnspec.compiler import code
from nnspec.compiler.classes import ClassPlan
from nnspec.compiler.formals import at
from nnspec.compiler.layout import lay
from nnspec.compiler.named import Named
from nnspec.compiler.names import RESERVED, fresh, usable
from nnspec.dims import Dim, symbol
from nnspec.elaborate.labels import OF_MODULES

if TYPE_CHECKING:
    from nnspec.dims import Size


class RunTimeNames(code.Names):
    """Names where statements are written: which are taken, and which hold a size of an input."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = {*taken} | RESERVED
        self.computed: dict[Size, str] = {}  # sizes that the spec names -> their variables
        self.stored: dict[str, str] = {}  # arguments that `__init__` keeps on the module
        self.read: dict[tuple[int, int], str] = {}  # dimension `d` of input `i` -> its variable

    @property
    def sizes(self) -> set[str]:
        """The variables that hold sizes."""
        return {*self.read.values(), *self.computed.values()}

    def definitions(self) -> list[str]:
        """The lines that compute the sizes which are variables."""
        return []


class ForwardNames(RunTimeNames):
    """In `forward` a size is read off an input, a parameter off the module."""

    def __init__(
        self,
        plan: ClassPlan,
        kept: Container[Size] = frozenset(),
        attributes: Container[str] = frozenset(),
    ) -> None:
        super().__init__(usable(value.name or "x") for value in plan.graph.inputs)
        self.attributes = attributes  # names that layers and parameters of the module have
        self.taken |= {*plan.passed.values()}
        self.plan = plan
        self.named = Named(plan, self.taken, kept)
        self.computed = self.named.kept
        self.taken |= {*self.computed.values()}

    def symbol(self, name: str) -> str:
        for argument in self.plan.arguments:
            if argument.symbol == name:
                attribute = argument.name
                while attribute in self.attributes or attribute in OF_MODULES:
                    attribute += "_"
                self.stored[attribute] = argument.name
                return f"self.{attribute}"
        if name in self.plan.passed:
            return self.plan.passed[name]
        found = self._whole(symbol(name))
        if found is None:
            raise LookupError(f"no input has the size {name}")
        return found

    def size(self, size: Size) -> Size | str:
        size = at(size, self.plan.fixed)
        return size if isinstance(size, int) else self._whole(size) or self.named.word(size) or size

    def definitions(self) -> list[str]:
        found = []
        for size, word in self.computed.items():
            self.named, kept = Named(self.plan, ()), self.named
            found += lay(code.size(size, self), 8, f"{word} = ")
            self.named = kept
        return found

    def number(self, name: str) -> float | None:
        return self.plan.fixed.get(name)

    @property
    def training(self) -> str:
        # a loss is a function of its own: its evaluation runs without gradients
        return "torch.is_grad_enabled()" if self.plan.kind == "function" else "self.training"

    @property
    def device(self) -> str:
        inputs = self.plan.graph.inputs
        return f"{usable(inputs[0].name or 'x')}.device" if inputs else ""

    def _whole(self, size: Dim) -> str | None:
        """The variable for a size that an input has as a dimension."""
        if size.symbols <= {a.symbol for a in self.plan.arguments}:
            return None
        for number, value in enumerate(self.plan.graph.inputs):
            for dim, found in enumerate(value.type.shape):
                if found == size:
                    if (number, dim) not in self.read:
                        (name,) = size.symbols if len(size.symbols) == 1 else ("size",)
                        plain = name.lower() if size == symbol(name) else "size"
                        self.read[number, dim] = fresh(plain, self.taken)
                        self.taken.add(self.read[number, dim])
                    return self.read[number, dim]
        return None
