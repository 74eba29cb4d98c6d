"""rearrange, reduce, repeat: dimensions split, joined, moved, reduced and added as a pattern says.

The patterns are those of einops (Rogozhnikov 2022); the code is plain PyTorch.
"""

from __future__ import annotations

from nnspec.diagnostics import nearest
from nnspec.dims import exact_div, render
from nnspec.operators.definition import CallCode, IndexCode, Operator, Ref, Setting
from nnspec.operators.patterns import REST, Axis, Group, Pattern, Side, parse, refuse
from nnspec.operators.steps import Steps
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar, NoReturn

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

_PATTERN = Setting("pattern", "str", doc='the axes before and after: "n t (h d) -> n h t d"')
_AXES = Setting(
    "axes", "axes", {}, doc="lengths of axes that the input's shape does not tell, by name: `h=8`"
)


class Patterned(Operator):
    """What the three share."""

    family = "pattern"
    settings: ClassVar[tuple[Setting, ...]] = (_PATTERN, _AXES)

    # -- the pattern and the tensor ----------------------------------------------------------------

    def read(self, use: Use) -> Pattern:
        """The pattern with `...` written out for the tensor's number of dimensions."""
        pattern = parse(use["pattern"])
        self.agree(use, pattern.left.names, pattern.right.names)
        left, right = pattern.left, pattern.right
        rest = next((group for group in left.groups if group.is_rest), None)
        count = len(left.groups) - (rest is not None)
        if use.x.rank < count or (rest is None and use.x.rank != count):
            self._wrong_rank(use, left, count)
        spread = [
            Axis(f"{REST}{number}", *(rest.place if rest else (0, 0)))
            for number in range(use.x.rank - count)
        ]
        names = {**pattern.left.names, **pattern.right.names}
        for name in use["axes"]:
            if name not in names:
                close = nearest(name, names)
                use.fail(
                    f"the pattern has no axis `{name}`",
                    code="NN203",
                    argument=name,
                    help=f"did you mean `{close}`?" if close else "",
                )
        return Pattern(_spread(left, spread), _spread(right, spread))

    def _wrong_rank(self, use: Use, left: Side, count: int) -> None:
        rank = use.x.rank
        axes = f"{count} {'axis' if count == 1 else 'axes'}"
        if any(group.is_rest for group in left.groups):
            axes = f"at least {axes}"
        helped = ""
        word = left.groups[0].axes[0].name if count == 1 and left.groups[0].axes else ""
        if word and len(word) == rank:
            helped = f"axes have spaces between them: `{' '.join(word)}`"
        dimensions = f"{rank} dimension{'s' * (rank != 1)}"
        place = (left.groups[0].start, left.groups[-1].end) if left.groups else (0, 0)
        refuse(f"the pattern takes {axes}, {use.x} has {dimensions}", place, helped, code="NN303")

    def agree(self, use: Use, left: dict[str, Axis], right: dict[str, Axis]) -> None:
        """Refuse axes that stand on one side only where they must not."""
        raise NotImplementedError

    def lengths(self, use: Use, pattern: Pattern) -> dict[str, Size]:
        """The length of every axis."""
        found: dict[str, Size] = {}
        for axis in (*pattern.left.axes(), *pattern.right.axes()):
            known = use["axes"].get(axis.name) if axis.length is None else axis.length
            if known is not None:
                use.at_least(
                    known,
                    1,
                    f"an axis is at least 1 long; `{axis.name}` is {render(known)}"
                    if axis.length is None
                    else f"an axis is at least 1 long, not {render(known)}",
                    code="NN206",
                    argument=axis.name,
                )
                found[axis.key] = known
        for dim, (group, size) in enumerate(zip(pattern.left.groups, use.x.shape, strict=True)):
            self._split(use, group, dim, size, found)
        return found

    def _split(self, use: Use, group: Group, dim: int, size: Size, found: dict[str, Size]) -> None:
        """The lengths of the axes that make up one dimension."""
        unknown = [axis for axis in group.axes if axis.key not in found]
        known: Size = 1
        for axis in group.axes:
            known = known * found.get(axis.key, 1)
        if len(unknown) > 1:
            names = " and ".join(f"`{axis.name}`" for axis in unknown)
            refuse(
                f"the size {render(size)} of dimension {dim} does not tell both {names}",
                group.place,
                f"give the length of one of them: `{unknown[0].name}=…`",
                code="NN204",
            )
        if not unknown:
            what = " * ".join(axis.name for axis in group.axes) or "1"
            shown = what if what == render(known) else f"{what} = {render(known)}"
            use.equal(
                size,
                known,
                f"dimension {dim} of {use.x} is {render(size)}, the pattern says {shown}",
                code="NN301",
                argument="pattern",
                within=group.place,
            )
            return
        if len(group.axes) == 1:
            found[unknown[0].key] = size
            return
        parts = " * ".join(axis.name for axis in group.axes if axis.key in found)
        by = parts if parts == render(known) else f"{parts} = {render(known)}"
        use.divisible(
            size,
            known,
            f"dimension {dim} of {use.x} is {render(size)}, which {by} does not divide",
            argument="pattern",
            within=group.place,
        )
        exact = exact_div(size, known)
        found[unknown[0].key] = size // known if exact is None else exact

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        pattern = self.read(use)
        lengths = self.lengths(use, pattern)
        shape: list[Size] = []
        for group in pattern.right.groups:
            size: Size = 1
            for axis in group.axes:
                size = size * lengths[axis.key]
            shape.append(size)
        return (TensorType(self.dtype(use, pattern), tuple(shape)),)

    def dtype(self, use: Use, pattern: Pattern) -> str:
        return use.x.dtype

    # -- the code ----------------------------------------------------------------------------------

    def function(self, use: Use) -> CallCode | IndexCode:
        """Split, reduce, move, add, join: each step only where there is something to do."""
        pattern = self.read(use)
        code = Steps()
        groups = pattern.left.groups
        for dim in reversed(range(len(groups))):
            if len(groups[dim].axes) > 1:
                code.step("unflatten", dim, tuple(self._known(use, a) for a in groups[dim].axes))
        order: list[str] = []
        ones: list[int] = []
        for group in groups:
            if not group.axes:
                ones.append(len(order) + len(ones))
            order += [axis.key for axis in group.axes]
        if ones:
            code.step("squeeze", ones[0] if len(ones) == 1 else tuple(ones))
        wanted = pattern.right.names
        gone = [dim for dim, key in enumerate(order) if key not in wanted]
        if gone:
            self.reduced(use, gone, code)
        kept = [key for key in order if key in wanted]
        code.move([kept.index(key) for key in wanted if key in kept])
        new = {
            at: self._known(use, axis)
            for at, axis in enumerate(pattern.right.axes())
            if axis.key not in kept
        }
        code.add(new, len(wanted))
        code.join([len(group.axes) for group in pattern.right.groups])
        return code.made if isinstance(code.made, CallCode) else IndexCode((...,))

    def _known(self, use: Use, axis: Axis) -> Size:
        """A length that the code can name, or -1 for what the others tell."""
        known = use["axes"].get(axis.name) if axis.length is None else axis.length
        return -1 if known is None else known

    def reduced(self, use: Use, dims: list[int], code: Steps) -> None:
        """The dimensions that the right side lacks are taken out."""
        raise NotImplementedError

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        lengths = self.lengths(use.again(), self.read(use))
        shown = [f"{key} = {render(size)}" for key, size in lengths.items() if key.isidentifier()]
        return ["the axes: " + ", ".join(shown)] if shown else []


