"""Truth values: logical_and, logical_not, isnan, …, and bitwise_and, … on integers."""

from __future__ import annotations

from nnspec.operators.arithmetic import Compared
from nnspec.operators.definition import CallCode, Operator, Ref, Tensor
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


class Question(Operator):
    """A question to each value; the answer is bool."""

    family = "comparison"

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (TensorType("bool", use.x.shape),)

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0),))


class Isnan(Question):
    """Whether each value is nan."""

    name = "isnan"
    accepts = ("[2, 3] -> isnan", "i64[2] -> isnan")


class Isinf(Question):
    """Whether each value is inf or -inf."""

    name = "isinf"
    accepts = ("[2, 3] -> isinf", "i64[2] -> isinf")


class Isfinite(Question):
    """Whether each value is neither nan nor inf."""

    name = "isfinite"
    saves = ("inputs",)
    accepts = ("[2, 3] -> isfinite", "c64[2] -> isfinite")


class LogicalNot(Question):
    """True where the value is false, or 0."""

    name = "logical_not"
    accepts = ("bool[2, 3] -> logical_not", "[2, 3] -> logical_not")


class Logical(Compared):
    """Of two truth values; other numbers are true where they are not 0."""

    tensors = (Tensor("input"), Tensor("other"))

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0), Ref(1)))


class LogicalAnd(Logical):
    """True where both are true."""

    name = "logical_and"
    accepts = ("(bool[2, 3], bool[3]) -> logical_and", "([2], i64[2]) -> logical_and")
    rejects = ("(bool[2, 3], bool[2]) -> logical_and",)


class LogicalOr(Logical):
    """True where at least one is true."""

    name = "logical_or"
    accepts = ("(bool[2, 3], bool[3]) -> logical_or",)
    rejects = ("(bool[2, 3], bool[2]) -> logical_or",)


class LogicalXor(Logical):
    """True where one of the two is true."""

    name = "logical_xor"
    accepts = ("(bool[2, 3], bool[3]) -> logical_xor",)
    rejects = ("(bool[2, 3], bool[2]) -> logical_xor",)


def whole(use: Use, dtype: str) -> str:
    if is_float(dtype) or dtype[0] == "c":
        use.fail(
            f"`{use.operator.name}` works on integers and truth values, not {dtype}", code="NN304"
        )
    return dtype


class BitwiseNot(Question):
    """Each bit turned round; of truth values `not`."""

    name = "bitwise_not"
    accepts = ("bool[2, 3] -> bitwise_not", "i64[2] -> bitwise_not")
    rejects = ("[2, 3] -> bitwise_not",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        whole(use, use.x.dtype)
        return (use.x,)


class Bitwise(Logical):
    """Bit for bit; of truth values as the logical ones."""

    def result(self, use: Use, dtype: str) -> str:
        return whole(use, dtype)


class BitwiseAnd(Bitwise):
    """Bits that are 1 in both; of truth values `and`."""

    name = "bitwise_and"
    accepts = ("(bool[2, 3], bool[3]) -> bitwise_and", "(i64[2], i32[2]) -> bitwise_and")
    rejects = ("([2], [2]) -> bitwise_and",)


class BitwiseOr(Bitwise):
    """Bits that are 1 in at least one; of truth values `or`."""

    name = "bitwise_or"
    accepts = ("(bool[2, 3], bool[3]) -> bitwise_or",)
    rejects = ("([2], [2]) -> bitwise_or",)


class BitwiseXor(Bitwise):
    """Bits that are 1 in one of the two."""

    name = "bitwise_xor"
    accepts = ("(bool[2, 3], bool[3]) -> bitwise_xor",)
    rejects = ("([2], [2]) -> bitwise_xor",)
