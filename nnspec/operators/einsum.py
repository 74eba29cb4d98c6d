"""einsum: products of tensors, summed over the axes that the result does not name."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.dims import compare, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.records import Record
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

REST = "..."
#: characters of an equation
LONGEST = 1_000


class Letter(Record):
    """An axis in an equation, or `...`."""

    name: str
    start: int
    end: int


class Equation(Record):
    """The axes of each operand and of the result; None where the result is not written."""

    operands: tuple[tuple[Letter, ...], ...]
    result: tuple[Letter, ...] | None
    text: str


def refuse(message: str, start: int, end: int, help: str = "", code: str = "NN206") -> NoReturn:
    """An equation is refused, at a stretch of it."""
    raise Mismatch(code, message, argument="equation", within=(start, end), help=help)


def parse(text: str) -> Equation:
    """An equation, as `torch.einsum` reads it: one letter for each axis."""
    if len(text) > LONGEST:
        refuse(f"an equation has at most {LONGEST:,} characters", 0, len(text), code="NN402")
    left, arrow, right = text.partition("->")
    again = right.find("->")
    if again >= 0:
        at = len(left) + 2 + again
        refuse("an equation has one `->`", at, at + 2)
    operands = []
    start = 0
    for part in left.split(","):
        operands.append(_letters(text, start, start + len(part)))
        start += len(part) + 1
    result = _letters(text, len(left) + 2, len(text)) if arrow else None
    seen: set[str] = set()
    known = {letter.name for operand in operands for letter in operand}
    for letter in result or ():
        if letter.name in seen:
            refuse(f"`{letter.name}` stands twice in the result", letter.start, letter.end)
        if letter.name not in known and letter.name != REST:
            refuse(f"`{letter.name}` is an axis of no operand", letter.start, letter.end)
        seen.add(letter.name)
    return Equation(tuple(operands), result, text)


def _letters(text: str, start: int, end: int) -> tuple[Letter, ...]:
    found: list[Letter] = []
    at = start
    while at < end:
        sign = text[at]
        if sign == "." and text[at : min(at + 3, end)] == REST:
            if any(letter.name == REST for letter in found):
                refuse("an operand has one `...`", at, at + 3)
            found.append(Letter(REST, at, at + 3))
            at += 3
            continue
        if sign != " ":
            if not (sign.isascii() and sign.isalpha()):
                refuse(f"`{sign}` has no meaning in an equation: an axis is one letter", at, at + 1)
            found.append(Letter(sign, at, at + 1))
        at += 1
    return tuple(found)


class Einsum(Operator):
    """Products summed over the axes that the result leaves out:
    "n h q d, n h k d -> n h q k" (Einstein's convention; one letter for each axis, as in
    PyTorch)."""

    name = "einsum"
    saves = ("others",)
    autocast = "low"
    family = "matrix product"
    tensors = (Tensor("operands", many=True),)
    settings = (
        Setting(
            "equation", "str", doc='axes of the operands and the result: "n q d, n k d -> n q k"'
        ),
    )
    accepts = (
        '([2, 3, 4, 5], [2, 3, 6, 5]) -> einsum("n h q d, n h k d -> n h q k")',
        '([2, 3], [3, 4]) -> einsum("ij,jk")',
        '([2, 4, 3], [3, 5]) -> einsum("...i, io -> ...o")',
        '([3], [4]) -> einsum("i,j->ij")',
        '([3, 3]) -> einsum("ii->")',
        '([2, 3], [3, 4], [4, 5]) -> einsum("ab,bc,cd->ad")',
        '([2, 3, 4]) -> einsum("abc->ca")',
    )  # fmt: skip
    rejects = (
        '([2, 3], [4, 5]) -> einsum("ij,jk->ik")',
        '([2, 3], [3, 4]) -> einsum("ij->ij")',
        '([2, 3]) -> einsum("i->i")',
        '([2, 3]) -> einsum("ij->ik")',
        '([2, 3]) -> einsum("ij->ii")',
        '([2, 3]) -> einsum("i1->i")',
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        equation = parse(use["equation"])
        sizes = self.sizes(use, equation)
        for number, tensor in enumerate(use.inputs, 1):
            assert tensor is not None
            if tensor.dtype != use.x.dtype or not (
                is_float(tensor.dtype) or tensor.dtype[0] == "c"
            ):
                use.fail(
                    "`einsum` computes on floating-point tensors of one dtype; "
                    + (f"operand {number} is {tensor}, " if number > 1 else "")
                    + f"operand 1 is {use.x}",
                    code="NN304",
                )
        result = self.result(equation, sizes)
        return (use.x.with_shape([sizes[0][name] for name in result]),)

    # -- the letters -------------------------------------------------------------------------------

    def sizes(self, use: Use, equation: Equation) -> list[dict[str, Size]]:
        """The size of every letter, and then those of each operand; `...` is written out as
        `...0`, counted from the end."""
        if len(equation.operands) != len(use.inputs):
            named = len(equation.operands)
            refuse(
                f"the equation has {named} operand{'s' * (named != 1)}, not {len(use.inputs)}",
                0,
                max(len(equation.text.partition("->")[0].rstrip()), 1),
            )
        whole: dict[str, Size] = {}
        first: dict[str, int] = {}
        each = []
        for number, (letters, tensor) in enumerate(
            zip(equation.operands, use.inputs, strict=True), 1
        ):
            assert tensor is not None
            own: dict[str, Size] = {}
            for letter, size in self._placed(letters, tensor, number):
                name = letter.name
                if name in own:
                    use.equal(
                        own[name],
                        size,
                        f"`{name}` is {render(own[name])} and {render(size)} in operand {number}",
                        code="NN301",
                        argument="equation",
                        within=(letter.start, letter.end),
                    )
                    continue
                own[name] = size
                if name not in whole or whole[name] == 1:
                    whole[name], first[name] = size, number
                elif size != 1:
                    shown = "..." if name.startswith(REST) else name
                    use.equal(
                        whole[name],
                        size,
                        f"`{shown}` is {render(whole[name])} in operand {first[name]} "
                        f"and {render(size)} in operand {number}",
                        code="NN301",
                        argument="equation",
                        within=(letter.start, letter.end),
                    )
                    if isinstance(size, int):
                        whole[name] = size
            each.append(own)
        return [whole, *each]

    def _placed(
        self, letters: tuple[Letter, ...], tensor: TensorType, number: int
    ) -> list[tuple[Letter, Size]]:
        """Each dimension of an operand with its letter."""
        rest = next((letter for letter in letters if letter.name == REST), None)
        spread = tensor.rank - (len(letters) - (rest is not None))
        if spread < 0 or (rest is None and spread):
            dimensions = f"{tensor.rank} dimension{'s' * (tensor.rank != 1)}"
            refuse(
                f"operand {number}, {tensor}, has {dimensions}, "
                f"the equation gives it {len(letters) - (rest is not None)}",
                letters[0].start if letters else 0,
                letters[-1].end if letters else 1,
                "each letter is an axis of its own",
                code="NN303",
            )
        found: list[Letter] = []
        for letter in letters:
            if letter is rest:
                names = [f"{REST}{at}" for at in reversed(range(spread))]
                found += [Letter(name, letter.start, letter.end) for name in names]
            else:
                found.append(letter)
        return list(zip(found, tensor.shape, strict=True))

    def result(self, equation: Equation, sizes: list[dict[str, Size]]) -> list[str]:
        """The letters of the result; not written, it is `...` and what stands once, by the
        alphabet."""
        most = max((int(name[3:]) + 1 for name in sizes[0] if name.startswith(REST)), default=0)
        rest = [f"{REST}{at}" for at in reversed(range(most))]
        if equation.result is None:
            letters = [letter.name for operand in equation.operands for letter in operand]
            return rest + sorted(n for n in set(letters) if letters.count(n) == 1 and n != REST)
        found: list[str] = []
        for letter in equation.result:
            found += rest if letter.name == REST else [letter.name]
        return found

    # -- products ----------------------------------------------------------------------------------

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        """From left to right, as PyTorch goes: a sum over both is a matrix product of the two, and
        what only one of them has is summed before."""
        equation = parse(use["equation"])
        whole, *operands = self.sizes(use.again(), equation)
        kept = set(self.result(equation, [whole, *operands]))
        wide = [
            {name: s for name, s in own.items() if compare("==", s, 1) is not True}
            for own in operands
        ]
        total: Size = 0
        left = wide[0]
        for number, right in enumerate(wide[1:], 1):
            later = {name for own in wide[number + 1 :] for name in own}
            done = {n for n in (*left, *right) if n not in kept and n not in later}
            summed = done & left.keys() & right.keys()
            both = {n: s for n, s in {**left, **right}.items() if n not in done - summed}
            if summed:
                product: Size = 1
                for size in both.values():
                    product = product * size
                total = total + product
            left = {name: size for name, size in both.items() if name not in summed}
        return total

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        whole = self.sizes(use.again(), parse(use["equation"]))[0]
        return "one for each value of all axes: " + " * ".join(render(s) for s in whole.values())

    def function(self, use: Use) -> CallCode:
        tensors = [Ref(number) for number in range(len(use.inputs))]
        return CallCode("torch.einsum", (use["equation"], *tensors))