def _spread(side: Side, rest: list[Axis]) -> Side:
    """A side with the dimensions that `...` stands for."""
    groups: list[Group] = []
    for group in side.groups:
        if group.is_rest:
            groups += [Group((axis,), *group.place) for axis in rest]
            continue
        axes: list[Axis] = []
        for axis in group.axes:
            axes += rest if axis.name == REST else [axis]
        groups.append(Group(tuple(axes), *group.place))
    return Side(tuple(groups))


def _lost(axis: Axis, left: dict[str, Axis], right: dict[str, Axis]) -> NoReturn:
    """Refuse an axis that the right side lacks."""
    others = [name for name in right if name not in left]
    helped = f"`{others[0]}` stands there only; is it `{axis.name}`?" if others else ""
    refuse(
        f"`{axis.name}` is lost on the right of `->`",
        axis.place,
        helped or ("" if axis.name == REST else "`reduce` takes an axis out"),
    )


def _new(axis: Axis, left: dict[str, Axis], right: dict[str, Axis]) -> NoReturn:
    """Refuse an axis that the left side lacks."""
    close = nearest(axis.key, left.keys() - right.keys())
    refuse(
        f"`{axis.name}` is not on the left of `->`",
        axis.place,
        f"did you mean `{close}`?" if close else "`repeat` makes a new axis",
    )


