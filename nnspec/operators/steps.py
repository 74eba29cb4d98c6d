"""Code that calls methods of a tensor one after the other: `x.unflatten(2, (3, -1)).transpose(1, 2)`."""

from __future__ import annotations

from nnspec.operators.definition import CallCode, Ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size


class Steps:
    """Methods called one after the other on the tensor."""

    __slots__ = ("made",)

    def __init__(self) -> None:
        self.made: CallCode | Ref = Ref(0)

    def step(self, method: str, *arguments: Any) -> None:
        self.made = CallCode(f".{method}", (self.made, *arguments))

    def move(self, order: list[int]) -> None:
        moved = [dim for dim, source in enumerate(order) if dim != source]
        if len(moved) == 2:
            self.step("transpose", *moved)
        elif moved:
            self.step("permute", *order)

    def add(self, new: dict[int, Size], rank: int) -> None:
        """New dimensions that repeat what is there."""
        if not new:
            return
        leading = 0
        while leading in new:
            leading += 1  # `expand` puts these in front by itself
        for dim in sorted(new)[leading:]:
            self.step("unsqueeze", dim - leading)
        self.step("expand", *(new.get(dim, -1) for dim in range(rank)))

    def join(self, groups: list[int]) -> None:
        """Neighbours become one dimension; a group of none is a dimension of size 1."""
        at = sum(groups)
        last = True
        for count in reversed(groups):
            at -= count
            if count > 1 and last:
                self.step("flatten", *([at] if at else []))
            elif count > 1:
                self.step("flatten", at, at + count - 1)
            last = last and not count
        for dim, count in enumerate(groups):
            if not count:
                self.step("unsqueeze", dim)