class Rearrange(Patterned):
    """Dimensions split, joined and moved: "n t (h d) -> n h t d" (einops, Rogozhnikov 2022)."""

    name = "rearrange"
    accepts = (
        '[2, 5, 12] -> rearrange("n t (h d) -> n h t d", h=3)',
        '[2, 3, 4, 6] -> rearrange("n c (h p) (w q) -> n (h w) (p q c)", p=2, q=3)',
        '[2, 3, 4, 5] -> rearrange("n ... w -> n w (...)")',
        '[2, 1, 4] -> rearrange("n 1 w -> w n () 1")',
        '[6, 5, 4] -> rearrange("(a b) c d -> a b (c d)", a=2, b=3)',
        '[2, 5, 24] -> rearrange("n t (three h d) -> three n h t d", three=3, h=2)',
    )
    rejects = (
        '[2, 5, 12] -> rearrange("n t (h d) -> n h t d", h=5)',
        '[2, 5, 12] -> rearrange("n t (h d) -> n h t d")',
        '[2, 5, 12] -> rearrange("n t c -> n t")',
        '[2, 5] -> rearrange("n t c -> n c t")',
        '[2, 5] -> rearrange("n (t -> t n")',
        '[2, 5] -> rearrange("n t -> t n", h=2)',
        '[2, 5] -> rearrange("n, t -> t, n")',
        '[2, 5] -> rearrange("n 1 -> n")',
    )

    def agree(self, use: Use, left: dict[str, Axis], right: dict[str, Axis]) -> None:
        for axis in (*left.values(), *right.values()):
            if axis.length is not None:
                refuse(
                    f"`rearrange` gives axes names, not numbers: {axis.name}",
                    axis.place,
                    f"name it and give its length: `k={axis.name}`",
                )
        for key, axis in left.items():
            if key not in right:
                _lost(axis, left, right)
        for key, axis in right.items():
            if key not in left:
                _new(axis, left, right)


#: reduction -> (PyTorch's method, whether it takes several dimensions at once)
_REDUCTIONS = {
    "mean": ("mean", True), "sum": ("sum", True), "max": ("amax", True), "min": ("amin", True),
    "prod": ("prod", False), "any": ("any", False), "all": ("all", False),
}  # fmt: skip


class Reduce(Patterned):
    """Axes that are not on the right are taken out by mean, sum, max, …: "n c h w -> n c"."""

    name = "reduce"
    settings = (
        _PATTERN,
        Setting("reduction", "str", choices=tuple(_REDUCTIONS), doc="what becomes of them"),
        _AXES,
    )
    accepts = (
        '[2, 3, 4, 5] -> reduce("n c h w -> n c", "mean")',
        '[2, 3, 4, 6] -> reduce("n c (h 2) (w 3) -> n h w c", "max")',
        '[2, 3, 4, 6] -> reduce("n c (h p) (w q) -> n c h w", "sum", p=2, q=2)',
        '[2, 3, 4] -> reduce("n ... -> ...", "prod")',
        '[2, 3, 4] -> reduce("n ... -> n 1", "min")',
        '[2, 3] -> reduce("n c -> ", "any")',
        'bool[2, 3] -> reduce("n c -> c", "all")',
    )
    rejects = (
        '[2, 3, 4] -> reduce("n c -> n", "mean")',
        '[2, 3] -> reduce("n c -> n k", "mean")',
        '[2, 3] -> reduce("n c -> n", "median")',
        'i64[2, 3] -> reduce("n c -> n", "mean")',
        '[2, 5] -> reduce("n (c 2) -> n c", "mean")',
    )

    def agree(self, use: Use, left: dict[str, Axis], right: dict[str, Axis]) -> None:
        for key, axis in right.items():
            if key not in left:
                _new(axis, left, right)

    def dtype(self, use: Use, pattern: Pattern) -> str:
        dtype, reduction = use.x.dtype, use["reduction"]
        real = is_float(dtype)
        if not pattern.left.names.keys() - pattern.right.names.keys():
            return dtype
        if reduction == "mean" and not real:
            use.fail(
                f"the mean of {use.x} is not computed: it needs floating-point numbers",
                code="NN304",
            )
        if dtype[0] == "c" and reduction in ("max", "min"):
            use.fail(
                f"complex numbers have no order: there is no {reduction} of {use.x}", code="NN304"
            )
        if reduction in ("any", "all"):
            return "u8" if dtype == "u8" else "bool"
        if reduction in ("sum", "prod") and not real and dtype[0] != "c":
            return "i64"
        return dtype

    def reduced(self, use: Use, dims: list[int], code: Steps) -> None:
        method, several = _REDUCTIONS[use["reduction"]]
        if several:
            code.step(method, dims[0] if len(dims) == 1 else tuple(dims))
            return
        for dim in reversed(dims):
            code.step(method, dim)

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return ("inputs", 0) if use["reduction"] in ("max", "min", "prod") else ()


class Repeat(Patterned):
    """New axes on the right repeat what is there: "h w -> h w c" with c=3."""

    name = "repeat"
    accepts = (
        '[4, 5] -> repeat("h w -> h w c", c=3)',
        '[4, 5] -> repeat("h w -> (h 2) (w r)", r=3)',
        '[1, 1, 6] -> repeat("1 1 d -> n 1 d", n=4)',
        '[2, 3] -> repeat("... -> a b ...", a=2, b=3)',
        '[2, 3] -> repeat("n c -> c n")',
    )
    rejects = (
        '[4, 5] -> repeat("h w -> h w c")',
        '[4, 5] -> repeat("h w -> h c", c=3)',
        '[4, 5] -> repeat("h w -> h w c", c=3, d=2)',
    )

    def agree(self, use: Use, left: dict[str, Axis], right: dict[str, Axis]) -> None:
        for key, axis in left.items():
            if key not in right:
                _lost(axis, left, right)
        for key, axis in right.items():
            if key not in left and axis.length is None and key not in use["axes"]:
                refuse(
                    f"`{axis.name}` is new, and its length is not given",
                    axis.place,
                    f"give it: `{axis.name}=…`",
                    code="NN204",
                )

    def function(self, use: Use) -> CallCode | IndexCode:
        """As `x.expand(n, -1, -1)` where dimensions of 1 are stretched and nothing else moves."""
        pattern = self.read(use)
        left, right = pattern.left.groups, pattern.right.groups
        sizes: list[Size] = []
        if len(left) == len(right):
            for before, after in zip(left, right, strict=True):
                keys = [axis.key for axis in after.axes]
                if [axis.key for axis in before.axes] == keys:
                    sizes.append(-1)
                elif not before.axes and len(keys) == 1 and keys[0] not in pattern.left.names:
                    sizes.append(self._known(use, after.axes[0]))
        if sizes and len(sizes) == len(right) and set(sizes) != {-1}:
            return CallCode(".expand", (Ref(0), *sizes))
        return super().function(use)
